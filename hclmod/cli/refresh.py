"""How commands query registries: a progress bar, and the images that failed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hclmod.cli import output
from hclmod.commands import tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hclmod.commands.tags import Refreshed
    from hclmod.engine.project import Project


def refreshed(project: Project, phases: Collection[int], *, keep: bool) -> Project:
    """The project with what registries say about the phases' images; with `keep` the snapshot is written, too.

    After an interruption the results so far are stored, then `KeyboardInterrupt` is raised.
    """
    with progress() as bar:
        result = tags.refresh(project, (), phases, watch=bar.step, begin=bar.begin)
    if keep and result.learnt:
        tags.write(project, result.snapshot)
    show_failed(result)
    if result.interrupted:
        raise KeyboardInterrupt
    return project.over(project.tree, tags=result.snapshot)


def show_failed(result: Refreshed) -> None:
    """Name the images that could not be queried, on standard error."""
    for name, why in result.failed.items():
        output.warning(f"{name}: {why.replace(chr(10), ' ')}")
    if result.interrupted:
        click.echo("interrupted: the results so far are stored", err=True)


class Bar:
    """How far a refresh is, on standard error while a person watches."""

    def __init__(self, *, watched: bool) -> None:
        self.watched, self.total, self.done = watched, 0, 0

    def begin(self, total: int) -> None:
        """Set the number of images."""
        self.total = total

    def step(self, name: str) -> None:
        """Count one image that is done."""
        self.done += 1
        if self.watched:
            click.echo(f"\r\x1b[K{self.done} of {self.total} images  {name[:60]}", nl=False, err=True)


@contextmanager
def progress() -> Iterator[Bar]:
    """Show a bar, and remove it at the end."""
    bar = Bar(watched=sys.stderr.isatty() and not output.is_quiet())
    try:
        yield bar
    finally:
        if bar.watched:
            click.echo("\r\x1b[K", nl=False, err=True)
