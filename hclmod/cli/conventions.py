"""`conventions`: the section on tags and markers in Markdown files, and what contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands import conventions as commands
from hclmod.commands.apply import write
from hclmod.errors import RefusedError

if TYPE_CHECKING:
    from hclmod.cli.options import Source, View
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project


@click.command(cls=Command)
@click.option(
    "--check", is_flag=True, help="Write nothing, and exit with 1 if a section is out of date or a file cannot be read."
)
@click.option("--force", is_flag=True, help="Also write over a section that was edited by hand.")
@click.option(
    "--adopt",
    default="",
    metavar="PATH:LINE",
    help="Replace the section about a marker, written by hand, whose heading stands there.",
)
@click.option("--diff", is_flag=True, help="Show the changes as a diff and write nothing.")
@options.dry_run
@options.view(diff=False)
@options.source(settings=True)
def conventions(*, check: bool, force: bool, adopt: str, diff: bool, dry_run: bool, view: View, source: Source) -> int:
    """Keep a section on tags and markers in Markdown files.

    Writes the section into the files that [docs] names, and lists the sentences in Markdown and in descriptions of
    variables that contradict it. These are never changed. Exits with 1 if one of the files cannot be read.
    """
    project = source.open()
    if check or force or adopt:
        commands.require_files(project)
    report = commands.plan(project, force=force, adopt=adopt)
    if check or diff or dry_run:
        (view.as_diff() if diff else view).show(project, [report])
        project.proven(report)
        return int(check and (_is_unread(project, report) or commands.is_stale(report)))
    if reasons := list(commands.objections(report)):
        _refuse(project, report, view, reasons)
    with view.showing(project, [report]):
        number = write(project, [report])
    if not project.config.conventions.files:
        output.say("No section is kept, because [docs] in hclmod.toml names no files.", err=True)
    elif number:
        view.say(output.written(number))
    return int(_is_unread(project, report))


def _is_unread(project: Project, report: PhaseReport) -> bool:
    """Whether a file that the config names cannot be read; the reason goes to standard error."""
    reasons = commands.unread(project, report)
    for reason in reasons:
        output.show_labelled("error:", reason, color="red")
    return bool(reasons)


def _refuse(project: Project, report: PhaseReport, view: View, reasons: list[str]) -> None:
    """Write nothing, and show what `--force` would change in a section that was edited by hand."""
    hint = "Nothing was written."
    if commands.is_edited(report):
        view.as_diff().show(project, [commands.plan(project, force=True)])
        hint = "Nothing was written. The diff shows what --force would change."
    raise RefusedError("\n".join(reasons), hint=hint)
