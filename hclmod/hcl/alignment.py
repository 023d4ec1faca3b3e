"""What `terraform fmt` does to columns, for the lines that an edit touched and their neighbours only.

A line has up to three cells: lead, assignment, comment (hclwrite: `formatCells`, `linesForFormat`). Assignments align
over consecutive lines that each hold a whole one, trailing comments over consecutive lines that have one.
A chain that was not aligned before the edit is left as it is.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import singledispatch
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl.document import Document
from hclmod.hcl.edits import Edit, Span, apply
from hclmod.hcl.source import Source
from hclmod.hcl.syntax import Node, leaf_at, leaves, reparse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_OPEN = frozenset({"{", "[", "(", "template_interpolation_start", "template_directive_start"})
_CLOSE = frozenset({"}", "]", ")", "template_interpolation_end", "template_directive_end"})
_HOLDS_NEWLINES = frozenset({"heredoc_template", "quoted_template", "string_lit", "comment"})
_SPLITS_LINES = frozenset({"body", "block", "template_interpolation"}) | {
    f"template_{part}" for part in ("if_intro", "else_intro", "if_end", "for_start", "for_end")
}


class Line(Struct, frozen=True):
    """One line as the formatter sees it (a heredoc is one line); offsets into the document."""

    start: int
    end: int
    assign: int | None  # where `=` stands
    opens: int | None  # where `=` stands if its value goes on below: such a line is aligned with nothing
    comment: int | None  # where the trailing comment starts

    def cell_start(self, kind: str) -> int | None:
        """Where the cell of this kind (`assign` or `comment`) starts, or None."""
        return self.assign if kind == "assign" else self.comment


@singledispatch
def applied(source: Source, edits: Sequence[Edit], *, columns: bool = True) -> Source:
    """The source after `edits` (sorted) and, if wanted, after the alignment that they disturbed was put back."""
    edited = _edited(source, edits)
    blanks = realign(source, edits, edited) if columns else []
    return _edited(edited, blanks) if blanks else edited


def _edited(source: Source, edits: Sequence[Edit]) -> Source:
    data = apply(source.data, edits)
    return Source(Document(source.document.path, data), reparse(source.tree, source.data, edits, data))


def realign(before: Source, edits: Sequence[Edit], after: Source) -> list[Edit]:
    """The edits on `after` that put back the alignment which `edits` (on `before`, sorted) disturbed."""
    moved = _Moved(edits)
    touched = list(_touched(after, moved))
    assigns = _realign_kind(before, moved, after, lines=touched, kind="assign", pushed={}) | _narrowed(
        before, moved, after, touched
    )
    pushed = [line_at(after, start) for start in sorted(assigns)]
    comments = _realign_kind(before, moved, after, lines=touched + pushed, kind="comment", pushed=assigns)
    blanks = [*assigns.values(), *comments.values()]
    return sorted(edit for edit in blanks if not _is_made(after, edit))


def _realign_kind(
    before: Source, moved: _Moved, after: Source, *, lines: Sequence[Line], kind: str, pushed: Mapping[int, Edit]
) -> dict[int, Edit]:
    by_key: dict[int, Edit] = {}
    seen: set[int] = set()
    for line in lines:
        if line.cell_start(kind) is None or line.start in seen:
            continue
        chain = _chain(after, line, kind)
        seen |= {member.start for member in chain}
        if all(_was_aligned(before, moved.origin(member), kind) for member in chain):
            by_key.update(_alignment(after, chain, kind, pushed))
    return by_key


def _narrowed(before: Source, moved: _Moved, after: Source, lines: Sequence[Line]) -> dict[int, Edit]:
    """One blank before the `=` of lines that were aligned and now open a bracket."""
    by_key: dict[int, Edit] = {}
    for line in lines:
        if line.opens is not None and _was_aligned(before, moved.origin(line), "assign"):
            lead_end = line.start + len(after.data[line.start : line.opens].rstrip(b" \t"))
            by_key[line.start] = Edit(Span(lead_end, line.opens), b" ")
    return by_key


def _is_made(source: Source, edit: Edit) -> bool:
    return source.data[edit.span.start : edit.span.end] == edit.text


class _Moved:
    """Where the lines of the new text stood in the old one."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self.spans: list[Span] = []  # of the edits, in the new text
        self._shifts = [0]
        for edit in edits:
            start = edit.span.start + self._shifts[-1]
            self.spans.append(Span(start, start + len(edit.text)))
            self._shifts.append(self._shifts[-1] + len(edit.text) - (edit.span.end - edit.span.start))
        self._ends = [span.end for span in self.spans]

    def origin(self, line: Line) -> int | None:
        """The old offset of the line's start, or None if an edit made the line."""
        index = bisect_right(self._ends, line.start)
        if index < len(self.spans) and self.spans[index].start <= line.start:
            return None
        return line.start - self._shifts[index]


def _touched(after: Source, moved: _Moved) -> Iterator[Line]:
    """The lines that an edit made or changed, and one neighbour on each side."""
    seen: set[int] = set()
    for span in moved.spans:
        first = line_at(after, span.start)
        line: Line | None = _above(after, first) or first
        while line is not None:
            if line.start not in seen:
                seen.add(line.start)
                yield line
            if line.start > span.end:
                break
            line = _below(after, line)


