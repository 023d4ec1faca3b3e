"""The sliding window: at no moment more than so many rollouts in the time before it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LENGTH = re.compile(r"(\d{1,4})([mhd])")
_YEARS = (1970, 2999)
"""The years of a moment, far enough from the limits of the calendar that every window fits."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


_Count = Annotated[int, Meta(ge=1, le=10**9)]


class Pace(Struct, frozen=True):
    """At most `per` rollouts in any `every` seconds; the cluster looks for new images every `poll` seconds."""

    per: _Count = 5
    every: _Count = 6 * 3600
    poll: Annotated[int, Meta(ge=0, le=10**9)] = 3600


class Span(Struct, frozen=True):
    """So many rollouts that happen at some moment up to `until`."""

    until: datetime
    weight: int


def opens(spans: Iterable[Span], weight: int, pace: Pace, now: datetime) -> datetime:
    """The first moment from `now` on at which so many rollouts more may begin.

    A rollout counts until `every` has passed since the last moment at which it may have happened.
    """
    every = timedelta(seconds=pace.every)
    ends = sorted((each.until + every, each.weight) for each in spans if each.until + every > now)
    used = sum(each for _, each in ends)
    moment = now
    for end, freed in ends:
        if used + weight <= pace.per:
            break
        moment, used = end, used - freed
    return moment


def schedule(batches: Sequence[tuple[int, bool]], spans: Iterable[Span], pace: Pace, now: datetime) -> list[datetime]:
    """When each batch could begin if every one of them took no time; each is its weight and whether it polls."""
    known, moment, result = list(spans), now, list[datetime]()
    for weight, polls in batches:
        moment = opens(known, weight, pace, moment)
        known.append(Span(moment + timedelta(seconds=pace.poll if polls else 0), weight))
        result.append(moment)
    return result


def seconds(text: str) -> int:
    """The seconds of `6h`, `90m` or `1d`; an `HclmodError` for anything else."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise HclmodError(f"`{text}` is not a length of time", hint="Write a number and m, h or d, such as 6h or 90m.")
    return int(timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds())


def length(value: float) -> str:
    """So many seconds as a person reads them: `1 d 18 h`, `6 h`, `45 min`."""
    minutes = max(0, round(value / 60))
    parts = [(minutes // 1440, "d"), (minutes % 1440 // 60, "h"), (minutes % 60, "min")]
    shown = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or "0 min"


def moment(text: str) -> datetime:
    """A moment such as `2026-12-01T12:00:00Z`, in UTC; one without a zone is taken as UTC."""
    try:
        known = datetime.fromisoformat(text)
        known = known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise HclmodError(f"`{text}` is not a time", hint="Write it as 2026-12-01T12:00Z.") from error
    if not _YEARS[0] <= known.year <= _YEARS[1]:
        raise HclmodError(f"`{text}` is not a time of these centuries", hint="Write it as 2026-12-01T12:00Z.")
    return known


def stamp(when: datetime) -> str:
    """A moment as the state file has it, in whole seconds and never earlier than it is."""
    late = timedelta(seconds=1 if when.microsecond else 0)
    return (when + late).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
