"""Take an entry of a map, an item of a list, or a name out of a list, with the comments that belong to it.

A comment directly above an entry, behind it, or further in than it below it belongs to it. One that a blank line sets
off stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml.views import YamlFile, YamlItem, YamlNode, YamlPair, pointer, within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hclmod.hcl.syntax import Node

Part = YamlPair | YamlItem
"""What can be removed: it stands on lines of its own, or between commas."""


def remove(part: Part) -> Fix:
    """The fix that removes an entry or an item; `UnfixableError` where more would go or change with it."""
    others = part.holder.parts
    if len(others) == 1:
        raise UnfixableError(f"{_shown(part.holder)} would be empty without it")
    if isinstance(part, YamlPair) and sum(each.key == part.key for each in part.map.pairs) > 1:
        raise UnfixableError(f"`{part.key}` stands there twice")
    check_anchors(part.file, part.node)
    declared = Declared(pointer(part.keys), Effect.REMOVED)
    if part.holder.is_flow:
        return Fix((Edit(_between_commas(part), b""),), (declared,))
    span = _lines(part)
    return Fix((Edit(span, b""),), (declared,), _comments(part.file, span))


def check_anchors(file: YamlFile, node: Node) -> None:
    """Raise `UnfixableError` where an anchor joins a node with the rest of the file."""
    check_repeated(file, node)
    start, end = node.start_byte, node.end_byte
    inside = _names(file, within(node, ("anchor_name", "alias_name")))
    every = _names(file, within(file.root, ("anchor_name", "alias_name")), outside=(start, end))
    if shared := sorted(inside & every):
        raise UnfixableError(f"the anchor `{shared[0]}` joins it with the rest of the file")


def check_repeated(file: YamlFile, node: Node) -> None:
    """Raise `UnfixableError` where an alias repeats what a node stands in, so a change would show there too."""
    aliases = _names(file, within(file.root, ("alias_name",)))
    above: Node | None = node
    while above is not None and aliases:
        anchors = [name for each in above.named_children if each.type == "anchor" for name in each.named_children]
        if repeated := sorted(_names(file, anchors) & aliases):
            raise UnfixableError(f"an alias repeats what stands at the anchor `{repeated[0]}`")
        above = above.parent


def _names(file: YamlFile, nodes: Iterable[Node], outside: tuple[int, int] | None = None) -> set[str]:
    result = set()
    for each in nodes:
        if outside is None or not outside[0] <= each.start_byte < outside[1]:
            result.add(file.data[each.start_byte : each.end_byte].decode(errors="replace"))
    return result


def _shown(node: YamlNode) -> str:
    names = [str(each) for each in node.keys[1:]]
    return f"`{'.'.join(names)}`" if names else "the document"


def _between_commas(part: Part) -> Span:
    """An item of a flow list or map with the comma that parts it from its neighbour."""
    parts = part.holder.parts
    number = next(at for at, each in enumerate(parts) if each.node.start_byte == part.node.start_byte)
    if number:
        span = Span(parts[number - 1].node.end_byte, part.node.end_byte)
    else:
        span = Span(part.node.start_byte, parts[1].node.start_byte)
    if b"#" in part.file.data[span.start : span.end]:
        raise UnfixableError(f"there may be a comment beside it in {_shown(part.holder)}")
    return span


def _lines(part: Part) -> Span:
    """The lines of an entry with its comments, and the blank lines that only part it from others."""
    document = part.file.document
    data, first = document.data, document.line_start(part.span.start)
    if data[first : part.span.start].strip():
        raise UnfixableError("it does not stand on a line of its own")
    column = part.span.start - first
    start = start_with_comments(part)
    end = _with_comments_below(data, document.next_line(max(part.span.end - 1, part.span.start)), column)
    rest = _skip_blank(data, end)
    before = _blank_before(data, start)
    if rest == len(data):
        return Span(before, len(data) if before else end)
    is_first = part.node.start_byte == part.holder.parts[0].node.start_byte
    return Span(start, rest) if before < start or is_first else Span(start, end)


def start_with_comments(part: Part) -> int:
    """Where the lines of an entry begin, with the comments directly above it."""
    data, first = part.file.data, part.file.document.line_start(part.span.start)
    return _with_comments_above(data, first, part.span.start - first, above=_previous_end(part))


def _previous_end(part: Part) -> int:
    """Where what stands before an entry ends: a text of several lines may look like a comment."""
    parts = part.holder.parts
    ends = [each.span.end for each in parts if each.span.end <= part.span.start]
    return max(ends, default=0)


def _with_comments_above(data: bytes, start: int, column: int, *, above: int) -> int:
    while start > above:
        line_start = data.rfind(b"\n", 0, start - 1) + 1
        line = data[line_start:start]
        if line_start < above or not line.lstrip().startswith(b"#") or len(line) - len(line.lstrip()) != column:
            break
        start = line_start
    return start


def _with_comments_below(data: bytes, end: int, column: int) -> int:
    """Behind the comments that stand further in than the entry, with the blank lines between."""
    at = end
    while at < len(data):
        following = data.find(b"\n", at) + 1 or len(data)
        line = data[at:following]
        if line.strip() and not (line.lstrip().startswith(b"#") and len(line) - len(line.lstrip()) > column):
            break
        at = following
        if line.strip():
            end = at
    return end


def _skip_blank(data: bytes, at: int) -> int:
    while at < len(data):
        following = data.find(b"\n", at) + 1 or len(data)
        if data[at:following].strip():
            break
        at = following
    return at


def _blank_before(data: bytes, at: int) -> int:
    while at > 0:
        above = data.rfind(b"\n", 0, at - 1) + 1
        if data[above:at].strip():
            break
        at = above
    return at


def _comments(file: YamlFile, span: Span) -> tuple[bytes, ...]:
    result = within(file.root, ("comment",))
    inside = (each for each in result if span.start <= each.start_byte < span.end)
    return tuple(file.data[each.start_byte : each.end_byte].strip() for each in inside)
