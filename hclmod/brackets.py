"""Appending to list and object literals without moving what they hold.

`terraform fmt` never adds or removes commas (FACTS 4.2), so they are ours to place: `x # c` becomes `x, # c`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import trivia
from hclmod.edits import Edit, Span
from hclmod.layout import UnfixableError, is_one_line
from hclmod.syntax import leaf_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.syntax import Node
    from hclmod.trivia import Source
    from hclmod.views import Expression


def append_inline(expression: Expression, items: Sequence[bytes]) -> list[Edit]:
    """Append to a one-line list or object on its line: `["a"]` becomes `["a", "b"]`, `{ a = 1 }` likewise."""
    source, node = expression.source, expression.bracket
    items_node = _items(node)
    text = b", ".join(items)
    if not items_node:
        return [_first_item(source, node, text)]
    end = _end_with_comment(source, node, items_node[-1])
    comma = _comma_after(node, items_node[-1])
    if comma is None:
        return [Edit(Span(end, end), b", " + text)]
    end = max(end, comma.end_byte)
    blanks = end if node.type == "object" else node.end_byte - 1  # `[a, ]`, but `{ a = 1, }`
    return [Edit(Span(end, blanks), b" " + text)]


def _first_item(source: Source, node: Node, text: bytes) -> Edit:
    """The edit that puts items into a one-line list or object that holds none, behind the comments in it."""
    inner = trivia.inner(node)
    held = source.data[inner.start : inner.end].strip()
    pad = b" " if node.type == "object" else b""
    return Edit(inner, pad + (held + b" " if held else b"") + text + pad)


def open_list(expression: Expression, lines: Sequence[bytes], *, outer: bytes, step: bytes, comment: bytes) -> bytes:
    """The text of a one-line list or object put on several lines, with `lines` (commas included) behind its items.

    `comment` stood behind the bracket and moves to the last item that was there, or behind the opening bracket
    where there was none. `outer` is the indentation of the line that opens the list, `step` one more.
    """
    newline = expression.source.document.newline
    pieces = _pieces(expression)
    opening, closing = (b"{", b"}") if expression.bracket.type == "object" else (b"[", b"]")
    if comment and pieces:
        pieces[-1] += b" " + comment
    elif comment:
        opening += comment if opening + comment[:2] == b"[/*" else b" " + comment  # as `terraform fmt` has it
    inside = b"".join(outer + step + line + newline for line in (*pieces, *lines))
    return opening + newline + inside + outer + closing


def append_lines(expression: Expression, lines: Sequence[bytes], *, step: bytes) -> list[Edit]:
    """Append `lines` (commas included) to a list or object that already stands on several lines."""
    source, node = expression.source, expression.bracket
    document = source.document
    items = _items(node)
    last = items[-1] if items else None
    close = node.end_byte - 1
    at = document.line_start(close)
    indent = _item_indent(source, node, last, step)
    text = b"".join(indent + line + document.newline for line in lines)
    edits = _comma(source, node, last)
    if not source.data[at:close].strip():
        return [*edits, Edit(Span(at, at), text)]
    if last is None or at <= node.start_byte:
        raise UnfixableError("the list opens and closes in an unusual way")
    stay = max(last.end_byte, at + len(source.data[at:close].rstrip()))
    comma = b"," if edits and stay == last.end_byte else b""
    closing = Edit(Span(stay, close), comma + document.newline + text + document.indent(node.start_byte))
    deeper = _deeper(source, node, at, step)
    return [*deeper, closing] if comma else [*deeper, *edits, closing]


def _deeper(source: Source, node: Node, at: int, step: bytes) -> list[Edit]:
    """One more step for the line at `at`, which closed the list and no longer does."""
    leaf = leaf_at(source.tree, at)
    if leaf is not None and leaf.type == "comment":
        return []
    document = source.document
    return [Edit(Span(at, at), step)] if document.indent(at) == document.indent(node.start_byte) else []


def wants_commas(expression: Expression) -> bool:
    """Whether an entry of this object that stands on a line of its own ends with a comma."""
    items = _items(expression.bracket)
    return bool(items) and _comma_after(expression.bracket, items[-1]) is not None


def _items(node: Node) -> list[Node]:
    return [child for child in node.children if child.type in ("expression", "object_elem")]


def _comma_after(node: Node, item: Node) -> Node | None:
    later = [child for child in node.children if child.start_byte >= item.end_byte]
    return next((child for child in later if child.type == ","), None)


def _end_with_comment(source: Source, node: Node, item: Node) -> int:
    """The end of an item, or of the block comments that follow it on its line."""
    later = [c for c in node.children if c.start_byte >= item.end_byte and c.type == "comment"]
    return max(
        (comment.end_byte for comment in later if source.text(comment).startswith(b"/*")),
        default=item.end_byte,
    )


def _comma(source: Source, node: Node, last: Node | None) -> list[Edit]:
    """The comma that the last item needs before another can follow; in objects a line end will do."""
    if last is None or _comma_after(node, last) is not None:
        return []
    close = node.end_byte - 1
    if node.type == "object" and b"\n" in source.data[last.end_byte : close]:
        return []
    if b"\n" in source.text(last) and b"<<" in source.text(last):
        raise UnfixableError("the last item is a heredoc, behind which no comma can stand")
    return [Edit(Span(last.end_byte, last.end_byte), b",")]


def _item_indent(source: Source, node: Node, last: Node | None, step: bytes) -> bytes:
    outer = source.document.indent(node.start_byte)
    if last is not None:
        start = source.document.line_start(last.start_byte)
        indent = source.document.indent(last.start_byte)
        if not source.data[start : last.start_byte].strip() and indent != outer:
            return indent
    return outer + step


def _pieces(expression: Expression) -> list[bytes]:
    """What stands between the commas of a one-line list, each with its comma; a lone comment has none."""
    source, node = expression.source, expression.bracket
    if not is_one_line(source, node):
        raise ValueError("only a one-line list is opened")
    groups: list[list[Node]] = [[]]
    for child in node.children[1:-1]:
        if child.type == ",":
            groups.append([])
        else:
            groups[-1].append(child)
    return [_piece(source, group) for group in groups if group]


def _piece(source: Source, group: Sequence[Node]) -> bytes:
    text = source.data[group[0].start_byte : group[-1].end_byte]
    return text if all(child.type == "comment" for child in group) else text + b","
