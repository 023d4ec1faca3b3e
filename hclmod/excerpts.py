"""What a fix does to the lines that it touches, as text for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import edits
from hclmod.edits import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.document import Document
    from hclmod.edits import Fix

_GAP = "\n...\n"


def excerpt(document: Document, fix: Fix) -> tuple[str, str]:
    """The touched lines before and after the fix; `...` stands for lines between that stay."""
    pairs = [_made(document, span, inside) for span, inside in _groups(document, sorted(fix.edits))]
    return _GAP.join(before for before, _ in pairs), _GAP.join(after for _, after in pairs)


def _groups(document: Document, ordered: Sequence[Edit]) -> Iterator[tuple[Span, list[Edit]]]:
    """Edits on the same or neighbouring lines together, each group with the whole lines that it touches."""
    found: list[tuple[Span, list[Edit]]] = []
    for edit in ordered:
        lines = Span(document.line_start(edit.span.start), document.line_end(edit.span.end))
        if found and lines.start <= document.next_line(found[-1][0].end):
            span, inside = found[-1]
            found[-1] = Span(span.start, max(span.end, lines.end)), [*inside, edit]
        else:
            found.append((lines, [edit]))
    yield from found


def _made(document: Document, lines: Span, inside: Sequence[Edit]) -> tuple[str, str]:
    moved = [Edit(Span(each.span.start - lines.start, each.span.end - lines.start), each.text) for each in inside]
    before = document.data[lines.start : lines.end]
    return before.decode(errors="replace"), edits.apply(before, moved).decode(errors="replace")
