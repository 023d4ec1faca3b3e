"""When a batch may begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hclmod.errors import HclmodError
from hclmod.rollout.window import Pace, Span, length, moment, opens, seconds, stamp
from tests.support.rollouts import START

PACE = Pace(per=5, every=6 * 3600)

# What has rolled as hours ago and number, what comes, and how many hours it has to wait.
OPENS = [
    ([], 5, 0),
    ([(1, 4)], 1, 0),
    ([(1, 4)], 2, 5),
    ([(6, 5)], 5, 0),
    ([(5, 3), (1, 2)], 1, 1),
    ([(5, 3), (1, 2)], 3, 1),
    ([(5, 3), (1, 2)], 4, 5),
    ([(0, 5)], 0, 0),
    ([(-1, 5)], 1, 7),
    ([(5, 5), (1, 5)], 1, 5),
    ([(100, 5)], 5, 0),
]


@pytest.mark.parametrize(("rolled", "weight", "hours"), OPENS)
def test_opens(rolled: list[tuple[int, int]], weight: int, hours: int) -> None:
    spans = [Span(START - timedelta(hours=ago), number) for ago, number in rolled]
    assert opens(spans, weight, PACE, START) == START + timedelta(hours=hours)
    assert opens(spans[::-1], weight, PACE, START) == START + timedelta(hours=hours)


@pytest.mark.parametrize(("text", "number"), [("6h", 21600), ("90m", 5400), ("1d", 86400), (" 2h ", 7200)])
def test_lengths(text: str, number: int) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize("text", ["", "6", "h", "0h", "-1h", "6 h", "1.5h", "6s", "99999h", "6h30m"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(HclmodError, match="not a length of time"):
        seconds(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 min"), (29, "0 min"), (2700, "45 min"), (21600, "6 h"), (151200, "1 d 18 h"), (3660, "1 h 1 min")],
)
def test_how_lengths_are_said(number: int, text: str) -> None:
    assert length(number) == text


@pytest.mark.parametrize(
    "text", ["2026-12-01T12:00Z", "2026-12-01T13:00+01:00", "2026-12-01T12:00", "2026-12-01 12:00"]
)
def test_moments(text: str) -> None:
    assert moment(text) == datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "now", "12:00", "2026-13-01"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(HclmodError, match="not a time"):
        moment(text)


def test_a_stamp_is_never_earlier_than_the_moment() -> None:
    assert stamp(START + timedelta(microseconds=1)) == "2026-01-01T00:00:01Z"
    assert stamp(START) == "2026-01-01T00:00:00Z"
