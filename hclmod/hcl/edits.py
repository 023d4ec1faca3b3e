"""Spans, edits and fixes: pure bytes, no syntax."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hclmod.hcl.document import Document


class Span(Struct, frozen=True, order=True):
    """A half-open range of byte offsets, `start <= end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def touches(self, other: Span) -> bool:
        """Whether the two share a byte or a point at which both would insert."""
        return self.start <= other.end and other.start <= self.end


class Edit(Struct, frozen=True, order=True):
    """Put `text` where `span` is."""

    span: Span
    text: bytes


class Effect(Enum):
    """What a fix declares to happen at a path; verification accepts nothing else there."""

    REMOVED = "removed"
    CHANGED = "changed"
    ADDED = "added"
    EXTENDED = "extended"  # a list or a map that keeps all it held, in order
    REDUCED = "reduced"  # a list or a map that lost some of what it held and keeps the rest, in order
    REFILLED = "refilled"  # a list that keeps all it held, in order, with new items between
    REARRANGED = "rearranged"  # a list that lost items and got others: what one fix reduces and another one extends


class Declared(Struct, frozen=True, order=True):
    """One path of the document and what happens there.

    `path` is written as `views.Block.path` writes it: `resource.kubernetes_deployment.web[0].spec[0].replicas`.
    """

    path: str
    effect: Effect


def by_path(declared: Iterable[Declared]) -> dict[str, set[Effect]]:
    """What is declared of each path, in the order of paths. What is reduced and gets more may be rearranged."""
    result: dict[str, set[Effect]] = {}
    for each in sorted(declared, key=lambda each: each.path):
        result.setdefault(each.path, set()).add(each.effect)
    for effects in result.values():
        if Effect.REDUCED in effects and effects & {Effect.EXTENDED, Effect.REFILLED}:
            effects.add(Effect.REARRANGED)
    return result


class Fix(Struct, frozen=True):
    """Edits that are applied all or none, and what they declare to change."""

    edits: tuple[Edit, ...]
    declares: tuple[Declared, ...]
    drops: tuple[bytes, ...] = ()  # the comments that go with what is removed, as they stand
    realign: bool = True  # whether columns that the edits disturb are put back
    deletes: bool = False  # whether the whole file goes

    def __add__(self, other: Fix) -> Fix:
        return Fix(
            self.edits + other.edits,
            self.declares + other.declares,
            self.drops + other.drops,
            self.realign and other.realign,
            self.deletes or other.deletes,
        )


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with every edit made; edits that overlap are a `ValueError`."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        if edit.span.start < at or edit.span.end > len(data):
            raise ValueError(f"edit at {edit.span} overlaps the one before it or leaves the document")
        parts += (data[at : edit.span.start], edit.text)
        at = edit.span.end
    parts.append(data[at:])
    return b"".join(parts)


def lines_before(document: Document, made: Iterable[Edit]) -> Callable[[int], int]:
    """What gives the line of `document` that edits have moved to a line.

    Of a line that one of them brings it is the line where that begins.
    """
    shifts, firsts, brought = [0], list[int](), list[tuple[int, int]]()
    for edit in sorted(made):
        start = document.line(edit.span.start)
        first = start + shifts[-1] + (document.line_start(edit.span.start) != edit.span.start)  # that may be a new one
        added, removed = edit.text.count(b"\n"), document.data.count(b"\n", edit.span.start, edit.span.end)
        firsts.append(max([first, *firsts[-1:]]))
        brought.append((first + added, start))
        shifts.append(shifts[-1] + added - removed)

    def line_before(line: int) -> int:
        number = bisect_right(firsts, line)
        near = brought[max(0, number - 2) : number]
        return next((start for end, start in near if line < end), line - shifts[number])

    return line_before


def select(fixes: Sequence[Fix]) -> tuple[list[int], list[Edit]]:
    """Take fixes in order as long as they do not touch an edit taken before.

    Returns the indices of the fixes taken and their edits, sorted, identical ones merged. Two edits that
    are the same merge; any other meeting, be it only at one point, makes the later fix wait.
    """
    taken: list[int] = []
    edits: list[Edit] = []
    for index, fix in enumerate(fixes):
        if all(_is_among(edit, edits) or not _meets(edit, edits) for edit in fix.edits):
            taken.append(index)
            for edit in fix.edits:
                if not _is_among(edit, edits):
                    insort(edits, edit)
    return taken, edits


def _is_among(edit: Edit, ordered: Sequence[Edit]) -> bool:
    index = bisect_left(ordered, edit)
    return index < len(ordered) and ordered[index] == edit


def _meets(edit: Edit, ordered: Sequence[Edit]) -> bool:
    """Whether an edit touches one of others that do not overlap: then it touches a neighbour in their order."""
    index = bisect_left(ordered, edit)
    return any(edit.span.touches(other.span) for other in ordered[max(index - 1, 0) : index + 1])


_GAP = "\n...\n"


def excerpt(document: Document, fix: Fix) -> tuple[str, str]:
    """The touched lines before and after the fix; `...` stands for lines between that stay."""
    pairs = [_made(document, span, inside) for span, inside in _groups(document, sorted(fix.edits))]
    return _GAP.join(before for before, _ in pairs), _GAP.join(after for _, after in pairs)


def _groups(document: Document, ordered: Sequence[Edit]) -> Iterator[tuple[Span, list[Edit]]]:
    """Edits on the same or neighbouring lines together, each group with the whole lines that it touches."""
    result: list[tuple[Span, list[Edit]]] = []
    for edit in ordered:
        lines = Span(document.line_start(edit.span.start), document.line_end(edit.span.end))
        if result and lines.start <= document.next_line(result[-1][0].end):
            span, inside = result[-1]
            result[-1] = Span(span.start, max(span.end, lines.end)), [*inside, edit]
        else:
            result.append((lines, [edit]))
    yield from result


def _made(document: Document, lines: Span, inside: Sequence[Edit]) -> tuple[str, str]:
    moved = [Edit(Span(each.span.start - lines.start, each.span.end - lines.start), each.text) for each in inside]
    before = document.data[lines.start : lines.end]
    return before.decode(errors="replace"), apply(before, moved).decode(errors="replace")
