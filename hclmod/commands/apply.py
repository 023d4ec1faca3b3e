"""Plan phases, prove them, and write them: as one commit on a branch, or to the working tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import __version__, journal
from hclmod.caches import TITLE
from hclmod.engine import secrets
from hclmod.engine.outcomes import Changed
from hclmod.errors import GitError, RefusedError
from hclmod.ledger import branch_of
from hclmod.reports import from_plan
from hclmod.reports.model import Kind, Report, Section, Step
from hclmod.reports.secrets import cleaner, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.reports.model import Commit


def plan_phases(
    project: Project,
    numbers: Sequence[int],
    *,
    base: str = "HEAD",
    in_place: bool = False,
    watch: Callable[[str], None] = lambda _path: None,
    begin: Callable[[int], None] | None = None,
) -> tuple[PhaseReport, ...]:
    """What each phase would do to the files of `base`, or with `in_place` to the working tree; writes nothing."""
    there = project.at(base, in_place=in_place)
    done = tuple(number for number in project.config.phases if number < min(numbers, default=0))
    there.require_names()
    reports = there.plan_all([there.phase_job(number, done=done) for number in numbers], watch, begin)
    return tuple(map(there.on_disk, reports))


class Applied(Struct, frozen=True):
    """A phase that was written: on `branch` as `commit`, or (`commit` None) nothing because nothing changed.

    With `same` the branch held exactly that before.
    """

    report: PhaseReport
    branch: str
    commit: str | None
    same: bool = False


def apply_phase(
    project: Project,
    report: PhaseReport,
    shown: Section,
    *,
    base: str = "HEAD",
    replace_branch: bool = False,
    branch: str = "",
) -> Applied:
    """Commit a planned phase on its branch, or on `branch`; `RefusedError` where a document is not proven.

    `shown` is what of the report may be shown, and so said in the commit.
    """
    changes = changes_of(project, report)
    branch = branch or branch_of(report.number)
    if not changes:
        return Applied(report, branch, None)
    if (tip := holding(project, base, f"refs/heads/{branch}", changes)) is not None:
        return Applied(report, branch, tip, same=True)
    message = _message(report, _images(shown))
    commit = project.git.commit(base, changes, branch=branch, message=message, replace=replace_branch)
    return Applied(report, branch, commit)


def changes_of(project: Project, report: PhaseReport) -> dict[str, bytes | None]:
    """What a planned phase makes of each file, None for one that goes; `RefusedError` where one is not proven."""
    return {**project.proven(report), **dict.fromkeys(report.deleted)}


def has_branch(project: Project, number: int) -> bool:
    """Whether the branch of a phase is there."""
    try:
        project.git.resolve(f"refs/heads/{branch_of(number)}")
    except GitError:
        return False
    return True


def is_made_from(project: Project, number: int, base: str) -> bool:
    """Whether the branch of a phase was made from what `base` holds; a branch of one commit was made from nothing."""
    try:
        return project.git.entries(f"refs/heads/{branch_of(number)}^") == project.git.entries(base)
    except GitError:
        return False


def holding(project: Project, base: str, revision: str, changes: Mapping[str, bytes | None]) -> str | None:
    """The commit of a revision that holds `base` with these changes and nothing else; None where it does not."""
    git = project.git
    try:
        tip = git.resolve(revision)
    except GitError:
        return None
    before, after = ({each.path: each for each in git.entries(each_of)} for each_of in (base, tip))
    differing = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    written = {path: data for path, data in changes.items() if data is not None}
    if set(differing) != set(changes) or after.keys() & changes.keys() != written.keys():
        return None
    return tip if git.read([after[path] for path in sorted(written)], tip) == written else None


def _images(section: Section) -> list[str]:
    """What becomes of images, as `stack: old -> new`, each once."""
    pairs = ((stack, item) for stack in section.stacks for _, item in stack.items(Kind.CHANGE))
    lines = (f"{stack.name}: {cell.text}" for stack, item in pairs for cell in item.cells if cell.name == IMAGE)
    return list(dict.fromkeys(lines))


IMAGE = "image"
"""The name of the answer by which a rule says what becomes of an image."""


def _message(report: PhaseReport, images: Sequence[str]) -> str:
    from hclmod.ledger import PHASE, RULES, VERSION, message
    from hclmod.reports.escape import log, one_line, unlinked

    changed = [each for each in report.stacks if any(isinstance(outcome, Changed) for outcome in each.outcomes)]
    applied = {result.rule for outcome in report.outcomes if isinstance(outcome, Changed) for result in outcome.applied}
    rules = [rule for rule in report.rules if rule in applied]
    body = "\n".join(
        (
            "Stacks and modules:" if report.number is not None else "Folders:",
            *(f"- {unlinked(each.stack.path) or '.'}" for each in changed),
            "",
            *(("Images:", *(f"- {unlinked(each)}" for each in images), "") if images else ()),
            "Rules:",
            *(f"- {rule}" for rule in rules),
        )
    )
    title = log(one_line(" ".join(report.title.split())))
    subject = f"Phase {report.number}: {title}" if title else f"Phase {report.number} of the rollout"
    subject = title if report.number is None else subject
    subject = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 3]}..."
    phase = {} if report.number is None else {PHASE: str(report.number)}
    return message(subject, body, {**phase, RULES: ", ".join(report.rules), VERSION: __version__})


_SUBJECT = 68


def write(project: Project, reports: Sequence[PhaseReport]) -> int:
    """Write planned reports to the working tree.

    `RefusedError`, nothing written, where a document is not proven, or where a file would go that git could not give
    back.
    """
    changes: dict[str, bytes | None] = {}
    for report in reports:
        changes |= {**project.proven(report), **dict.fromkeys(report.deleted)}
    read: dict[str, bytes | None] = {}
    for outcome in (each for report in reports for each in report.outcomes):
        if isinstance(outcome, Changed):
            before = None if outcome.new else outcome.before
            read.setdefault(outcome.path, before)  # of several phases the first has what was on disk
    _require_stored(project, {path: read[path] for path, data in changes.items() if data is None})
    journal.replace_all(project.root, changes, read)
    return len(changes)


def _require_stored(project: Project, going: Mapping[str, bytes | None]) -> None:
    """Raise where the last commit does not have a file that is deleted, as it stands in the working tree."""
    if not going:
        return
    try:
        entries = [each for each in project.git.entries("HEAD") if each.path in going]
        stored = project.git.read(entries)
    except GitError:
        stored = {}
    if lost := sorted(path for path, data in going.items() if stored.get(path) != data):
        hint = "Nothing was written. Commit it first, or delete it yourself."
        raise RefusedError(f"no commit has what {', '.join(lost)} holds, and it would be deleted", hint=hint)


def to_do(report: PhaseReport) -> int:
    """How many things are to do: changes, and findings that need a person."""
    return sum(each.is_open for each in report.findings)


def tell(
    project: Project,
    reports: Sequence[PhaseReport],
    *,
    base: str = "HEAD",
    for_text: bool = False,
    is_of_base: bool = False,
) -> Report:
    """The reports as the one model of all renderings, with the phases of the config and which of them are done.

    With `is_of_base` they are about the files of the commit `base`, else about the working tree. Text does not show the
    progress of the rollout, so git is not asked for it either.
    """
    try:
        done = () if for_text else project.done
    except GitError:  # `check --rule` needs no repository
        done = ()
    paths = {outcome.path for each in reports for outcome in each.outcomes}
    hidden = secrets.hidden(project, paths, base)
    sections = tuple(from_plan.tell(each, hidden, with_hunks=not for_text) for each in reports)
    steps = tuple(Step(number, phase.title, number in done) for number, phase in project.config.phases.items())
    docs = "" if any(each.title == TITLE for each in reports) else project.config.docs  # no page of a rule is about it
    about = _commit(project, base) if is_of_base and not for_text else None
    report = Report(__version__, sections, () if for_text else steps, docs, about)
    return without(report, cleaner(project, paths, base, hidden))


def _commit(project: Project, base: str) -> Commit | None:
    from hclmod.forges import web

    return web.commit(project.root, base, os.environ)
