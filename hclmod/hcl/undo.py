"""Edits that can be taken back byte for byte: what they replace or remove stays beside them in a comment.

    # hclmod note: a person's words about what stands below
    # hclmod was: image = "x:3.0.4"       the line below stands in place of this one
    # hclmod off: metadata[0].labels,     this line was taken out here
    # hclmod added: why                   what stands below was not there

Columns that such edits disturb are aligned as ever. Where that could not be taken back, because a chain of lines was
not aligned before, they are left as they are, and the comments say `# hclmod unaligned was:`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl import alignment, syntax
from hclmod.hcl.comments import comments_above
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError, editable
from hclmod.hcl.source import Source
from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hclmod.hcl.syntax import Node

_MARK = re.compile(rb"# hclmod( unaligned)? (note|was|off|added):(?: (.*))?")
_ITEMS = ("attribute", "block", "object_elem")


def keep(source: Source, fix: Fix, why: str, *, aligned: bool = True) -> Fix:
    """The fix with comments from which `restore` takes it back; `why` is written above what it adds or replaces."""
    edits = sorted(fix.edits)
    if all(_is_lines(source, edit) for edit in edits):
        marked = tuple(_marked(source, edit, why, aligned=aligned) for edit in edits)
        return replace(fix, edits=marked, realign=aligned)
    lines = _item_lines(source, Span(edits[0].span.start, edits[-1].span.end))
    above = _above(source, lines, why, aligned=aligned)
    return replace(fix, edits=(Edit(Span(lines.start, lines.start), above), *fix.edits), realign=aligned)


def say(view: Attribute, words: str, *, aligned: bool = True) -> Fix:
    """A note above an attribute, which changes nothing and which `restore` takes away."""
    editable(view)
    source = view.source
    lines = _own_lines(source, view.node)
    if lines is None:
        raise UnfixableError(_SHARED)
    text = _indent(source.data[lines.start : lines.end]) + _mark("note", aligned) + words.encode()
    return Fix((Edit(Span(lines.start, lines.start), text + source.document.newline),), (), realign=aligned)


_SHARED = "it shares its lines with something else; put it on lines of its own"


def _is_lines(source: Source, edit: Edit) -> bool:
    """Whether an edit puts whole lines in, or takes whole lines out."""
    starts = source.document.line_start(edit.span.start) == edit.span.start
    inserts = edit.span.start == edit.span.end and edit.text.endswith(b"\n")
    removes = not edit.text and source.data[edit.span.start : edit.span.end].endswith(b"\n")
    return starts and (inserts or removes)


def _marked(source: Source, edit: Edit, why: str, *, aligned: bool) -> Edit:
    newline = source.document.newline
    if not edit.text:
        lines = source.data[edit.span.start : edit.span.end].splitlines(keepends=True)
        return Edit(edit.span, b"".join(_indent(line) + _mark("off", aligned) + line.lstrip(b" \t") for line in lines))
    text = edit.text.lstrip(b"\r\n")
    return Edit(edit.span, _indent(text) + _mark("added", aligned) + why.encode() + newline + text)


def _mark(word: str, aligned: bool) -> bytes:  # noqa: FBT001 - read at a glance in both calls
    return f"# hclmod{'' if aligned else ' unaligned'} {word}: ".encode()


def _indent(line: bytes) -> bytes:
    return line[: len(line) - len(line.lstrip(b" \t"))]


def _above(source: Source, lines: Span, why: str, *, aligned: bool) -> bytes:
    """The comments above what is rewritten: why, and what stood there if no earlier comment says so already."""
    newline = source.document.newline
    old = source.data[lines.start : lines.end].splitlines()
    indent = _indent(old[0])
    text = [_mark("note", aligned) + why.encode()] if why else []
    if not _is_rewritten(source, lines.start):
        if not all(line.startswith(indent) or not line for line in old):
            raise UnfixableError("its lines are indented in a way that a comment cannot keep")
        text += [(_mark("was", aligned) + line[len(indent) :]) for line in old]
    return b"".join(indent + line + newline for line in text)


def _is_rewritten(source: Source, start: int) -> bool:
    above = comments_above(source, start)
    marks = [_MARK.fullmatch(source.data[span.start : span.end]) for span in above]
    return any(mark is not None and mark[2] in (b"was", b"added") for mark in marks)


def _item_lines(source: Source, span: Span) -> Span:
    """The whole lines of the smallest item around a span that shares its lines with no other."""
    node = source.tree.root_node.descendant_for_byte_range(span.start, span.end)
    while node is not None:
        if _is_item(node) and (lines := _own_lines(source, node)):
            return lines
        node = node.parent
    raise UnfixableError(_SHARED)


def _is_item(node: Node) -> bool:
    return node.type in _ITEMS or (
        node.type == "expression" and node.parent is not None and node.parent.type == "tuple"
    )


def _own_lines(source: Source, node: Node) -> Span | None:
    document, data = source.document, source.data
    start, end = document.line_start(node.start_byte), document.next_line(node.end_byte - 1)
    rest = data[node.end_byte : document.line_end(node.end_byte)].lstrip(b" \t,")
    ends = not rest or (rest.startswith((b"#", b"//")) or (rest.startswith(b"/*") and rest.rstrip().endswith(b"*/")))
    return Span(start, end) if ends and not data[start : node.start_byte].strip() else None


def _holds(item: Node | None, span: Span) -> bool:
    return item is not None and item.start_byte <= span.start and span.end <= item.end_byte


class _Line(Struct, frozen=True):
    """A marked line: its bytes with the line end, the word and the text of its comment."""

    span: Span
    word: str
    text: bytes
    aligned: bool


def restore(view: Attribute | Block, at: Span | None = None) -> Fix | None:
    """Take back what comments in a block, or at an attribute, keep; None where there are none.

    With `at` only what was done to the item around that span.
    """
    source = view.source
    view = replace(view, merged=None) if isinstance(view, Block) else view
    above = comments_above(source, view.span.start) if isinstance(view, Attribute) else ()
    start = above[0].start if above else view.span.start
    fix: Fix | None = None
    for run in _runs(_lines(source, Span(start, view.span.end))):
        if at is not None and not _holds(_item_at(source, run[-1].span.end), at):
            continue
        result = _restored(view, run)
        fix = result if fix is None else fix + result
    return fix


def _lines(source: Source, within: Span) -> Iterator[_Line]:
    document = source.document
    for node in syntax.comments(source.tree.root_node) if b"# hclmod" in source.data else ():
        start, end = document.line_start(node.start_byte), document.next_line(node.start_byte)
        mark = _MARK.fullmatch(source.data[node.start_byte : document.line_end(node.start_byte)])
        alone = not source.data[start : node.start_byte].strip()
        if mark and alone and within.start <= node.start_byte < within.end:
            yield _Line(Span(start, end), mark[2].decode(), mark[3] or b"", mark[1] is None)


def _runs(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Marked lines that stand directly below each other."""
    run: list[_Line] = []
    for line in sorted(lines, key=lambda each: each.span):
        if run and run[-1].span.end != line.span.start:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _restored(view: Attribute | Block, run: Sequence[_Line]) -> Fix:
    """What stood where a run of marked lines stands, with the item below it where that is new."""
    source, newline = view.source, view.source.document.newline
    off = [_indent(_bytes(source, line)) + line.text + newline for line in run if line.word == "off"]
    first = next((line.word for line in run if line.word in ("was", "added")), None)
    was = _first_group(run) if first == "was" else []
    indent = _indent(_bytes(source, run[0]))
    lines = [*off, *((indent + line.text if line.text else b"") + newline for line in was)]
    end = run[-1].span.end
    item = _item_at(source, end) if first else None
    declared = list(_declared_off(view, run)) if off else []
    if item is not None:
        end = source.document.next_line(item.end_byte - 1)
        declared += _declared(view, item, b"".join(line.text + b"\n" for line in was))
    edit = Edit(Span(run[0].span.start, end), b"".join(lines))
    drops = [source.text(node) for node in _comments_in(source, edit.span)]
    return Fix((edit,), tuple(declared), tuple(drops), all(line.aligned for line in run))


