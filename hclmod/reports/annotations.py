"""Workflow commands of GitHub Actions: what a report says, beside the lines in a pull request's diff.

GitHub shows ten annotations of each level in one step (docs/facts.md, Forges 2), so the tenth says how many more there
are. Gitea and Forgejo read the same commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.reports.escape import no_command, one_line
from hclmod.reports.model import Kind, Outcome, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.model import Report, Section

SHOWN = 10
"""Annotations of one level that GitHub takes from a step."""


def render(report: Report) -> str:
    """The commands, then a line with the totals of each section."""
    lines: list[str] = []
    for level, made in (("error", _errors), ("warning", _warnings), ("notice", _notices)):
        results = [command for section in report.sections for command in made(section)]
        lines += results if len(results) <= SHOWN else results[: SHOWN - 1]
        if len(results) > SHOWN:
            lines.append(_command(level, f"{len(results) - SHOWN + 1} more are in the report", title="hclmod"))
    lines += [f"hclmod: {no_command(one_line(section.heading))}: {summary(section)}" for section in report.sections]
    return "".join(f"{line}\n" for line in lines)


def _errors(section: Section) -> Iterator[str]:
    for document in section.of(Outcome.REFUSED, Outcome.FAILED):
        failed = "hclmod failed" if document.is_bug else "rule failed"
        title = "not proven" if document.outcome is Outcome.REFUSED else failed
        yield _command("error", "\n".join(document.why), file=document.path, title=title)


def _warnings(section: Section) -> Iterator[str]:
    for document, item in section.items(Kind.PERSON):
        message = f"{item.address}: {item.message}"
        yield _command("warning", message, file=document.path, line=str(item.line), title=item.rule)


def _notices(section: Section) -> Iterator[str]:
    for document, item in section.items(Kind.CHANGE):
        effect = f" [{item.effect}]" if item.effect else ""
        message = f"{item.address}: {item.message}{effect}"
        yield _command("notice", message, file=document.path, line=str(item.line), title=item.rule)


def _command(level: str, message: str, **properties: str) -> str:
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {named}::{_data(message)}"


def _data(text: str) -> str:
    """The text of a command: a line end is `%0A`, what a terminal would obey is written as its number."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(one_line(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return one_line(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
