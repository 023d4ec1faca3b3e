"""SARIF that the official schema takes, whose fixes make what hclmod proved.

`schemas/sarif-2.1.0-rtm.5.json` is the schema as the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT) ships it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.reports import json as stored
from hclmod.reports import sarif
from hclmod.reports.diff import hunks
from hclmod.reports.model import Kind, Outcome, Report, Section, Stack
from tests.support.reports import big, document, full, item, reports

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas/sarif-2.1.0-rtm.5.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def rendered(report: Report) -> Any:
    found = json.loads(sarif.render(report, {"some-rule": "What it does."}))
    VALIDATOR.validate(found)
    return found


@given(reports())
def test_the_official_schema_takes_it(report: Report) -> None:
    assert len(rendered(report)["runs"]) == 2
    assert sarif.render(report) == sarif.render(report)


def test_what_it_says() -> None:
    run, other = rendered(full())["runs"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [
        ("hclmod-unproven", "error"), ("some-rule", "warning"), ("some-rule", "warning"),
    ]  # fmt: skip
    change = run["results"][1]
    assert change["partialFingerprints"] == {"hclmod/v1": "0123456789ab"}
    assert change["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}
    assert "rolls the pods" in change["message"]["text"]
    assert change["properties"]["code"] == "some-rule/cause"
    assert run["tool"]["driver"]["rules"][1]["shortDescription"]["text"] == "What it does."
    assert [each["level"] for each in run["invocations"][0]["toolExecutionNotifications"]] == ["note", "error"]
    assert not run["invocations"][0]["executionSuccessful"]
    assert {each["automationDetails"]["id"] for each in (run, other)} == {"hclmod/phase-3/", "hclmod/rules/"}


def applied(text: str, replacements: list[Any]) -> str:
    """The text after the replacements, as the specification of SARIF has them."""
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        start = starts[line - 1]
        return start + len(text[start:].encode("utf-16-le")[: 2 * (column - 1)].decode("utf-16-le"))

    for each in reversed(replacements):
        region = each["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        end = offset(region["endLine"], region["endColumn"])
        text = text[:start] + each.get("insertedContent", {}).get("text", "") + text[end:]
    return mark + text


LINES = st.lists(
    st.sampled_from(["a = 1", "}", "", "@@ -1 +1 @@", "+x", "-x", "é\U0001f308", "\\ No newline"]), max_size=8
)


@given(LINES, LINES, st.sampled_from(["", "\n"]), st.sampled_from(["", "\n"]), st.sampled_from(["\n", "\r\n"]))
@example(["\ufeffa", "b"], ["\ufeffc", "b"], "\n", "\n", "\n")
@example(["\ufeffa"], ["\ufeffc"], "", "", "\n")
@example([], ["a"], "", "", "\n")
@example(["a"], [], "", "", "\n")
def test_its_fix_makes_what_was_proven(old: list[str], new: list[str], end: str, other: str, newline: str) -> None:
    before, after = newline.join(old) + end, newline.join(new) + other
    lines = hunks(before.encode(), after.encode())
    found = document("s/main.tf", Outcome.CHANGED, item(Kind.CHANGE), item(Kind.CHANGE, line=2), lines=lines)
    results = rendered(Report("1", (Section(1, "", (), (Stack("s", (found,)),)),)))["runs"][0]["results"]
    if before == after:
        assert not any("fixes" in each for each in results)
        return
    assert "fixes" not in results[1], "applied from every result it would be applied many times"
    ((change,),) = (each["artifactChanges"] for each in results[0]["fixes"])
    assert applied(before, change["replacements"]) == after


def test_a_rule_has_an_address_where_the_config_gives_one() -> None:
    report = Report(
        "1", (Section(1, "", (), (Stack("s", (document("s/a.tf", Outcome.CHANGED, item(Kind.CHANGE)),)),)),)
    )
    (rule,) = rendered(report)["runs"][0]["tool"]["driver"]["rules"]
    assert "helpUri" not in rule
    linked = replace(report, docs="https://git.example/docs/{rule}.md")
    (rule,) = rendered(linked)["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == f"https://git.example/docs/{rule['id']}.md"
    assert stored.read(stored.write(linked).encode(), "x").docs == linked.docs
    with pytest.raises(HclmodError, match=r"docs"):
        stored.read(stored.write(linked).replace("https://git", "javascript:").encode(), "x")


def test_a_path_is_a_uri() -> None:
    odd = document("s/a b%#é\udcff.tf", Outcome.CHANGED, item(Kind.CHANGE))
    (result,) = rendered(Report("1", (Section(1, "", (), (Stack("s", (odd,)),)),)))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "s/a%20b%25%23%C3%A9%FF.tf"


def test_fixes_go_where_they_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sarif.render(big())
    assert '"fixes"' in whole
    monkeypatch.setattr(sarif, "BYTES", 1_000)
    assert '"fixes"' not in sarif.render(big())


def test_errors_come_first_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 41)
    (run,) = rendered(big())["runs"]
    assert [each["level"] for each in run["results"]] == ["error"] * 40 + ["warning"]


def test_what_is_left_on_purpose_is_no_result() -> None:
    left = document("a.tf", Outcome.UNCHANGED, item(Kind.LEFT, rule="quiet"))
    (run,) = rendered(Report("1", (Section(1, "", (), (Stack("s", (left,)),)),)))["runs"]
    assert run["results"] == []
