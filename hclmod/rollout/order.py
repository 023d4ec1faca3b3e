"""Units of items that fit into a window, and the order in which they may begin."""

from __future__ import annotations

import heapq
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.rollout.items import POLL, Item, Left, Step, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def units(items: Iterable[Item], per: int) -> tuple[tuple[Unit, ...], tuple[Left, ...]]:
    """Put items together that are applied at once, none above `per` rollouts; and what cannot be cut so far.

    A stack is applied as a whole where that fits, because Terraform leaves things incomplete with `-target`.
    """
    result: list[Unit] = []
    left: list[Left] = []
    for stacks in _together(items):
        own = sorted((each for some in stacks.values() for each in some), key=lambda each: each.order)
        weight = sum(each.weight for each in own)
        if weight <= per:
            steps = tuple(Step(stack) for stack in stacks)
            result.append(Unit(name=min(stacks), steps=steps, items=tuple(own)))
        elif len(stacks) > 1:
            group = next(each.group for each in own if each.group)
            left.append(_left(own, f"the group {group} moves together and is {weight} rollouts at once"))
        else:
            parts = _parts(own, per)
            result += parts if isinstance(parts, list) else []
            left += [parts] if isinstance(parts, Left) else []
    return tuple(result), tuple(left)


def _together(items: Iterable[Item]) -> list[dict[str, list[Item]]]:
    """The items by stack, with the stacks that share a group of images in one."""
    by_stack: dict[str, list[Item]] = defaultdict(list)
    for each in sorted(items, key=lambda each: each.stack):
        by_stack[each.stack].append(each)
    first: dict[str, str] = {}
    leader = {stack: stack for stack in by_stack}
    for stack, own in by_stack.items():
        for group in (each.group for each in own if each.group):
            old, new = leader[stack], leader[first.setdefault(group, stack)]
            leader = {each: new if top == old else top for each, top in leader.items()}
    joined: dict[str, dict[str, list[Item]]] = defaultdict(dict)
    for stack, top in leader.items():
        joined[top][stack] = by_stack[stack]
    return list(joined.values())


def _parts(items: Sequence[Item], per: int) -> list[Unit] | Left:
    """A stack in parts that fit, each of some targets, the last one with the rest of the stack.

    Everything that an enrolment rolls is in the first part: a target in the namespace applies the namespace too.
    """
    stack = items[0].stack
    rows = [_fitted(each, per) for each in _sets(items)]
    if large := next((each for each in rows if isinstance(each, Left)), None):
        return large
    if missing := next((each for each in items if each.weight and not each.targets), None):
        return _left(items, f"{missing.workload} has no address by which it could be applied alone")
    parts: list[list[Item]] = [[]]
    for row in rows:
        if isinstance(row, list) and sum(each.weight for each in (*parts[-1], *row)) > per:
            parts.append([])
        parts[-1] += row if isinstance(row, list) else []
    names = [f"{stack} part {number}" for number in range(1, len(parts) + 1)]
    result = []
    for number, part in enumerate(parts):
        targets = tuple(dict.fromkeys(target for each in part for target in each.targets))
        step = Step(stack, () if number == len(parts) - 1 else targets, last=number == len(parts) - 1)
        after = tuple(names[number - 1 : number])
        result.append(Unit(name=names[number], steps=(step,), items=tuple(part), after=after))
    return result


def _sets(items: Sequence[Item]) -> list[list[Item]]:
    """Items of one stack that roll at the same moment: by one enrolment, or as a group of images."""
    by_key: dict[tuple[bool, str], list[Item]] = defaultdict(list)
    for each in items:
        polled = each.when == POLL
        by_key[not polled, "" if polled else each.group or each.workload].append(each)
    return [by_key[key] for key in sorted(by_key, key=lambda key: (key[0], by_key[key][0].order))]


def _fitted(items: list[Item], per: int) -> list[Item] | Left:
    weight = sum(each.weight for each in items)
    if weight <= per:
        return items
    if items[0].when == POLL:
        names = ", ".join(sorted({each.namespace for each in items}))
        return _left(items, f"enrolling {names} rolls {weight} workloads at once. Opt some of them out until later")
    return _left(items, f"the group {items[0].group} moves together and is {weight} rollouts at once")


def _left(items: Iterable[Item], reason: str) -> Left:
    every = tuple(items)
    stacks = tuple(sorted({each.stack for each in every}))
    return Left(stacks, sum(each.weight for each in every), reason, tuple(each.workload for each in every))


def ordered(given: Sequence[Unit], dependencies: Mapping[str, Iterable[str]]) -> tuple[Unit, ...]:
    """The units in an order in which each comes after what it depends on, and otherwise as `Unit.order` has it.

    `dependencies` has for each stack those that it reads from. Each unit gets in `after` all that it waits for.
    """
    linked = _linked(given, dependencies)
    waiting = {each.name: set(each.after) for each in linked}
    by_name = {each.name: each for each in linked}
    ready = [(by_name[name].order, name) for name, after in waiting.items() if not after]
    heapq.heapify(ready)
    result: list[Unit] = []
    while ready:
        _, name = heapq.heappop(ready)
        result.append(by_name[name])
        for other, after in waiting.items():
            if name in after:
                after.discard(name)
                if not after:
                    heapq.heappush(ready, (by_name[other].order, other))
    return tuple(result)


def _linked(given: Sequence[Unit], dependencies: Mapping[str, Iterable[str]]) -> list[Unit]:
    """The units with their order among the steps, and the names of those that they come after."""
    above = reached(dependencies, [step.stack for each in given for step in each.steps])
    owners: dict[str, list[Unit]] = defaultdict(list)
    for each in given:
        for stack in {step.stack for step in each.steps}:
            owners[stack].append(each)
    result = []
    for each in given:
        own = {step.stack for step in each.steps}
        needed = {stack for mine in own for stack in above[mine]} - own
        after = {other.name for stack in needed for other in owners[stack]} | set(each.after)
        steps = tuple(sorted(each.steps, key=lambda step: (len(above[step.stack] & own), step.stack)))
        result.append(replace(each, steps=steps, after=tuple(sorted(after - {each.name}))))
    _refuse_cycles(result)
    return result


def _refuse_cycles(given: Iterable[Unit]) -> None:
    try:
        TopologicalSorter({each.name: each.after for each in given}).prepare()
    except CycleError as error:
        names = " -> ".join(error.args[1])
        hint = "Terragrunt refuses circles of `dependency` too. A `group` under [images] may close one."
        raise HclmodError(f"these stacks wait for each other: {names}", hint=hint) from error


def reached(dependencies: Mapping[str, Iterable[str]], stacks: Iterable[str]) -> dict[str, set[str]]:
    """For each of the stacks all that it depends on, also through others."""
    result: dict[str, set[str]] = {}
    for stack in stacks:
        seen: set[str] = set()
        todo = [*dependencies.get(stack, ())]
        while todo:
            each = todo.pop()
            if each not in seen:
                seen.add(each)
                todo += dependencies.get(each, ())
        result[stack] = seen
    return result
