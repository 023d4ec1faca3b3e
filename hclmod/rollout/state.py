"""How far a catch-up is: its batches and what became of them, as the values of `hclmod.catch-up.json`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.rollout.items import Batch, Left
from hclmod.rollout.window import Pace, Span, moment, opens, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

NAME = "hclmod.catch-up.json"

STARTED: Final = "started"
DONE: Final = "done"
FAILED: Final = "failed"
WAITING: Final = "waiting"
"""The states of a batch."""

What = Literal["started", "done", "failed"]


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a batch, when. Weight and `polls` are its own, so that windows outlive the plan."""

    batch: str
    what: What
    at: str
    weight: int
    polls: bool = False
    reason: str = ""


class State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `runner` applies a stack. `pipeline` applies it too, on push, where it is not empty."""

    hclmod: Literal["catch-up"] = "catch-up"
    version: Literal[1] = 1
    phase: int
    title: str
    pace: Pace
    runner: str
    batches: tuple[Batch, ...]
    left: tuple[Left, ...] = ()
    events: tuple[Event, ...] = ()
    pipeline: str = ""

    def state(self, batch: str) -> str:
        """The state of a batch: its last event, or that it waits."""
        return next((each.what for each in reversed(self.events) if each.batch == batch), WAITING)

    def of(self, *states: str) -> tuple[Batch, ...]:
        """The batches in these states, in their order."""
        return tuple(each for each in self.batches if self.state(each.id) in states)

    def named(self, name: str) -> Batch:
        """The batch of this id, or of one that begins so; an `HclmodError` for none or several."""
        matching = [each for each in self.batches if each.id.startswith(name)] if name else []
        if len(matching) != 1:
            known = ", ".join(each.id for each in self.of(WAITING, STARTED, FAILED)) or "none is left"
            what = (
                f"there is no batch `{name}`" if not matching else f"`{name}` begins the ids of {len(matching)} batches"
            )
            raise HclmodError(what, hint=f"Batches that are not done: {known}.")
        return matching[0]

    def spans(self, now: datetime, *, without: str = "") -> tuple[Span, ...]:
        """When the rollouts so far may have happened; one that has begun and not ended may happen now.

        Those of the batch `without` are left out: trying it again rolls what it has not rolled so far.
        """
        return tuple(_spans([each for each in self.events if each.batch != without], self.pace, now))


def _spans(events: Iterable[Event], pace: Pace, now: datetime) -> Iterator[Span]:
    begun: dict[str, Event] = {}
    for each in events:
        if each.what == STARTED:
            begun[each.batch] = each
            continue
        begun.pop(each.batch, None)
        yield Span(moment(each.at) + timedelta(seconds=pace.poll if each.polls else 0), each.weight)
    yield from (Span(max(now, moment(each.at)), each.weight) for each in begun.values())


class Offer(Struct, frozen=True):
    """The batch that may begin; `resumed` where it has begun before."""

    batch: Batch
    resumed: bool = False


class Wait(Struct, frozen=True):
    """The next batch, and when the window has room for it."""

    batch: Batch
    until: datetime


class Blocked(Struct, frozen=True):
    """The batch that failed, and those that do not begin because of it."""

    failed: Batch
    behind: tuple[Batch, ...]


class Finished(Struct, frozen=True):
    """Nothing is left."""


Next = Offer | Wait | Blocked | Finished


def ready(state: State, now: datetime, *, retry: bool = False, past_failed: bool = False) -> Next:
    """What may happen now. A batch that failed holds back all others, or with `past_failed` those behind it.

    With `retry` it is offered again. One that has begun is offered before all others, whatever the window says: its
    rollouts count already.
    """
    if begun := state.of(STARTED):
        return Offer(begun[0], resumed=True)
    failed, waiting = state.of(FAILED), state.of(WAITING)
    if failed and retry:
        return _when(state, failed[0], now)
    if failed and not past_failed:
        return Blocked(failed[0], waiting)
    if not waiting:
        return Blocked(failed[0], ()) if failed else Finished()
    behind = _behind(state, failed)
    free = next((each for each in waiting if each.id not in behind), None)
    return _when(state, free, now) if free else Blocked(failed[0], waiting)


def _when(state: State, batch: Batch, now: datetime) -> Offer | Wait:
    until = opens(state.spans(now, without=batch.id), batch.weight, state.pace, now)
    return Offer(batch) if until <= now else Wait(batch, until)


def _behind(state: State, failed: Iterable[Batch]) -> set[str]:
    """The ids of batches that depend on those that failed, also through others."""
    blocked = {each.id for each in failed}
    for each in state.batches:  # each comes after all that it depends on
        if blocked & set(each.after) and state.state(each.id) != DONE:
            blocked.add(each.id)
    return blocked


def with_event(state: State, batch: Batch, what: What, at: datetime, reason: str = "") -> State:
    """The state after something became of a batch; saying the same again changes nothing."""
    old = state.state(batch.id)
    if old == what:
        return state
    weight = 0 if (old, what) == (DONE, FAILED) else batch.weight
    event = Event(batch=batch.id, what=what, at=stamp(at), weight=weight, polls=batch.polls, reason=reason)
    return replace(state, events=(*state.events, event))


def kept(old: State | None, phase: int | None) -> tuple[Batch, ...]:
    """The batches of an earlier plan that a new one of the same phase keeps: those that are done.

    One that has begun is an error.
    """
    if old is None:
        return ()
    if begun := old.of(STARTED):
        hint = f"Say `hclmod catch-up done {begun[0].id}` or `hclmod catch-up failed {begun[0].id}`, then plan again."
        raise HclmodError(f"the batch {begun[0].id} has begun", hint=hint)
    return old.of(DONE) if old.phase == phase else ()


def dump(state: State) -> bytes:
    """The bytes of the file."""
    return msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n"


def parse(data: bytes, path: str) -> State:
    """Read the file; an `HclmodError` says what is wrong with one that is damaged, foreign, or of another version."""
    again = f"Delete {path} and run `hclmod catch-up plan`. What was rolled in the last hours is then not known."
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HclmodError(f"{path} is damaged: {error}", hint=again) from error
    if not isinstance(raw, dict) or raw.get("hclmod") != "catch-up":
        raise HclmodError(f"{path} is not the state of a catch-up", hint=f"Move it away: hclmod writes its own {path}.")
    if raw.get("version") != 1:
        hint = "Use the hclmod that wrote it."
        raise HclmodError(f"{path} has version {raw.get('version')!r}, this hclmod reads version 1", hint=hint)
    try:
        state = msgspec.convert(raw, State)
        for each in state.events:
            moment(each.at)
    except (msgspec.ValidationError, HclmodError) as error:
        raise HclmodError(f"{path} is damaged: {error}", hint=again) from error
    return state
