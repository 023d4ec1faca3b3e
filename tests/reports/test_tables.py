"""Rows as tables in every format, and what must not break out of them."""

from __future__ import annotations

import csv
import io
import json
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from hclmod.reports.tables import FORMATS, render


class Row(Struct, frozen=True):
    stack: str
    image: str
    read: bool = True
    fan_out: int | None = None
    ignored: tuple[str, ...] = ()


class Other(Struct, frozen=True):
    name: str


def one(image: str) -> dict[str, tuple[object, ...]]:
    return {"Nothing": (), "Some images": (Row("s", image),)}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a|b", "a\\|b"),
        ("<b>&amp;", "&lt;b&gt;&amp;\u200bamp;"),
        ("@team [x](http://e)", "@\u200bteam \\[x\\](http:\u200b//e)"),
        ("a\nb", "a b"),
        ("a\x1b[2Jb", "a \\[2Jb"),
        ("a:1", "a:1"),
    ],
)
def test_markdown_cells_cannot_leave_their_cell(image: str, expected: str) -> None:
    lines = render(one(image), "markdown").splitlines()
    assert lines == ["## Nothing", "", "none", "", "## Some images", "", *lines[6:]]
    assert lines[6:] == [
        "| stack | image | read | fan out | ignored |",
        "| --- | --- | --- | --- | --- |",
        f"| s | {expected} | yes |  | 0 |",
    ]


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x"])
def test_a_csv_cell_is_no_formula(text: str) -> None:
    assert f",'{text}," in render(one(text), "csv")


def test_text_is_a_table_with_aligned_columns_and_nothing_that_a_terminal_obeys() -> None:
    told = render(one("a\x1b[2J\x07é and more"), "text")
    assert "\x1b" not in told
    assert "\x07" not in told
    head, row = told.split("Some images\n")[1].splitlines()
    assert head.index("read") == row.index("yes")
    assert told.startswith("Nothing\n  none\n")


def test_json_lists_what_cells_count() -> None:
    told = json.loads(render({"Some images": (Row("s", "a", ignored=("b", "c")),), "None": ()}, "json"))
    assert told == {
        "some_images": [{"stack": "s", "image": "a", "read": True, "fan_out": None, "ignored": ["b", "c"]}],
        "none": [],
    }


def test_csv_is_one_table_with_the_columns_of_all() -> None:
    told = render({"A": (Row("s", "x,y", read=False, fan_out=2),), "B": (Other("n"),)}, "csv")
    assert list(csv.reader(io.StringIO(told))) == [
        ["table", "stack", "image", "read", "fan out", "ignored", "name"],
        ["a", "s", "x,y", "", "2", "0", ""],
        ["b", "", "", "", "", "", "n"],
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_a_table_too(form: str) -> None:
    assert render({"A": ()}, form) in ("A\n  none\n", '{\n  "a": []\n}\n', "table\n", "## A\n\nnone\n")


class Wide(Struct, frozen=True):
    NARROW: ClassVar = ("address", "image")

    stack: str
    address: str
    image: str


class Timed(Struct, frozen=True):
    WHOLE: ClassVar = ("begins",)
    begins: str
    stacks: str


def test_a_terminal_shows_the_columns_that_matter_and_cuts_cells_in_the_middle() -> None:
    rows = {"A": (Wide("s", "kubernetes_deployment.awning", "a:1"), Wide("s", "x.y", "b:2"))}
    assert render(rows, "text", 30).splitlines() == [
        "A",
        "  address                image",
        "  kubern…loyment.awning  a:1",
        "  x.y                    b:2",
    ]
    assert "stack" in render(rows, "text")
    assert "kubernetes_deployment.awning" in render(rows, "csv", 30)


def test_a_terminal_never_cuts_a_time() -> None:
    times = (Timed("2026-12-01 12:00 UTC", "a-long-name-of-a-stack"), Timed("2026-12-02 00:00 UTC", "b"))
    assert render({"A": times}, "text", 36).splitlines() == [
        "A",
        "  begins                stacks",
        "  2026-12-01 12:00 UTC  a-l…-a-stack",
        "  2026-12-02 00:00 UTC  b",
    ]


@given(st.lists(st.tuples(*[st.text("ab/.", max_size=70)] * 3), min_size=1, max_size=4), st.integers(30, 120))
def test_text_is_as_wide_as_the_terminal_at_most(texts: list[tuple[str, str, str]], width: int) -> None:
    told = render({"A": [Wide(*each) for each in texts]}, "text", width)
    assert all(len(line) <= width for line in told.splitlines())
    whole = render({"A": [Wide(*each) for each in texts]}, "text", 200)
    assert all(each in whole for _, *shown in texts for each in shown)
