"""Lists in YAML get longer by bytes of their own, and nothing else moves."""

from __future__ import annotations

import pytest
import yaml

from hclmod.hcl import edits
from hclmod.hcl.edits import Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml import lists

SHAPES = [
    (b"a: [x]\n", b"a: [x, n, m]\n"),
    (b"a: [x]", b"a: [x, n, m]"),
    (b"a: [ x ] # c\n", b"a: [ x, n, m ] # c\n"),
    (b'a: ["x", "y"]\n', b'a: ["x", "y", "n", "m"]\n'),
    (b"a: ['x',]\n", b"a: ['x', 'n', 'm']\n"),
    (b"a: [x,\n    y]\n", b"a: [x,\n    y,\n    n,\n    m]\n"),
    (b"a: [\n  x, # c\n  y, # d\n]\n", b"a: [\n  x, # c\n  y,\n  n,\n  m, # d\n]\n"),
    (b"a:\n- x\n", b"a:\n- x\n- n\n- m\n"),
    (b"a:\n- x", b"a:\n- x\n- n\n- m"),
    (b"a:\n  - x # c\n  # d\nb: 1\n", b"a:\n  - x # c\n  - n\n  - m\n  # d\nb: 1\n"),
    (b"a:\r\n  -   'x'\r\nb: 1\r\n", b"a:\r\n  -   'x'\r\n  -   'n'\r\n  -   'm'\r\nb: 1\r\n"),
    (b"a:\n  - x\n  - &k y\n", b"a:\n  - x\n  - &k y\n  - n\n  - m\n"),
    (b"a: &l [x]\nb: *l\n", None),
    (b"b: &l [x]\na: *l\n", None),
    (b"a: []\n", None),
    (b"a: [x, [y]]\n", b"a: [x, [y], n, m]\n"),
    (b"a:\n  - x\n  - |\n    y\n", None),
    (b"a: x\n", None),
    (b"a: [x\n", None),
    (b"b: [x]\n", None),
]


@pytest.mark.parametrize(("before", "wanted"), SHAPES)
def test_names_are_appended_as_the_last_one_is_written(before: bytes, wanted: bytes | None) -> None:
    listed = lists.find(before, ("a",))
    try:
        made = edits.apply(before, [listed.append(["n", "m"])]) if listed else None
    except UnfixableError:
        made = None
    assert made == wanted
    if made:
        old, new = yaml.safe_load(before), yaml.safe_load(made)
        assert new == {**old, "a": [*old["a"], "n", "m"]}


def test_a_name_that_yaml_reads_as_something_else_gets_quotes() -> None:
    listed = lists.find(b"a: [x]\n", ("a",))
    assert listed is not None
    assert edits.apply(b"a: [x]\n", [listed.append(["on", "1e3"])]) == b'a: [x, "on", "1e3"]\n'


def test_a_list_with_a_hole_is_left() -> None:
    listed = lists.find(b"a: [x, ${y}]\n", ("a",), holes=[Span(7, 11)])
    assert listed is not None
    with pytest.raises(UnfixableError, match="a template fills in"):
        listed.append(["n"])


def test_the_list_of_another_document_is_another_one() -> None:
    data = b"a: [x]\n---\na: [y]\n"
    listed = lists.find(data, ("a",), number=1)
    assert listed is not None
    assert edits.apply(data, [listed.append(["n"])]) == b"a: [x]\n---\na: [y, n]\n"
    assert lists.find(data, ("a",), number=2) is None


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (b"a: [x]\n", b"a: [x, y]\n", False),
        (b"a: [x]\n", b"a: [y, x]\n", True),
        (b"a: [x]\nb: 1\n", b"a: [x, y]\nb: 2\n", True),
        (b"a: [x]\n", b"a: [x, {y: 1}]\n", True),
        (b"a: [x]\n", b"a: [x\n", True),
    ],
)
def test_the_judge_sees_all_else(before: bytes, after: bytes, wrong: bool) -> None:  # noqa: FBT001
    assert bool(lists.only_extended(before, after)) is wrong