def _first_group(run: Sequence[_Line]) -> list[_Line]:
    """The topmost `was` lines: what the first of several rewritings replaced."""
    start = next(index for index, line in enumerate(run) if line.word == "was")
    end = next((index for index in range(start, len(run)) if run[index].word != "was"), len(run))
    return list(run[start:end])


def _bytes(source: Source, line: _Line) -> bytes:
    return source.data[line.span.start : line.span.end]


def _comments_in(source: Source, span: Span) -> Iterator[Node]:
    for node in syntax.leaves(source.tree.root_node, span.start, span.end):
        if node.type == "comment" and span.start <= node.start_byte:
            yield node


def _item_at(source: Source, start: int) -> Node | None:
    """The item that begins on the line that starts there."""
    begin = start + len(_indent(source.data[start : source.document.line_end(start)]))
    node = syntax.leaf_at(source.tree, begin)
    while node is not None and not (_is_item(node) and node.start_byte == begin):
        node = node.parent
    return node


def _declared(view: Attribute | Block, item: Node, was: bytes) -> Iterator[Declared]:
    """What restoring an item changes: `was` is its text of before, empty for one that was not there."""
    around = _innermost(view, Span(item.start_byte, item.end_byte))
    whole = syntax.span(around.node) == syntax.span(item)
    if isinstance(around, Attribute):
        lost = Effect.REMOVED if whole else Effect.REDUCED
        computed = around.value.entries() is None and around.value.elements() is None
        yield Declared(around.path, Effect.CHANGED if was or (computed and not whole) else lost)
    elif not was:
        yield Declared(around.path, Effect.REMOVED)
    elif type(around.source) is not Source:  # text of another language
        yield Declared(around.path, Effect.CHANGED)
    else:
        yield from _differing(around, _first_block(was))