def _was_aligned(before: Source, origin: int | None, kind: str) -> bool:
    if origin is None or origin >= len(before.data):
        return True
    line = line_at(before, origin)
    if line.cell_start(kind) is None:
        return True
    known: dict[int, bool] = before.document.__dict__.setdefault(f"alignment.was.{kind}", {})
    if line.start not in known:  # all lines of a chain have one answer
        blanks = _alignment(before, _chain(before, line, kind), kind, {})
        known |= dict.fromkeys(blanks, all(_is_made(before, edit) for edit in blanks.values()))
    return known[line.start]


def _chain(source: Source, line: Line, kind: str) -> list[Line]:
    return [*reversed(list(_run(source, line, kind, _above))), line, *_run(source, line, kind, _below)]


def _run(source: Source, line: Line, kind: str, step: Callable[[Source, Line], Line | None]) -> Iterator[Line]:
    neighbour = step(source, line)
    while neighbour is not None and neighbour.cell_start(kind) is not None:
        yield neighbour
        neighbour = step(source, neighbour)


def _alignment(source: Source, chain: Sequence[Line], kind: str, pushed: Mapping[int, Edit]) -> dict[int, Edit]:
    """For each line of the chain, keyed by its start, the blanks that belong before its cell.

    `pushed` holds the new blanks before the assignments of lines, which move their comments.
    """
    places: list[tuple[int, Span, int]] = []
    for line in chain:
        cell = line.cell_start(kind) or 0
        lead_end = line.start + len(source.data[line.start : cell].rstrip(b" \t"))
        width = columns(source.data[line.start : lead_end])
        if edit := pushed.get(line.start):
            width += len(edit.text) - (edit.span.end - edit.span.start)
        places.append((line.start, Span(lead_end, cell), width))
    widest = max(width for _, _, width in places)
    return {start: Edit(span, b" " * (widest - width + 1)) for start, span, width in places}


def columns(text: bytes) -> int:
    """How many columns `text` takes: grapheme clusters, as hclwrite counts them."""
    if text.isascii():
        return len(text)
    import regex

    return len(regex.findall(r"\X", text.decode()))


def line_at(source: Source, offset: int) -> Line:
    """The line that holds `offset`."""
    document = source.document
    start = document.line_start(offset)
    while start > 0 and _is_held(source, start - 1):
        start = document.line_start(start - 1)
    return _line(source, start)


def _above(source: Source, line: Line) -> Line | None:
    if line.start == 0:
        return None
    known: dict[int, Line] = source.document.__dict__.setdefault("alignment.above", {})
    if line.start not in known:
        known[line.start] = line_at(source, line.start - 1)
    return known[line.start]


def _below(source: Source, line: Line) -> Line | None:
    start = source.document.next_line(line.end)
    return _line(source, start) if start < len(source.data) else None


def _line(source: Source, start: int) -> Line:
    """The line that starts there; it is kept with the document, for each line of a chain asks for all others."""
    known: dict[int, Line] = source.document.__dict__.setdefault("alignment.line", {})
    if start not in known:
        known[start] = _read(source, start)
    return known[start]


def _read(source: Source, start: int) -> Line:
    document = source.document
    end = document.line_end(start)
    while end < len(source.data) and _is_held(source, document.next_line(end) - 1):
        end = document.line_end(document.next_line(end))
    return Line(start, end, *_cells(source, start, end))


def _is_held(source: Source, newline: int) -> bool:
    """Whether the newline there is part of a heredoc, string or comment; one inside `${ }` does end a line."""
    node = leaf_at(source.tree, newline)
    while node is not None and node.type not in _SPLITS_LINES:
        if node.type in _HOLDS_NEWLINES and node.start_byte < newline < node.end_byte - (node.type == "comment"):
            return True
        node = node.parent
    return False


def _cells(source: Source, start: int, end: int) -> tuple[int | None, int | None, int | None]:
    if not source.data[start:end].strip():
        return None, None, None
    root = source.tree.root_node.descendant_for_byte_range(start, max(start, end - 1)) or source.tree.root_node
    tokens = [leaf for leaf in leaves(root, start, end) if leaf.start_byte >= start]
    comment = None
    if len(tokens) > 1 and _trails(source, tokens[-1]):
        comment = tokens.pop().start_byte
    return *_assignment(tokens), comment


def _trails(source: Source, token: Node) -> bool:
    """Whether hclwrite takes the line's last token for a trailing comment: a block comment only at the very end."""
    if token.type != "comment":
        return False
    return token.end_byte == len(source.data) or not source.text(token).startswith(b"/*")


def _assignment(tokens: Sequence[Node]) -> tuple[int | None, int | None]:
    """Where the line's `=` stands, if a whole value is behind it and if not."""
    for index, token in enumerate(tokens):
        if index and token.type == "=":
            rest = tokens[index:]
            net = sum((leaf.type in _OPEN) - (leaf.type in _CLOSE) for leaf in rest)
            return (token.start_byte, None) if net == 0 else (None, token.start_byte)
    return None, None
