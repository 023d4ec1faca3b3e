"""Who owns which comment and which lines.

A comment above an item belongs to it as long as no blank line stands between; a comment behind an item
belongs to its line; commented-out code and a section comment set off by a blank line belong to nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.hcl.edits import Span
from hclmod.hcl.syntax import Node, leaf_at, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.source import Source

_CODE = re.compile(rb"(?:#|//)\s*(?:[\w-]+\s*=(?!=)|[\w-]+(?:\s+\"[^\"]*\")*\s*\{|[\]})]+\s*,?\s*$)")


def is_commented_code(comment: bytes) -> bool:
    """Whether a comment looks like an attribute, a block or a bracket that a person switched off."""
    return _CODE.match(comment) is not None


def comments_above(source: Source, offset: int) -> tuple[Span, ...]:
    """The comments that own lines directly above the line of `offset` and belong to what starts there.

    In order of the document. Looking upwards stops at a blank line, at code and at commented-out code.
    """
    document = source.document
    start = document.line_start(offset)
    result: list[Span] = []
    while start > 0 and (comment := _comment_ending_before(source, start)):
        if is_commented_code(source.data[comment.start : comment.end]):
            break
        result.append(comment)
        start = document.line_start(comment.start)
    return tuple(reversed(result))


def _comment_ending_before(source: Source, line_start: int) -> Span | None:
    """The comment that fills the line (or, `/* */`, the lines) before the line that starts at `line_start`."""
    document, data = source.document, source.data
    end = document.line_end(document.line_start(line_start - 1))
    text = data[document.line_start(end) : end]
    if not text.strip() or not (text.lstrip().startswith((b"#", b"//")) or text.rstrip().endswith(b"*/")):
        return None
    last = len(text.rstrip()) + document.line_start(end) - 1
    leaf = leaf_at(source.tree, last)
    if leaf is None or leaf.type != "comment":
        return None
    if data[document.line_start(leaf.start_byte) : leaf.start_byte].strip():
        return None
    return Span(leaf.start_byte, last + 1)


def trailing_comment(source: Source, offset: int) -> Span | None:
    """The comment that starts on the line behind `offset`, if nothing but a comma and blanks stands between.

    A block comment may end on a later line.
    """
    data = source.data
    end = source.document.line_end(offset)
    rest = data[offset:end]
    at = offset + len(rest) - len(rest.lstrip(b" \t,"))
    if not data.startswith((b"#", b"//", b"/*"), at):
        return None
    leaf = leaf_at(source.tree, at)
    if leaf is None or leaf.type != "comment" or leaf.start_byte != at:
        return None
    return Span(at, at + len(source.text(leaf).rstrip()))


def owned_comments(source: Source, node: Node) -> tuple[Span, ...]:
    """Every comment that goes when `node` goes: those above it and the one behind it."""
    behind = trailing_comment(source, node.end_byte)
    return comments_above(source, node.start_byte) + ((behind,) if behind else ())


def comments_at_line(source: Source, part: Span) -> tuple[str, ...]:
    """The comments of the line that a part of a value stands on: those directly above, and the one at its end."""
    document = source.document
    end = document.line_end(part.end)
    last = leaf_at(source.tree, end - 1) if end > part.end else None
    behind = (span(last),) if last is not None and last.type == "comment" else ()
    spans = (*comments_above(source, part.start), *behind)
    return tuple(source.data[each.start : each.end].decode().strip() for each in spans)


def comments_around(source: Source, part: Span) -> Iterator[tuple[Node, Span]]:
    """The comments of all that holds a part of a value, each with whose it is, from the innermost outwards.

    Entries and objects of maps, attributes and blocks; the part's own line is not among them.
    """
    node = leaf_at(source.tree, part.start)
    while node is not None:
        if node.type in _HOLDERS:
            for owned in owned_comments(source, node):
                yield node, owned
        node = node.parent


_HOLDERS = ("object_elem", "object", "attribute", "block")


def own_lines(source: Source, node: Node) -> Span | None:
    """The whole lines that `node` and what it owns fill, or None where it shares a line with other code."""
    document, data = source.document, source.data
    if data[document.line_start(node.start_byte) : node.start_byte].strip():
        return None
    behind = trailing_comment(source, node.end_byte)
    end = behind.end if behind else node.end_byte
    if data[end : document.line_end(end)].strip(b" \t\r,"):
        return None
    above = comments_above(source, node.start_byte)
    return Span(document.line_start(above[0].start if above else node.start_byte), document.next_line(end))


def without_double_blank(source: Source, lines: Span) -> Span:
    """`lines`, with the blank line above where removing them would leave two blank lines or one at an edge."""
    document, data = source.document, source.data
    if lines.start == 0:
        return lines
    above = document.line_start(lines.start - 1)
    if data[above : lines.start].strip():
        return _without_leading_blank(source, lines, above)
    below = data[lines.end : document.line_end(lines.end)].strip()
    if not below or below.startswith(b"}"):
        return Span(above, lines.end)
    return lines


def _without_leading_blank(source: Source, lines: Span, above: int) -> Span:
    document, data = source.document, source.data
    opens = data[above : lines.start].rstrip().endswith(b"{")
    below_end = document.line_end(lines.end)
    if opens and lines.end < len(data) and not data[lines.end : below_end].strip():
        return Span(lines.start, document.next_line(lines.end))
    return lines


def inner(node: Node) -> Span:
    """The bytes between a node's first and last child: of a list, an object, a quoted string."""
    covered = span(node)
    first, last = node.child(0), node.child(node.child_count - 1)
    if first is None or last is None:
        return covered
    return Span(first.end_byte, last.start_byte)
