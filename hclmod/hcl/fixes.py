"""What a rule may do to a document: each verb returns a fix and leaves everything else as it stands.

A verb that cannot be done without guessing raises `UnfixableError`, whose words go into the report.
"""

from __future__ import annotations

import re
from functools import singledispatch
from typing import TYPE_CHECKING

from hclmod.hcl import comments, indentation, lists, syntax, traversal
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError, editable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.hcl.syntax import Node
    from hclmod.hcl.traversal import Traversal
    from hclmod.hcl.views import Attribute, Block, Entry, Expression

__all__ = [
    "UnfixableError",
    "append_strings",
    "ensure_attribute",
    "ensure_entry",
    "ensure_items",
    "missing_items",
    "remove",
    "remove_entry",
    "replace",
]


@singledispatch
def remove(attribute: Attribute) -> Fix:
    """Take an attribute away with its line, the comments that it owns and a blank line that would be left double."""
    editable(attribute)
    source, node = attribute.source, attribute.node
    declared = (Declared(attribute.path, Effect.REMOVED),)
    inner = tuple(source.text(comment) for comment in syntax.comments(node))
    lines = comments.own_lines(source, node)
    if lines is None:
        return Fix((_cut(source.data, node.start_byte, node.end_byte),), declared, inner)
    owned = tuple(source.data[span.start : span.end] for span in comments.owned_comments(source, node))
    return Fix((Edit(comments.without_double_blank(source, lines), b""),), declared, owned + inner)


def _cut(data: bytes, start: int, end: int) -> Edit:
    """Take a part out of a line with the blanks around it; one stays between what would meet, the indentation too."""
    left, right = start, end
    while data[left - 1 : left] in (b" ", b"\t"):
        left -= 1
    while data[right : right + 1] in (b" ", b"\t"):
        right += 1
    if data[left - 1 : left] in (b"", b"\n"):
        return Edit(Span(start, right), b"")
    closes = data[left - 1 : left] == b"{" and data[right : right + 1] == b"}"
    return Edit(Span(left, right), b"" if closes or data[right : right + 1] in (b"", b"\r", b"\n") else b" ")


@singledispatch
def replace(expression: Expression, text: bytes, part: Span | None = None) -> Fix:
    """Put `text` in place of a value, or of the `part` of it (a span of the document), such as the tag in a string."""
    editable(expression)
    part = part or expression.span
    whole = expression.span
    if not whole.start <= part.start <= part.end <= whole.end:
        raise ValueError("the part to replace lies outside the value")
    if any(part.start <= comment.start_byte < part.end for comment in syntax.comments(expression.node)):
        raise UnfixableError("the value holds comments, which would be lost with it")
    return Fix((Edit(part, text),), (Declared(expression.path, Effect.CHANGED),))


@singledispatch
def ensure_attribute(block: Block, name: str, value: bytes, *, after: str | None = None) -> Fix | None:
    """`name = value` in the block: set where it stands, else put behind the attribute `after` or at the end.

    None where it already is so.
    """
    if existing := block.attribute(name):
        same = existing.value.text.encode() == value
        return None if same else replace(existing.value, value)
    editable(block)
    declared = (Declared(f"{block.path}.{name}", Effect.ADDED),)
    return Fix((_new_attribute(block, [name.encode() + b" = " + value], after),), declared)


@singledispatch
def ensure_entry(block: Block, name: str, key: str, value: str) -> Fix | None:
    """`"key" = "value"` in the map attribute `name` of the block; the map is made where it is missing.

    In `merge(local.x, { ... })` it goes into the last argument. None where the map holds the key, whatever its value:
    the caller has looked.
    """
    attribute = block.attribute(name)
    editable(attribute or block)
    if attribute is None:
        line = _entry(key, value, "=")
        step = indentation.step(block.source, block.node)
        lines = [name.encode() + b" = {", step + line, b"}"]
        last = next(reversed(block.attributes), None)
        edit = _new_attribute(block, lines, last)
        return Fix((edit,), (Declared(f"{block.path}.{name}", Effect.ADDED),))
    own = attribute.value.own_map()
    entries = own.entries() if own else None
    if own is None or entries is None:
        raise UnfixableError(f"`{name}` is `{_short(attribute.value.text)}`, not a map written here")
    if any(entry.key is None for entry in entries):
        raise UnfixableError(f"`{name}` has computed keys, so `{key}` may be among them")
    if any(entry.key == key for entry in entries):
        return None
    edits = append_entry(own, f'"{key}"', f'"{value}"'.encode())
    effect = Effect.CHANGED if attribute.value.entries() is None else Effect.EXTENDED
    return Fix(tuple(edits), (Declared(attribute.path, effect),))


