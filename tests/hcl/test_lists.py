from __future__ import annotations

import pytest

from hclmod.hcl import lists
from hclmod.hcl.indentation import UnfixableError
from hclmod.hcl.views import Expression
from tests.support.hcl import attribute, edited


def value(text: str) -> Expression:
    return attribute(f"it = {text}\n", "it").value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", "[new]"),
        ("[ ]", "[new]"),
        ("[a]", "[a, new]"),
        ("[a, ]", "[a, new]"),
        ("[a,b,]", "[a,b, new]"),
        ("[ a ]", "[ a, new ]"),
        ("[a /* c */]", "[a /* c */, new]"),
        ("[a, /* c */]", "[a, /* c */ new]"),
        ("[/* c */]", "[/* c */ new]"),
        ("[[a], {}]", "[[a], {}, new]"),
        ("{}", "{ new }"),
        ("{ a = 1 }", "{ a = 1, new }"),
        ("{ a = 1, }", "{ a = 1, new }"),
        ("{ /* c */ }", "{ /* c */ new }"),
    ],
)
def test_append_inline(before: str, after: str) -> None:
    found = value(before)
    assert edited(found.source, lists.append_inline(found, [b"new"])).data.decode() == f"it = {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[\n  a,\n]", "[\n  a,\n  new,\n]"),
        ("[\n  a\n]", "[\n  a,\n  new,\n]"),
        ("[\n  a # c\n]", "[\n  a, # c\n  new,\n]"),
        ("[\n  a, # c\n  # b,\n]", "[\n  a, # c\n  # b,\n  new,\n]"),
        ("[\n  a\n  # , b\n]", "[\n  a,\n  # , b\n  new,\n]"),
        ("[\n  a\n  , b\n]", "[\n  a\n  , b,\n  new,\n]"),
        ("[\n  a\n  ,\n]", "[\n  a\n  ,\n  new,\n]"),
        ("[\n]", "[\n  new,\n]"),
        ("[ # c\n]", "[ # c\n  new,\n]"),
        ("[\n    a, b\n]", "[\n    a, b,\n  new,\n]"),
        ("[\n  a]", "[\n  a,\n  new,\n]"),
        ("[a,\nb]", "[a,\n  b,\n  new,\n]"),
        ("[a,\nb, ]", "[a,\n  b,\n  new,\n]"),
        ("[a,\nb /* c */]", "[a,\n  b, /* c */\n  new,\n]"),
        ("[{\n  a = 1\n}]", "[{\n  a = 1\n  },\n  new,\n]"),
        ("[\n  <<E\nx\nE\n  ,\n]", "[\n  <<E\nx\nE\n  ,\n  new,\n]"),
    ],
)
def test_append_lines(before: str, after: str) -> None:
    found = value(before)
    assert edited(found.source, lists.append_lines(found, [b"new,"], step=b"  ")).data.decode() == f"it = {after}\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[<<E\nx\nE\n]", id="no comma can stand behind a heredoc"),
        pytest.param("[a, <<-E\n  x\n  E\n]", id="nor behind an indented one"),
        pytest.param("[ # c\n  /* d */ ]", id="nothing but comments before the bracket"),
    ],
)
def test_append_lines_refuses(text: str) -> None:
    found = value(text)
    with pytest.raises(UnfixableError):
        lists.append_lines(found, [b"new,"], step=b"  ")


@pytest.mark.parametrize(
    ("before", "comment", "after"),
    [
        ("[a]", b"", "[\n    a,\n    new,\n  ]"),
        ("[a, b,]", b"# c", "[\n    a,\n    b, # c\n    new,\n  ]"),
        ("[a /* x */, /* y */ b]", b"", "[\n    a /* x */,\n    /* y */ b,\n    new,\n  ]"),
        ("[a, /* x */]", b"", "[\n    a,\n    /* x */\n    new,\n  ]"),
        ("[]", b"# c", "[ # c\n    new,\n  ]"),
        ("[]", b"/* c */", "[/* c */\n    new,\n  ]"),
        ("{}", b"# c", "{ # c\n    new,\n  }"),
    ],
)
def test_open_list(before: str, comment: bytes, after: str) -> None:
    text = lists.open_list(value(before), [b"new,"], outer=b"  ", step=b"  ", comment=comment)
    assert text.decode() == after


def test_only_one_line_is_opened() -> None:
    with pytest.raises(ValueError, match="one-line"):
        lists.open_list(value("[\n]"), [], outer=b"", step=b"  ", comment=b"")


@pytest.mark.parametrize(
    ("text", "commas"),
    [("{\n  a = 1,\n}", True), ("{ a = 1, b = 2 }", False), ("{\n  a = 1,\n  b = 2\n}", False), ("{}", False)],
)
def test_wants_commas(text: str, commas: bool) -> None:  # noqa: FBT001
    assert lists.wants_commas(value(text)) is commas
