"""`fleet plan`, `run`, `status` and `close`: the same phase in many repositories."""

from __future__ import annotations

import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from hclmod.cli import options, output
from hclmod.cli.groups import Group
from hclmod.reports import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hclmod.fleet.file import Fleet
    from hclmod.fleet.rows import Row
    from hclmod.fleet.work import Do


@click.group(cls=Group)
def fleet() -> None:
    """Do a phase in many repositories.

    FILE is a fleet.toml that lists them, `-` for a list of addresses on standard input, or a glob of local checkouts.
    Each repository is cloned into a cache, and a worker does the work there. The ledger says what is done, so a run
    that was stopped goes on where it was.
    """


class _Asked(Struct, frozen=True):
    """What the words of all four commands say."""

    name: str
    phase: int | None
    ledger: Path | None
    form: str
    verbose: bool

    def fleet(self, *, needs_phase: bool = True) -> Fleet:
        """Read FILE."""
        from hclmod.fleet import file

        read = file.read(self.name, sys.stdin.buffer.read() if self.name == "-" else b"")
        return file.settled(read, self.phase, self.ledger, needs_phase=needs_phase)

    def show(self, rows: Sequence[Row]) -> None:
        """Print the report."""
        from hclmod.fleet import report

        shown = report.tables(rows, every=self.verbose or self.form != "text")
        output.show_inert(tables.render(shown, self.form, output.width()))

    def say(self, text: str) -> None:
        """Say something below the report, where a person reads it."""
        if self.form == "text":
            output.say(f"\n{text}")


def _asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the parameter `asked`."""

    @wraps(function)
    def command(*, name: str, phase: int | None, ledger: Path | None, form: str, verbose: bool, **others: Any) -> Any:
        return function(asked=_Asked(name, phase, ledger, form, verbose), **others)

    made: Callable[..., Any] = command
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="List every repository. The other formats always do."),
        options.formats(*tables.FORMATS),
        click.option("--ledger", type=options.PATHS, metavar="FILE", help="The ledger, if not the one of the fleet."),
        click.option("--phase", type=int, metavar="N", help="The phase, if not those of the fleet."),
        click.argument("name", metavar="FILE"),
    ):
        made = option(made)
    return made


_refresh = click.option("--refresh", is_flag=True, help="First query registries for the snapshot, each image once.")


@fleet.command()
@_asked
@_refresh
@options.progress
def plan(*, asked: _Asked, refresh: bool) -> int:
    """Show what a phase would change in each repository.

    Pushes nothing. Exits with 1 if a repository failed or was refused.
    """
    from hclmod.fleet.work import Do

    return _do(asked, Do.PLAN, refresh=refresh)


@fleet.command()
@_asked
@_refresh
@options.progress
def run(*, asked: _Asked, refresh: bool) -> int:
    """Push a branch with the phase to each repository.

    The branch is hclmod/phase-N. It is only written where it does not exist or every commit on it was made by hclmod.
    A repository is done once for the same base, phase, configuration, tags and version of hclmod. Exits with 1 if one
    failed or was refused.
    """
    from hclmod.fleet.work import Do

    return _do(asked, Do.RUN, refresh=refresh)


@fleet.command()
@_asked
def status(*, asked: _Asked) -> None:
    """Show what the ledger says of each repository.

    Contacts nobody.
    """
    from hclmod.fleet import ledger

    opened = asked.fleet(needs_phase=False)
    known = ledger.latest(ledger.read(opened.ledger))
    urls = [member.address.url for member in opened.members]
    rows = [known[each] for each in sorted(known, key=lambda each: each[1]) if each[0] in set(urls)]
    rows = [row for row in rows if asked.phase in (None, row.phase)]
    rows.sort(key=lambda row: (row.phase, urls.index(row.url)))
    asked.show(rows)
    if without := set(urls) - {row.url for row in rows}:
        asked.say(f"Not begun: {len(without)} of {len(urls)} repositories.")


@fleet.command()
@_asked
@options.progress
def close(*, asked: _Asked) -> int:
    """Remove the branches that `fleet run` has pushed.

    A branch is removed only if it still has the commit that the ledger says. Exits with 1 if one was not removed.
    """
    from hclmod.fleet.work import Do

    return _do(asked, Do.CLOSE)


def _do(asked: _Asked, do: Do, *, refresh: bool = False) -> int:
    """Do it, with progress; with `refresh` after a look at which tags have to be known."""
    from hclmod.fleet import file, tags
    from hclmod.fleet import run as runs

    opened, failed = asked.fleet(), dict[str, str]()
    for name in file.unset(opened, os.environ):
        output.warning(f"{name}, which `tokens` names, is not set")
    with output.progress("repositories") as watch:
        if refresh:
            failed |= tags.refresh(opened, watch, watch.begin)
        result = runs.run(opened, do, watch, watch.begin)
    asked.show(result.rows)
    for image, why in failed.items():
        output.warning(f"{image}: {' '.join(why.split())}")
    if result.left:
        output.warning(f"stopped: {result.stopped}. {result.left} not begun. Run again to go on")
    if result.known:
        asked.say(f"{result.known} of {len(result.rows)} were done by an earlier run.")
    return int(bool(result.left) or any(row.outcome.is_bad for row in result.rows))
