"""GitLab's Code Quality and JUnit's XML: the same findings for those who read no SARIF."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from hypothesis import given

from hclmod.reports import codequality, junit
from hclmod.reports.model import Kind, Outcome
from tests.support.demo import hclmod, repository
from tests.support.reports import full, reports

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.reports.model import Report

OPEN = (Kind.CHANGE, Kind.PERSON)


@given(reports())
def test_gitlab_gets_an_issue_for_each_thing_to_do(report: Report) -> None:
    issues = json.loads(codequality.render(report))
    todo = sum(len(list(each.items(*OPEN))) + len(each.of(Outcome.REFUSED, Outcome.FAILED)) for each in report.sections)
    assert len(issues) == todo
    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"minor", "major", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1


@given(reports())
def test_junit_counts_what_it_shows(report: Report) -> None:
    root = ET.fromstring(junit.render(report).encode())  # noqa: S314 - our own text
    assert len(root) == len(report.sections)
    for suite in root:
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == sum(each.find(tag) is not None for each in cases)


def test_text_of_the_repository_is_inert() -> None:
    report = full(lambda plain: f'{plain}<x a="b">&\x1b[31m\n')
    assert "<x" not in junit.render(report)
    assert "\x1b" not in junit.render(report) + codequality.render(report)


def test_from_outside(tmp_path: Path) -> None:
    root = repository(tmp_path)
    issues = json.loads(hclmod(root, "apply", "--phase", "3", "--dry-run", "--format", "gitlab").stdout)
    assert "float-image-tag/pinned-tag" in {each["check_name"] for each in issues}
    text = hclmod(root, "check", "--rule", "float-image-tag", ".", "--format", "junit").stdout
    assert ET.fromstring(text.encode()).find(".//failure") is not None  # noqa: S314 - our own text
