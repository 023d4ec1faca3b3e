"""Put something new into a YAML file: a line into a text, an item into a list, an entry into a map.

What is new is written as its neighbours are: their indentation, their quotes, their line ends.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml.fixes import is_text
from hclmod.yaml.removal import check_anchors, check_repeated, start_with_comments
from hclmod.yaml.views import content_end, last_node, pointer

if TYPE_CHECKING:
    from hclmod.hcl.syntax import Node
    from hclmod.yaml.views import YamlItem, YamlNode, YamlPair

_PLAIN = re.compile(r"[A-Za-z0-9./_$][^\r\n]*")
_OF_FLOW = re.compile(r"[,\[\]{}]")
_SPECIAL = re.compile(r": |:$| #|^[-?:,\[\]{}#&*!|>'\"%@`]")


def add_line(node: YamlNode, line: str, number: int) -> Fix:
    """The fix that puts a line behind line `number` of a text in `|` style."""
    data, scalar = node.file.data, node.inner
    if scalar.type != "block_scalar" or data[scalar.start_byte : scalar.start_byte + 1] != b"|":
        raise UnfixableError("it is not a text of several lines that begins with `|`")
    check_anchors(node.file, node.outer)
    document = node.file.document
    at = document.next_line(scalar.start_byte)
    for _ in range(number):
        at = document.next_line(at)
    indent = document.indent(at)
    end = document.line_end(at)
    if end > scalar.end_byte or not data[at:end].strip():
        raise UnfixableError("its lines cannot be told apart")
    text = document.newline + indent + line.encode()
    return Fix((Edit(Span(end, end), text),), (Declared(pointer(node.keys), Effect.EXTENDED),))


def set_text(node: YamlNode, text: str) -> Fix:
    """The fix that puts another text in the place of one on a single line, in the quotes that are there."""
    data, scalar = node.file.data, node.inner
    if scalar.type not in ("plain_scalar", "single_quote_scalar", "double_quote_scalar") or node.outer != scalar.parent:
        raise UnfixableError("it is not a text on one line")
    span = Span(scalar.start_byte, scalar.end_byte)
    if b"\n" in data[span.start : span.end]:
        raise UnfixableError("it is not a text on one line")
    check_anchors(node.file, node.outer)
    written = _quoted(text, data[span.start : span.start + 1], in_flow=_is_in_flow(node.outer))
    return Fix((Edit(span, written),), (Declared(pointer(node.keys), Effect.CHANGED),))


def set_list(node: YamlNode, texts: list[str]) -> Fix:
    """The fix that writes a list of texts in the place of a text on one line."""
    check_anchors(node.file, node.outer)
    written = b"[" + b", ".join(_quoted(each, b"", in_flow=True) for each in texts) + b"]"
    return Fix((Edit(node.span, written),), (Declared(pointer(node.keys), Effect.CHANGED),))


def _is_in_flow(node: Node) -> bool:
    """Whether a node stands in brackets or braces."""
    above = node.parent
    while above is not None and above.type not in ("flow_sequence", "flow_mapping"):
        above = above.parent
    return above is not None


def _quoted(text: str, quote: bytes, *, in_flow: bool) -> bytes:
    if quote == b"'":
        return b"'" + text.replace("'", "''").encode() + b"'"
    special = _SPECIAL.search(text) or (in_flow and _OF_FLOW.search(text))
    if quote == b'"' or not _PLAIN.fullmatch(text) or special or not is_text(text):
        return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return text.encode()


def append_text(node: YamlNode, *texts: str) -> Fix:
    """The fix that puts texts behind the last item of a list."""
    if not node.items:
        raise UnfixableError("the list is empty")
    check_anchors(node.file, node.outer)
    last = node.items[-1]
    value = last.value
    quote = node.file.data[value.inner.start_byte : value.inner.start_byte + 1] if value else b""
    quote = quote if quote in (b"'", b'"') else b""
    written = [_quoted(text, quote, in_flow=node.is_flow or _is_in_flow(node.outer)) for text in texts]
    numbers = range(len(node.items), len(node.items) + len(texts))
    declared = tuple(Declared(pointer((*node.keys, number)), Effect.ADDED) for number in numbers)
    if not node.is_flow:
        return Fix((_line_behind(last, b"\n".join(b"- " + each for each in written)),), declared)
    end = last.span.end
    rest = node.file.data[end : node.outer.end_byte]
    if rest.lstrip().startswith(b",") or b"#" in rest or b"\n" in rest:
        raise UnfixableError("its brackets stand on several lines")
    return Fix((Edit(Span(end, end), b"".join(b", " + each for each in written)),), declared)


def append_block(node: YamlNode, text: str) -> Fix:
    """The fix that puts an item of several lines behind the last item of a list; `text` has no dash."""
    if node.is_flow or not node.items:
        raise UnfixableError("it is not a list with an item on each line")
    check_repeated(node.file, node.outer)
    declared = Declared(pointer((*node.keys, len(node.items))), Effect.ADDED)
    lines = text.rstrip("\n").split("\n")
    body = "\n".join([f"- {lines[0]}", *(f"  {line}" if line else "" for line in lines[1:])])
    return Fix((_line_behind(node.items[-1], body.encode(), apart=_apart(node)),), (declared,))


def append_pair(node: YamlNode, key: str, text: str) -> Fix:
    """The fix that puts an entry of several lines behind the last one of a map; `text` begins with its key."""
    if node.is_flow or not node.pairs:
        raise UnfixableError("it is not a map with an entry on each line")
    if any(each.key == key for each in node.pairs):
        raise UnfixableError(f"`{key}` is there already")
    check_repeated(node.file, node.outer)
    declared = Declared(pointer((*node.keys, key)), Effect.ADDED)
    return Fix((_line_behind(node.pairs[-1], text.rstrip("\n").encode(), apart=_apart(node)),), (declared,))


def _apart(node: YamlNode) -> bool:
    """Whether a blank line parts the entries of a map or the items of a list; of a single one, those of the file."""
    top = node.file.top
    parts = node.parts if len(node.parts) > 1 or top is None else top.parts
    between = (node.file.data[one.span.end : two.span.start] for one, two in pairwise(parts))
    return any(b"\n\n" in each.replace(b"\r", b"") for each in between)


def _line_behind(last: YamlItem | YamlPair, text: bytes, *, apart: bool = False) -> Edit:
    document = last.file.document
    start = document.line_start(last.span.start)
    indent = document.data[start : last.span.start]
    if indent.strip():
        raise UnfixableError("the entry before it does not stand on a line of its own")
    behind = content_end(last.node)
    end = document.line_end(start + len(document.data[start:behind].rstrip(b"\r\n")))
    newline = document.newline
    _check_text(last.node, is_last=end == len(document.data))
    lines = newline.join(indent + line if line else b"" for line in text.split(b"\n"))
    return Edit(Span(end, end), newline * (1 + apart) + lines)


def _check_text(node: Node, *, is_last: bool) -> None:
    """Raise `UnfixableError` where a line behind a text of several lines would change that text."""
    last = last_node(node)
    if last.type != "block_scalar":
        return
    if b"+" in (last.text or b"").split(b"\n")[0]:
        raise UnfixableError("the text before it keeps the blank lines at its end (`+`)")
    if is_last:
        raise UnfixableError("the file ends in a text of several lines without a newline. Add the newline")


def add_before(pair: YamlPair, key: str, text: str) -> Fix:
    """The fix that puts an entry above another one and its comments; `text` begins with its key."""
    if pair.map.is_flow:
        raise UnfixableError("it is not a map with an entry on each line")
    if any(each.key == key for each in pair.map.pairs):
        raise UnfixableError(f"`{key}` is there already")
    check_repeated(pair.file, pair.map.outer)
    document = pair.file.document
    first = document.line_start(pair.span.start)
    indent = document.data[first : pair.span.start]
    if indent.strip():
        raise UnfixableError("the entry behind it does not stand on a line of its own")
    at = start_with_comments(pair)
    newline = document.newline
    lines = newline.join(indent + line if line else b"" for line in text.rstrip("\n").encode().split(b"\n"))
    above = document.data[:at].replace(b"\r", b"")
    apart = newline if above.endswith(b"\n\n") else b""
    declared = Declared(pointer((*pair.map.keys, key)), Effect.ADDED)
    return Fix((Edit(Span(at, at), lines + newline + apart),), (declared,))
