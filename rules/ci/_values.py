"""Plain data of pipelines: maps, the names in a list, and images."""

from __future__ import annotations

import re
from typing import Any

_TAGGED = re.compile(r":((?:\$\{\{.*?\}\}|\$\{[^}]*\}|[^:/])*)$")
"""The tag of an image; what is filled in may hold a colon, as `${CI_COMMIT_SHA:0:8}` does."""


def table(value: object) -> dict[str, Any]:
    """A map as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def merged(value: object) -> dict[str, Any]:
    """A map with what its merge keys bring."""
    own = table(value)
    base: dict[str, Any] = {}
    given = own.get("<<")
    for each in given if isinstance(given, list) else [given]:
        base = {**merged(each), **base} if isinstance(each, dict) else base
    return {**base, **{key: inner for key, inner in own.items() if key != "<<"}}


def names(value: object) -> tuple[str, ...]:
    """The names of a list, or of a text alone; of maps what `job` or `name` says."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        every = (table(each).get("job", table(each).get("name")) if isinstance(each, dict) else each for each in value)
        return tuple(each for each in every if isinstance(each, str))
    return ()


def listed(value: object) -> list[object]:
    """A list as it is, one value as a list of it, and an empty list for nothing."""
    return value if isinstance(value, list) else [value] if value else []


def included(value: object) -> tuple[str, ...]:
    """The names that a filter of Woodpecker or Drone lets through: a list, a text, or what `include` says."""
    return names(table(value).get("include") if isinstance(value, dict) else value)


def events_of(when: object) -> tuple[str, ...]:
    """The events that such a filter lets through, as far as it names them."""
    return tuple(name for one in listed(when) for name in included(table(one).get("event")))


def split(image: str) -> tuple[str, str]:
    """An image as it is written, without its digest: what stands before the tag, and the tag, empty for none."""
    plain = image.strip().partition("@")[0]
    match = _TAGGED.search(plain)
    return (plain[: match.start()], match[1]) if match else (plain, "")
