"""`--prove-by-synth`: run programs of CDKTF before and after a change, where a person asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project

option = click.option(
    "--prove-by-synth",
    "by_synth",
    is_flag=True,
    help="Also run each changed program of CDKTF before and after, and compare what it synthesises. This runs the "
    "code of the repository.",
)


def prove(project: Project, reports: Sequence[PhaseReport]) -> None:
    """Run the programs that reports change, one report on the other, and say what differs."""
    from hclmod.engine import synth

    programs, values = synth.prove(project, reports)
    if programs:
        numbers = f"programs: {programs}, values that differ: {values}"
        output.say(f"Synthesised before and after, and all is as declared ({numbers}).", err=True)
    else:
        output.say("No program of CDKTF in Python changes, so none was run.", err=True)


def prove_each(project: Project, reports: Sequence[PhaseReport]) -> None:
    """The same for reports that do not build on each other."""
    for report in reports:
        prove(project, [report])
