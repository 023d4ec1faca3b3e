"""The board of a catch-up, and the commands of a batch, as lines and rows for a person and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hclmod.reports.model import count, some
from hclmod.rollout import shell, window
from hclmod.rollout.items import POLL
from hclmod.rollout.state import FAILED, STARTED, WAITING, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hclmod.rollout.items import Batch
    from hclmod.rollout.shell import Command
    from hclmod.rollout.state import Next, State

_SHOWN = 4


class BatchRow(Struct, frozen=True, kw_only=True):
    """One batch as the table shows it."""

    NARROW = ("batch", "state", "begins", "rollouts", "stacks")
    WHOLE = ("batch", "begins")

    batch: str
    state: str
    begins: str
    rollouts: int
    stacks: str
    workloads: tuple[str, ...]


class LeftRow(Struct, frozen=True):
    """What fits into no window."""

    stacks: str
    rollouts: int
    why: str


def _starts(state: State, now: datetime) -> dict[str, datetime]:
    """When each batch that has not begun could begin, if every one of them took no time."""
    todo = state.of(WAITING, FAILED)
    times = window.schedule([(each.weight, each.polls) for each in todo], state.spans(now), state.pace, now)
    return {each.id: time for each, time in zip(todo, times, strict=True)}


def summary(state: State, now: datetime) -> Iterator[str]:
    """How much is left, and when the last batch can begin."""
    todo = state.of(WAITING, STARTED, FAILED)
    rolls, stacks = sum(each.weight for each in todo), {stack for each in todo for stack in each.stacks}
    batches = f"{len(todo)} batch{'es' * (len(todo) != 1)}"
    pace = f"at most {state.pace.per} in any {window.length(state.pace.every)}"
    yield f"{count(rolls, 'rollout')} left in {batches} ({count(len(stacks), 'stack')}), {pace}"
    if polled := sum(item.weight for each in todo for item in each.items if item.when == POLL):
        wait = window.length(state.pace.poll)
        yield f"Enrolment rolls {polled} of them, at most {wait} after their stack is applied"
    if begins := _starts(state, now):
        last = max(begins.values())
        yield f"The last batch can begin {day(last)}, {window.length((last - now).total_seconds())} from now"


def day(when: datetime) -> str:
    """A moment as a person reads it."""
    return when.strftime("%Y-%m-%d %H:%M UTC")


def rows(state: State, now: datetime) -> list[BatchRow]:
    """All batches in their order."""
    begins = _starts(state, now)
    return [
        BatchRow(
            batch=each.id,
            state=f"{state.state(each.id)}{' (by hand)' if each.by_hand else ''}",
            begins=day(begins[each.id]) if each.id in begins else "",
            rollouts=each.weight,
            stacks=some([name.rpartition("/")[2] or "." for name in each.stacks], _SHOWN),
            workloads=tuple(item.workload for item in each.items),
        )
        for each in state.batches
    ]


def left(state: State) -> list[LeftRow]:
    """What fits into no window."""
    return [LeftRow(", ".join(each.stacks), each.weight, each.reason) for each in state.left]


def as_json(state: State, now: datetime) -> dict[str, Any]:
    """The state with what became of each batch, and when it could begin."""
    begins, result = _starts(state, now), msgspec.to_builtins(state)
    for each in result["batches"]:
        when = begins.get(each["id"])
        each |= {"state": state.state(each["id"]), "begins": window.stamp(when) if when else None}
    return dict(result)


def reason(state: State, batch: Batch) -> str:
    """Why a batch failed, as it was said last."""
    known = (each.reason for each in reversed(state.events) if each.batch == batch.id and each.reason)
    return next(known, "no reason given")


def sections(state: State, batch: Batch) -> Iterator[tuple[str, list[str]]]:
    """What a person reads and runs, by headings; some have no lines."""
    yield "Before", [*([f"a person applies it: {batch.by_hand}"] if batch.by_hand else []), *batch.notes]
    by_pipeline = batch.commit and not batch.skips
    heading = "Commands, after which the pipeline applies it" if by_pipeline else "Commands"
    yield heading, _lines(shell.beginning(state, batch))
    wait = f"Then look, when {window.length(state.pace.poll)} has passed" if batch.polls else "Then look"
    yield wait, _lines((*shell.looking(batch, state.runner), *shell.watching(batch)))
    yield "If one is broken", _lines(each for item in batch.items if item.weight for each in shell.undoing(item))
    yield "At the end", [f"hclmod catch-up done {batch.id}", f"hclmod catch-up failed {batch.id} --reason ..."]


def _lines(commands: Iterable[Command]) -> list[str]:
    return [each.line for each in commands]


def next_as_json(state: State, result: Next) -> dict[str, Any]:
    """What may happen next, with its commands."""
    entries = {"result": type(result).__name__.lower(), **msgspec.to_builtins(result)}
    if isinstance(result, Offer):
        entries["commands"] = _lines(shell.beginning(state, result.batch))
        entries["checks"] = _lines(shell.looking(result.batch, state.runner))
    return entries
