"""`hclmod foundation`: the files of phase 0, which the rule of that name makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.job import Job
from hclmod.engine.outcomes import Skipped, Unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.engine.outcomes import Outcome, PhaseReport
    from hclmod.engine.project import Project

RULE = "foundation"
PHASE = 0


def foundation(project: Project, options: Mapping[str, object], *, base: str = "") -> PhaseReport:
    """What phase 0 would write into the working tree, or on top of the commit `base`, or why it cannot; writes nothing.

    `options` are those of the rule, and those of `hclmod.toml` stand behind them.
    """
    every = project.options_of(None)
    job = Job(
        rules=(RULE,),
        title="Foundation",
        options={**every, RULE: {**every.get(RULE, {}), **options}},
        done=(),
    )
    if base:
        return replace(_without_others(project.at(base).plan(job)), number=PHASE)
    return _without_others(project.on_disk(project.plan(job)))


def _without_others(report: PhaseReport) -> PhaseReport:
    """The report without the files about which there is nothing to say."""
    stacks = [
        replace(each, outcomes=tuple(outcome for outcome in each.outcomes if _says_something(outcome)))
        for each in report.stacks
    ]
    return replace(report, stacks=tuple(each for each in stacks if each.outcomes))


def _says_something(outcome: Outcome) -> bool:
    return not isinstance(outcome, Skipped) and (not isinstance(outcome, Unchanged) or bool(outcome.left))
