"""What may happen next, after what became of batches; and the state file."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from hclmod.errors import HclmodError
from hclmod.rollout.state import (
    DONE,
    FAILED,
    STARTED,
    Blocked,
    Finished,
    Next,
    Offer,
    State,
    Wait,
    What,
    dump,
    kept,
    parse,
    ready,
    with_event,
)
from tests.support.rollouts import START, item, planned, state

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS = [item("a/x", 5), item("b/x", 5), item("c/x", 5)]
"""Three batches, of which the third reads from the first."""


def after(*events: tuple[float, int, What]) -> State:
    """The state after events: hours from the start, the number of the batch, what became of it."""
    made, _ = planned(ITEMS, {"c": ["a"]})
    result = state(made)
    for hours, number, what in events:
        result = with_event(result, result.batches[number], what, START + timedelta(hours=hours), "it is broken")
    return result


def said(known: State, result: Next) -> str:
    """What may happen next, in a few words."""
    numbers = {each.id: number for number, each in enumerate(known.batches)}
    match result:
        case Offer(batch, resumed):
            return f"{'resume' if resumed else 'begin'} {numbers[batch.id]}"
        case Wait(batch, until):
            return f"wait {(until - START).total_seconds() / 3600:g} for {numbers[batch.id]}"
        case Blocked(failed, behind):
            return f"blocked by {numbers[failed.id]}: {' '.join(str(numbers[each.id]) for each in behind)}".strip()
        case Finished():
            return "finished"


# Events, the hour that it is, the options, what may happen.
READY: list[tuple[Sequence[tuple[float, int, What]], float, dict[str, bool], str]] = [
    ([], 0, {}, "begin 0"),
    ([(0, 0, STARTED)], 1, {}, "resume 0"),
    ([(0, 0, STARTED)], 9, {}, "resume 0"),
    ([(0, 0, DONE)], 1, {}, "wait 6 for 1"),
    ([(0, 0, DONE)], 5.99, {}, "wait 6 for 1"),
    ([(0, 0, DONE)], 6, {}, "begin 1"),
    ([(0, 0, STARTED), (2, 0, DONE)], 6, {}, "wait 8 for 1"),
    ([(0, 0, FAILED)], 9, {}, "blocked by 0: 1 2"),
    ([(0, 0, FAILED)], 9, {"past_failed": True}, "begin 1"),
    ([(0, 0, FAILED)], 1, {"past_failed": True}, "wait 6 for 1"),
    ([(0, 0, FAILED), (9, 1, DONE)], 20, {"past_failed": True}, "blocked by 0: 2"),
    ([(0, 0, FAILED)], 1, {"retry": True}, "begin 0"),
    ([(0, 0, FAILED), (9, 1, DONE)], 10, {"retry": True}, "wait 15 for 0"),
    ([(0, 0, FAILED), (1, 0, STARTED)], 2, {}, "resume 0"),
    ([(0, 0, FAILED), (1, 0, DONE)], 2, {}, "wait 7 for 1"),
    ([(0, 0, DONE), (1, 0, FAILED)], 9, {}, "blocked by 0: 1 2"),
    ([(0, 1, FAILED), (0, 0, DONE)], 9, {"past_failed": True}, "begin 2"),
    ([(0, 0, DONE), (1, 1, DONE), (2, 2, DONE)], 2, {}, "finished"),
    ([(0, 0, DONE), (1, 1, DONE), (2, 2, FAILED)], 9, {"past_failed": True}, "blocked by 2:"),
]


@pytest.mark.parametrize(("events", "hours", "options", "expected"), READY)
def test_ready(
    events: Sequence[tuple[float, int, What]], hours: float, options: dict[str, bool], expected: str
) -> None:
    known = after(*events)
    assert said(known, ready(known, START + timedelta(hours=hours), **options)) == expected


@pytest.mark.parametrize("what", get_args(What))
def test_what_is_said_twice_changes_nothing(what: What) -> None:
    once = after((0, 0, what))
    assert with_event(once, once.batches[0], what, START + timedelta(hours=3)) == once


def test_windows_outlive_the_plan() -> None:
    old = after((0, 0, DONE))
    other, _ = planned([item("z/x", 5)])
    new = State(phase=2, title="", pace=old.pace, runner="x", batches=other, events=old.events)
    assert said(new, ready(new, START + timedelta(hours=1))) == "wait 6 for 0"


def test_a_new_plan_keeps_what_is_done() -> None:
    assert [each.id for each in kept(after((0, 0, DONE), (1, 1, FAILED)), 1)] == [after().batches[0].id]
    assert kept(after((0, 0, DONE)), 2) == ()
    assert kept(None, 1) == ()


def test_a_batch_that_has_begun_forbids_a_new_plan() -> None:
    with pytest.raises(HclmodError, match="has begun"):
        kept(after((0, 0, STARTED)), 1)


def test_batches_are_named_by_the_beginning_of_their_id() -> None:
    known = after()
    assert known.named(known.batches[1].id[:6]) == known.batches[1]
    for name in ("", "zzz"):
        with pytest.raises(HclmodError, match="no batch"):
            known.named(name)


def test_the_file_gives_back_the_state() -> None:
    known = after((0, 0, DONE), (1, 1, FAILED))
    assert parse(dump(known), "f") == known
    assert dump(parse(dump(known), "f")) == dump(known)


GOOD = json.loads(dump(after((0, 0, DONE))))
ITEM = GOOD["batches"][0]["items"][0]
DAMAGED = {
    "empty": (b"", "is damaged"),
    "cut": (dump(after())[:-20], "is damaged"),
    "not text": (b'{"a": "\xff"}', "is damaged"),
    "deep": (b"[" * 100_000, "is damaged"),
    "a list": (b"[]", "is not the state of a catch-up"),
    "of another program": (b'{"version": 1, "images": {}}', "is not the state of a catch-up"),
    "of a later version": (json.dumps({**GOOD, "version": 2}).encode(), "has version 2"),
    "without batches": (json.dumps({key: GOOD[key] for key in GOOD if key != "batches"}).encode(), "is damaged"),
    "with an unknown key": (json.dumps({**GOOD, "more": 1}).encode(), "is damaged"),
    "with an odd event": (
        json.dumps({**GOOD, "events": [{**GOOD["events"][0], "what": "odd"}]}).encode(),
        "is damaged",
    ),
    "with an odd time": (json.dumps({**GOOD, "events": [{**GOOD["events"][0], "at": "noon"}]}).encode(), "is damaged"),
    "with a window without room": (json.dumps({**GOOD, "pace": {**GOOD["pace"], "per": 0}}).encode(), "is damaged"),
    "with an endless window": (json.dumps({**GOOD, "pace": {**GOOD["pace"], "every": 10**15}}).encode(), "is damaged"),
    "with a time at the end of the calendar": (
        json.dumps({**GOOD, "events": [{**GOOD["events"][0], "at": "9999-12-31T23:59:59Z"}]}).encode(),
        "is damaged",
    ),
    **{
        f"with {key} = {text!r}": (
            json.dumps({**GOOD, "batches": [{**GOOD["batches"][0], key: text}]}).encode(),
            "is damaged",
        )
        for key, text in (("id", "x; reboot"), ("id", "0123456789ab\n"), ("commit", "--exec=reboot"))
    },
    **{
        f"with a step in {text}": (
            json.dumps({**GOOD, "batches": [{**GOOD["batches"][0], "steps": [{"stack": text}]}]}).encode(),
            "is damaged",
        )
        for text in ("..", "../x", "a/../../x", "/etc")
    },
    **{
        f"with {key} {text}": (
            json.dumps({**GOOD, "batches": [{**GOOD["batches"][0], "items": [{**ITEM, key: text}]}]}).encode(),
            "is damaged",
        )
        for key, text in (("kind", "--server=https://evil.example"), ("name", "$(reboot)"), ("namespace", "-x"))
    },
    "with a text for a number": (json.dumps({**GOOD, "phase": "1"}).encode(), "is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_none_of_ours(name: str) -> None:
    data, message = DAMAGED[name]
    with pytest.raises(HclmodError, match=message) as caught:
        parse(data, "hclmod.catch-up.json")
    assert caught.value.hint
