"""Views of a YAML file as it is written: maps, lists and texts by their path, each with its bytes.

tree-sitter says where things stand, PyYAML what they say. A file in which the two do not see the same is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.hcl.edits import Span
from hclmod.yaml import data as plain
from hclmod.yaml import scalars

if TYPE_CHECKING:
    from hclmod.hcl.document import Document
    from hclmod.hcl.syntax import Node

Keys = tuple[str | int, ...]
"""The number of a document of the file, then the keys and the numbers that lead to a value."""

MAPS = ("block_mapping", "flow_mapping")
LISTS = ("block_sequence", "flow_sequence")
_PAIRS = ("block_mapping_pair", "flow_pair")
_EMPTY = (None, "")
"""What PyYAML makes of a document without a value, such as the one behind a last `---`."""
_BESIDE = ("comment", "anchor", "tag", "yaml_directive", "tag_directive", "reserved_directive")


def pointer(keys: Keys) -> str:
    """A path as fixes declare it: a JSON pointer (RFC 6901) that begins with the number of the document."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in keys)


class YamlFile(Struct, frozen=True, dict=True):
    """One file of YAML, which may hold several documents."""

    document: Document

    @property
    def path(self) -> str:
        """Its path from the root of the repository."""
        return self.document.path

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.document.data

    @cached_property
    def root(self) -> Node:
        """The node of the whole file."""
        return scalars.tree(self.data).root_node

    @cached_property
    def _read(self) -> list[Any] | str:
        """The documents as PyYAML reads them, or why it cannot."""
        return plain.documents(self.data.decode(errors="replace"))

    @cached_property
    def contents(self) -> tuple[Any, ...]:
        """The documents that are not empty as plain data, every scalar a text; none of a file that cannot be read."""
        return () if isinstance(self._read, str) else tuple(each for each in self._read if each not in _EMPTY)

    @cached_property
    def problem(self) -> str:
        """Why the file cannot be read as YAML; empty where it can."""
        if isinstance(self._read, str):
            return self._read
        if self.root.has_error:
            return f"syntax error on line {self.document.line(_error(self.root).start_byte)}"
        same = len(self.contents) == len(self.roots)
        return "" if same else "two parsers find different documents in it"

    @cached_property
    def roots(self) -> tuple[YamlNode, ...]:
        """The value of each document that has one."""
        result: list[YamlNode] = []
        for document in (each for each in self.root.named_children if each.type == "document"):
            value = _value_in(document)
            if value is not None:
                result.append(YamlNode(file=self, outer=value, keys=(len(result),)))
        return tuple(result)

    @property
    def top(self) -> YamlNode | None:
        """The value of the only document; None for a file with none or several."""
        return self.roots[0] if len(self.roots) == 1 else None

    def text(self, span: Span) -> str:
        """The text of a span."""
        return self.data[span.start : span.end].decode(errors="replace")


