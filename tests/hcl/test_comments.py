from __future__ import annotations

import pytest

from hclmod.hcl import comments
from tests.support.hcl import attribute


def owned(text: str) -> list[str]:
    """The comments that belong to the attribute `it`."""
    found = attribute(text, "it")
    return list(found.comments())


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("# a\nit = 1\n", ["# a"]),
        ("# a\n// b\nit = 1 # c\n", ["# a", "// b", "# c"]),
        ("/* a */\nit = 1\n", ["/* a */"]),
        ("/* a\n b */\n# c\nit = 1\n", ["/* a\n b */", "# c"]),
        ("it = 1 /* a */\n", ["/* a */"]),
        ("it = 1 /* a\n b\n*/\nx = 2\n", ["/* a\n b\n*/"]),
        ("it = 1 # last", ["# last"]),
        ("it = [\n  1, # in\n] # behind\n", ["# behind"]),
        ("it = <<E\n# no\nE\n", []),
        ("# a  \r\nit = 1 # b \r\n", ["# a", "# b"]),
        ("x {\n  # a\n  it = 1\n}\n", ["# a"]),
        ("x { # a\n  it = 1\n}\n", []),
        ("x = 1 # a\nit = 1\n", []),
        ("x = 1 /* a\n b */\nit = 1\n", []),
        ("# section\n\nit = 1\n", []),
        ("# section\n\n# a\nit = 1\n", ["# a"]),
        ("# old = 2\nit = 1\n", []),
        ("# why\n# old = 2\nit = 1\n", []),
        ('# resource "a" "b" {\nit = 1\n', []),
        ("# ],\nit = 1\n", []),
        ("# old = 2\n# a\nit = 1\n", ["# a"]),
        ("it = 1\n# below\n", []),
        ("s = <<E\n# text\nE\nit = 1\n", []),
        ("it = 1\nx = 2 # other\n", []),
        ('it = "# no" \n', []),
    ],
)
def test_comments_that_an_attribute_owns(text: str, comments: list[str]) -> None:
    assert owned(text) == comments


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# image = 1", True),
        ("//image=1", True),
        ('# resource "a" "b" {', True),
        ("# lifecycle {", True),
        ("# }", True),
        ("# ],", True),
        ("# a == b", False),
        ("# KYVERNO_LIFECYCLE_V1: prose = more", False),
        ("# the image is old", False),
        ("#", False),
        ("# => that one", False),
        ("/* a = 1 */", False),
    ],
)
def test_commented_code(comment: str, code: bool) -> None:  # noqa: FBT001
    assert comments.is_commented_code(comment.encode()) is code


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 0\n# a\nit = 1 # b\ny = 2\n", "# a\nit = 1 # b\n"),
        ("it = [\n  1,\n]\n", "it = [\n  1,\n]\n"),
        ("it = <<E\nx\nE\ny = 1\n", "it = <<E\nx\nE\n"),
        ("x {\r\n  it = 1\r\n}\r\n", "  it = 1\r\n"),
        ("it = 1 /* a\n b */\ny = 1\n", "it = 1 /* a\n b */\n"),
        ("it = 1", "it = 1"),
        ("x { it = 1 }\n", None),
        ("x {\n  it = 1 }\n", None),
        ("/* a\n b */ it = 1\n", None),
    ],
)
def test_own_lines(text: str, lines: str | None) -> None:
    found = attribute(text, "it")
    span = comments.own_lines(found.source, found.node)
    assert (found.source.data[span.start : span.end].decode() if span else None) == lines


@pytest.mark.parametrize(
    ("text", "inside"), [("it = [1, 2]", "1, 2"), ("it = { a = 1 }", " a = 1 "), ('it = " x "', " x "), ("it = []", "")]
)
def test_inner(text: str, inside: str) -> None:
    value = attribute(text, "it").value
    span = comments.inner(value.bracket)
    assert value.source.data[span.start : span.end].decode() == inside
