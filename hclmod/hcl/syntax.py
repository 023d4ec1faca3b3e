"""The only door to tree-sitter: parse, parse again after edits, walk leaves.

tree-sitter accepts text that Terraform rejects (docs/facts.md, Text 3), so a tree is where things stand and never a
proof.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from hclmod.hcl.document import row
from hclmod.hcl.edits import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "Node",
    "Tree",
    "comments",
    "error_offset",
    "is_kept",
    "leaf_at",
    "leaves",
    "parse",
    "quoted",
    "reparse",
    "span",
]

TOKENS = frozenset({"comment", "template_literal", "heredoc_identifier"})
"""Node types that hold text and are walked as one leaf."""


@cache
def _language() -> Language:
    return Language(tree_sitter_hcl.language())


@cache
def _parser() -> Parser:
    return Parser(_language())


@cache
def _query(pattern: str) -> Query:
    return Query(_language(), pattern)


KEPT_BYTES = 750_000
"""How much text keeps its trees; they take 65 times its size (docs/facts.md, Parsers 1)."""


class _Trees:
    """The trees of the texts that were parsed last; the same text in many files has one tree."""

    def __init__(self) -> None:
        self.trees: dict[bytes, Tree] = {}
        self.size = 0

    def of(self, data: bytes) -> Tree:
        if (tree := self.trees.pop(data, None)) is None:
            tree = _parsed(data)
            self.size += len(data)
        self.trees[data] = tree
        while self.size > KEPT_BYTES:
            oldest = next(iter(self.trees))
            del self.trees[oldest]
            self.size -= len(oldest)
        return tree


_trees = _Trees()


def parse(data: bytes) -> Tree:
    """The syntax tree of `data`; it may hold errors, see `error_offset`."""
    return _trees.of(data)


def is_kept(data: bytes) -> bool:
    """Whether the tree of `data` is at hand."""
    return data in _trees.trees


def reparse(tree: Tree, before: bytes, edits: Sequence[Edit], after: bytes) -> Tree:
    """The tree of `after`, which is `before` with `edits` (sorted) made; costs little more than the edits."""
    old = tree.copy()
    for edit in reversed(edits):
        start, end = edit.span.start, edit.span.end
        old.edit(
            start,
            end,
            start + len(edit.text),
            _point(before, start),
            _point(before, end),
            _end_point(_point(before, start), edit.text),
        )
    tree = _parser().parse(after, old)
    return _parsed(after) if tree.root_node.has_error else tree


_EXPONENT = re.compile(rb"(?<![\w.])(\d+)([eE][+-]?)(?=\d)")


def _parsed(data: bytes) -> Tree:
    """The tree of `data`. The grammar knows `1.0e10` and not `1e10`, so digits are put in the place of its exponent."""
    tree = _parser().parse(data)
    if not tree.root_node.has_error or not _EXPONENT.search(data):
        return tree
    return _parser().parse(_EXPONENT.sub(lambda match: match[1] + b"0" * len(match[2]), data))


def _point(data: bytes, offset: int) -> tuple[int, int]:
    return row(data, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


def _end_point(start: tuple[int, int], text: bytes) -> tuple[int, int]:
    rows = text.count(b"\n")
    if not rows:
        return start[0], start[1] + len(text)
    return start[0] + rows, len(text) - text.rfind(b"\n") - 1


def error_offset(tree: Tree) -> int | None:
    """Where the first syntax error stands, or None."""
    if not tree.root_node.has_error:
        return None
    node = tree.root_node
    while True:
        if node.is_error or node.is_missing:
            return node.start_byte
        broken = [child for child in node.children if child.has_error or child.is_missing]
        if not broken:
            return node.start_byte
        node = broken[0]


def span(node: Node) -> Span:
    """The bytes that `node` covers."""
    return Span(node.start_byte, node.end_byte)


def leaf_at(tree: Tree, offset: int) -> Node | None:
    """The smallest node that covers the byte at `offset`."""
    return tree.root_node.descendant_for_byte_range(offset, offset + 1)


def leaves(node: Node, start: int, end: int) -> Iterator[Node]:
    """The leaves below `node` that overlap `start..end`, in order, walked without recursion."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        if node.child_count == 0 or node.type in TOKENS:
            yield node
        else:
            stack.extend(reversed(_children(node, start, end)))


_MANY = 32


def _children(node: Node, start: int, end: int) -> list[Node]:
    """The children that may overlap `start..end`; of many, those before are not made into objects."""
    if node.child_count < _MANY or not isinstance(node, Node):
        return node.children
    cursor, children = node.walk(), list[Node]()
    there = cursor.goto_first_child_for_byte(start) is not None
    while there and cursor.node is not None and cursor.node.start_byte < end:
        children.append(cursor.node)
        there = cursor.goto_next_sibling()
    return children


def comments(node: Node) -> list[Node]:
    """Every comment inside `node`; a query costs a fifth of a walk (docs/facts.md, Parsers 1)."""
    if not isinstance(node, Node):  # of a language that has a tree of its own
        return list(node.walk("comment"))
    return QueryCursor(_query("(comment) @found")).captures(node).get("found", [])


def quoted(node: Node) -> list[Node]:
    """Every quoted string inside `node`, those inside interpolations too."""
    return QueryCursor(_query("[(string_lit) (quoted_template)] @found")).captures(node).get("found", [])
