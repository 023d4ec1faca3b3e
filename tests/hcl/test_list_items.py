"""Items taken out of a list, and named by a comment."""

from __future__ import annotations

import pytest

from hclmod.hcl import lists
from hclmod.hcl.edits import Effect
from hclmod.hcl.indentation import UnfixableError
from hclmod.proof.verify import AsDeclared, verify
from tests.support.hcl import applied, block

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
