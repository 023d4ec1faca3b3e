"""`check` and `fix`: run rules on files of the working tree."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output, synth
from hclmod.cli.groups import Command
from hclmod.commands.apply import to_do, write
from hclmod.commands.check import check as check_files
from hclmod.commands.check import folder_around, nothing_to_check, plan_fix
from hclmod.engine.outcomes import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.cli.options import Function, Source, View
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project

_stdin = click.option(
    "--stdin-filename",
    "stdin",
    type=options.PATHS,
    metavar="PATH",
    help="Read one document from standard input and treat it as PATH.",
)


def _on_files(*, diff: bool) -> Callable[[Function], Function]:
    """The arguments and options that `check` and `fix` share."""

    def decorate(function: Function) -> Function:
        for option in (
            options.source(repository=False, rules=True, settings=True),
            _stdin,
            options.view(diff=diff),
            options.progress,
            options.only_rules,
            click.argument("paths", nargs=-1, type=options.PATHS),
        ):
            function = option(function)
        return function

    return decorate


@click.command(cls=Command)
@_on_files(diff=True)
def check(*, paths: tuple[Path, ...], rules: tuple[str, ...], stdin: Path | None, source: Source, view: View) -> int:
    """Check files against the rules of completed phases.

    Without --rule, the rules of completed phases run on their workloads. Writes nothing, and exits with 1 if there is
    anything to do or a named file cannot be read.
    """
    project, paths, unsaved = open_at(source, paths, stdin)
    with output.progress() as watch:
        reports = check_files(project, paths, rules, watch=watch, begin=watch.begin, unsaved=unsaved)
    _say_if_none(project, reports)
    worth_showing = [each for each in reports if view.verbose or rules or to_do(each) or each.unproven()]
    view.show(project, worth_showing if view.form == "text" else reports)
    for report in reports:
        project.proven(report)
    return int(is_unread(project, paths, reports) or any(to_do(report) for report in reports))


@click.command(cls=Command)
@_on_files(diff=False)
@click.option("--diff", is_flag=True, help="Show the changes as a diff and write nothing.")
@options.dry_run
@synth.option
def fix(
    *,
    paths: tuple[Path, ...],
    rules: tuple[str, ...],
    stdin: Path | None,
    diff: bool,
    dry_run: bool,
    by_synth: bool,
    source: Source,
    view: View,
) -> int:
    """Fix what `check` finds.

    Without --rule, the rules of completed phases run on their workloads. With --stdin-filename the fixed text goes to
    standard output and no file is written. Exits with 1 if a named file cannot be read.
    """
    project, paths, unsaved = open_at(source, paths, stdin)
    with output.progress() as watch:
        reports = plan_fix(project, paths, rules, watch=watch, begin=watch.begin, unsaved=unsaved)
    _say_if_none(project, reports)
    if by_synth:
        synth.prove(project, reports)
    if diff or dry_run:
        (view.as_diff() if diff else view).show(project, reports)
        for report in reports:
            project.proven(report)
        return 0
    if stdin is None:
        with view.showing(project, reports):
            write(project, reports)
        return int(is_unread(project, paths, reports))
    for report in reports:
        unsaved.update(project.proven(report))
    output.show_bytes(b"".join(unsaved.values()))
    return 0


def open_at(
    source: Source, paths: tuple[Path, ...], stdin: Path | None = None
) -> tuple[Project, tuple[Path, ...], dict[str, bytes]]:
    """Open the repository around the first path: it, the paths to read, and the document of standard input by name."""
    if stdin is not None and paths:
        raise click.UsageError("--stdin-filename reads one document, so give no other paths")
    first = (stdin or (paths[0] if paths else Path())).absolute()
    project = source.open(folder_around(first, Path.cwd()))
    if stdin is None:
        return project, paths or (Path(),), {}
    return project, (), {project.name_of(stdin): sys.stdin.buffer.read()}


def is_unread(project: Project, paths: tuple[Path, ...], reports: tuple[PhaseReport, ...]) -> bool:
    """Whether a file that a person named cannot be read."""
    unread = {each.path for report in reports for each in report.outcomes if isinstance(each, Skipped)}
    return any(project.name_of(path) in unread for path in paths if not path.is_dir())


def _say_if_none(project: Project, reports: tuple[PhaseReport, ...]) -> None:
    if not reports:
        output.say(nothing_to_check(project), err=True)
