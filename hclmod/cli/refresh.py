"""How the commands ask registries: a bar while they do, and the images that were not learnt by name."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hclmod import api

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hclmod.commands.tags import Refreshed

INTERRUPTED = 130


def refreshed(workspace: api.Workspace, phases: Collection[int], *, keep: bool) -> api.Workspace:
    """The workspace with what registries say of the phases' images; with `keep` the snapshot is written, too.

    An interruption goes on as `KeyboardInterrupt`, when what was learnt has been kept.
    """
    with progress() as bar:
        done = api.refresh_tags(workspace, (), phases, watch=bar.tell, begin=bar.begin)
    if keep and done.learnt:
        api.write_tags(workspace, done.snapshot)
    show_failed(done)
    if done.interrupted:
        raise KeyboardInterrupt
    return replace(workspace, tags=done.snapshot)


def show_failed(done: Refreshed) -> None:
    """Name on standard error what a refresh did not learn."""
    _show(done.failed)
    if done.interrupted:
        click.echo("interrupted; what was learnt until then is kept", err=True)


def _show(failed: Mapping[str, str]) -> None:
    for name, why in failed.items():
        click.echo(f"{click.style('not learnt:', fg='yellow')} {name}: {why.replace(chr(10), ' ')}", err=True)


class Bar:
    """How far a refresh is, on standard error while a person watches."""

    def __init__(self, *, watched: bool) -> None:
        self.watched, self.total, self.done = watched, 0, 0

    def begin(self, total: int) -> None:
        """Hear how many images there are."""
        self.total = total

    def tell(self, name: str) -> None:
        """Hear of one that is done."""
        self.done += 1
        if self.watched:
            click.echo(f"\r\x1b[K{self.done} of {self.total} images  {name[:60]}", nl=False, err=True)


@contextmanager
def progress() -> Iterator[Bar]:
    """Show a bar, and take it away at the end."""
    bar = Bar(watched=sys.stderr.isatty())
    try:
        yield bar
    finally:
        if bar.watched:
            click.echo("\r\x1b[K", nl=False, err=True)
