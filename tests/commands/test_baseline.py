"""A baseline holds old findings, by what they say and not by where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.commands.apply import to_do
from hclmod.commands.audit import without_baseline, write_baseline
from hclmod.engine.outcomes import PhaseReport, Reported, Skipped, StackReport, Unchanged
from hclmod.errors import ConfigError
from hclmod.hcl.edits import Span
from hclmod.rulekit.rule import Finding, Level
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from pathlib import Path


def found(message: str, line: int = 1, level: Level = Level.WARNING) -> Reported:
    return Reported(
        "split-tags", Finding(address="a.b", span=Span(0, 1), code="cause", message=message, level=level), line
    )


def report(*left: Reported) -> PhaseReport:
    outcomes = (Unchanged("main.tf", left), Skipped("other.tf", "why"))
    return PhaseReport(None, "Audit", ("split-tags",), (StackReport(Stack("s", "s", ("main.tf",)), outcomes),))


def kept(folder: Path, data: bytes) -> Path:
    path = folder / "b.json"
    path.write_bytes(data)
    return path


def rest(folder: Path, known: PhaseReport, now: PhaseReport) -> list[str]:
    left = without_baseline(now, kept(folder, write_baseline(known)))
    return [
        each.finding.message for outcome in left.outcomes if isinstance(outcome, Unchanged) for each in outcome.left
    ]


def test_old_findings_are_not_told_wherever_they_stand_now(tmp_path: Path) -> None:
    assert rest(tmp_path, report(found("old", 3)), report(found("old", 40), found("new"))) == ["new"]
    assert to_do(report(found("old"))) == 1


def test_each_old_finding_counts_once(tmp_path: Path) -> None:
    assert rest(tmp_path, report(found("old")), report(found("old"), found("old"))) == ["old"]


def test_notes_are_neither_kept_nor_dropped(tmp_path: Path) -> None:
    note = found("as it should be", level=Level.NOTE)
    assert rest(tmp_path, report(note), report(note)) == ["as it should be"]
    assert b"as it should be" not in write_baseline(report(note))


def test_a_baseline_is_sorted_and_of_one_line_a_finding() -> None:
    data = write_baseline(report(found("b"), found("a")))
    assert data == write_baseline(report(found("a"), found("b")))
    assert data.count(b"\n") == 7
    assert b"line" not in data


def test_an_empty_baseline_is_one(tmp_path: Path) -> None:
    assert rest(tmp_path, report(), report(found("new"))) == ["new"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 1, "findings": [{}]}'])
def test_what_is_no_baseline_is_said(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigError, match="not a baseline"):
        without_baseline(report(), kept(tmp_path, data))


def test_another_version_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a baseline of version 2"):
        without_baseline(report(), kept(tmp_path, b'{"version": 2, "findings": []}'))
