"""Appending to list and object literals without moving what they hold.

`terraform fmt` never adds or removes commas (docs/facts.md, Text 2), so they are ours to place: `x # c` becomes `x, #
c`.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from hclmod.hcl import comments, indentation, syntax, traversal
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError, editable, is_one_line
from hclmod.hcl.syntax import leaf_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.traversal import Traversal
    from hclmod.hcl.views import Attribute, Block, Expression


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
    inner = comments.inner(node)
    words = source.data[inner.start : inner.end].strip()
    pad = b" " if node.type == "object" else b""
    return Edit(inner, pad + (words + b" " if words else b"") + text + pad)


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


def attribute_of(block: Block, name: str, inside: str) -> Attribute | None:
    """The list attribute `name` of the block's nested block `inside`; two such blocks are an `UnfixableError`."""
    result = block.blocks(inside)
    if len(result) > 1:
        raise UnfixableError(f"there are {len(result)} `{inside}` blocks; Terraform allows one")
    return result[0].attribute(name) if result else None


def drop(block: Block, name: str, inside: str, unwanted: Callable[[Traversal], bool]) -> Fix | None:
    """Take the items for which `unwanted` says so out of a list; None where there are none.

    An item on lines of its own goes with its line and the comment behind it; otherwise the rest is put on one line.
    """
    attribute = attribute_of(block, name, inside)
    if attribute is None:
        return None
    elements = attribute.value.elements()
    if elements is None:
        if (whole := attribute.value.traversal()) is not None and not unwanted(whole):
            return None
        raise UnfixableError(f"`{name}` is `{attribute.value.text}`, not a list written here")
    goes = [each for each in elements if (current := each.traversal()) is not None and unwanted(current)]
    return without(attribute.value, goes) if goes else None


def without(expression: Expression, goes: Sequence[Expression]) -> Fix:
    """Take some of its elements out of a list."""
    editable(expression)
    declared = (Declared(expression.path, Effect.REDUCED),)
    lines = [_own_lines(each) for each in goes]
    if all(lines):
        spans = [span for span in lines if span is not None]
        return Fix(tuple(Edit(span, b"") for span in spans), declared, _comments(expression, spans))
    elements = expression.elements() or ()
    kept = b", ".join(each.source.text(each.node) for each in elements if each not in goes)
    span = syntax.span(expression.bracket)
    return Fix((Edit(span, b"[" + kept + b"]"),), declared, _comments(expression, [span]))


def _own_lines(element: Expression) -> Span | None:
    """The whole lines of an item, its comma and the comment behind it; None where it shares them."""
    source, node = element.source, element.node
    document, data = source.document, source.data
    start = document.line_start(node.start_byte)
    behind = comments.trailing_comment(source, node.end_byte)
    end = behind.end if behind else node.end_byte
    rest = data[end : document.line_end(end)]
    if data[start : node.start_byte].strip() or rest.strip(b" \t,") or _comma_below(element):
        return None
    return Span(start, document.next_line(end))


def _comma_below(element: Expression) -> bool:
    """Whether the item's comma stands on a later line."""
    following = element.node.next_sibling
    while following is not None and following.type == "comment":
        following = following.next_sibling
    if following is None or following.type != ",":
        return False
    return b"\n" in element.source.data[element.node.end_byte : following.start_byte]


def _comments(expression: Expression, spans: Sequence[Span]) -> tuple[bytes, ...]:
    source = expression.source
    result = syntax.comments(expression.node)
    return tuple(
        source.text(each)
        for each in result
        if any(span.start <= each.start_byte and each.end_byte <= span.end for span in spans)
    )


@singledispatch
def name_last(block: Block, name: str, items: Sequence[str], comment: str, *, inside: str) -> Fix | None:
    """`comment` behind the last of `items` that the list holds, where neither the list nor what is above it says so."""
    attribute = attribute_of(block, name, inside)
    if attribute is None or comment in " ".join((attribute.value.text, *attribute.comments())):
        return None
    targets = {traversal.parse(item) for item in items}
    existing = [each for each in attribute.value.elements() or () if each.traversal() in targets]
    if not existing:
        return None
    editable(attribute)
    last = existing[-1]
    source, document = last.source, last.source.document
    end = document.line_end(last.node.end_byte)
    if (
        indentation.is_one_line(source, attribute.node)
        and comments.trailing_comment(source, attribute.node.end_byte) is None
    ):
        end = document.line_end(attribute.node.end_byte)
    elif _own_lines(last) is None or comments.trailing_comment(source, last.node.end_byte):
        raise UnfixableError("another comment, or another item, stands behind its last entry")
    if source.data[end - 1 : end] == b"}":  # a one-line block: a comment would swallow its brace
        raise UnfixableError("its list is in a block on one line")
    return Fix((Edit(Span(end, end), b" # " + comment.encode()),), ())
