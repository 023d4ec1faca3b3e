"""Nodes say where everything stands, and nothing else than the text decides what they are."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.python import syntax
from hclmod.python.nodes import Node, Tree

SHAPES = (
    "x = 1",
    "# a comment",
    "call(a, b=[1, 2,  # why\n 3], **more)",
    'text = ("one"\n  "two")  # behind',
    'f(f"{REGISTRY!r}/web:{TAG}", {"a": 1, **b})',
    "class A(B, metaclass=M):\n    x: str = 'é'\n    def m(self, *, n=2): return n",
    "if x:\n    y = [z for z in range(3)]\nelse:\n\ty = lambda q: q",
    "@dataclass(frozen=True)\nclass C:\n    pass",
    "from a.b import (C as D,\n  E)",
    "",
)


def read(data: bytes) -> Tree:
    tree = syntax.parse(data)
    assert isinstance(tree, Tree), tree
    return tree


@given(st.lists(st.sampled_from(SHAPES), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_children_lie_in_order_inside_of_their_parents(shapes: list[str], newline: str) -> None:
    data = ("\n".join(shapes) + "\n").replace("\n", newline).encode()
    stack = [read(data).root_node]
    while stack:
        node = stack.pop()
        ends = [node.start_byte]
        for child in node.children:
            assert child.parent is node
            assert ends[-1] <= child.start_byte <= child.end_byte <= node.end_byte
            ends.append(child.end_byte)
        stack += node.children


@given(st.lists(st.sampled_from(SHAPES), max_size=6))
def test_strings_stand_where_another_parser_sees_them(shapes: list[str]) -> None:
    text = "\n".join(shapes) + "\n"
    data, tree = text.encode(), read(text.encode())
    values = {
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    plain = [each for each in tree.root_node.walk("string") if each.parent and each.parent.type != "concatenation"]
    assert all(ast.literal_eval(data[each.start_byte : each.end_byte].decode()) in values for each in plain)


def kinds(node: Node) -> list[str]:
    return [each.type for each in node.children]


def test_commas_and_comments_are_children_of_the_list() -> None:
    (listed,) = read(b"x = [1,  # one\n  2,\n]\n").root_node.walk("tuple")
    assert kinds(listed) == ["[", "expression", ",", "comment", "expression", ",", "]"]


def test_decorators_stand_beside_their_class() -> None:
    (made,) = read(b"@dataclass(frozen=True)\n@other.kind\nclass C:\n    pass\n").root_node.walk("class")
    assert made.word == "dataclass kind"


def test_text_that_is_not_python_is_named() -> None:
    assert syntax.parse(b"x = = 1\n") == f"syntax error on line 1, as {syntax.PYTHON} reads it"
    assert "unknown encoding" in str(syntax.parse(b"# coding: klingon\n"))
    assert syntax.parse(b"\xef\xbb\xbfx = 1\n") == "it begins with a byte order mark"
    assert isinstance(syntax.parse(b"# coding: utf8\nx = 1\n"), Tree)
    assert isinstance(syntax.parse(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"), str)


@pytest.mark.parametrize(
    "text",
    ["(" * 5000 + ")" * 5000, "+".join(["1"] * 5000), "x" + ".y" * 5000, "x" + "[0]" * 5000, "not " * 5000 + "x"],
)
def test_text_that_is_nested_too_deeply_ends_no_process(text: str) -> None:
    assert isinstance(syntax.parse(f"x = {text}\n".encode()), str)
    branches = "if x:\n  pass\n" + "elif x:\n  pass\n" * 3000
    assert isinstance(syntax.parse(branches.encode()), str)


@pytest.mark.parametrize("text", ["(" * 90 + "1" + ")" * 90, "+".join(["1"] * 140), "x" + ".y" * 140])
def test_text_of_some_depth_is_read(text: str) -> None:
    assert isinstance(syntax.parse(f"x = {text}\n".encode()), Tree)
