"""JSON that the schema describes, that reads back as it was, and that refuses what is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given

from hclmod.errors import HclmodError
from hclmod.reports import json as stored
from tests.support.reports import full, reports

if TYPE_CHECKING:
    from hclmod.reports.model import Report

SCHEMA = json.loads((Path(stored.__file__).parents[1] / "schemas/hclmod.report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@given(reports())
def test_what_is_written_is_valid_and_reads_back(report: Report) -> None:
    text = stored.write(report)
    VALIDATOR.validate(json.loads(text))
    assert stored.read(text.encode(), "r.json") == report
    assert text.isascii()
    assert stored.write(stored.read(text.encode(), "r.json")) == text


def test_the_schema_is_one_and_fresh() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert stored.schema() == SCHEMA, "run `hclmod docs`"


def test_a_bug_of_hclmod_is_reported_only_where_there_is_one() -> None:
    documents = json.loads(stored.write(full()))["sections"][0]["stacks"][0]["documents"]
    assert [each.get("is_bug") for each in documents] == [None, None, None, True, None]


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
        (b"[]", "not a report of version 2"),
        (broken(["version"], 1), "not a report of version 2 (version: 1)"),
        (broken(["extra"], 1), "the report: Object contains unknown field `extra`"),
        (broken(["hclmod"], 1), "hclmod: Expected `str`, got `int`"),
        (broken(["sections"], {}), "sections: Expected `array`, got `object`"),
        (broken([*DOCUMENT, "outcome"], "fine"), "documents[0].outcome: Invalid enum value 'fine'"),
        (broken([*DOCUMENT, "items", 0, "line"], "1"), "items[0].line: Expected `int`, got `str`"),
        (broken([*DOCUMENT, "items", 0, "line"], None), "items[0].line: Expected `int`, got `null`"),
        (broken([*DOCUMENT, "items", 0, "id"], "<b>"), "items[0].id: Expected `str` matching regex"),
        (broken([*DOCUMENT, "outcome"], "\ud800"), "half of a character"),
        (broken([*DOCUMENT, "hunks", 0, "lines", 0], "x"), "lines[0]: Expected `str` matching regex"),
        (broken([*DOCUMENT, "hidden"], None), "hidden: Expected `bool`, got `null`"),
        (broken([*DOCUMENT, "items", 0], []), "items[0]: Expected `object`, got `array`"),
        (broken(DOCUMENT, {"path": "x"}), "documents[0]: Object missing required field `outcome`"),
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
