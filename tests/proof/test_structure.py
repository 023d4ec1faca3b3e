"""Windows and differences, as the parsers give them."""

from __future__ import annotations

import pytest

from hclmod.hcl.edits import Effect
from hclmod.proof import parsers
from hclmod.proof.structure import Window, changed_items, differences, moved, windows
from tests.support.hcl import source

REMOVED, CHANGED, ADDED, EXTENDED = Effect.REMOVED, Effect.CHANGED, Effect.ADDED, Effect.EXTENDED
REDUCED, REFILLED, REARRANGED = Effect.REDUCED, Effect.REFILLED, Effect.REARRANGED


def found(before: str, after: str) -> dict[str, Effect]:
    old, new = parsers.structure(before.encode()), parsers.structure(after.encode())
    assert not isinstance(old, parsers.Rejected), old
    assert not isinstance(new, parsers.Rejected), new
    return differences(old, new, Window(prefix="", before=b"", after=b""))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("a = 1\n", "a = 1 # x\n", {}),
        ("a = 1\n", "a = 2\n", {"a": CHANGED}),
        ("a = 1\n", "a = true\n", {"a": CHANGED}),
        ("a = 1\n", "", {"a": REMOVED}),
        ("", "a = 1\n", {"a": ADDED}),
        ("a = 1\n", "b = 1\n", {"a": REMOVED, "b": ADDED}),
        ("a = [1]\n", "a = [1, 2]\n", {"a": EXTENDED}),
        ("a = []\n", "a = [1]\n", {"a": EXTENDED}),
        ("a = [1]\n", "a = [true, 2]\n", {"a": REARRANGED}),
        ("a = [1, 2]\n", "a = [2, 1]\n", {"a[0]": CHANGED, "a[1]": CHANGED}),
        ("a = [1, 2]\n", "a = [1]\n", {"a": REDUCED}),
        ("a = [1, 2, 3]\n", "a = [1, 3]\n", {"a": REDUCED}),
        ("a = [1, 2, 3]\n", "a = [3, 1]\n", {"a": REARRANGED}),
        ("a = [1, 3]\n", "a = [1, 2, 3]\n", {"a": REFILLED}),
        ("a = [1]\n", "a = [2, 1]\n", {"a": REFILLED}),
        ("a = { b = 1, c = 2 }\n", "a = { b = 1 }\n", {"a": REDUCED}),
        ("a = { b = 1 }\n", "a = { b = 1, c = 2 }\n", {"a": EXTENDED}),
        ("a = { b = 1 }\n", "a = { b = true, c = 2 }\n", {"a": CHANGED}),
        ('a = { "b.c" = 1 }\n', 'a = { "b.c" = 2 }\n', {"a.b.c": CHANGED}),
        ("a = { b = [1] }\n", "a = { b = [1, 2] }\n", {"a.b": EXTENDED}),
        ("a {}\n", "", {"a[0]": REMOVED}),
        ("", "a {\n  b = 1\n  c {}\n}\n", {"a[0]": ADDED}),
        ("a {}\n", "a = {}\n", {"a[0]": REMOVED, "a": ADDED}),
        ("a {\n  b = 1\n}\na {\n  b = 2\n}\n", "a {\n  b = 1\n}\n", {"a[1]": REMOVED}),
        ("a {\n  b = 1\n}\na {\n  b = 2\n}\n", "a {\n  b = 2\n}\n", {"a[0].b": CHANGED, "a[1]": REMOVED}),
        ('a "x" {}\n', 'a "y" {}\n', {"a.x[0]": REMOVED, "a.y[0]": ADDED}),
        ('a "x.y" {}\n', 'a "x" "y" {}\n', {"a.x.y[0]": CHANGED}),
        ('a "x" "y" {\n  b {\n    c = 1\n  }\n}\n', 'a "x" "y" {\n  b {\n  }\n}\n', {"a.x.y[0].b[0].c": REMOVED}),
    ],
)
def test_differences(before: str, after: str, wanted: dict[str, Effect]) -> None:
    assert found(before, after) == wanted


def test_a_removal_inside_an_addition_is_distinguished() -> None:
    assert found("a {\n  b = 1\n}\n", "a {\n  c {}\n}\n") == {"a[0].b": REMOVED, "a[0].c[0]": ADDED}


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("a {\n  b = 1\n  c = 2\n}\n", "a {\n  b = 1\n  c = 3\n}\n", [("a[0].", b"c = 2", b"c = 3")]),
        ("a {\n  b = 1\n  c = 2\n}\n", "a {\n  b = 1\n}\n", [("a[0].", b"c = 2\n", b"")]),
        ("a {\n  b {}\n}\n", "a {\n  b {\n    c = 1\n  }\n}\n", [("a[0].b[0].", b"", b"c = 1\n")]),
        ("a {\n  b = 1\n  c = 1\n}\n", "a {\n  b = 2\n  c = 2\n}\n", [
            ("a[0].", b"b = 1", b"b = 2"), ("a[0].", b"c = 1", b"c = 2"),
        ]),
        ("a {\n  b = 1\n}\n", "a {\n  b = 1 # x\n}\n", []),
    ],
)  # fmt: skip
def test_windows_are_small(before: str, after: str, wanted: list[tuple[str, bytes, bytes]]) -> None:
    pairs = changed_items(source(before), source(after))
    assert pairs is not None
    made = [each for pair in pairs for each in windows(*pair)]
    assert [(each.prefix, each.before, each.after) for each in made] == wanted


def test_a_window_counts_the_blocks_before_it() -> None:
    before = source("a {\n  b {\n    c = 1\n  }\n  b {\n    c = 2\n  }\n  d = 1\n}\n")
    after = source("a {\n  b {\n    c = 1\n  }\n  b {\n    c = 3\n  }\n  e = 1\n}\n")
    pairs = changed_items(before, after)
    assert pairs is not None
    (window,) = windows(*pairs[0])
    old, new = parsers.structure(window.before), parsers.structure(window.after)
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert differences(old, new, window) == {"a[0].b[1].c": CHANGED, "a[0].d": REMOVED, "a[0].e": ADDED}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a {}\n", "b {}\n"),
        ("a {}\n", "a {}\na {}\n"),
        ("a {}\n", "# x\na {}\n"),
        ("a {}\n", "a {} # x\n"),
        ('a "x" {}\n', 'a "y" {}\n'),
        ('a "x.y" "z" {}\n', 'a "x" "y.z" {}\n'),
        ("a {}\nb {}\n", "b {}\na {}\n"),
    ],
)
def test_what_does_not_pair_up_is_compared_whole(before: str, after: str) -> None:
    assert changed_items(source(before), source(after)) is None


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("a {}\nb {}\n", "a {}\nb {}\n", []),
        ("a {}\nb {}\n", "a {}\nc {}\nb {}\n", []),
        ("a {}\nb {}\n", "b {}\n", []),
        ("a {\n  b = 1\n  c = 2\n}\n", "a {\n  c = 2\n}\n", []),
        ("a {}\nb {}\n", "b {}\na {}\n", ["a[0]", "b[0]"]),
        ('x {\n  a {}\n  dynamic "a" {}\n}\n', 'x {\n  dynamic "a" {}\n  a {}\n}\n', [
            "x[0].a[0]", "x[0].dynamic.a[0]",
        ]),
        ("x {\n  a = 1\n  b = 1\n}\n", "x {\n  b = 1\n  a = 1\n}\n", ["x[0].a", "x[0].b"]),
    ],
)  # fmt: skip
def test_what_changed_places(before: str, after: str, wanted: list[str]) -> None:
    assert list(moved(source(before), source(after))) == wanted