@singledispatch
def remove_entry(block: Block, name: str, key: str) -> Fix | None:
    """Take a key out of the map attribute `name` of the block; a map that held nothing else goes with its attribute.

    In `merge(local.x, { ... })` it is taken out of the argument that has it. None where the key is not there.
    """
    attribute = block.attribute(name)
    tables = [each for each in (attribute.value.maps() if attribute else ()) if each.entry(key)]
    if attribute is None or not tables:
        return None
    editable(attribute)
    doomed = [entry for entry in tables[-1].entries() or () if entry.key == key]
    if len(tables) > 1 or len(doomed) > 1:
        raise UnfixableError(f"`{name}` holds `{key}` twice")
    whole = tables[-1].node == attribute.value.node
    if whole and len(tables[-1].entries() or ()) == 1 and not (attribute.comments() or _comments_in(tables[-1])):
        return remove(attribute)
    effect = Effect.REDUCED if whole else Effect.CHANGED
    span, drops = taken_out(tables[-1], doomed[0])
    return Fix((Edit(span, b""),), (Declared(attribute.path, effect),), drops)


def _comments_in(table: Expression) -> list[Node]:
    return syntax.comments(table.bracket)


def taken_out(table: Expression, entry: Entry) -> tuple[Span, tuple[bytes, ...]]:
    """What to cut for an entry to be gone, and the comments that go with it."""
    source, node, inner = table.source, entry.node, comments.inner(table.bracket)
    if len(table.entries() or ()) == 1 and not _comments_in(table):
        return inner, ()
    owned = comments.owned_comments(source, node)
    if lines := comments.own_lines(source, node):
        return lines, tuple(source.data[each.start : each.end] for each in owned)
    nodes = [each.node for each in table.entries() or ()]
    at = nodes.index(node)
    span = Span(nodes[at - 1].end_byte, node.end_byte) if at else Span(node.start_byte, nodes[1].start_byte)
    shared = any(span.start <= each.start_byte < span.end for each in _comments_in(table))
    if shared or b"\n" in source.data[span.start : span.end]:
        raise UnfixableError(f"`{entry.key}` shares its lines with a comment or another entry")
    return span, ()


def append_entry(expression: Expression, key: str, value: bytes) -> list[Edit]:
    """The edits that put an entry, whose key and value are written as they are to stand there, behind the others."""
    source, node = expression.source, expression.bracket
    line = f"{key} {_separator(expression)} ".encode() + value
    if indentation.is_one_line(source, node) and expression.entries():
        return lists.append_inline(expression, [line])
    step = indentation.step(source, node)
    if indentation.is_one_line(source, node):
        text = lists.open_list(
            expression, [line], outer=source.document.indent(node.start_byte), step=step, comment=b""
        )
        return [Edit(expression.span, text)]
    comma = b"," if lists.wants_commas(expression) else b""
    return lists.append_lines(expression, [line + comma], step=step)


def _entry(key: str, value: str, separator: str) -> bytes:
    return f'"{key}" {separator} "{value}"'.encode()


def _separator(expression: Expression) -> str:
    """`=`, unless every entry there is written with a colon."""
    marks = {child.type for entry in expression.entries() or () for child in entry.node.children}
    return ":" if ":" in marks and "=" not in marks else "="


def missing_items(block: Block, name: str, items: Sequence[str], *, inside: str = "") -> tuple[str, ...]:
    """Those of `items` (traversals) that the list `name` of the block, or of its block `inside`, does not cover."""
    places = block.blocks(inside) if inside else (block,)
    existing = [have for place in places if (attribute := place.attribute(name)) for have in _current(attribute)]
    steps = {item: _parsed(item) for item in items}
    return tuple(item for item in items if not any(traversal.covers(have, steps[item]) for have in existing))


def append_strings(expression: Expression, values: Sequence[str]) -> Fix | None:
    """Append strings to a list literal, on its line or on lines of their own as the list has it; None for no values."""
    if not values:
        return None
    editable(expression)
    texts = [f'"{value}"'.encode() for value in values]
    if indentation.is_one_line(expression.source, expression.bracket):
        edits = lists.append_inline(expression, texts)
    else:
        step = indentation.step(expression.source, expression.bracket)
        edits = lists.append_lines(expression, [text + b"," for text in texts], step=step)
    return Fix(tuple(edits), (Declared(expression.path, Effect.EXTENDED),))


@singledispatch
def ensure_items(
    block: Block, name: str, items: Sequence[str], comment: str = "", *, inside: str = "", above: str = ""
) -> Fix | None:
    """Every one of `items` in the list attribute `name` of the block, or of its nested block `inside`.

    Block and list are made where they are missing. What the list holds stays, in its order and with its comments;
    what it covers is not doubled. A comment, where given, stands behind the last new item. None if nothing is missing.
    `above` is the comment of a new list of one item, which then stands on one line below it.
    """
    result = block.blocks(inside) if inside else (block,)
    if len(result) > 1:
        raise UnfixableError(f"there are {len(result)} `{inside}` blocks; Terraform allows one")
    target = missing_items(block, name, items, inside=inside)
    if not target:
        return None
    if not result:
        return _new_block(block, inside, _list_lines(block, name, target, comment, above))
    block = result[0]
    attribute = block.attribute(name)
    editable(attribute or block)
    if attribute is None:
        edit = _new_attribute(block, _list_lines(block, name, target, comment, above), None)
        return Fix((edit,), (Declared(f"{block.path}.{name}", Effect.ADDED),))
    if _has_comment(attribute, comment):
        comment = ""
    declared = (Declared(attribute.path, Effect.EXTENDED),)
    return Fix(tuple(_extend(block, attribute, _lines(target, comment))), declared)


