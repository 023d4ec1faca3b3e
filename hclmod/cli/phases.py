"""`apply`, `check` and `fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli import output

if TYPE_CHECKING:
    from hclmod.plan import PhaseReport

PATHS = click.Path(path_type=Path)

config_option = click.option("--config", "file", type=PATHS, metavar="FILE", help="Read this instead of hclmod.toml.")
rules_option = click.option(
    "--rules",
    "folders",
    type=PATHS,
    multiple=True,
    metavar="FOLDER",
    help="Also load rules of this folder: runs its code.",
)
set_option = click.option("--set", "settings", multiple=True, metavar="RULE.OPTION=VALUE", help="Set a rule's option.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Also tell what is rightly left alone.")
diff_option = click.option("--diff", "with_diff", is_flag=True, help="Print the diff, which `git apply` takes, only.")


@click.command()
@click.option("--phase", "phase", required=True, metavar="N", help="The phase; `all` with --dry-run.")
@click.option("--dry-run", is_flag=True, help="Report what would be done; write nothing.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 1 if anything would change.")
@click.option("--in-place", is_flag=True, help="Write the working tree; make no branch and no commit.")
@click.option("--replace", "replace_branch", is_flag=True, help="Make the branch anew where all on it is hclmod's.")
@click.option("--base", default="HEAD", show_default=True, metavar="REV", help="The commit to start from.")
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@diff_option
@config_option
@rules_option
@set_option
@verbose_option
def apply(
    phase: str, dry_run: bool, exit_code: bool, in_place: bool, replace_branch: bool, base: str, repository: Path,
    with_diff: bool, file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Do one phase: one proven commit on the branch hclmod/phase-N.

    The working tree, the index and the current branch are left alone; git hooks do not run.
    """
    _refuse_pairs(dry_run=dry_run, exit_code=exit_code, in_place=in_place, replace=replace_branch, base=base)
    workspace = api.open_workspace(repository.resolve(), file=file, rules=folders, options=api.settings(settings))
    numbers = api.phase_numbers(workspace, phase, dry_run=dry_run)
    with output.progress() as watch:
        reports = api.plan_phases(workspace, numbers, base=base, in_place=in_place, watch=watch)
    for report in reports:
        _show(workspace, report, with_diff=with_diff, verbose=verbose, base=base)
    for report in reports:
        api.proven(workspace, report)
    if dry_run:
        return int(exit_code and any(report.changes for report in reports))
    if in_place:
        _say(f"{api.write(workspace, reports)} files written; nothing was committed.", with_diff)
        return 0
    applied = api.apply_phase(workspace, reports[0], base=base, replace_branch=replace_branch)
    if applied.commit is None:
        _say("Nothing to change, so there is no commit.", with_diff)
    else:
        _say(f"Committed {applied.commit[:12]} on {applied.branch}. Git hooks did not run.", with_diff)
        _say(f"Look at it: git show {applied.branch}", with_diff)
    return 0


def _refuse_pairs(*, dry_run: bool, exit_code: bool, in_place: bool, replace: bool, base: str) -> None:
    """Words that contradict each other are said, not ignored."""
    if exit_code and not dry_run:
        raise click.UsageError("--exit-code goes with --dry-run")
    if in_place and (replace or base != "HEAD"):
        raise click.UsageError("--in-place writes the working tree, so --base and --replace mean nothing with it")


def _show(workspace: api.Workspace, report: PhaseReport, *, with_diff: bool, verbose: bool, base: str) -> None:
    if with_diff:
        output.show_bytes(api.diff(workspace, report, base))
    else:
        output.show(report, verbose=verbose)


def _say(text: str, with_diff: bool) -> None:
    click.echo(text, err=with_diff)


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="This rule on everything that it is pointed at.")
@diff_option
@config_option
@rules_option
@set_option
@verbose_option
def check(
    paths: tuple[Path, ...], rules: tuple[str, ...], with_diff: bool, file: Path | None, folders: tuple[Path, ...],
    settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Say what rules find in files or folders; write nothing.

    Without --rule: the rules of the phases that are done, on their workloads. Exits 1 if there is anything to do.
    """
    workspace = setup(paths, file, folders, settings)
    with output.progress() as watch:
        reports = api.check(workspace, paths or (Path(),), rules, watch=watch)
    _say_if_none(workspace, reports)
    for report in reports:
        if verbose or rules or api.findings(report) or report.unproven():
            _show(workspace, report, with_diff=with_diff, verbose=verbose, base="HEAD")
    for report in reports:
        api.proven(workspace, report)
    return int(any(api.findings(report) for report in reports))


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="This rule on everything that it is pointed at.")
@config_option
@rules_option
@set_option
@verbose_option
def fix(
    paths: tuple[Path, ...], rules: tuple[str, ...], file: Path | None, folders: tuple[Path, ...],
    settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Do what `check` finds, in the working tree.

    Without --rule: the rules of the phases that are done, on their workloads.
    """
    workspace = setup(paths, file, folders, settings)
    with output.progress() as watch:
        reports = api.plan_fix(workspace, paths or (Path(),), rules, watch=watch)
    _say_if_none(workspace, reports)
    for report in reports:
        output.show(report, verbose=verbose)
    api.write(workspace, reports)
    return 0


def setup(
    paths: tuple[Path, ...], file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...]
) -> api.Workspace:
    """The workspace around the first path."""
    first = (paths[0] if paths else Path()).resolve()
    folder = first if first.is_dir() else first.parent
    return api.open_workspace(folder, file=file, rules=folders, options=api.settings(settings))


def _say_if_none(workspace: api.Workspace, reports: tuple[PhaseReport, ...]) -> None:
    if not reports:
        hint = "name a rule with --rule" if not workspace.config.phases else "set `through`, or name a rule with --rule"
        click.echo(f"No phase is done yet, so there is nothing to check; {hint}.", err=True)


COMMANDS = (apply, check, fix)
