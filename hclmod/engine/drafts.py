"""The files that rules begin, as outcomes of a run on the whole repository."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.outcomes import Changed, Outcome, Reported, StackReport, Unchanged
from hclmod.errors import RuleError
from hclmod.hcl.edits import Fix, Span
from hclmod.proof.verdict import AsDeclared
from hclmod.rulekit.drafts import Siblings
from hclmod.rulekit.rule import Context, Finding
from hclmod.terraform import stacks
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.engine.run import Run
    from hclmod.rulekit.drafts import Draft

_START = Span(0, 0)


def added(project: Project, run: Run, report: PhaseReport) -> PhaseReport:
    """The report with what the rules of its run begin; a run on a part of the repository begins nothing."""
    job = run.job
    drafting = [each for each in run.rules if each.rule.drafts]
    if not drafting or job.phase is not None or job.only is not None or job.workloads:
        return report
    paths = tuple(each.path for each in project.stacks)
    siblings = Siblings(paths, project.tree, lambda folder: stacks.owner(folder, project.config), _config(project))
    context = Context(config=run.config, tags=run.tags, assignment=run.assignment, objects=run.objects)
    outcomes = [
        (_folder(each.path, project), _outcome(loaded.id, each, project.tree.get(each.path)))
        for loaded in drafting
        for each in loaded.drafts(siblings, context)
    ]
    _require_one_each((*report.outcomes, *(outcome for _, outcome in outcomes)))
    known = {each.stack.path: each for each in report.stacks}
    for path, some in groupby(sorted(outcomes, key=lambda each: each[0]), key=lambda each: each[0]):
        old = known.get(path) or StackReport(Stack(stacks.name_of(path, project.config), path, ()), ())
        every = sorted((*old.outcomes, *(outcome for _, outcome in some)), key=lambda each: each.path)
        known[path] = replace(old, outcomes=tuple(every))
    return replace(report, stacks=tuple(known[path] for path in sorted(known)))


def _config(project: Project) -> str:
    """The path of the config from the root; one that lies outside of the repository as it was named."""
    path = project.config.path
    name = project.name_of(Path(path))
    return path if name.startswith("../") else name


def _require_one_each(outcomes: Iterable[Outcome]) -> None:
    """Raise a `RuleError` where two outcomes write one file: the last would take the place of the others."""
    count = Counter(each.path for each in outcomes if isinstance(each, Changed))
    if twice := sorted(path for path, number in count.items() if number > 1):
        hint = "Nothing was written. Name another file for one of them, or correct the rule."
        raise RuleError(f"two texts would be written to {', '.join(twice)}", hint=hint)


def _folder(path: str, project: Project) -> str:
    """The stack that a file belongs to, or would."""
    folder = path.rpartition("/")[0]
    owner = stacks.owner(folder, project.config)
    return folder if owner is None else owner


def _outcome(rule: str, draft: Draft, before: bytes | None) -> Outcome:
    """What becomes of a file; `before` is what it holds, None where it is not there."""
    fix = None if draft.data is None else Fix((), ())
    finding = Finding(
        span=_START, code=draft.code, message=draft.message, fix=fix, effect=draft.effect, advice=draft.advice
    )
    reported = Reported(rule=rule, finding=finding, line=1)
    if draft.data is None:
        return Unchanged(draft.path, (reported,))
    return Changed(
        path=draft.path,
        before=before or b"",
        after=draft.data,
        applied=(reported,),
        left=(),
        verdict=AsDeclared(draft.judges),
        new=before is None,
    )