class YamlNode(Struct, frozen=True, kw_only=True):
    """A value in a file; `outer` is its node with anchor and tag, `keys` is its path."""

    file: YamlFile
    outer: Node
    keys: Keys

    @property
    def inner(self) -> Node:
        """The node of the map, the list or the scalar itself."""
        return next((each for each in self.outer.named_children if each.type not in _BESIDE), self.outer)

    @property
    def span(self) -> Span:
        """The bytes of the value, without comments that follow it."""
        return Span(self.outer.start_byte, content_end(self.outer))

    @property
    def is_flow(self) -> bool:
        """Whether it is written in brackets or braces."""
        return self.inner.type.startswith("flow_")

    @property
    def data(self) -> Any:
        """What it says as plain data: maps, lists and texts; None where that cannot be had."""
        value: Any = self.file.contents
        for key in self.keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    @property
    def text(self) -> str:
        """The text of a scalar, empty for anything else."""
        data = self.data
        return data if isinstance(data, str) else ""

    @property
    def pairs(self) -> tuple[YamlPair, ...]:
        """The entries of a map, in order; none of anything else."""
        if self.inner.type not in MAPS:
            return ()
        nodes = [each for each in self.inner.named_children if each.type in _PAIRS]
        return tuple(self._pair(each) for each in nodes)

    def _pair(self, node: Node) -> YamlPair:
        key = node.child_by_field_name("key")
        name = scalars.scalar(key, self.file.data) if key is not None else None
        value = node.child_by_field_name("value")
        label = name.text if name else ""
        inside = None if value is None else YamlNode(file=self.file, outer=value, keys=(*self.keys, label))
        return YamlPair(map=self, node=node, key=label, value=inside)

    def pair(self, key: str) -> YamlPair | None:
        """The entry with a key, None without one, or with several."""
        result = [each for each in self.pairs if each.key == key]
        return result[0] if len(result) == 1 else None

    def get(self, *keys: str | int) -> YamlNode | None:
        """The value below these keys and numbers; None where one of them is not there."""
        at: YamlNode | None = self
        for key in keys:
            if at is None:
                return None
            if isinstance(key, int):
                items = at.items
                at = items[key].value if key < len(items) else None
            else:
                pair = at.pair(key)
                at = pair.value if pair else None
        return at

    @property
    def items(self) -> tuple[YamlItem, ...]:
        """The items of a list, in order; none of anything else."""
        if self.inner.type not in LISTS:
            return ()
        nodes = [each for each in self.inner.named_children if each.type != "comment"]
        return tuple(YamlItem(list=self, node=each, number=number) for number, each in enumerate(nodes))

    @property
    def parts(self) -> tuple[YamlPair | YamlItem, ...]:
        """The entries of a map, or the items of a list."""
        return self.pairs or self.items


class YamlPair(Struct, frozen=True, kw_only=True):
    """An entry of a map: its key, and its value, None for an empty one."""

    map: YamlNode
    node: Node
    key: str
    value: YamlNode | None

    @property
    def file(self) -> YamlFile:
        """The file that it stands in."""
        return self.map.file

    @property
    def keys(self) -> Keys:
        """Its path."""
        return (*self.map.keys, self.key)

    @property
    def span(self) -> Span:
        """Its bytes, without comments that follow it."""
        return Span(self.node.start_byte, content_end(self.node))

    @property
    def holder(self) -> YamlNode:
        """What it is an entry of."""
        return self.map


class YamlItem(Struct, frozen=True, kw_only=True):
    """An item of a list, with its dash."""

    list: YamlNode
    node: Node
    number: int

    @property
    def file(self) -> YamlFile:
        """The file that it stands in."""
        return self.list.file

    @property
    def keys(self) -> Keys:
        """Its path."""
        return (*self.list.keys, self.number)

    @property
    def span(self) -> Span:
        """Its bytes with the dash, without comments that follow it."""
        return Span(self.node.start_byte, content_end(self.node))

    @property
    def value(self) -> YamlNode | None:
        """Its value, None for an empty one."""
        outer = _value_in(self.node) if self.node.type == "block_sequence_item" else self.node
        return None if outer is None else YamlNode(file=self.file, outer=outer, keys=self.keys)

    @property
    def holder(self) -> YamlNode:
        """What it is an item of."""
        return self.list


def content_end(node: Node) -> int:
    """The offset behind the last byte of a node, without comments and blank lines at its end."""
    return last_node(node).end_byte


def last_node(node: Node) -> Node:
    """The scalar or the bracket at the end of a node."""
    while not node.type.endswith("_scalar") and (inside := [each for each in node.children if each.type != "comment"]):
        node = inside[-1]
    return node


def within(node: Node, kinds: Sequence[str]) -> Iterator[Node]:
    """The nodes of these kinds in a node."""
    todo = [node]
    while todo:
        each = todo.pop()
        if each.type in kinds:
            yield each
        todo.extend(reversed(each.named_children))


def _value_in(node: Node) -> Node | None:
    return next((each for each in node.named_children if each.type not in _BESIDE), None)


def _error(root: Node) -> Node:
    """The first node that the grammar does not know."""
    node = root
    while inside := next((each for each in node.children if each.has_error or each.is_missing), None):
        node = inside
    return node
