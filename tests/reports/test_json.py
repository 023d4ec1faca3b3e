"""JSON that the schema describes, that reads back as it was, and that refuses what is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from hclmod.errors import HclmodError
from hclmod.reports import json as stored
from hclmod.reports.model import Report
from tests.support.reports import full, reports

SCHEMA = json.loads((Path(stored.__file__).parents[1] / "schemas/hclmod.report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(reports())
def test_what_is_written_is_valid_and_reads_back(report: Report) -> None:
    text = stored.write(report)
    VALIDATOR.validate(json.loads(text))
    assert stored.read(text.encode(), "r.json") == report
    assert text.isascii()
    assert stored.write(stored.read(text.encode(), "r.json")) == text


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def broken(path: list[str | int], value: Any) -> bytes:
    raw = json.loads(stored.write(full()))
    holder = raw
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return json.dumps(raw).encode()


DOCUMENT: list[str | int] = ["sections", 0, "stacks", 0, "documents", 0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no report of version 1"),
        (broken(["version"], 2), "version: 2"),
        (broken(["extra"], 1), "unknown key 'extra'"),
        (broken(["hclmod"], 1), "hclmod is no string"),
        (broken(["sections"], {}), "sections is no array"),
        (broken([*DOCUMENT, "outcome"], "fine"), "sections[0].stacks[0].documents[0].outcome is none of unchanged"),
        (broken([*DOCUMENT, "items", 0, "line"], "1"), "items[0].line is no number"),
        (broken([*DOCUMENT, "hidden"], None), "hidden is no boolean"),
        (broken([*DOCUMENT, "items", 0], []), "items[0] is no object"),
        (broken(DOCUMENT, {"path": "x"}), "documents[0] lacks 'outcome'"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_said_with_its_place(data: bytes, said: str) -> None:
    with pytest.raises(HclmodError) as caught:
        stored.read(data, "r.json")
    assert said in str(caught.value)
    assert caught.value.hint


def test_totals_of_a_stranger_are_not_believed() -> None:
    report = stored.read(broken(["sections", 0, "totals", "changes"], 0), "r.json")
    assert report.sections[0].totals.changes == 1
