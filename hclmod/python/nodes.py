"""Nodes of a Python document, with what the views of HCL ask of a node of tree-sitter.

The kinds that both languages share have the same names: `attribute` is a keyword argument, an assignment or a parameter
with a default, `block` a call, `object_elem` an entry of a dict, `tuple` a list, `expression` what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from hclmod.hcl import syntax


class Node:
    """A part of the text. `word` is a name or an operator, `fields` are children by what they are for."""

    __slots__ = ("children", "end_byte", "fields", "parent", "start_byte", "type", "word")

    def __init__(self, kind: str, start: int, end: int, word: str = "") -> None:
        self.type, self.start_byte, self.end_byte, self.word = kind, start, end, word
        self.children: list[Node] = []
        self.fields: dict[str, Node] = {}
        self.parent: Node | None = None

    @property
    def child_count(self) -> int:
        """How many children it has."""
        return len(self.children)

    @property
    def next_sibling(self) -> Node | None:
        """The node behind it below the same parent."""
        siblings = self.parent.children if self.parent else [self]
        after = siblings.index(self) + 1
        return siblings[after] if after < len(siblings) else None

    def child(self, index: int) -> Node | None:
        """The child at a position; None where there is none."""
        return self.children[index] if 0 <= index < len(self.children) else None

    def child_by_field_name(self, name: str) -> Node | None:
        """The child that is there for this."""
        return self.fields.get(name)

    def descendant_for_byte_range(self, start: int, end: int) -> Node | None:
        """The smallest node that covers these bytes."""
        node = self
        while inner := next(
            (each for each in node.children if each.start_byte <= start and end <= each.end_byte), None
        ):
            node = inner
        return node if node.start_byte <= start and end <= node.end_byte else None

    def walk(self, *kinds: str) -> Iterator[Node]:
        """The nodes of these kinds at and below it, in order."""
        stack = [self]
        while stack:
            node = stack.pop()
            if node.type in kinds:
                yield node
            stack.extend(reversed(node.children))

    def around(self, *kinds: str) -> Node | None:
        """The innermost node of one of these kinds around it."""
        node = self.parent
        while node is not None and node.type not in kinds:
            node = node.parent
        return node

    def core(self) -> Node:
        """The value itself, without what wraps it."""
        node = self
        while node.type == "expression" and node.children:
            node = next(each for each in node.children if each.type != "comment")
        return node


class Tree:
    """The nodes of a document."""

    __slots__ = ("root_node",)

    def __init__(self, root: Node) -> None:
        self.root_node = root


def seen(node: Node) -> syntax.Node:
    """The node as the views of HCL take it: all that they ask of one it has too."""
    return cast("syntax.Node", node)


def own(node: object) -> Node:
    """A node that a view holds, as what it is."""
    return cast("Node", node)


def among(children: Sequence[Node], kind: str) -> list[Node]:
    """The children of a kind."""
    return [each for each in children if each.type == kind]
