"""The Code Quality report of GitLab: what a report says, beside the lines of a merge request."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from hclmod.reports import escape
from hclmod.reports.escape import one_line
from hclmod.reports.model import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.model import Report, Section

_SEVERITY = {Kind.CHANGE: "minor", Kind.PERSON: "major"}


def render(report: Report) -> str:
    """A list of issues: refused documents, what needs a person, changes."""
    issues = [issue for section in report.sections for issue in (*_refused(section), *_issues(section))]
    return escape.json(f"{json.dumps(issues, indent=1, ensure_ascii=False)}\n")


def _refused(section: Section) -> Iterator[dict[str, Any]]:
    for document in section.of(Outcome.REFUSED, Outcome.FAILED):
        text = "; ".join(document.why) or "not proven"
        mark = hashlib.sha256(f"{document.path}\n{text}".encode(errors="replace")).hexdigest()[:32]
        yield _issue(text, rule="not-proven", mark=mark, severity="blocker", path=document.path, line=1)


def _issues(section: Section) -> Iterator[dict[str, Any]]:
    for document, item in section.items(*_SEVERITY):
        text, severity = f"{item.address}: {item.message}", _SEVERITY[item.kind]
        yield _issue(text, rule=item.code, mark=item.id, severity=severity, path=document.path, line=item.line)


def _issue(text: str, *, rule: str, mark: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": one_line(text),
        "check_name": one_line(rule),
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": one_line(path), "lines": {"begin": line}},
    }
