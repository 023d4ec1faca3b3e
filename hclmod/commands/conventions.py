"""The section on conventions in Markdown files, and the sentences that contradict it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.engine.job import Job
from hclmod.errors import ConfigError, HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project

RULE = "conventions"
TITLE = "Conventions"
EDITED = "edited-by-hand"
_SECTION = frozenset({"adopted", "broken-comments", EDITED, "missing", "nothing-to-adopt", "stale"})
"""The codes that are about the section itself, and not about sentences."""


def plan(project: Project, *, force: bool = False, adopt: str = "") -> PhaseReport:
    """What would be written, and what contradicts it; writes nothing.

    `force` writes over a section that was edited by hand. `adopt` is the `PATH:LINE` of a heading whose section the
    new one replaces, of one file alone the line.
    """
    options = project.options_of(None)
    own = {"force": force, "adopt": _place(project, adopt) if adopt else ""}
    options[RULE] = {**options.get(RULE, {}), **own}
    report = project.on_disk(project.plan(Job(rules=(RULE,), title=TITLE, options=options)))
    codes = {each.finding.code for each in report.findings}
    if adopt and codes.isdisjoint({"adopted", "nothing-to-adopt", "broken-comments", EDITED}):
        raise HclmodError(f"`{adopt}` is in none of the files of [docs]", hint="Write PATH:LINE, as the report has it.")
    return report


def _place(project: Project, text: str) -> str:
    path, _, line = text.rpartition(":")
    files = project.config.conventions.files
    if not line.isdecimal() or (not path and len(files) != 1):
        raise HclmodError(f"`{text}` names no section", hint="Write PATH:LINE, as the report has it.")
    return text if path else f"{files[0]}:{line}"


def require_files(project: Project) -> None:
    """Raise a `ConfigError` where the config names no file for the section."""
    if not project.config.conventions.files:
        hint = 'Add [docs] with files = ["AGENTS.md"].'
        raise ConfigError(f"{project.config.path} names no file for the section", hint=hint)


def is_stale(report: PhaseReport) -> bool:
    """Whether a section is not as it should be."""
    return any(each.is_open and each.finding.code in _SECTION for each in report.findings)


def unread(project: Project, report: PhaseReport) -> list[str]:
    """Why files that the config names, or that these lead to, cannot be read or written."""
    from hclmod.engine import pages
    from hclmod.engine.outcomes import Skipped

    managed = {each.path for each in pages.find(project) if each.managed}
    skipped = (each for each in report.outcomes if isinstance(each, Skipped))
    return [f"{each.path} does not get the section: {each.reason}" for each in skipped if each.path in managed]


def objections(report: PhaseReport) -> Iterator[str]:
    """Why a section cannot be written: with one objection nothing may be."""
    from hclmod.engine.outcomes import findings

    for outcome in report.outcomes:
        for each in findings(outcome):
            if each.is_open and each.finding.fix is None and each.finding.code in _SECTION:
                yield f"{outcome.path}:{each.line}: {each.finding.message}"


def is_edited(report: PhaseReport) -> bool:
    """Whether a section was edited by hand, so that only `force` writes it."""
    return any(each.finding.code == EDITED for each in report.findings)
