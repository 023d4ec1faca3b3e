"""`audit` and `owners`: who controls which image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.check import open_at
from hclmod.cli.groups import Command
from hclmod.commands.apply import to_do
from hclmod.commands.audit import audit as find_problems
from hclmod.commands.audit import without_baseline, write_baseline
from hclmod.commands.explain import owners as list_owners
from hclmod.reports import secrets, tables

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.cli.options import Source, View


@click.command(cls=Command)
@click.argument("paths", nargs=-1, type=options.PATHS)
@options.only_rules
@click.option(
    "--base", default="HEAD", show_default=True, metavar="REV", help="The commit that edits are compared with."
)
@click.option("--baseline", type=options.PATHS, metavar="FILE", help="Leave out the findings listed in FILE.")
@click.option(
    "--write-baseline",
    "new_baseline",
    type=options.PATHS,
    metavar="FILE",
    callback=output.writable,
    help="Write all findings to FILE, for later runs with --baseline.",
)
@options.progress
@options.view(diff=False)
@options.source(repository=False, rules=True, settings=True)
def audit(
    *,
    paths: tuple[Path, ...],
    rules: tuple[str, ...],
    base: str,
    baseline: Path | None,
    new_baseline: Path | None,
    view: View,
    source: Source,
) -> int:
    """Find images managed by two tools, or by none.

    Reads the whole repository or PATHS, and writes nothing. Exits with 1 if there is a finding that the baseline does
    not list. To fix what can be fixed, run `hclmod fix --rule ID`.
    """
    project, _, _ = open_at(source, paths)
    with output.progress() as watch:
        report = find_problems(project, paths, rules, base=base, watch=watch, begin=watch.begin)
    if new_baseline is not None:
        output.save(new_baseline, write_baseline(report))
        output.say(f"{to_do(report)} findings written to {new_baseline}.")
        return 0
    if baseline is not None:
        report = without_baseline(report, baseline)
    view.show(project, [report], base=base)
    project.proven(report)
    return int(bool(to_do(report)))


@click.command(cls=Command)
@options.part
@options.formats(*tables.FORMATS)
@options.source()
def owners(*, phase: str | None, stack: str | None, form: str, source: Source) -> None:
    """List who controls each image, tag and pull policy.

    Covers every container, Helm release and manifest, and gives the evidence. A terminal shows it without the
    evidence, and cuts long cells. The formats json and csv have everything.
    """
    project = source.open()
    rows = list_owners(project, options.selected(project, phase, stack))
    text = tables.render(secrets.rows({"Owners": rows}, secrets.cleaner(project)), form, output.width())
    output.show_inert(text)
    output.warn_of_unread(project.model.unread, project.closed)
