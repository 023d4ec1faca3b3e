"""Plan phases, prove them, and write them: as one commit on a branch, or to the working tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hclmod import __version__, files
from hclmod.engine import follow, plan
from hclmod.engine.job import Brief
from hclmod.engine.outcomes import Changed, PhaseReport, Skipped, StackReport, Unchanged
from hclmod.engine.project import Workspace, on_disk
from hclmod.errors import ConfigError, RefusedError
from hclmod.hcl.document import Document
from hclmod.reports import from_plan
from hclmod.reports.diff import diff as unified_diff
from hclmod.reports.model import Report, Step
from hclmod.rulekit.rule import Level
from hclmod.terraform import stacks as stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hclmod.terraform.stacks import Stack


def plan_phases(
    workspace: Workspace,
    numbers: Sequence[int],
    *,
    base: str = "HEAD",
    in_place: bool = False,
    watch: Callable[[str], None] = lambda _path: None,
) -> tuple[PhaseReport, ...]:
    """What each phase would do to the files of `base`, or with `in_place` to the working tree; writes nothing."""
    from hclmod.git import Repository

    repository = Repository.open(workspace.root)
    if repository.root.resolve() != workspace.root:
        hint = f"Put {workspace.config.path} into {repository.root}."
        raise ConfigError("the configuration has to lie at the repository's root", hint=hint)
    entries = {entry.path: entry for entry in repository.entries(base)}
    stacks = stack.discover(entries, workspace.config)
    names = sorted(path for path in entries if path.endswith(follow.ENDINGS))
    links = frozenset(name for name in entries if entries[name].mode not in _REGULAR)

    def load(paths: Sequence[str]) -> dict[str, bytes]:
        wanted = [path for path in paths if path not in links]
        return (
            on_disk(workspace.root, wanted) if in_place else repository.read([entries[each] for each in wanted], base)
        )

    texts = load(names)
    assignment = follow.by_namespace(workspace.config, stack.assign(workspace.config, stacks), stacks, texts)
    briefs = [_brief(workspace, number, assignment, stacks) for number in numbers]
    if any(map(follow.forms_of, briefs)):
        texts |= load(sorted(filter(follow.may_hold_images, entries)))

    def read(each: Stack) -> tuple[Document, ...]:
        return tuple(Document(file, texts[file]) for file in each.files if file in texts)

    done = [number for number in workspace.config.phases if number < min(numbers, default=0)]
    placed = follow.placed(briefs, stacks, texts, read)
    if any(brief.wants_facts for brief in placed):
        from hclmod.engine import facts

        placed = [facts.informed(brief, texts, done) for brief in placed]
    todo = [(brief, follow.with_places(brief, stacks_of(brief, stacks))) for brief in placed]
    reports = []
    for brief, found in zip(placed, plan.run(todo, read, watch), strict=True):
        plan.check_targets(brief, found)
        reports.append(report_of(workspace, brief, tuple(_with_links(each, links) for each in found)))
    return tuple(reports)


_REGULAR = ("100644", "100755")


def no_phase(workspace: Workspace, number: int) -> ConfigError:
    """The error for a phase that the config does not have."""
    known = ", ".join(map(str, workspace.config.phases))
    hint = f"Its phases: {known}." if known else "Put an hclmod.toml with [phase.1] at the repository's root."
    return ConfigError(f"{workspace.config.path} has no phase {number}", hint=hint)


def _brief(workspace: Workspace, number: int, assignment: stack.Assignment, stacks: Sequence[Stack]) -> Brief:
    if number not in workspace.config.phases:
        raise no_phase(workspace, number)
    brief = Brief(
        workspace.config,
        workspace.tags,
        assignment,
        number,
        workspace.rules_of(number),
        workspace.options_of(number),
        workspace.folders,
    )
    return replace(brief, reached=plan.reach(brief, stacks))


def stacks_of(brief: Brief, stacks: Sequence[Stack]) -> list[Stack]:
    """The stacks that a brief looks at: all of them without a phase; its phase's and those that options reach."""
    if brief.phase is None:
        return list(stacks)
    wanted = brief.assignment.stacks_of(brief.phase) | {target.stack for _, target in brief.reached}
    return [each for each in stacks if each.path in wanted]


