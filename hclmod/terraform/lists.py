"""The items of a list or a map however it is built: written out, joined, made by `for`, chosen by a condition."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.values import Call, For, List, Object, Opaque, Text
from hclmod.terraform import trace
from hclmod.terraform.names import At, Held, lost, short
from hclmod.terraform.origins import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.hcl.values import Definition, Value

DEPTH = 20
"""Lists in lists deeper than this are not followed."""

_JOINING = ("concat", "setunion")
_KEEPING = ("compact", "distinct", "reverse", "slice", "sort")


def items(definition: Definition, scope: Scope) -> list[At]:
    """The items, each where it stands; what cannot be followed is an item that says why (`Opaque`)."""
    return list(_items(trace.begin(definition, scope), 0))


def ways(definition: Definition, scope: Scope) -> list[list[At]]:
    """The items of the list in each form that conditionals leave open; of too many forms all items in one list."""
    results = list(islice(_ways(trace.begin(definition, scope), 0), trace.COMBINATIONS + 1))
    return results if len(results) <= trace.COMBINATIONS else [items(definition, scope)]


def within(loops: Sequence[tuple[tuple[str, ...], Definition]], scope: Scope) -> list[Scope]:
    """The scope inside of `for` expressions, once for each round; what cannot be followed gives no value."""
    scopes = [scope]
    for names, over in loops:
        rounds = [_named(names, pair, each) for each in scopes for pair in pairs(over, each)]
        known = all(round_ is not None for round_ in rounds) and 0 < len(rounds) <= trace.COMBINATIONS
        scopes = [each for each in rounds if each] if known else scopes
    return scopes


def _named(names: Sequence[str], pair: tuple[Value, Value], scope: Scope) -> Scope | None:
    """The scope of one round; None where its value cannot be followed."""
    _, value = pair
    if isinstance(value, Held) and isinstance(value.at.value, Opaque):
        return None
    return _bound(names, pair, scope)


def _bound(names: Sequence[str], pair: tuple[Value, Value], scope: Scope) -> Scope:
    """The scope in which the names of a `for` expression stand for a key and a value."""
    named = dict(zip(reversed(names), reversed(pair), strict=False))
    return Scope(replace(scope.module, objects={**scope.module.objects, **named}), scope.bound)


def pairs(definition: Definition, scope: Scope) -> list[tuple[Value, Value]]:
    """The keys and values that something runs over; what cannot be followed is a pair that says why."""
    every = _pairs(trace.begin(definition, scope), 0)
    return [(trace.taken(key), trace.taken(value)) for key, value in every]


def _items(at: At, depth: int) -> Iterator[At]:
    if depth > DEPTH:
        yield lost(at, "the list is nested too deeply")
        return
    for one in trace.reduced(at):
        match one.value:
            case List(inside):
                yield from (trace.part(one, each) for each in inside)
            case For(key=None) as loop:
                yield from (value for _, value in _run(one, loop, depth + 1))
            case Call() as call:
                yield from _made(one, call, depth + 1)
            case Opaque():
                yield one
            case Text("null", None):
                pass
            case _:
                yield lost(one, "it is not a list")


def _ways(at: At, depth: int) -> Iterator[list[At]]:
    for one in trace.reduced(at):
        match one.value:
            case Call(name, parts) if name in _JOINING and depth < DEPTH:
                forms = [list(islice(_ways(trace.part(one, each), depth + 1), trace.COMBINATIONS)) for each in parts]
                yield from ([item for some in chosen for item in some] for chosen in product(*forms))
            case _:
                yield list(_items(one, depth))


def _made(at: At, call: Call, depth: int) -> Iterator[At]:
    """The items that a function makes."""
    match call:
        case Call(name, lists) if name in _JOINING:
            for each in lists:
                yield from _items(trace.part(at, each), depth)
        case Call("flatten", (nested,)):
            for item in _items(trace.part(at, nested), depth):
                yield from _flat(item, depth)
        case Call("values", (table,)):
            yield from (value for _, value in _pairs(trace.part(at, table), depth))
        case Call(name, (first, *_)) if name in _KEEPING:
            yield from _items(trace.part(at, first), depth)
        case Call(name, _, written):
            yield lost(at, f"what {name}() makes is not followed", written)


def _flat(at: At, depth: int) -> Iterator[At]:
    """The items of a list in a list, at any depth; anything else is an item itself."""
    for one in trace.reduced(at):
        if isinstance(one.value, List | For) or (isinstance(one.value, Call) and one.value.name in LISTS):
            for item in _items(one, depth + 1):
                yield from _flat(item, depth + 1)
        else:
            yield one


LISTS = (*_JOINING, *_KEEPING, "flatten", "values")
"""The functions whose lists are followed."""


def _pairs(at: At, depth: int) -> Iterator[tuple[At, At]]:
    for one in trace.reduced(at):
        match one.value:
            case Object(entries):
                for key, value in entries:
                    name = Text(key, None) if key is not None else Opaque(short(value), "its key is computed")
                    yield trace.part(one, name), trace.part(one, value)
            case For(key=key) as loop if key is not None:
                yield from _run(one, loop, depth + 1)
            case _:
                for index, item in enumerate(_items(one, depth)):
                    known = not isinstance(item.value, Opaque)
                    yield trace.part(item, Text(str(index), None)) if known else item, item


def _run(at: At, loop: For, depth: int) -> Iterator[tuple[At, At]]:
    """What a `for` makes of each pair; its condition is not asked."""
    for key, value in _pairs(trace.part(at, loop.over), depth):
        inner = replace(at, scope=_bound(loop.names, (trace.taken(key), trace.taken(value)), at.scope))
        yield key if loop.key is None else trace.part(inner, loop.key), trace.part(inner, loop.value)
