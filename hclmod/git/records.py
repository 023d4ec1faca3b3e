"""What git prints, in records, and what it is asked, as bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Entry(Struct, frozen=True):
    """One file of a commit: its path from the root with `/`, its mode as git writes it, its object."""

    path: str
    mode: str
    oid: str


def entry_of(record: str) -> Entry:
    """One line of `ls-tree`."""
    meta, _, path = record.partition("\t")
    mode, _, oid = meta.split(" ")
    return Entry(path, mode, oid)


def entry_of_index(record: str) -> Entry:
    """One line of `ls-files -t -s`."""
    meta, _, path = record.partition("\t")
    _, mode, oid, _ = meta.split(" ")
    return Entry(path, mode, oid)


def records(out: bytes) -> list[str]:
    """The texts that NULs part."""
    return [os.fsdecode(record) for record in out.removesuffix(b"\0").split(b"\0")] if out else []


def nul(paths: Iterable[str]) -> bytes:
    """The paths, each with a NUL behind it."""
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def lines(texts: Iterable[str]) -> bytes:
    """The texts, each on a line."""
    return b"".join(os.fsencode(text) + b"\n" for text in texts)


def shown(path: str) -> str:
    """A path as messages show it, also one that is not UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
