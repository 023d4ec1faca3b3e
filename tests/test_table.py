"""Rows as tables of every form."""

from __future__ import annotations

import csv
import io
import json

import pytest

from hclmod.reports.table import FORMS, render

ROWS = [{"name": "a|b", "why": "it\nholds <x>, and é"}, {"name": "c", "why": ""}]


def test_text_stands_in_columns() -> None:
    assert render(ROWS, "text") == "name  why\na|b   it holds <x>, and é\nc\n"


def test_json_keeps_the_very_words() -> None:
    assert json.loads(render(ROWS, "json")) == ROWS


def test_csv_is_read_back() -> None:
    assert list(csv.reader(io.StringIO(render(ROWS, "csv"))))[1] == ["a|b", "it holds <x>, and é"]


def test_markdown_breaks_at_nothing() -> None:
    assert render(ROWS, "markdown").splitlines() == [
        "| name | why |",
        "| --- | --- |",
        "| a\\|b | it holds &lt;x>, and é |",
        "| c |  |",
    ]


@pytest.mark.parametrize("form", FORMS)
def test_no_rows_are_no_error(form: str) -> None:
    assert render([], form) in ("", "\n", "[]\n", "|  |\n|  |\n")
