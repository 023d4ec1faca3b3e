"""What changed in documents, as hunks of lines, and the unified diffs of them that `git apply` takes."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.reports.model import Hunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.reports.model import Document

_LINES = re.compile(rb"[^\n]*\n|[^\n]+\Z")  # only a newline ends a line, as in git
HEAD, HUNK, KEPT, REMOVED, ADDED, UNENDED = "h", "@", " ", "-", "+", "\\"


def hunks(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    """The changed lines of a document with three lines around them; none where nothing changed."""
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher if len(old) < LARGE else _Anchored
    groups = matcher(None, old, new).get_grouped_opcodes() if before != after else ()
    return tuple(_hunk(group, old, new) for group in groups)


LARGE = 4000
"""Lines above which a document is compared piece by piece: `difflib` takes four times as long for twice the blocks."""


class _Anchored(difflib.SequenceMatcher[str]):
    """Compares what stands between lines that both sides have once, so that the cost follows the size."""

    a: Sequence[str]
    b: Sequence[str]

    def get_matching_blocks(self) -> list[difflib.Match]:
        """The runs of equal lines, in order, with an empty one at the end (as `difflib` has it)."""
        blocks: list[difflib.Match] = []
        i = j = 0
        for end, new_end in (*self._anchors(), (len(self.a), len(self.b))):
            piece = difflib.SequenceMatcher(None, self.a[i:end], self.b[j:new_end])
            for at, new_at, size in (*piece.get_matching_blocks()[:-1], (end - i, new_end - j, 1)):
                _append(blocks, difflib.Match(i + at, j + new_at, size))
            i, j = end + 1, new_end + 1
        last = blocks.pop()  # there is no line behind the last one
        kept = [last._replace(size=last.size - 1)] if last.size > 1 else []
        return [*blocks, *kept, difflib.Match(len(self.a), len(self.b), 0)]

    def _anchors(self) -> Iterator[tuple[int, int]]:
        """Where lines stand that both sides have once, in the order of both."""
        once = {line for line, count in Counter(self.a).items() if count == 1}
        places = {line: at for at, line in enumerate(self.b) if line in once}
        twice = {line for line, count in Counter(line for line in self.b if line in once).items() if count > 1}
        last = -1
        for at, line in enumerate(self.a):
            if line not in twice and places.get(line, -1) > last:
                last = places[line]
                yield at, last


def _append(blocks: list[difflib.Match], block: difflib.Match) -> None:
    """Add a run of equal lines; one that follows the last one without a gap becomes a part of it."""
    if blocks and (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size) == (block.a, block.b):
        block = difflib.Match(blocks[-1].a, blocks[-1].b, blocks.pop().size + block.size)
    blocks.append(block)


def _lines(data: bytes) -> list[str]:
    return [line.decode(errors="surrogateescape") for line in _LINES.findall(data)]


def _hunk(codes: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]) -> Hunk:
    lines: list[str] = []
    for name, start, end, new_start, new_end in codes:
        if name == "equal":
            lines += [KEPT + line for line in old[start:end]]
        else:
            lines += [REMOVED + line for line in old[start:end]]
            lines += [ADDED + line for line in new[new_start:new_end]]
    first, last = codes[0], codes[-1]
    return Hunk(first[1] + (last[2] > first[1]), first[3] + (last[4] > first[3]), tuple(lines))


def unified(path: str, before: bytes, after: bytes) -> bytes:
    """The diff of one document, empty where nothing changed."""
    return "".join(line for _, line in signed(path, hunks(before, after))).encode(errors="surrogateescape")


def diff_of(document: Document) -> str:
    """The diff of a document of a report."""
    return "".join(line for _, line in signed(document.path, document.hunks, gone=document.gone))


def signed(path: str, hunks: Sequence[Hunk], *, gone: bool = False) -> Iterator[tuple[str, str]]:
    """The lines of a diff, each with its sign; those above the first hunk are `HEAD`. `gone` is a file that goes."""
    if hunks:
        old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
        names = ("new file mode 100644", "--- /dev/null") if is_new(hunks) else (f"--- {old}",)
        names = ("deleted file mode 100644", *names) if gone else names
        target = "/dev/null" if gone else new
        yield from ((HEAD, f"{line}\n") for line in (f"diff --git {old} {new}", *names, f"+++ {target}"))
    for each in hunks:
        yield HUNK, f"@@ -{_range(each.before, each, ADDED)} +{_range(each.after, each, REMOVED)} @@\n"
        for line in each.lines:
            if line.endswith("\n"):
                yield line[0], line
            else:
                yield line[0], f"{line}\n"
                yield UNENDED, "\\ No newline at end of file\n"


def is_new(hunks: Sequence[Hunk]) -> bool:
    """Whether hunks make a file of nothing."""
    return all(not hunk.before and all(line[0] == ADDED for line in hunk.lines) for hunk in hunks)


def _range(start: int, hunk: Hunk, other: str) -> str:
    """Where one side begins and how many lines it has; `other` is the sign of the lines that it lacks."""
    length = sum(line[0] != other for line in hunk.lines)
    return str(start) if length == 1 else f"{start},{length}"


def _quoted(path: str) -> str:
    """The path as git writes it: in quotes where it holds what would confuse a reader of the diff."""
    raw = path.encode("utf-8", "surrogateescape")
    if not any(byte < 0x20 or byte >= 0x7F or byte in b'"\\' for byte in raw):
        return path
    return f'"{"".join(map(_escaped, raw))}"'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


class Replacement(Struct, frozen=True):
    """Take away `removed` lines from `line` (counted from 1) on, and put `text` there.

    `unended` is the last removed line where it ends the file without a newline, else empty.
    """

    line: int
    removed: int
    text: str
    unended: str = ""


def replacements(hunks: Sequence[Hunk]) -> Iterator[Replacement]:
    """What hunks do to a document, from top to bottom."""
    for hunk in hunks:
        at = hunk.before + all(line[0] == ADDED for line in hunk.lines)
        for kept, run in groupby(hunk.lines, key=lambda line: line[0] == KEPT):
            lines = list(run)
            removed = [line[1:] for line in lines if line[0] == REMOVED]
            if not kept:
                unended = removed[-1] if removed and not removed[-1].endswith("\n") else ""
                yield Replacement(at, len(removed), "".join(line[1:] for line in lines if line[0] == ADDED), unended)
            at += len(lines) if kept else len(removed)
