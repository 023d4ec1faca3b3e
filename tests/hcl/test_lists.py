from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.hcl import lists
from hclmod.hcl.edits import Effect
from hclmod.hcl.indentation import UnfixableError
from hclmod.proof.verdict import AsDeclared
from hclmod.proof.verify import verify
from tests.support.hcl import applied, attribute, block, edited

if TYPE_CHECKING:
    from hclmod.hcl.views import Expression


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


# Items taken out of a list, and named by a comment


HEAD, TAIL = 'resource "a" "b" {\n  lifecycle {\n', "\n  }\n}\n"


def dropped(body: str, *unwanted: str) -> str | None:
    before = block(f"{HEAD}{body}{TAIL}")
    fix = lists.drop(before, "ignore_changes", "lifecycle", lambda held: held[0] in unwanted)
    if fix is None:
        return None
    assert {each.effect for each in fix.declares} == {Effect.REDUCED}
    after = applied(before.source, fix)
    assert isinstance(verify(before.source, after, [fix]), AsDeclared)
    return after.data.decode().removeprefix(HEAD).removesuffix(TAIL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    ignore_changes = [b]", "    ignore_changes = []"),
        ("    ignore_changes = [a, b] # c", "    ignore_changes = [a] # c"),
        ("    ignore_changes = [b, a, c]", "    ignore_changes = [a, c]"),
        ("    ignore_changes = [a, /* x */ b]", "    ignore_changes = [a]"),
        ("    ignore_changes = [\n      a,\n      b,\n    ]", "    ignore_changes = [\n      a,\n    ]"),
        ("    ignore_changes = [\n      b, # x\n      a # y\n    ]", "    ignore_changes = [\n      a # y\n    ]"),
        ("    ignore_changes = [\n      a,\n      b\n    ]", "    ignore_changes = [\n      a,\n    ]"),
        ("    ignore_changes = [\n      b\n    ]", "    ignore_changes = [\n    ]"),
        ("    ignore_changes = [a,\n      b]", "    ignore_changes = [a]"),
        ("    ignore_changes = [\n      a\n      ,\n      b\n      ,\n    ]", "    ignore_changes = [a]"),
        ("    ignore_changes = [\n      # x\n      b,\n    ]", "    ignore_changes = [\n      # x\n    ]"),
    ],
)
def test_an_item_goes_with_what_belongs_to_it(before: str, after: str) -> None:
    assert dropped(before, "b") == after


@pytest.mark.parametrize("body", ["    ignore_changes = [a]", "    ignore_changes = []", "    prevent_destroy = true"])
def test_nothing_goes_where_nothing_is(body: str) -> None:
    assert dropped(body, "b") is None


def test_a_list_that_is_not_written_there_is_left() -> None:
    assert dropped("    ignore_changes = all", "b") is None
    with pytest.raises(UnfixableError, match="`ignore_changes` is `all`"):
        dropped("    ignore_changes = all", "all")
    two = block(f"{HEAD}  }}\n  lifecycle {{{TAIL}")
    with pytest.raises(UnfixableError, match="there are 2 `lifecycle` blocks"):
        lists.drop(two, "ignore_changes", "lifecycle", lambda _held: True)


def named(body: str) -> str | None:
    before = block(f"{HEAD}{body}{TAIL}")
    fix = lists.name_last(before, "ignore_changes", ["a", "b"], "M", inside="lifecycle")
    if fix is None:
        return None
    after = applied(before.source, fix)
    assert isinstance(verify(before.source, after, [fix]), AsDeclared)
    return after.data.decode().removeprefix(HEAD).removesuffix(TAIL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    ignore_changes = [a, b, c]", "    ignore_changes = [a, b, c] # M"),
        (
            "    ignore_changes = [\n      a,\n      b,\n      c,\n    ]",
            "    ignore_changes = [\n      a,\n      b, # M\n      c,\n    ]",
        ),
        ("    ignore_changes = [\n      b\n    ]", "    ignore_changes = [\n      b # M\n    ]"),
    ],
)
def test_a_comment_names_the_last_of_its_items(before: str, after: str) -> None:
    assert named(before) == after


@pytest.mark.parametrize(
    "body",
    [
        "    ignore_changes = [a, b] # M: why",
        "    # M\n    ignore_changes = [a, b]",
        "    ignore_changes = [c]",
        "    prevent_destroy = true",
    ],
)
def test_what_is_named_or_missing_is_left(body: str) -> None:
    assert named(body) is None


@pytest.mark.parametrize("body", ["    ignore_changes = [\n      b, # x\n    ]", "    ignore_changes = [a, b] # x"])
def test_another_comment_is_never_replaced(body: str) -> None:
    with pytest.raises(UnfixableError, match="stands behind its last entry"):
        named(body)


def test_a_comment_does_not_swallow_a_brace() -> None:
    one_line = block('resource "a" "b" {\n  lifecycle { ignore_changes = [a] }\n}\n')
    with pytest.raises(UnfixableError, match="in a block on one line"):
        lists.name_last(one_line, "ignore_changes", ["a"], "M", inside="lifecycle")
