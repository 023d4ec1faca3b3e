"""`pin`, `unpin`, `opt-out` and `opt-in`: put one workload back on a known tag, and undo that."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands.apply import write
from hclmod.commands.pin import act, cells, notes, objections, refused
from hclmod.reports.secrets import cleaner

if TYPE_CHECKING:
    from hclmod.cli.options import Function, Source, View
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project

_reason = click.option("--reason", required=True, metavar="TEXT", help="Why. Written into the comment.")


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Refuse a day that is not written as `date` writes it."""
    try:
        written = text and dt.date.fromisoformat(text).isoformat()
    except ValueError:
        written = ""
    if written != text:
        raise click.BadParameter(f"'{text}' is not a date, write it as {_today()}")
    return text


_date = click.option("--date", metavar="DAY", callback=_day, help="The day written into the comment.  [default: today]")
_label = click.option("--label", is_flag=True, help="Also set the label, if the policy's exclude reads it.")
_despite_ci = click.option("--despite-ci", is_flag=True, help="Act although CI sets the image.")
_callers = click.option(
    "--with-callers", is_flag=True, help="If the workload is in a module, act for every caller of the module."
)


def _acts(command: Function) -> Function:
    """Add the options that every command on one workload has."""
    for option in (options.source(), options.view(verbose=False), options.dry_run, _callers):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("workload")
@click.option("--to", "tag", default="", metavar="TAG", help="The known good tag, or a digest `sha256:...`.")
@click.option(
    "--keep-enrolled", is_flag=True, help="Give the image back to Terraform without an opt-out, also without --to."
)
@click.option("--allow-downgrade", is_flag=True, help="Allow a tag lower than the current one or an earlier pin.")
@_reason
@_date
@_label
@_despite_ci
@_acts
def pin(
    *,
    workload: str,
    tag: str,
    keep_enrolled: bool,
    allow_downgrade: bool,
    reason: str,
    date: str | None,
    label: bool,
    despite_ci: bool,
    **how: Any,
) -> int:
    """Pin a workload to a known tag.

    WORKLOAD is STACK/ADDRESS[:CONTAINER]. Sets the tag, opts the workload out of Keel and lets Terraform manage the
    image again. Makes all of these changes, or none. With --keep-enrolled there is no opt-out, and without --to the
    tag stays as it is in the file.
    """
    if not (tag or keep_enrolled):
        raise click.UsageError("Missing option '--to', or '--keep-enrolled' to keep the tag in the file.")
    values = {
        "to": tag,
        "reason": reason,
        "date": date or _today(),
        "label": label,
        "allow_downgrade": allow_downgrade,
        "despite_ci": despite_ci,
        "keep_enrolled": keep_enrolled,
    }
    return _act("pin", workload, values, **how)


@click.command(cls=Command)
@click.argument("workload")
@_acts
def unpin(*, workload: str, **how: Any) -> int:
    """Undo what `pin` did.

    WORKLOAD is STACK/ADDRESS. Restores the text byte for byte.
    """
    return _act("unpin", workload, {}, idle="the workload is not pinned", **how)


@click.command(cls=Command, name="opt-out")
@click.argument("workload")
@_reason
@_date
@_label
@_despite_ci
@_acts
def opt_out(*, workload: str, reason: str, date: str | None, label: bool, despite_ci: bool, **how: Any) -> int:
    """Exclude a workload from automatic updates.

    WORKLOAD is STACK/ADDRESS. Keel leaves it alone from then on, whatever its tag.
    """
    values = {"reason": reason, "date": date or _today(), "label": label, "despite_ci": despite_ci}
    return _act("opt-out", workload, values, **how)


@click.command(cls=Command, name="opt-in")
@click.argument("workload")
@_acts
def opt_in(*, workload: str, **how: Any) -> int:
    """Undo what `opt-out` did.

    WORKLOAD is STACK/ADDRESS. Restores the text byte for byte.
    """
    return _act("unpin", workload, {}, idle="the workload is not opted out", **how)


def _today() -> str:
    return dt.datetime.now().astimezone().date().isoformat()


def _act(
    rule: str,
    workload: str,
    values: dict[str, object],
    *,
    source: Source,
    view: View,
    dry_run: bool,
    with_callers: bool,
    idle: str = "",
) -> int:
    """Run the rule on the workload and report the result; `idle` is why there may be nothing to do."""
    project = source.open()
    report = act(project, workload, rule, values, with_callers=with_callers)
    why = objections(report)
    lines: list[str] = []
    with view.showing(project, [refused(report) if why else report]):
        if not why:
            project.proven(report)
            lines = [] if dry_run or not report.changes else _written(project, report)
    clean = cleaner(project)
    if why:
        output.show(clean(f"Nothing was written: {'; '.join(why)}"), err=True)
        return 1
    if idle and not report.changes and notes(report):
        view.say(f"Nothing to do: {idle}.")
    for line in lines:
        view.say(clean(line))
    return 0


def _written(project: Project, report: PhaseReport) -> list[str]:
    """Write a report; what to say after it."""
    lines = [output.written(write(project, [report]))]
    if commands := cells(report, "run"):
        lines.append("Until the next `terraform apply`, run on the cluster:")
    return [*lines, *(f"  {command}" for command in commands)]
