"""Lists of texts in YAML: found by the keys that lead to them, and made longer without moving what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.hcl import edits
from hclmod.hcl.edits import Edit, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml import data as plain
from hclmod.yaml import scalars
from hclmod.yaml.fixes import is_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.hcl.syntax import Node

Keys = tuple[str | int, ...]
"""The keys and the numbers that lead to a value."""

_COLLECTIONS = ("block_mapping", "flow_mapping", "block_sequence", "flow_sequence")
_PAIRS = ("block_mapping_pair", "flow_pair")


class YamlList(Struct, frozen=True, kw_only=True):
    """A list in a text: its node, and the keys that lead to it in one of the text's documents."""

    data: bytes
    keys: Keys
    number: int
    holes: tuple[Span, ...]
    node: Node

    @property
    def span(self) -> Span:
        """The bytes of the list."""
        return Span(self.node.start_byte, self.node.end_byte)

    @property
    def items(self) -> list[Node]:
        """The nodes of its items."""
        return [each for each in self.node.named_children if each.type != "comment"]

    @property
    def names(self) -> tuple[str, ...]:
        """The texts of its items; empty for one that is not a scalar."""
        texts = (scalars.scalar(_value(each), self.data) for each in self.items)
        return tuple("" if each is None else each.text for each in texts)

    def append(self, names: Sequence[str]) -> Edit:
        """The edit that appends names as the last item is written; `UnfixableError` where more would change by it."""
        if not self.items:
            raise UnfixableError("the list is empty")
        last = self.items[-1]
        texts = [_written(self.data, _value(last), name) for name in names]
        edit = self._in_flow(last, texts) if self.node.type == "flow_sequence" else self._in_block(last, texts)
        if any(hole.start < self.node.end_byte and self.node.start_byte < hole.end for hole in self.holes):
            raise UnfixableError("a template fills in a part of the list")
        before = scalars.covered(self.data, self.holes)
        if why := extended(before, edits.apply(before, [edit]), names, (self.number, *self.keys)):
            raise UnfixableError(why)
        return edit

    def _in_flow(self, last: Node, texts: Sequence[bytes]) -> Edit:
        """Behind the last item; where each item has its own line, each new one too."""
        data, end = self.data, last.end_byte
        start = data.rfind(b"\n", 0, last.start_byte) + 1
        indent = data[start : last.start_byte]
        alone = not indent.strip() and start > self.node.start_byte
        between = b"," + _newline(data) + indent if alone else b", "
        rest = data[end : self.node.end_byte - 1]
        comma = rest.lstrip(b" \t").startswith(b",")
        if comma:
            end += rest.index(b",") + 1
            behind = b"," if alone else b""
            return Edit(Span(end, end), between[1:] + between.join(texts) + behind)
        return Edit(Span(end, end), between + between.join(texts))

    def _in_block(self, last: Node, texts: Sequence[bytes]) -> Edit:
        """On lines of their own behind the line of the last item."""
        data = self.data
        start = data.rfind(b"\n", 0, last.start_byte) + 1
        value = _value(last)
        if value is None or b"\n" in data[last.start_byte : last.end_byte].strip():
            raise UnfixableError("its last item is not a text on one line")
        indent, dash = b" " * (last.start_byte - start), data[last.start_byte : value.start_byte]
        end = data.find(b"\n", value.end_byte)
        end = len(data) if end < 0 else end - (data[end - 1 : end] == b"\r")
        return Edit(Span(end, end), b"".join(_newline(data) + indent + dash + text for text in texts))


def find(data: bytes, keys: Keys, number: int = 0, holes: Sequence[Span] = ()) -> YamlList | None:
    """The list at the end of these keys in one document of a text; None where there is none, or not YAML."""
    root = scalars.tree(scalars.covered(data, holes)).root_node
    documents = [each for each in root.named_children if each.type == "document"]
    if root.has_error or number >= len(documents):
        return None
    node = _collection(documents[number])
    for step in keys:
        node = _collection(_below(node, step, data)) if node else None
    if node is None or not node.type.endswith("_sequence"):
        return None
    return YamlList(data=data, keys=keys, number=number, holes=tuple(holes), node=node)


def _collection(node: Node | None) -> Node | None:
    """The map or the list that a node is, below what wraps it."""
    while node is not None and node.type not in _COLLECTIONS:
        wrapped = [each for each in node.named_children if each.type not in ("comment", "anchor", "tag")]
        node = wrapped[0] if len(wrapped) == 1 else None
    return node


def _below(node: Node, step: str | int, data: bytes) -> Node | None:
    if isinstance(step, int):
        items = [each for each in node.named_children if each.type != "comment"]
        return items[step] if node.type.endswith("_sequence") and step < len(items) else None
    for pair in (each for each in node.named_children if each.type in _PAIRS):
        key = scalars.scalar(pair.child_by_field_name("key"), data)
        if key is not None and key.text == step:
            return pair.child_by_field_name("value")
    return None


def _value(item: Node) -> Node | None:
    """The node of an item without its dash."""
    if item.type != "block_sequence_item":
        return item
    return next((each for each in item.named_children if each.type != "comment"), None)


def _newline(data: bytes) -> bytes:
    return b"\r\n" if b"\r\n" in data else b"\n"


def _written(data: bytes, last: Node | None, name: str) -> bytes:
    """A name with the quotes of the last item, and with some where YAML would take it for something else."""
    quote = data[last.start_byte : last.start_byte + 1] if last is not None else b""
    if quote not in (b'"', b"'"):
        quote = b"" if is_text(name) else b'"'
    return quote + name.encode() + quote


def extended(before: bytes, after: bytes, names: Sequence[str], at: Keys) -> str:
    """Why two texts differ in more than these names behind the items of this list; empty if they do not."""
    if why := only_extended(before, after):
        return why
    grown = _grown(_documents(before), _documents(after), ())
    return "" if grown == [(at, list(names))] else "another list would change too"


def only_extended(before: bytes, after: bytes) -> str:
    """Why two texts differ in more than texts behind the items of lists; empty if they do not."""
    old, new = map(_documents, (before, after))
    if isinstance(old, str) or isinstance(new, str):
        return old if isinstance(old, str) else str(new)
    return "more than lists would change" if None in _grown(old, new, ()) else ""


def _documents(data: bytes) -> list[Any] | str:
    return plain.documents(data.decode())


def _grown(old: object, new: object, keys: Keys) -> list[tuple[Keys, list[str]] | None]:
    """The lists that have more texts at their end than before; None for any other difference."""
    match old, new:
        case dict(), dict() if list(old) == list(new):
            return [each for key in old for each in _grown(old[key], new[key], (*keys, key))]
        case list(), list() if len(new) >= len(old):
            inner = [each for at, pair in enumerate(zip(old, new)) for each in _grown(*pair, (*keys, at))]  # noqa: B905
            more = new[len(old) :]
            if not all(isinstance(each, str) for each in more):
                return [None]
            return [*inner, *([(keys, more)] if more else [])]
    return [] if old == new else [None]
