"""`rules`, `explain`, `test` and `new rule`."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli.apply import PATHS, config_option, rules_option
from hclmod.rulekit.docstrings import by_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hclmod.commands.test import Result

json_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@json_option
@rules_option
def rules(form: str, folders: tuple[Path, ...]) -> None:
    """List the rules, read from their source text."""
    if form == "json":
        output.show_json([asdict(card) for card in api.cards(folders)])
        return
    for number, (group, cards) in enumerate(by_group(api.cards(folders)).items()):
        click.echo("\n" * bool(number) + click.style(group, bold=True))
        for card in cards:
            click.echo(f"  {card.id:30} {card.summary}")


@click.command()
@click.argument("what", metavar="RULE_OR_ADDRESS")
@json_option
@rules_option
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@config_option
def explain(what: str, form: str, folders: tuple[Path, ...], repository: Path, file: Path | None) -> None:
    """Tell what a rule does, or the whole story of a workload.

    A rule: why, what it leaves alone, and its options. STACK/ADDRESS: namespace, phase, owner, images, markers, and
    what the next `apply` would do.
    """
    if "/" in what or "." in what:
        workspace = api.open_workspace(repository.resolve(), file=file, rules=folders)
        lines = list(api.explain(workspace, what))
        if form == "json":
            output.show_json(lines)
        else:
            click.echo("\n".join(lines))
    else:
        _explain_rule(what, form, folders)


def _explain_rule(rule: str, form: str, folders: tuple[Path, ...]) -> None:
    card = api.card(rule, folders)
    if form == "json":
        output.show_json(asdict(card))
        return
    click.echo(click.style(card.id, bold=True))
    for text in (card.summary, f"Why: {card.why}", f"Left alone: {card.left_alone}"):
        click.echo("\n" + textwrap.fill(text, 96))
    if card.options:
        click.echo("\nOptions:")
    for option in card.options:
        click.echo(f"  {option.name}: {option.type} = {option.default}")


@click.command()
@click.argument("which", required=False, metavar="[RULE[/TOPIC[/CASE]]]")
@click.option("--accept", is_flag=True, help="Take what the rules do now as what they should do.")
@click.option("--fixtures", default="fixtures", type=PATHS, metavar="FOLDER", show_default=True)
@json_option
@rules_option
def test(which: str | None, accept: bool, fixtures: Path, form: str, folders: tuple[Path, ...]) -> int:
    """Run the fixtures of all rules, of one rule, of one of its topics, or one case."""
    results = api.run_fixtures(fixtures, which, folders, accept=accept)
    if form == "json":
        output.show_json([asdict(each) | {"diff": each.diff.decode(errors="replace")} for each in results])
    else:
        _tell(results)
    return int(any(result.problems for result in results))


def _tell(results: Sequence[Result]) -> None:
    for result in results:
        if result.problems:
            click.echo(f"{click.style('FAILED', fg='red')} {result.name}")
            click.echo(textwrap.indent("\n".join(result.problems), "    "))
            output.show_bytes(result.diff)
    failed = sum(bool(result.problems) for result in results)
    kept = sum(result.unchanged for result in results)
    click.echo(f"{len(results)} cases, {kept} that must not change: {len(results) - failed} passed, {failed} failed")


@click.group()
def new() -> None:
    """Begin something new."""


_KIND = "The blocks that it looks at: a resource type, `module`, `provider`, `terraform`, `variable`, `data.TYPE`."


@new.command(name="rule")
@click.argument("rule")
@click.option("--into", default="rules", type=PATHS, metavar="FOLDER", show_default=True)
@click.option("--fixtures", default="fixtures", type=PATHS, metavar="FOLDER", show_default=True)
@click.option("--kind", default="helm_release", metavar="KIND", show_default=True, help=_KIND)
@click.option("--attribute", default="", metavar="NAME", help="The attribute that the rule sets.")
def new_rule(rule: str, into: Path, fixtures: Path, kind: str, attribute: str) -> None:
    """Write a rule that works and two fixtures for it, to be changed."""
    for path in api.new_rule(rule, into, fixtures, kind=kind, attribute=attribute):
        click.echo(f"wrote {path}")
    click.echo(f"Now change them, and run: hclmod test {rule} --rules {into} --fixtures {fixtures}")


COMMANDS = (rules, explain, test, new)
