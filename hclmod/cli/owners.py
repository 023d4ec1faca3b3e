"""`pin`, `unpin`, `opt-out`, `opt-in`, `audit` and `owners`: who decides which image runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli.apply import (
    PATHS,
    config_option,
    diff_option,
    format_option,
    output_option,
    rules_option,
    set_option,
    setup,
    show,
    verbose_option,
)
from hclmod.reports import tables

if TYPE_CHECKING:
    from collections.abc import Callable

_repository = click.option(
    "-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is."
)
_reason = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the comment.")


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """A day as `date` writes it, or a usage error."""
    import datetime as dt

    try:
        written = text and dt.date.fromisoformat(text).isoformat()
    except ValueError:
        written = ""
    if written != text:
        raise click.BadParameter(f"{text!r} is no date; write it as {_today()}")
    return text


_date = click.option(
    "--date", metavar="DAY", callback=_day, help="The day that the comment names; today, if not given."
)
_label = click.option("--label", is_flag=True, help="Also write the label, where the policy's exclude reads it.")
_dry_run = click.option("--dry-run", is_flag=True, help="Report what would be done; write nothing.")
_callers = click.option(
    "--with-callers", is_flag=True, help="Where the workload stands in a module: that of all who call it."
)


def _acts(command: Callable[..., int]) -> Callable[..., int]:
    """The options that every command on one workload has."""
    for option in (_callers, _dry_run, output_option, diff_option, format_option, config_option, _repository):
        command = option(command)
    return command


@click.command()
@click.argument("workload")
@click.option("--to", "tag", required=True, metavar="TAG", help="The good tag.")
@click.option("--allow-downgrade", is_flag=True, help="Go below the tag in the file and the pins that comments name.")
@_reason
@_date
@_label
@_acts
def pin(workload: str, tag: str, allow_downgrade: bool, reason: str, date: str | None, label: bool, **how: Any) -> int:
    """Put WORKLOAD, STACK/ADDRESS[:CONTAINER], on a known tag so that it stays there.

    The tag is set where it stands, Keel is opted out, and Terraform looks at the image again: all in one, or nothing.
    """
    options = {
        "to": tag,
        "reason": reason,
        "date": date or _today(),
        "label": label,
        "allow_downgrade": allow_downgrade,
    }
    return _act("pin", workload, options, **how)


@click.command()
@click.argument("workload")
@_acts
def unpin(workload: str, **how: Any) -> int:
    """Take back what `pin` did to WORKLOAD, byte for byte."""
    return _act("unpin", workload, {}, idle="it is not pinned", **how)


@click.command(name="opt-out")
@click.argument("workload")
@_reason
@_date
@_label
@_acts
def opt_out(workload: str, reason: str, date: str | None, label: bool, **how: Any) -> int:
    """Take WORKLOAD, STACK/ADDRESS, out of Keel's hands, whatever its tag."""
    return _act("opt-out", workload, {"reason": reason, "date": date or _today(), "label": label}, **how)


@click.command(name="opt-in")
@click.argument("workload")
@_acts
def opt_in(workload: str, **how: Any) -> int:
    """Take back what `opt-out` did to WORKLOAD, byte for byte."""
    return _act("unpin", workload, {}, idle="it did not opt out", **how)


def _today() -> str:
    import datetime as dt

    return dt.datetime.now().astimezone().date().isoformat()


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="This rule only.")
@click.option(
    "--base", default="HEAD", show_default=True, metavar="REV", help="The commit against which edits are told."
)
@click.option("--baseline", "known", type=PATHS, metavar="FILE", help="Do not tell the findings that FILE holds.")
@click.option(
    "--write-baseline",
    "keep",
    type=PATHS,
    metavar="FILE",
    callback=output.writable,
    help="Write what is found into FILE.",
)
@format_option
@output_option
@config_option
@rules_option
@set_option
@verbose_option
def audit(
    paths: tuple[Path, ...], rules: tuple[str, ...], base: str, known: Path | None, keep: Path | None, form: str,
    output_file: Path | None, file: Path | None, folders: tuple[Path, ...], settings: tuple[str, ...], verbose: bool,
) -> int:  # fmt: skip
    """Find images with two owners or none, in the whole repository or in PATHS; write nothing.

    Exits 1 if anything is found that the baseline does not hold. `hclmod fix --rule ID` does what can be done.
    """
    workspace, _, _ = setup(paths, None, file, folders, settings)
    with output.progress() as watch:
        report = api.audit(workspace, paths, rules, base=base, watch=watch)
    if keep is not None:
        output.save(keep, api.write_baseline(report))
        click.echo(f"{api.findings(report)} findings written to {keep}.")
        return 0
    if known is not None:
        report = api.without_baseline(report, known)
    show(workspace, [report], form, output_file, verbose=verbose, base=base)
    api.proven(workspace, report)
    return int(bool(api.findings(report)))


@click.command()
@click.option("--format", "form", type=click.Choice(tables.FORMATS), default="text", show_default=True)
@_repository
@config_option
def owners(form: str, repository: Path, file: Path | None) -> None:
    """List who owns the image, the tag and the pull policy of each container, with the evidence."""
    workspace = api.open_workspace(repository.resolve(), file=file)
    click.echo(tables.render({"Owners": api.owners(workspace)}, form), nl=False)


def _act(
    rule: str,
    workload: str,
    options: dict[str, object],
    *,
    repository: Path,
    file: Path | None,
    form: str,
    output_file: Path | None,
    dry_run: bool,
    with_callers: bool,
    idle: str = "",
) -> int:
    """Do it, and say how it went; `idle` is why there may be nothing to do."""
    workspace = api.open_workspace(repository.resolve(), file=file)
    report = api.act(workspace, workload, rule, options, with_callers=with_callers)
    show(workspace, [report], form, output_file, verbose=False)
    if objections := api.objections(report):
        click.echo(f"Nothing was written: {'; '.join(objections)}", err=True)
        return 1
    api.proven(workspace, report)
    aside = form != "text"
    if idle and not report.changes and api.notes(report):
        click.echo(f"Nothing to do: {idle}.", err=aside)
    if dry_run or not report.changes:
        return 0
    click.echo(f"{api.write(workspace, [report])} files written; nothing was committed.", err=aside)
    if commands := api.cells(report, "run"):
        click.echo("Until the next apply, on the cluster:", err=aside)
    for command in commands:
        click.echo(f"  {command}", err=aside)
    return 0


COMMANDS = (pin, unpin, opt_out, opt_in, audit, owners)
