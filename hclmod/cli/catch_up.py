"""`catch-up`: roll a phase in batches, at a pace that the cluster survives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins
from msgspec.structs import replace

from hclmod.cli import options, output
from hclmod.cli.groups import Group
from hclmod.cli.tags import content
from hclmod.commands import catch_up as commands
from hclmod.config.rollout import MOST
from hclmod.reports import catch_up as board
from hclmod.reports import tables
from hclmod.reports.model import count
from hclmod.rollout import window
from hclmod.rollout.state import DONE, FAILED, STARTED, Blocked, Finished, Offer, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hclmod.cli.options import Source
    from hclmod.config.rollout import Rollout
    from hclmod.engine.project import Project
    from hclmod.rollout.items import Batch
    from hclmod.rollout.state import Next, State

WAITS = 5
"""The exit code where the window has no room yet."""

FORMATS = ("text", "json")


def _at(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    return window.moment(text) if text else None


def _seconds(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    return window.seconds(text) if text else None


at = click.option(
    "--at", metavar="TIME", callback=_at, help="The time that it is, such as 2026-12-01T12:00Z. Default: now."
)


@click.group("catch-up", cls=Group)
def catch_up() -> None:
    """Roll a phase in batches, at most 5 rollouts in any 6 hours.

    The state is kept in hclmod.catch-up.json. [rollout] in hclmod.toml sets the pace.
    """


@catch_up.command()
@click.option("--phase", type=int, required=True, metavar="N", help="The phase to roll.")
@options.base
@click.option("--per", type=click.IntRange(1, MOST), metavar="NUMBER", help="So many rollouts in a window. Default: 5.")
@click.option("--every", metavar="TIME", help="The length of the window. Default: 6h.")
@click.option("--poll", metavar="TIME", help="How often the cluster looks for new images. Default: 1h.")
@click.option("--runner", metavar="COMMAND", help="What applies a stack: terraform, tofu, terragrunt, scripts/tg.")
@click.option(
    "--worklist",
    "lists",
    multiple=True,
    type=options.PATHS,
    metavar="FILE",
    help="Images that Diun reports: these roll first.",
)
@click.option(
    "--running",
    type=options.PATHS,
    metavar="FILE",
    help="Output of `kubectl get pods -A -o json`: what runs its tag's digest does not count.",
)
@click.option(
    "--slices", is_flag=True, help="Also commit each batch on the branch hclmod/phase-N, for a CI that applies on push."
)
@click.option(
    "--replace", "again", is_flag=True, help="Write over a catch-up that is not finished, and over the branch."
)
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@at
@options.progress
@options.formats(*FORMATS)
@options.source(rules=True, settings=True)
def plan(*, phase: int, base: str, lists: tuple[Path, ...], running: Path | None, slices: bool, again: bool,
         dry_run: bool, at: datetime | None, form: str, source: Source, **pace: Any) -> None:  # fmt: skip
    """Plan the batches of a phase and store them.

    Plans the phase at --base, or for a phase that is done at the parent of its commit. Batches that are done stay.
    """
    from hclmod.engine.pacing import Plan
    from hclmod.engine.rollouts import Seen
    from hclmod.images import running as images

    project = source.open()
    old = commands.known(project)
    commands.require_replaceable(old, phase, replaced=again)
    there, revision = commands.planned(project, phase, base)
    seen = Seen(_worklist(lists), images.read(content(running), str(running)) if running else {})
    with output.progress() as watch:
        report = commands.phase_report(there, phase, watch, watch.begin)
        made = Plan(there, report, _settings(project, pace), old=old, seen=seen)
    state = made.state
    if slices and not dry_run:
        state = commands.commit_slices(made, revision, replace_branch=again)
    if not dry_run:
        commands.write(project, old, state)
    _show(state, at or _now(), form, made.slices() if slices else None)
    if form == "text":
        _say_next(state, slices=slices, merged=revision != base, written=not dry_run)


def _settings(project: Project, pace: dict[str, Any]) -> Rollout:
    """The settings of the config, below those of the command line."""
    for name in ("every", "poll"):
        if pace[name]:
            window.seconds(pace[name])
    return replace(project.config.rollout, **{name: value for name, value in pace.items() if value})


def _worklist(lists: tuple[Path, ...]) -> dict[str, str]:
    read = [("<stdin>" if str(each) == "-" else str(each), content(each)) for each in lists]
    behind, problems = commands.worklist(read)
    for each in problems:
        output.warning(f"cannot read {each}")
    return behind


def _now() -> datetime:
    return datetime.now(UTC)


def _say_next(state: State, *, slices: bool, merged: bool, written: bool) -> None:
    if not state.batches and not state.left:
        output.say(f"\nNothing has to be applied. What the phase leaves: hclmod apply --phase {state.phase} --dry-run")
    elif state.pipeline and not slices:
        output.warning(
            f"{state.pipeline} applies every stack that a push changes, at once. "
            f"Plan with --slices, or push the commit of the phase with [ci skip]"
        )
    if state.batches and written:
        first = "" if merged or slices else f"hclmod apply --phase {state.phase}, merge its branch, then "
        output.say(f"\nNext: {first}hclmod catch-up next")


def _show(state: State, now: datetime, form: str, slices: list[Any] | None = None) -> None:
    """Print the whole board: text for a person, or the state with its times as JSON."""
    if form == "json":
        output.show_json(board.as_json(state, now))
        return
    output.show_title(f"Catch-up of phase {state.phase}: {state.title}" if state.title else f"Phase {state.phase}")
    for line in board.summary(state, now):
        output.show(line)
    if slices:
        skipped = sum(each.skips for each in slices)
        output.show(f"{count(len(slices), 'slice')} on hclmod/phase-{state.phase}, {skipped} with [ci skip]")
    given: dict[str, Any] = {"Batches": board.rows(state, now)}
    given |= {"Fits into no window": board.left(state)} if state.left else {}
    output.show_inert("\n" + tables.render(given, "text", output.width()))


@catch_up.command("next")
@click.option("--run", "runs", is_flag=True, help="Run the commands of the batch, and mark it as done or failed.")
@click.option("--retry", is_flag=True, help="Take the batch that failed again.")
@click.option("--past-failed", is_flag=True, help="Go on with batches that do not depend on the one that failed.")
@click.option(
    "--timeout",
    metavar="TIME",
    callback=_seconds,
    help="With --run: stop a command that takes longer, such as 30m. Default: never.",
)
@at
@options.formats(*FORMATS)
@options.source()
def next_(*, runs: bool, retry: bool, past_failed: bool, timeout: int | None, at: datetime | None, form: str,
          source: Source) -> int:  # fmt: skip
    """Print the commands of the next batch.

    Exits with 5 if the window has no room yet, and with 1 if a batch failed. Nothing is run without --run.
    """
    project = source.open()
    if runs:
        clock: Callable[[], datetime] = (lambda: at) if at else _now
        result = commands.run(project, clock, retry=retry, past_failed=past_failed, limit=timeout, watch=_watch)
        if isinstance(result, commands.Ran):
            return _ran(result, form)
    else:
        result = commands.offer(project, at or _now(), retry=retry, past_failed=past_failed)
    return _tell(commands.read(project), result, at or _now(), form)


def _watch(line: str) -> None:
    output.say(f"+ {line}", err=True)


def _ran(result: commands.Ran, form: str) -> int:
    batch = result.batch
    if form == "json":
        output.show_json({"result": FAILED if result.reason else DONE, **to_builtins(result)})
        return int(bool(result.reason))
    if result.reason:
        output.show(f"Batch {batch.id} failed: {result.reason}", err=True)
        output.show("When it is mended: hclmod catch-up next --run --retry", err=True)
        return 1
    output.say(f"Batch {batch.id} is done: {count(batch.weight, 'rollout')}.")
    return 0


def _tell(state: State, result: Next, now: datetime, form: str) -> int:
    """Say what may happen next, and why not; the exit code."""
    if form == "json":
        output.show_json(board.next_as_json(state, result))
    match result:
        case Offer(batch, resumed):
            if form == "text":
                _offer(state, batch, resumed=resumed)
            return 0
        case Wait(batch, until):
            text = f"The next batch ({count(batch.weight, 'rollout')}) can begin {board.day(until)}, "
            text += f"{window.length((until - now).total_seconds())} from now."
            code = WAITS
        case Blocked(failed, behind):
            text = f"Batch {failed.id} failed: {board.reason(state, failed)}. {len(behind)} wait behind it.\n"
            text += f"Mend it, then: hclmod catch-up next --retry, or hclmod catch-up done {failed.id}"
            code = 1
        case Finished():
            text, code = f"Everything of phase {state.phase} is done.", 0
    if form == "text":
        output.show(text)
    return code


def _offer(state: State, batch: Batch, *, resumed: bool) -> None:
    number = [each.id for each in state.batches].index(batch.id) + 1
    title = f"Batch {number} of {len(state.batches)}, {batch.id}: {count(batch.weight, 'rollout')}"
    output.show_title(f"{title}, which has begun already" if resumed else title)
    for heading, lines in board.sections(state, batch):
        if lines:
            output.show(f"\n{heading}")
            for line in lines:
                output.show(f"  {line}")


@catch_up.command()
@click.argument("batch")
@at
@options.source()
def done(*, batch: str, at: datetime | None, source: Source) -> None:
    """Mark a batch as done. Its rollouts count from now on."""
    project = source.open()
    state = commands.mark(project, batch, DONE, at or _now())
    output.say(f"Batch {state.named(batch).id} is done, {len(state.of('waiting', STARTED, FAILED))} left.")


@catch_up.command()
@click.argument("batch")
@click.option("--reason", required=True, metavar="TEXT", help="What went wrong.")
@at
@options.source()
def failed(*, batch: str, reason: str, at: datetime | None, source: Source) -> None:
    """Mark a batch as failed, which holds back all others."""
    project = source.open()
    state = commands.mark(project, batch, FAILED, at or _now(), reason)
    output.say(f"Batch {state.named(batch).id} failed. Roll it back or mend it, then: hclmod catch-up next --retry")


@catch_up.command()
@at
@options.formats(*FORMATS)
@options.source()
def status(*, at: datetime | None, form: str, source: Source) -> None:
    """Show all batches, and when each can begin."""
    _show(commands.read(source.open()), at or _now(), form)