def _first_block(text: bytes) -> Block | None:
    blocks = top_level(Source(Document("", text), syntax.parse(text)))[1]
    return blocks[0] if blocks else None


def _differing(now: Block, before: Block | None) -> Iterator[Declared]:
    """The attributes of a block that its text of before lacks, or has otherwise."""
    for name, attribute in now.attributes.items():
        old = before.attribute(name) if before else None
        if old is None:
            yield Declared(attribute.path, Effect.REMOVED)
        elif old.value.text != attribute.value.text:
            yield Declared(attribute.path, Effect.CHANGED)


def _declared_off(view: Attribute | Block, run: Sequence[_Line]) -> Iterator[Declared]:
    around = _innermost(view, run[0].span)
    for effect in (Effect.EXTENDED, Effect.REFILLED):
        yield Declared(around.path, effect)


def _innermost(view: Attribute | Block, span: Span) -> Attribute | Block:
    """The smallest attribute or block around a span."""
    while isinstance(view, Block) and (below := view.around(span)) is not None:
        view = below
    return view


def proved(view: Attribute | Block, make: Callable[[bool], Fix | None]) -> Fix | None:
    """The fix of `make` (given: whether columns are aligned) if `restore` gives back the very bytes.

    The first that does is taken; where neither does it is an `UnfixableError`.
    """
    source = view.source
    target = _without_marks(source, view.path)
    for aligned in (True, False):
        fix = make(aligned)
        if fix is None:
            return None
        made = sorted(fix.edits)
        if any(one.span.end > other.span.start for one, other in pairwise(made)):
            raise UnfixableError("two of its parts would write the same place")
        after = alignment.applied(source, made, columns=fix.realign)
        if _without_marks(after, view.path) == target:
            return fix
    raise UnfixableError("it could not be taken back byte for byte")


def _without_marks(source: Source, path: str) -> bytes | None:
    """The document after all marks at the view of this path are taken back; None where the view is gone."""
    view = find(source, path)
    if view is None:
        return None
    fix = restore(view)
    return source.data if fix is None else alignment.applied(source, sorted(fix.edits), columns=fix.realign).data


def find(source: Source, path: str) -> Attribute | Block | None:
    """The attribute or block of a document at a path."""
    attributes, blocks = top_level(source)
    views: list[Attribute | Block] = [*attributes.values(), *blocks]
    while views:
        around = next((each for each in views if path == each.path or path.startswith(f"{each.path}.")), None)
        if around is None or around.path == path:
            return around
        views = [*around.blocks(), *around.attributes.values()] if isinstance(around, Block) else []
    return None
