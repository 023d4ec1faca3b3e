"""The lines of a unified diff: for those who show them in colours, or as replacements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")
HEAD, HUNK, REMOVED, ADDED, UNENDED = "h", "@", "-", "+", "\\"


@dataclass(frozen=True, slots=True)
class Replacement:
    """Take away `removed` lines from `line` (counted from 1) on, and put `text` there.

    `unended` is the last removed line where it ends the file without a newline, else empty.
    """

    line: int
    removed: int
    text: str
    unended: str = ""


def signed(diff: str) -> Iterator[tuple[str, str]]:
    """The lines, whole and with their ends, each with its sign; the lines before a document's first hunk are `HEAD`.

    Only a newline ends a line, as in git.
    """
    inside = False
    for line in _LINES.findall(diff):
        inside = (inside or line.startswith("@@ ")) and not line.startswith("diff --git ")
        yield (line[0] if inside else HEAD), line


def replacements(diff: str) -> Iterator[Replacement]:
    """What the diff of one document does to it, from top to bottom."""
    at = 0
    removed: list[str] = []
    added: list[str] = []
    for sign, line in signed(diff):
        if sign == REMOVED:
            last = removed
            removed.append(line[1:])
        elif sign == ADDED:
            last = added
            added.append(line[1:])
        elif sign == UNENDED and (removed or added):
            last[-1] = last[-1].removesuffix("\n")
        elif sign != UNENDED:
            yield from _made(at, removed, added)
            at = _start(line) if sign == HUNK else at + len(removed) + 1
            removed, added = [], []
    yield from _made(at, removed, added)


def _start(line: str) -> int:
    """The first line of a hunk; one that removes nothing and keeps nothing names the line before it."""
    match = _HUNK.match(line)
    return int(match[1]) + (match[2] == "0") if match else 0


def _made(at: int, removed: list[str], added: list[str]) -> Iterator[Replacement]:
    if removed or added:
        unended = removed[-1] if removed and not removed[-1].endswith("\n") else ""
        yield Replacement(at, len(removed), "".join(added), unended)
