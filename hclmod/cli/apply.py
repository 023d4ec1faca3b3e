"""`apply`, `check` and `fix`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli import refresh as asking
from hclmod.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.engine.outcomes import PhaseReport

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
diff_option = click.option("--diff", "form", flag_value="diff", help="As --format diff: what `git apply` takes.")
format_option = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to report."
)
output_option = click.option(
    "--output",
    "output_file",
    type=PATHS,
    metavar="FILE",
    callback=output.writable,
    help="Write the report to FILE.",
)
stdin_option = click.option(
    "--stdin-filename", "stdin", type=PATHS, metavar="PATH", help="Read one document from standard input; it is PATH's."
)


@click.command()
@click.option("--phase", "phase", required=True, metavar="N", help="The phase; `all` with --dry-run.")
@click.option("--dry-run", is_flag=True, help="Report what would be done; write nothing.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 1 if anything would change.")
@click.option("--in-place", is_flag=True, help="Write the working tree; make no branch and no commit.")
@click.option("--replace", "replace_branch", is_flag=True, help="Make the branch anew where all on it is hclmod's.")
@click.option("--refresh", is_flag=True, help="First ask the registries about the phase's images: uses the network.")
@click.option("--base", default="HEAD", show_default=True, metavar="REV", help="The commit to start from.")
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@format_option
@diff_option
@output_option
@config_option
@rules_option
@set_option
@verbose_option
def apply(
    phase: str, dry_run: bool, exit_code: bool, in_place: bool, replace_branch: bool, refresh: bool, base: str,
    repository: Path, form: str, output_file: Path | None, file: Path | None, folders: tuple[Path, ...],
    settings: tuple[str, ...],
    verbose: bool,
) -> int:  # fmt: skip
    """Do one phase: one proven commit on the branch hclmod/phase-N.

    The working tree, the index and the current branch are left alone; git hooks do not run.
    """
    _refuse_pairs(dry_run=dry_run, exit_code=exit_code, in_place=in_place, replace=replace_branch, base=base)
    workspace = api.open_workspace(repository.resolve(), file=file, rules=folders, options=api.settings(settings))
    numbers = api.phase_numbers(workspace, phase, dry_run=dry_run)
    if refresh:
        workspace = asking.refreshed(workspace, numbers, keep=not dry_run)
    with output.progress() as watch:
        reports = api.plan_phases(workspace, numbers, base=base, in_place=in_place, watch=watch)
    show(workspace, reports, form, output_file, verbose=verbose, base=base)
    for report in reports:
        api.proven(workspace, report)
    if dry_run:
        return int(exit_code and any(report.changes for report in reports))
    if in_place:
        _say(f"{api.write(workspace, reports)} files written; nothing was committed.", form)
        return 0
    applied = api.apply_phase(workspace, reports[0], base=base, replace_branch=replace_branch)
    if applied.commit is None:
        _say("Nothing to change, so there is no commit.", form)
    else:
        _say(f"Committed {applied.commit[:12]} on {applied.branch}. Git hooks did not run.", form)
        _say(f"Look at it: git show {applied.branch}", form)
    for each in reports[0].broken:
        _say(f"Without {each.path} ({each.reason}): mend it; `hclmod check` then tells what it lacks.", form)
    return 0


def _refuse_pairs(*, dry_run: bool, exit_code: bool, in_place: bool, replace: bool, base: str) -> None:
    """Words that contradict each other are said, not ignored."""
    if exit_code and not dry_run:
        raise click.UsageError("--exit-code goes with --dry-run")
    if in_place and (replace or base != "HEAD"):
        raise click.UsageError("--in-place writes the working tree, so --base and --replace mean nothing with it")


def show(
    workspace: api.Workspace,
    reports: Sequence[PhaseReport],
    form: str,
    file: Path | None,
    *,
    verbose: bool,
    base: str = "HEAD",
) -> None:
    """Print reports in a format, or write them to a file."""
    text = api.tell(workspace, reports, base=base, for_text=form == "text")
    output.show_report(text, form, file, verbose=verbose)


def _say(text: str, form: str) -> None:
    """Tell a person; where standard output is for a machine, on standard error."""
    click.echo(text, err=form != "text")


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="This rule on everything that it is pointed at.")
@format_option
@diff_option
@output_option
@stdin_option
@config_option
@rules_option
@set_option
@verbose_option
def check(
    paths: tuple[Path, ...], rules: tuple[str, ...], form: str, output_file: Path | None, stdin: Path | None,
    file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Say what rules find in files or folders; write nothing.

    Without --rule: the rules of the phases that are done, on their workloads. Exits 1 if there is anything to do.
    """
    workspace, paths, unsaved = setup(paths, stdin, file, folders, settings)
    with output.progress() as watch:
        reports = api.check(workspace, paths, rules, watch=watch, unsaved=unsaved)
    _say_if_none(workspace, reports)
    telling = [each for each in reports if verbose or rules or api.findings(each) or each.unproven()]
    show(workspace, telling if form == "text" else reports, form, output_file, verbose=verbose)
    for report in reports:
        api.proven(workspace, report)
    return int(any(api.findings(report) for report in reports))


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="This rule on everything that it is pointed at.")
@format_option
@diff_option
@output_option
@stdin_option
@config_option
@rules_option
@set_option
@verbose_option
def fix(
    paths: tuple[Path, ...], rules: tuple[str, ...], form: str, output_file: Path | None, stdin: Path | None,
    file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Do what `check` finds, in the working tree.

    Without --rule: the rules of the phases that are done, on their workloads. With --stdin-filename the fixed text
    goes to standard output, and nothing is written.
    """
    workspace, paths, unsaved = setup(paths, stdin, file, folders, settings)
    with output.progress() as watch:
        reports = api.plan_fix(workspace, paths, rules, watch=watch, unsaved=unsaved)
    _say_if_none(workspace, reports)
    if stdin is None:
        show(workspace, reports, form, output_file, verbose=verbose)
        api.write(workspace, reports)
        return 0
    for report in reports:
        unsaved.update(api.proven(workspace, report))
    output.show_bytes(b"".join(unsaved.values()))
    return 0


def setup(
    paths: tuple[Path, ...], stdin: Path | None, file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...]
) -> tuple[api.Workspace, tuple[Path, ...], dict[str, bytes]]:
    """The workspace, the paths to look at, and what comes on standard input by its name."""
    if stdin is not None and paths:
        raise click.UsageError("--stdin-filename names the one document; give no other paths")
    first = (stdin or (paths[0] if paths else Path())).resolve()
    folder = next(each for each in (first, *first.parents) if each.is_dir())
    workspace = api.open_workspace(folder, file=file, rules=folders, options=api.settings(settings))
    if stdin is None:
        return workspace, paths or (Path(),), {}
    return workspace, (), {api.name_of(workspace.root, stdin): sys.stdin.buffer.read()}


def _say_if_none(workspace: api.Workspace, reports: tuple[PhaseReport, ...]) -> None:
    if not reports:
        hint = "name a rule with --rule" if not workspace.config.phases else "set `through`, or name a rule with --rule"
        click.echo(f"No phase is done yet, so there is nothing to check; {hint}.", err=True)


COMMANDS = (apply, check, fix)
