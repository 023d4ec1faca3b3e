"""Unified diffs that `git apply` takes."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from hclmod.engine import Changed

if TYPE_CHECKING:
    from collections.abc import Collection

    from hclmod.plan import PhaseReport

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
