"""`init`, `survey` and `trace`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli.apply import PATHS, config_option
from hclmod.reports import tables

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
def init(repository: Path) -> None:
    """Write a first hclmod.toml: the stacks that are there, and a phase to fill in."""
    name = api.init(repository.resolve()).name
    click.echo(f"Wrote {name}. Name the phases in it, then: hclmod apply --phase 1 --dry-run")


@click.command()
@click.option("--format", "form", type=click.Choice(tables.FORMATS), default="text", show_default=True)
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@config_option
def survey(form: str, repository: Path, file: Path | None) -> None:
    """List every image, Helm release, workload and namespace of the working tree, with origins and phases."""
    workspace = api.open_workspace(repository.resolve(), file=file)
    result = api.survey(workspace)
    click.echo(tables.render(result.tables, form), nl=False)
    for path, why in result.unread.items():
        click.echo(f"not read, so nothing of it is listed: {path}: {why}", err=True)


@click.command()
@click.argument("place")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@config_option
def trace(place: str, form: str, repository: Path, file: Path | None) -> None:
    """Tell where the image at PLACE comes from, and what else hangs on it.

    PLACE is FILE:LINE from the repository's root, STACK/ADDRESS, or ADDRESS.
    """
    workspace = api.open_workspace(repository.resolve(), file=file)
    if form == "json":
        output.show_json(api.trace_rows(workspace, place))
        return
    for line in api.trace(workspace, place):
        click.echo(line)


COMMANDS = (init, survey, trace)
