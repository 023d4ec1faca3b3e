"""What the repository gives to the cluster, taken apart: values of plain data, some of which cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hclmod.rulekit import UNREAD, Data, UnknownData

_ANCHOR = re.compile(r"[+=^<X]?\((.*)\)")


def dig(data: Data, *keys: str) -> Data:
    """What lies below these keys; None where there is nothing, and what cannot be read where that is on the way."""
    for key in keys:
        if isinstance(data, UnknownData):
            return data
        data = data.get(key) if isinstance(data, dict) else None
    return data


def items(data: Data) -> Sequence[Data]:
    """The items of a list; what is not a list is its only item."""
    return data if isinstance(data, list) else [] if data is None else [data]


def text_of(data: Data) -> str:
    """A text as a person reads it, or what stands in its place."""
    return data if isinstance(data, str) else data.text if isinstance(data, UnknownData) else ""


def is_read(values: Data) -> bool:
    """Whether all values of a release can be read; a release without values has none that cannot."""
    return not isinstance(values, UnknownData) and UNREAD not in (values if isinstance(values, dict) else ())


def plain(key: str) -> str:
    """A key of a patch without its anchor: `+(keel.sh/policy)` is `keel.sh/policy`."""
    anchored = _ANCHOR.fullmatch(key)
    return anchored[1] if anchored else key


def walk(data: Data, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Data]]:
    """Every value of a patch, with the keys that lead to it, without anchors."""
    yield keys, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*keys, plain(key)))
    for item in data if isinstance(data, list) else ():
        yield from walk(item, keys)
