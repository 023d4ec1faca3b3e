"""Run one rule on one workload that a person names, in the working tree: all that it has to write, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Skipped, Unchanged
from hclmod.engine.tree import AWAY
from hclmod.engine.workloads import find
from hclmod.images import reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hclmod.engine.outcomes import Outcome, PhaseReport
    from hclmod.engine.project import Project
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload


def act(
    project: Project, target: str, rule: str, options: Mapping[str, object], *, with_callers: bool = False
) -> PhaseReport:
    """What a rule would do to the workload `STACK/ADDRESS[:CONTAINER]` and where its images come from; writes nothing.

    With one of `objections` nothing of it may be written. `with_callers`: where the workload stands in a module, that
    of all its callers.
    """
    name, container = _split(target)
    model = project.model
    workloads = find(model, name)
    if with_callers:
        workloads = tuple(each for each in model.workloads if each.id.block == workloads[0].id.block)
    more = {"container": _repository(model, workloads[0], container)} if container else {}
    every = project.options_of(None)
    job = Job(
        rules=(rule,),
        title=f"{rule} {target}",
        options={**every, rule: {**every.get(rule, {}), **options, **more}},
        workloads=workloads,
        alone=True,
        done=(),
    )
    return project.on_disk(project.plan(job))


def _split(target: str) -> tuple[str, str]:
    head, colon, container = target.rpartition(":")
    return (head, container) if colon else (target, "")


def _repository(model: Model, workload: Workload, container: str) -> str:
    """The repository that a container runs, by which others that run it too are found; its name where not known."""
    mine = (use for use in model.uses if use.id.block == workload.id.block)
    texts = (text for use in mine if use.image.label == container for text in use.texts if text)
    return next((image.name for text in texts if (image := reference.parse(text))), container)


def objections(report: PhaseReport) -> tuple[str, ...]:
    """Why the whole was not done: with one objection nothing may be written."""
    messages = (each.finding.message for each in report.findings if each.is_open and each.finding.fix is None)
    away = (
        f"{each.path} is {each.reason}" for each in report.outcomes if isinstance(each, Skipped) and each.reason == AWAY
    )
    return (*messages, *away)


def refused(report: PhaseReport) -> PhaseReport:
    """The report of what was not done: without the parts that could have been."""

    def unchanged(outcome: Outcome) -> Outcome:
        return Unchanged(outcome.path, outcome.left) if isinstance(outcome, Changed) else outcome

    stacks = (replace(each, outcomes=tuple(map(unchanged, each.outcomes))) for each in report.stacks)
    return replace(report, stacks=tuple(stacks))


def notes(report: PhaseReport) -> tuple[str, ...]:
    """What was left as it is on purpose, and why."""
    return tuple(each.finding.message for each in report.findings if not each.is_open)


def cells(report: PhaseReport, name: str) -> Sequence[str]:
    """The answers of a name that findings give, each once."""
    texts = (text for each in report.findings for key, text in each.finding.cells if key == name)
    return tuple(dict.fromkeys(texts))
