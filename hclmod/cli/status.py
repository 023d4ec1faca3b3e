"""`status`: the board of a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands.apply import plan_phases, tell
from hclmod.commands.audit import audit
from hclmod.commands.status import status as board
from hclmod.reports import tables

if TYPE_CHECKING:
    from hclmod.cli.options import Source


@click.command(cls=Command)
@options.progress
@options.formats(*tables.FORMATS)
@options.source(rules=True, settings=True)
def status(*, form: str, source: Source) -> None:
    """Show which phases are done, and what holds back the others.

    Plans every phase at HEAD, and runs the audit. A phase is done if a commit of HEAD did it. `since` is the day of
    that commit, or of the branch hclmod/phase-N. Remotes are seen as they were when they were last fetched.
    """
    project = source.open()
    numbers = options.phases(project, "all", dry_run=True)
    with output.progress() as watch:
        report = tell(project, plan_phases(project, numbers, watch=watch, begin=watch.begin))
        result = board(project, report, audit(project, watch=watch, begin=watch.begin))
    rows = {"Phases": result.phases, "Needs review": result.review}
    output.show_inert(tables.render(rows, form, output.width()))
    output.warn_of_unread(project.model.unread, project.closed)
    if form == "text" and result.next_step:
        output.say(f"\nNext: {result.next_step}")
