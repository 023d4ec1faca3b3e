"""Unified diffs that `git apply` takes, and what a stored one does.

A report that was stored holds diffs and no documents, so the renderings that need lines read the diff.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.engine.outcomes import Changed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hclmod.engine.outcomes import PhaseReport

_LINES = re.compile(rb"[^\n]*\n|[^\n]+\Z")


def diff(report: PhaseReport, hidden: Collection[str] = ()) -> bytes:
    """The diff of every changed document, less those in `hidden` (git filters them: they may be secret)."""
    changed = (each for each in report.outcomes if isinstance(each, Changed) and each.path not in hidden)
    return b"".join(unified(each.path, each.before, each.after) for each in changed)


def unified(path: str, before: bytes, after: bytes) -> bytes:
    """The diff of one document, empty where nothing changed."""
    if before == after:
        return b""
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    lines = difflib.diff_bytes(difflib.unified_diff, _LINES.findall(before), _LINES.findall(after), old, new)
    return b"diff --git " + old + b" " + new + b"\n" + b"".join(map(_ended, lines))


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _quoted(path: str) -> bytes:
    """The path as git writes it: in quotes where it holds what would confuse a reader of the diff."""
    raw = path.encode("utf-8", "surrogateescape")
    if not any(byte < 0x20 or byte >= 0x7F or byte in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escaped(byte) for byte in raw) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    return bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte


_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_TEXT_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")
HEAD, HUNK, REMOVED, ADDED, UNENDED = "h", "@", "-", "+", "\\"


class Replacement(Struct, frozen=True):
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
    for line in _TEXT_LINES.findall(diff):
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
