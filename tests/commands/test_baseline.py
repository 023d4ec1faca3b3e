"""A baseline holds old findings, by what they say and not by where they stand."""

from __future__ import annotations

import pytest

from hclmod import api
from hclmod.commands import baseline
from hclmod.engine.outcomes import PhaseReport, Reported, Skipped, StackReport, Unchanged
from hclmod.errors import ConfigError
from hclmod.hcl.edits import Span
from hclmod.rulekit.rule import Finding, Level
from hclmod.terraform.stacks import Stack


def found(message: str, line: int = 1, level: Level = Level.WARNING) -> Reported:
    return Reported("split-tags", Finding("a.b", Span(0, 1), message, level=level), line)


def report(*left: Reported) -> PhaseReport:
    outcomes = (Unchanged("main.tf", left), Skipped("other.tf", "why"))
    return PhaseReport(None, "Audit", ("split-tags",), (StackReport(Stack("s", "s", ("main.tf",)), outcomes),))


def rest(known: PhaseReport, now: PhaseReport) -> list[str]:
    left = baseline.without(now, baseline.read(baseline.write(known), "b.json"))
    return [
        each.finding.message for outcome in left.outcomes if isinstance(outcome, Unchanged) for each in outcome.left
    ]


def test_old_findings_are_not_told_wherever_they_stand_now() -> None:
    assert rest(report(found("old", 3)), report(found("old", 40), found("new"))) == ["new"]
    assert api.findings(report(found("old"))) == 1


def test_each_old_finding_counts_once() -> None:
    assert rest(report(found("old")), report(found("old"), found("old"))) == ["old"]


def test_notes_are_neither_kept_nor_dropped() -> None:
    note = found("as it should be", level=Level.NOTE)
    assert rest(report(note), report(note)) == ["as it should be"]
    assert b"as it should be" not in baseline.write(report(note))


def test_a_baseline_is_sorted_and_of_one_line_a_finding() -> None:
    data = baseline.write(report(found("b"), found("a")))
    assert data == baseline.write(report(found("a"), found("b")))
    assert data.count(b"\n") == 7
    assert b"line" not in data


def test_an_empty_baseline_is_one() -> None:
    assert not baseline.read(baseline.write(report()), "b.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 1, "findings": [{}]}'])
def test_what_is_no_baseline_is_said(data: bytes) -> None:
    with pytest.raises(ConfigError, match="not a baseline"):
        baseline.read(data, "b.json")


def test_another_version_is_said() -> None:
    with pytest.raises(ConfigError, match="a baseline of version 2"):
        baseline.read(b'{"version": 2, "findings": []}', "b.json")
