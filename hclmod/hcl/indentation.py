"""Where new lines go and how they are indented: copied from the document, never from a style of ours."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from hclmod.hcl.comments import comments_above
from hclmod.hcl.edits import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Attribute, Block, Expression


class UnfixableError(Exception):
    """A verb cannot be done here without guessing; the message says why."""


class ElsewhereError(UnfixableError):
    """What a verb would edit stands in another document than the one at hand."""

    def __init__(self, document: str) -> None:
        super().__init__(f"it stands in {document}, which Terraform merges with this one; edit it there by hand")
        self.document = document


def editable(view: Attribute | Block | Expression) -> None:
    """Raise `ElsewhereError` for a view of another document, which Terraform merges with the one at hand."""
    if view.source.foreign:
        raise ElsewhereError(view.source.document.path)


@singledispatch
def step(source: Source, node: Node) -> bytes:
    """One step of indentation, as the innermost block around `node` that shows one uses it."""
    around: Node | None = node
    while around is not None:
        if around.type == "block":
            inner = _child_on_own_line(source, around)
            outer = source.document.indent(around.start_byte)
            if inner is not None and inner.startswith(outer) and len(inner) > len(outer):
                return inner[len(outer) :]
        around = around.parent
    return b"  "


def child_indent(source: Source, block: Block) -> bytes:
    """The indentation of what stands in the block, or of what would."""
    inner = _child_on_own_line(source, block.node)
    return inner if inner is not None else source.document.indent(block.node.start_byte) + step(source, block.node)


def is_one_line(source: Source, node: Node) -> bool:
    """Whether `node` begins and ends on one line."""
    return b"\n" not in source.text(node)


def inside(block: Block) -> Span:
    """The bytes between the braces of a block."""
    opening = next(child for child in block.node.children if child.type == "block_start")
    return Span(opening.end_byte, block.node.end_byte - 1)


def append(block: Block, lines: Sequence[bytes]) -> Edit:
    """Put lines (without indentation) at the end of a block; a one-line block is opened for it."""
    source, document = block.source, block.source.document
    indent = child_indent(source, block)
    text = b"".join(indent + line + document.newline for line in lines)
    if is_one_line(source, block.node):
        return Edit(inside(block), opened(block, text))
    close = block.node.end_byte - 1
    at = document.line_start(close)
    if source.data[at:close].strip():
        raise UnfixableError("the block's closing brace shares its line with other text")
    return Edit(Span(at, at), (document.newline if _spaced(block) else b"") + text)


def opened(block: Block, text: bytes) -> bytes:
    """What stands between the braces of a one-line block once it is opened, with the lines `text` behind."""
    source, document = block.source, block.source.document
    span = inside(block)
    old = source.data[span.start : span.end].strip()
    kept = child_indent(source, block) + old + document.newline if old else b""
    return document.newline + kept + text + document.indent(block.node.start_byte)


def _spaced(block: Block) -> bool:
    """Whether the block's last item (or its comments) is set off by a blank line, as the next one should be then."""
    inner = (item for items in (block.blocks(), block.attributes.values()) for item in items)
    starts = sorted(item.span.start for item in inner if not item.source.foreign)
    if len(starts) < 2:  # one item shows no habit
        return False
    document = block.source.document
    comments = comments_above(block.source, starts[-1])
    above = document.line_start(document.line_start(comments[0].start if comments else starts[-1]) - 1)
    return not block.source.data[above : document.line_end(above)].strip()


def _child_on_own_line(source: Source, block: Node) -> bytes | None:
    body = next((child for child in block.children if child.type == "body"), None)
    for child in body.children if body is not None else ():
        if child.type == "comment":
            continue
        start = source.document.line_start(child.start_byte)
        if not source.data[start : child.start_byte].strip() and start > block.start_byte:
            return source.document.indent(child.start_byte)
    return None
