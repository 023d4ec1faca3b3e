"""Where arguments and entries go and how they are written: as the call or the dict around has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl import comments
from hclmod.hcl.edits import Edit, Span
from hclmod.python.nodes import among, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.python.nodes import Node
    from hclmod.python.source import Source

_HELD = ("attribute", "argument", "object_elem", "splat", "expression", "imported")


def home(node: Node) -> Node:
    """The call or the dict whose entries are the arguments: the dict that a struct is given, else the node."""
    given = among(node.children, "argument")
    alone = node.type == "block" and len(given) == 1 and not among(node.children, "attribute")
    inner = given[0].fields["val"].core() if alone else node
    return inner if inner.type == "dict" else node


def inserted(source: Source, around: Node, lines: Sequence[bytes], *, after: Node | None = None) -> list[Edit]:
    """The edits that put an entry behind `after`, or behind all others, on lines of its own where those are."""
    entries = [each for each in around.children if each.type in _HELD]
    if not entries:
        opening = around.children[[each.type for each in around.children].index("[")].end_byte
        return [Edit(Span(opening, opening), _joined(source, lines, source.document.indent(opening)))]
    last = after if after is not None else entries[-1]
    document, end = source.document, last.end_byte
    comma = comma_behind(around, last)
    behind = comma.end_byte if comma else end
    rest = source.data[behind : document.line_end(behind)].strip()
    own_line = next((each for each in (last, *reversed(entries)) if _begins_line(source, each)), None)
    if own_line is None or (rest and not rest.startswith(b"#") and not _closes(around, rest, last, entries)):
        return [Edit(Span(end, end), b", " + _joined(source, lines, document.indent(end)))]
    indent = document.indent(own_line.start_byte)
    text = _joined(source, lines, indent)
    if rest and not rest.startswith(b"#"):  # the bracket closes on this line
        return [Edit(Span(end, end), b"," + document.newline + indent + text)]
    at = document.next_line(behind)
    if comma:
        return [Edit(Span(at, at), indent + text + b"," + document.newline)]
    return [Edit(Span(end, end), b","), Edit(Span(at, at), indent + text + document.newline)]


def _closes(around: Node, rest: bytes, last: Node, entries: Sequence[Node]) -> bool:
    """Whether what follows on the line is the bracket of the call or the dict."""
    return last is entries[-1] and rest.startswith((b")", b"}", b"]")) and around.type in ("block", "dict")


def _joined(source: Source, lines: Sequence[bytes], indent: bytes) -> bytes:
    return (source.document.newline + indent).join(lines)


def _begins_line(source: Source, node: Node) -> bool:
    start = source.document.line_start(node.start_byte)
    return not source.data[start : node.start_byte].strip()


def comma_behind(around: Node, node: Node) -> Node | None:
    """The comma that ends an entry."""
    later = [each for each in around.children if each.start_byte >= node.end_byte and each.type != "comment"]
    return later[0] if later and later[0].type == "," else None


def removed(source: Source, node: Node) -> Span:
    """What to cut for an entry to be gone with its comma: its lines, or its part of a line."""
    if lines := comments.own_lines(source, seen(node)):
        return lines
    around = node.parent
    entries = [each for each in around.children if each.type in _HELD] if around else [node]
    at = entries.index(node)
    comma = comma_behind(around, node) if around else None
    span = alone = Span(node.start_byte, comma.end_byte if comma else node.end_byte)
    if at + 1 < len(entries):
        span = Span(node.start_byte, entries[at + 1].start_byte)
    elif at:
        span = Span(entries[at - 1].end_byte, node.end_byte)
    beside = source.data[span.start : node.start_byte] + source.data[node.end_byte : span.end]
    return alone if b"#" in beside else span  # a comment between it and its neighbour stays


def dropped(source: Source, span: Span) -> tuple[bytes, ...]:
    """The comments that go with what is cut."""
    inside = (each for each in source.top.walk("comment") if span.start <= each.start_byte < span.end)
    return tuple(source.data[each.start_byte : each.end_byte] for each in inside)


def deeper(lines: Sequence[bytes], indent: bytes) -> list[bytes]:
    """Lines with one step of indentation more."""
    return [indent + line for line in lines]


def equals(source: Source, call: Node) -> bytes:
    """How the call writes the sign between an argument and its value."""
    given = among(call.children, "attribute")
    spaced = [source.data[each.start_byte + len(each.word.encode()) :][:1] == b" " for each in given]
    return b" = " if spaced and all(spaced) else b"="


def quoted(source: Source, text: bytes, like: Node | None = None) -> bytes:
    """A value as rules write it (a string in double quotes, `true`), as Python has it."""
    words = {b"true": b"True", b"false": b"False", b"null": b"None"}
    if not text.startswith(b'"'):
        return words.get(text, text)
    mark = like.word[-1:].encode() if like is not None and like.type == "string" else _mark(source)
    inner = text[1:-1]
    return mark + inner + mark if mark not in inner and b"\\" not in inner else text


def requoted(source: Source, text: bytes) -> bytes:
    """Text with strings in double quotes, in the quotes that the document has most."""
    return text.replace(b'"', b"'") if _mark(source) == b"'" and b"'" not in text and b"\\" not in text else text


def _mark(source: Source) -> bytes:
    single = sum(each.word.endswith("'") for each in source.top.walk("string"))
    return b"'" if single * 2 > sum(1 for _ in source.top.walk("string")) else b'"'


def text_of(item: str) -> bytes:
    """An entry of `ignore_changes` as a string that needs no escapes."""
    return f"'{item}'".encode() if '"' in item else f'"{item}"'.encode()
