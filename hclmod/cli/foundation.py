"""`foundation`: the files of phase 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.apply import committed
from hclmod.cli.groups import Command
from hclmod.commands.apply import apply_phase, write
from hclmod.commands.foundation import foundation as plan
from hclmod.commands.pin import objections
from hclmod.errors import HclmodError
from hclmod.reports.secrets import cleaner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.cli.options import Source, View


def _settings(_context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> dict[str, object]:
    """Read `KEY=VALUE`, the values of `--set`."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, value in pairs:
        if not (name and equals):
            hint = (
                "Write KEY=VALUE, for example `--set schedule='@every 6h'`. `hclmod explain foundation` lists the keys."
            )
            raise HclmodError(f"invalid value for `--set`: `{name}{equals}{value}`", hint=hint)
    return {name: value for name, _, value in pairs}


@click.command(cls=Command)
@click.option(
    "--policy",
    type=click.Choice(["mutating", "cluster"]),
    help="Kind of the policy.  [default: by the version of Kyverno]",
)
@click.option(
    "--enrol", type=click.Choice(["label", "allowlist"]), help="How namespaces are enrolled.  [default: label]"
)
@click.option("--keel-version", "version", metavar="X.Y.Z", help="Version of Keel.  [default: the newest of the chart]")
@click.option("--chart", metavar="X.Y.Z", help="Version of Keel's chart.  [default: 1.2.0]")
@click.option("--out", metavar="FOLDER", help="Folder of Keel's stack.  [default: stacks/keel]")
@click.option("--policy-file", metavar="FILE", help="File of the policy.  [default: beside Kyverno's release]")
@click.option("--update", is_flag=True, help="Set the keys that hclmod owns in what is there.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", callback=_settings, help="Set an option of the rule."
)
@click.option("--commit", is_flag=True, help="Make one commit on the branch hclmod/phase-0 and write no files.")
@click.option("--replace", is_flag=True, help="Replace the branch if every commit on it was made by hclmod.")
@options.dry_run
@options.view()
@options.source()
def foundation(
    *,
    update: bool,
    settings: dict[str, object],
    commit: bool,
    replace: bool,
    dry_run: bool,
    view: View,
    source: Source,
    **named: str | None,
) -> int:
    """Write phase 0: the stack that installs Keel, and the policy.

    Writes new files into the working tree, in the style of the other stacks. Enrolls nothing. Makes all of the files,
    or none. What is there already is compared, and changed with --update alone. With --commit it makes one commit
    instead, and the working tree, the index and the current branch do not change.
    """
    if replace and not commit:
        raise click.UsageError("--replace replaces the branch that --commit makes, so it needs --commit")
    project = source.open()
    given = {name: value for name, value in named.items() if value is not None}
    report = plan(project, {**settings, **given, "update": update}, base="HEAD" if commit else "")
    why = objections(report)
    lines: list[str] = []
    with view.showing(project, [report]) as shown:
        if not why:
            project.proven(report)
        if report.changes and not (why or dry_run):
            made = apply_phase(project, report, shown.sections[0], replace_branch=replace) if commit else None
            lines = [*(committed(made) if made else [output.written(write(project, [report]))]), *_NEXT]
    if why:
        output.show(cleaner(project)(f"Nothing was written: {'; '.join(why)}"), err=True)
        return 1
    if not report.changes:
        lines = ["Nothing to do: phase 0 is as hclmod writes it."]
    for line in lines:
        view.say(line)
    return 0


_NEXT = (
    "Look at the files before you apply them. The policy needs a Kyverno that runs.",
    "Then: hclmod audit",
)
