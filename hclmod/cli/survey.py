"""`init`, `survey` and `trace`: start with a repository, and look at its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands import trace as tracing
from hclmod.commands.init import init as write_config
from hclmod.commands.survey import survey as survey_project
from hclmod.reports import secrets, tables
from hclmod.reports.escape import one_line

if TYPE_CHECKING:
    from hclmod.cli.options import Source


@click.command(cls=Command)
@options.source(config=False)
def init(*, source: Source) -> None:
    """Write a first hclmod.toml.

    It lists the stacks of the repository and has an empty phase to fill in.
    """
    name = write_config(source.repository.resolve()).name
    output.say(f"Wrote {name}. Add the phases, then run: hclmod apply --phase 1 --dry-run")


@click.command(cls=Command)
@options.part
@options.formats(*tables.FORMATS)
@options.source()
def survey(*, phase: str | None, stack: str | None, form: str, source: Source) -> None:
    """List all images, releases, workloads and namespaces.

    Reads the working tree, and gives the origin and the phase of each. A terminal shows the most useful columns and
    cuts long cells. The formats json and csv have everything.
    """
    project = source.open()
    result, select = survey_project(project), options.selected(project, phase, stack)
    result = result.of(select) if select else result
    summary = {"Phases": result.summary} if form in ("text", "markdown") else {}
    rows = secrets.rows({**summary, **result.tables}, secrets.cleaner(project))
    output.show_inert(tables.render(rows, form, output.width()))
    output.warn_of_unread(result.unread, project.closed)


@click.command(cls=Command)
@click.argument("place")
@options.formats("text", "json")
@options.source()
def trace(*, place: str, form: str, source: Source) -> None:
    """Show where an image comes from and what else uses it.

    PLACE is FILE:LINE from the repository's root, STACK/ADDRESS, or ADDRESS.
    """
    project = source.open()
    if form == "json":
        output.show_json(secrets.plain(tracing.rows(project, place), secrets.cleaner(project)))
        return
    clean = secrets.cleaner(project)
    for line in tracing.tell(project, place):
        output.show(clean(one_line(line)))
