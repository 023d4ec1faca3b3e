"""All renderings of a report by their names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.caches import ABOUT, RULE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hclmod.reports.model import Report
    from hclmod.reports.terminal import Style

FORMATS = ("text", "diff", "json", "markdown", "html", "sarif", "github", "gitlab", "junit")


def render(  # noqa: PLR0911 - one line for each format
    report: Report,
    form: str,
    *,
    style: Style | None = None,
    limit: int | None = None,
    whole: str = "",
    folders: Sequence[Path] = (),
) -> str:
    """The report in one of `FORMATS`, ending in a newline; a renderer is loaded when it is asked for.

    `style` is for text. Markdown is at most `limit` bytes and says with `whole` where the full report is.
    `folders` hold rules of one's own, whose summaries SARIF shows.
    """
    match form:
        case "diff":
            from hclmod.reports.diff import diff_of

            return "".join(diff_of(each) for section in report.sections for each in section.documents)
        case "json":
            from hclmod.reports import json

            return json.write(report)
        case "markdown":
            from hclmod.reports import markdown

            return markdown.render(report, limit=limit, size=_bytes, whole=whole)
        case "html":
            from hclmod.reports import html

            return html.render(report)
        case "sarif":
            from hclmod.reports import sarif
            from hclmod.rulekit import docstrings

            about = {each.id: each.summary for each in docstrings.heads(folders)} | {RULE: ABOUT}
            return sarif.render(report, about)
        case "github":
            from hclmod.reports import annotations

            return annotations.render(report)
        case "gitlab":
            from hclmod.reports import codequality

            return codequality.render(report)
        case "junit":
            from hclmod.reports import junit

            return junit.render(report)
        case _:
            from hclmod.reports import overview, terminal

            style = style or terminal.Style()
            if not style.verbose and any(each.is_by_cause for each in report.sections):
                return overview.render(report, style)
            return "".join(terminal.render(section, style) for section in report.sections)


def _bytes(text: str) -> int:
    return len(text.encode())
