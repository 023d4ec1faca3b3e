"""Commands that GitHub's runner reads as what they are, and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from hclmod.reports import annotations as workflow
from hclmod.reports.model import Outcome, Report, Section, Stack
from tests.support.reports import EVIL, big, document, full, reports

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in workflow.render(report).split("\n"):
        if match := COMMAND.fullmatch(line):
            properties = dict(each.split("=", 1) for each in match[2].split(","))
            assert properties.keys() <= {"file", "line", "title"}
            found.append((match[1], properties, match[3]))
        else:
            assert not line or line.startswith("hclmod: "), line
    return found


def read(text: str) -> str:
    """As the runner reads a property."""
    for escaped, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, char)
    return text


@given(reports())
def test_the_runner_reads_four_commands_whatever_stands_there(report: Report) -> None:
    assert [level for level, _, _ in commands(report)] == ["error", "error", "warning", "notice"]
    assert workflow.render(report).replace("\n", "").isprintable()


def test_a_rule_of_ones_own_that_failed_is_not_called_a_failure_of_hclmod() -> None:
    stack = Stack("s", (document("s/m.tf", Outcome.FAILED, why=("rule mine failed at mine.py:3: KeyError: 1",)),))
    text = workflow.render(Report("0.1.0", (Section(None, "", (), (stack,)),)))
    assert text.startswith("::error file=s/m.tf,title=rule failed::rule mine failed at mine.py:3: KeyError: 1\n")


def test_what_they_say() -> None:
    assert workflow.render(full()).splitlines() == [
        "::error file=s/main.tf2,title=not proven::x was changed",
        "::error file=s/main.tf3,title=hclmod failed::Traceback%0AZeroDivisionError: x",
        "::warning file=s/main.tf,line=7,title=some-rule::x.b: look at it",
        "::notice file=s/main.tf,line=2,title=some-rule::x.a: is done [rolls the pods]",
        "hclmod: Phase 3: Title: 1 change in 1 file (1 stack), 1 needs review, 1 skipped, 2 refused",
        "hclmod: Rules other: 0 changes in 0 files (0 stacks), 0 need review, 0 skipped, 0 refused",
    ]


@pytest.mark.parametrize("evil", [*EVIL, "a,b:c%d", "x::warning::y"])
def test_a_path_is_read_back(evil: str) -> None:
    found = commands(full(lambda text: f"{text}{evil}"))
    file = read(found[0][1]["file"])
    assert file.startswith("s/main.tf")
    if evil.isprintable():
        assert file == f"s/main.tf{evil}2"


def test_ten_of_a_level_and_the_last_says_how_many_more() -> None:
    found = commands(big())
    levels = [level for level, _, _ in found]
    assert {level: levels.count(level) for level in levels} == {"error": 10, "warning": 10, "notice": 10}
    assert [text for _, _, text in found if "more are" in text] == [
        "31 more are in the report", "191 more are in the report", "191 more are in the report",
    ]  # fmt: skip
