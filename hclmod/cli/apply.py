"""`apply`: one phase as one commit on one branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output, synth
from hclmod.cli import refresh as refreshing
from hclmod.cli.groups import Command
from hclmod.commands.apply import apply_phase, has_branch, is_made_from, plan_phases, write
from hclmod.ledger import branch_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.cli.options import Source, View
    from hclmod.commands.apply import Applied
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project


@click.command(cls=Command)
@click.option("--phase", required=True, metavar="N", help="The phase to apply, or `all` with --dry-run.")
@options.dry_run
@click.option("--exit-code", is_flag=True, help="With --dry-run, exit with 1 if anything would change.")
@click.option("--in-place", is_flag=True, help="Change the working tree instead of making a branch and a commit.")
@click.option("--replace", is_flag=True, help="Replace the branch if every commit on it was made by hclmod.")
@click.option("--refresh", is_flag=True, help="First query registries for the phase's images (uses the network).")
@click.option("--base", default="HEAD", show_default=True, metavar="REV", help="The commit to start from.")
@synth.option
@options.progress
@options.view()
@options.source(rules=True, settings=True)
def apply(
    *,
    phase: str,
    dry_run: bool,
    exit_code: bool,
    in_place: bool,
    replace: bool,
    refresh: bool,
    base: str,
    by_synth: bool,
    view: View,
    source: Source,
) -> int:
    """Apply one phase as one commit on a branch.

    The branch is hclmod/phase-N. The working tree, the index and the current branch do not change, and git hooks do
    not run.
    """
    _refuse_pairs(dry_run=dry_run, exit_code=exit_code, in_place=in_place, replace=replace, base=base)
    project = source.open()
    numbers = options.phases(project, phase, dry_run=dry_run)
    if refresh:
        project = refreshing.refreshed(project, numbers, keep=not dry_run)
    if not (dry_run or in_place or replace) and has_branch(project, numbers[0]):
        output.say(_existing(project, numbers[0], base), err=True)
    with output.progress() as watch:
        reports = plan_phases(project, numbers, base=base, in_place=in_place, watch=watch, begin=watch.begin)
    for report in reports:
        if not report.stacks:
            output.warning(f"phase {report.number} is empty: its stacks, workloads and namespaces select nothing")
        elif not any(True for _ in report.outcomes):
            output.warning(f"phase {report.number} has nothing to do: its stacks hold nothing that its rules look at")
    with view.showing(project, reports, base=base, is_of_base=not in_place) as shown:
        _require_proof(project, reports)
        if by_synth:
            synth.prove_each(project.at(base, in_place=in_place), reports)
        if dry_run:
            lines = _next(reports) if view.form == "text" and not view.verbose else []
        elif in_place:
            lines = [output.written(write(project, reports))]
        else:
            (report,), (section,) = reports, shown.sections
            applied = apply_phase(project, report, section, base=base, replace_branch=replace)
            lines = list(committed(applied))
    for line in lines:
        view.say(line)
    return int(exit_code and any(report.changes for report in reports))


def _existing(project: Project, number: int, base: str) -> str:
    """What is known of a branch that exists before its phase is planned again."""
    branch = branch_of(number)
    if number in project.done or is_made_from(project, number, base):
        return f"{branch} exists. Planning to see whether it is up to date."
    return f"{branch} exists and was not made from {base}, so the result is another one. --replace makes it again."


def _require_proof(project: Project, reports: Sequence[PhaseReport]) -> None:
    """Raise a `RefusedError` where a document is not proven."""
    for report in reports:
        project.proven(report)


def _next(reports: Sequence[PhaseReport]) -> list[str]:
    """What to do after a dry run."""
    first = next((report for report in reports if report.changes), None)
    if first is None:
        return []
    return ["Every place: --verbose. The changed lines: --diff.", f"Next: hclmod apply --phase {first.number}"]


def _refuse_pairs(*, dry_run: bool, exit_code: bool, in_place: bool, replace: bool, base: str) -> None:
    """Refuse options that contradict each other."""
    if exit_code and not dry_run:
        raise click.UsageError("--exit-code needs --dry-run")
    if in_place and (replace or base != "HEAD"):
        raise click.UsageError("--in-place changes the working tree, so it cannot be used with --base or --replace")


def committed(applied: Applied) -> Iterator[str]:
    """What was committed, and what to do next."""
    if applied.commit is None:
        yield "Nothing to change, so there is no commit."
    elif applied.same:
        yield f"{applied.branch} is up to date."
    else:
        yield f"Committed {applied.commit[:12]} on {applied.branch}. Git hooks did not run."
        yield f"Look at it: git show {applied.branch}"
    if applied.commit is not None:
        number = applied.report.number
        yield f"Propose it: hclmod pr --phase {number}" if number else f"Push it: git push origin {applied.branch}"
    for each in applied.report.broken:
        yield f"Left out {each.path} ({each.reason}). Fix it, then `hclmod check` shows what it still needs."
