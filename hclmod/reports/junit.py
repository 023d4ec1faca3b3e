"""JUnit's XML, which every CI service shows: a test case for each finding, failed where something is to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from hclmod.reports.escape import no_command_in_xml, one_line
from hclmod.reports.model import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.model import Report, Section

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FAILED = frozenset({Kind.CHANGE, Kind.PERSON})
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def render(report: Report) -> str:
    """A suite for each section."""
    suites = "".join(f"{line}\n" for section in report.sections for line in _suite(section))
    return f"{_HEAD}<testsuites name={_text('hclmod')}>\n{suites}</testsuites>\n"


def _suite(section: Section) -> Iterator[str]:
    cases = [*_documents(section), *_items(section)]
    counts = {tag: sum(f"<{tag} " in case for case in cases) for tag in ("failure", "error", "skipped")}
    named = f'failures="{counts["failure"]}" errors="{counts["error"]}" skipped="{counts["skipped"]}"'
    yield f'<testsuite name={_text(section.heading)} tests="{len(cases)}" {named}>'
    yield from cases
    yield "</testsuite>"


def _documents(section: Section) -> Iterator[str]:
    """The documents that were not proven or not read."""
    for document in section.of(Outcome.REFUSED, Outcome.FAILED, Outcome.SKIPPED):
        tag = "skipped" if document.outcome is Outcome.SKIPPED else "error"
        yield _case(document.path, "hclmod", tag, "; ".join(document.why) or document.outcome)


def _items(section: Section) -> Iterator[str]:
    for document, item in section.items(*Kind):
        tag = "failure" if item.kind in _FAILED else ""
        name = f"{item.code} {item.address}"
        yield _case(document.path, name, tag, f"{document.path}:{item.line}: {item.message}")


def _case(path: str, name: str, tag: str, message: str) -> str:
    inside = f"<{tag} message={_text(message)}/>" if tag else ""
    return f"<testcase classname={_text(path)} name={_text(name)}>{inside}</testcase>"


def _text(text: str) -> str:
    """An attribute's value with its quotes, without what XML cannot hold."""
    return no_command_in_xml(quoteattr(_NOT_XML.sub("?", one_line(text))))