def _extend(block: Block, attribute: Attribute, lines: Sequence[bytes]) -> list[Edit]:
    value = attribute.value
    source, document = value.source, value.source.document
    step = indentation.step(source, value.bracket)
    if not indentation.is_one_line(source, value.bracket):
        return lists.append_lines(value, lines, step=step)
    one_line = indentation.is_one_line(source, block.node)
    outer = indentation.child_indent(source, block) if one_line else document.indent(attribute.node.start_byte)
    end = block.node.end_byte if one_line else value.span.end
    moved = _movable_comment(block if one_line else attribute, end)
    comment = source.data[moved.start : moved.end] if moved else b""
    text = lists.open_list(value, lines, outer=outer, step=step, comment=comment)
    end = moved.end if moved else end
    if not one_line:
        return [Edit(Span(value.span.start, end), text)]
    if source.data[indentation.inside(block).start : indentation.inside(block).end].strip() != source.text(
        attribute.node
    ):
        raise UnfixableError("the one-line block holds more than this attribute")
    head = source.data[attribute.node.start_byte : value.span.start]
    body = document.newline + outer + head + text + document.newline + document.indent(block.node.start_byte) + b"}"
    return [Edit(Span(indentation.inside(block).start, end), body)]


def _movable_comment(view: Block | Attribute, end: int) -> Span | None:
    comment = comments.trailing_comment(view.source, end)
    if comment and view.source.data[end : comment.start].strip():
        return None
    return comment


def _current(attribute: Attribute) -> list[Traversal]:
    """The traversals that the list holds; `all` is a list of itself."""
    value = attribute.value
    whole = value.traversal()
    if whole == ("all",):
        return [whole]
    elements = value.elements()
    if elements is None:
        raise UnfixableError(f"`{attribute.name}` is `{_short(value.text)}`, not a list written here")
    return [current for element in elements if (current := element.traversal())]


def _parsed(item: str) -> Traversal:
    parsed = traversal.parse(item)
    if parsed is None:
        raise ValueError(f"not a static traversal: {item}")
    return parsed


def _has_comment(attribute: Attribute, comment: str) -> bool:
    """Whether the list already carries this comment, so that it need not be said twice."""
    return bool(comment) and re.search(rf"(?<![\w-]){re.escape(comment)}(?![\w-])", attribute.value.text) is not None


def _lines(items: Sequence[str], comment: str) -> list[bytes]:
    lines = [f"{item},".encode() for item in items]
    if comment:
        lines[-1] += b" # " + comment.encode()
    return lines


def _list_lines(block: Block, name: str, items: Sequence[str], comment: str, above: str) -> list[bytes]:
    if above and len(items) == 1:
        return [f"# {above}".encode(), f"{name} = [{items[0]}]".encode()]
    step = indentation.step(block.source, block.node)
    return [name.encode() + b" = [", *(step + line for line in _lines(items, comment)), b"]"]


def _new_block(block: Block, kind: str, lines: Sequence[bytes]) -> Fix:
    step = indentation.step(block.source, block.node)
    text = [kind.encode() + b" {", *(step + line for line in lines), b"}"]
    return Fix((indentation.append(block, text),), (Declared(f"{block.path}.{kind}[0]", Effect.ADDED),))


def _new_attribute(block: Block, lines: Sequence[bytes], after: str | None) -> Edit:
    """The edit that writes an attribute behind `after`, or at the block's end where that is not given or missing."""
    source, document = block.source, block.source.document
    neighbour = block.attribute(after) if after else None
    if neighbour is None or neighbour.source.foreign or indentation.is_one_line(source, block.node):
        return indentation.append(block, lines)
    comment = comments.trailing_comment(source, neighbour.node.end_byte)
    end = comment.end if comment else neighbour.node.end_byte
    if source.data[end : document.line_end(end)].strip():  # the block's brace
        return indentation.append(block, lines)
    at = document.next_line(end)
    indent = document.indent(neighbour.node.start_byte)
    return Edit(Span(at, at), b"".join(indent + line + document.newline for line in lines))


def _short(text: str) -> str:
    first = text.split("\n", 1)[0]
    limit = 60
    return first if first == text and len(first) <= limit else first[:limit] + " ..."