def report_of(workspace: Workspace, brief: Brief, reports: tuple[StackReport, ...]) -> PhaseReport:
    """The report of a brief, with its phase's title."""
    title = workspace.config.phases[brief.phase].title if brief.phase is not None else ""
    return PhaseReport(brief.phase, title, tuple(brief.rules or ()), reports)


def _with_links(report: StackReport, links: frozenset[str]) -> StackReport:
    found = [
        Skipped(file, "a symbolic link; its target is read where it lies")
        for file in report.stack.files
        if file in links
    ]
    return replace(report, outcomes=(*report.outcomes, *found)) if found else report


@dataclass(frozen=True, slots=True)
class Applied:
    """A phase that was written: on `branch` as `commit`, or (`commit` None) nothing because nothing changed."""

    report: PhaseReport
    branch: str
    commit: str | None


def apply_phase(
    workspace: Workspace, report: PhaseReport, *, base: str = "HEAD", replace_branch: bool = False
) -> Applied:
    """Commit a planned phase on its branch; `RefusedError` where a document is not proven."""
    from hclmod.git import Repository

    changes = proven(workspace, report)
    branch = f"hclmod/phase-{report.number}"
    if not changes:
        return Applied(report, branch, None)
    repository = Repository.open(workspace.root)
    commit = repository.commit(base, changes, branch=branch, message=_message(report), replace=replace_branch)
    return Applied(report, branch, commit)


def proven(workspace: Workspace, report: PhaseReport) -> dict[str, bytes]:
    """The new bytes of a report whose every document is proven; else `RefusedError`."""
    if bad := report.unproven(workspace.config.except_unproven):
        names = ", ".join(each.path for each in bad)
        hint = (
            "Nothing was written. The report says why; `except_unproven` in hclmod.toml leaves a document out by name."
        )
        raise RefusedError(f"not proven: {names}", hint=hint)
    return report.changes


def _message(report: PhaseReport) -> str:
    from hclmod.git import PHASE, RULES, VERSION, message

    changed = [each for each in report.stacks if any(isinstance(outcome, Changed) for outcome in each.outcomes)]
    applied = {found.rule for outcome in report.outcomes if isinstance(outcome, Changed) for found in outcome.applied}
    rules = [rule for rule in report.rules if rule in applied]
    body = "\n".join(
        (
            "Stacks and modules:",
            *(f"- {each.stack.path or '.'}" for each in changed),
            "",
            "Rules:",
            *(f"- {rule}" for rule in rules),
        )
    )
    title = " ".join(report.title.split())
    subject = f"Phase {report.number}: {title}" if title else f"Phase {report.number} of the rollout"
    subject = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 3]}..."
    return message(subject, body, {PHASE: str(report.number), RULES: ", ".join(report.rules), VERSION: __version__})


_SUBJECT = 68


def write(workspace: Workspace, reports: Sequence[PhaseReport]) -> int:
    """Write planned reports to the working tree; `RefusedError`, nothing written, where a document is not proven."""
    changes = {path: data for report in reports for path, data in proven(workspace, report).items()}
    files.replace_all(workspace.root, changes)
    return len(changes)


def findings(report: PhaseReport) -> int:
    """How many things are to do: changes, and findings that need a person."""
    found = 0
    for outcome in report.outcomes:
        if isinstance(outcome, Changed):
            found += len(outcome.applied)
        if isinstance(outcome, Changed | Unchanged):
            found += sum(each.finding.level is Level.WARNING for each in outcome.left)
    return found


def diff(workspace: Workspace, report: PhaseReport, base: str = "HEAD") -> bytes:
    """The diff of a report, without the files that git filters: what git-crypt hides must not go into a log."""
    return unified_diff(report, _hidden(workspace, report, base))


def _hidden(workspace: Workspace, report: PhaseReport, base: str) -> Collection[str]:
    """The files of a report that git filters."""
    paths = list(from_plan.shown(report))
    if not paths or not (workspace.root / ".git").exists():
        return ()
    from hclmod.git import Repository

    return Repository.open(workspace.root).filtered(paths, base)


def tell(
    workspace: Workspace, reports: Sequence[PhaseReport], *, base: str = "HEAD", done: Collection[int] = ()
) -> Report:
    """The reports as the one model of all renderings; `done` are the phases that are done."""
    sections = tuple(from_plan.tell(each, _hidden(workspace, each, base)) for each in reports)
    steps = tuple(Step(number, phase.title, number in done) for number, phase in workspace.config.phases.items())
    return Report(__version__, sections, steps)
