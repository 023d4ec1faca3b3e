"""`report`: a stored report shown in any format."""

from __future__ import annotations

from pathlib import Path

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli.phases import PATHS, format_option, output_option, rules_option, verbose_option

see_option = click.option("--see", default="", metavar="TEXT", help="Where all of it can be had, for what is cut.")


@click.command()
@click.argument("file", type=PATHS)
@format_option
@output_option
@click.option("--limit", type=int, metavar="BYTES", help="Cut Markdown to this: diffs first, refusals last.")
@see_option
@rules_option
@verbose_option
def report(
    file: Path, form: str, output_file: Path | None, limit: int | None, see: str, folders: tuple[Path, ...],
    verbose: bool,
) -> None:  # fmt: skip
    """Show a report that was stored with --format json; no rule is run."""
    told = api.read_report(file)
    output.show_report(told, form, output_file, verbose=verbose, limit=limit, whole=see, folders=folders)


COMMANDS = (report,)
