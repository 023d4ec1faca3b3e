"""`rules`, `explain`, `test` and `new rule`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from hclmod.cli import options, output
from hclmod.cli.groups import Command, Group
from hclmod.config import cluster
from hclmod.errors import HclmodError, nearest
from hclmod.reports.escape import one_line
from hclmod.rulekit import docstrings
from hclmod.rulekit.docstrings import by_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hclmod.cli.options import Source
    from hclmod.commands.test import Result


@click.command(cls=Command)
@options.formats("text", "json")
@options.source(repository=False, config=False, rules=True)
def rules(*, form: str, source: Source) -> None:
    """List the rules.

    Reads their source text and runs none of it.
    """
    if form == "json":
        output.show_json([to_builtins(card) for card in docstrings.cards(source.rules)])
        return
    for number, (group, members) in enumerate(by_group(docstrings.heads(source.rules)).items()):
        if number:
            output.show()
        output.show_title(group)
        for each in members:
            output.show(f"  {each.id:30} {each.summary}")


@click.command(cls=Command)
@click.argument("what", metavar="RULE_OR_ADDRESS")
@options.formats("text", "json")
@options.source(rules=True)
def explain(*, what: str, form: str, source: Source) -> None:
    """Explain a rule or a workload.

    For a rule: why it exists, what it leaves alone, and its options. For a workload (STACK/ADDRESS): namespace, phase,
    owner, images, markers, and what the next `apply` would do.
    """
    if "/" not in what and "." not in what and _is_rule(what, source):
        _explain_rule(what, form, source)
        return
    from hclmod.commands.explain import explain as explain_workload
    from hclmod.reports.secrets import cleaner

    project = source.open()
    clean = cleaner(project)
    lines = [clean(line) for line in explain_workload(project, what)]
    if form == "json":
        output.show_json(lines)
    else:
        output.show("\n".join(map(one_line, lines)))


def _is_rule(word: str, source: Source) -> bool:
    """Whether a word is a rule and not the short name of a workload; what is neither is an `HclmodError`."""
    from hclmod.rulekit import folders

    internal = folders.group("commands")
    known = [rule for folder in (None, *source.rules) for rule in folders.every(folder) if rule not in internal]
    if word in (*known, *internal):
        return True
    names = {each.id.address.rpartition(".")[2] for each in source.open().model.workloads}
    if word in names:
        return False
    hint = nearest(word, [*known, *sorted(names)], f"Known rules: {', '.join(sorted(known)) or 'none'}.")
    raise HclmodError(f"there is no rule `{word}`, and no workload of that name", hint=hint)


def _explain_rule(rule: str, form: str, source: Source) -> None:
    card = docstrings.card(rule, source.rules)
    if form == "json":
        output.show_json(to_builtins(card))
        return
    output.show_title(card.id)
    for text in (card.summary, f"Why: {card.why}", f"Left alone: {card.left_alone}"):
        output.show("\n" + textwrap.fill(text, 96))
    if card.options:
        output.show("\nOptions:")
    for option in card.options:
        default = f", default {option.plain_default}" if option.plain_default else ""
        text = f"  {option.name} ({option.plain_type}{default}): {option.about}"
        output.show(textwrap.fill(text, 96, subsequent_indent="    "))
    if card.facts:
        output.show(f"\nReads in the table [{cluster.TABLE}] of hclmod.toml:")
    for fact in card.facts:
        output.show(f"  {fact}: {cluster.KEYS[fact].about}")


@click.command(cls=Command)
@click.argument("which", required=False, metavar="[RULE[/TOPIC[/CASE]]]")
@click.option("--accept", is_flag=True, help="Store the current results as the expected ones.")
@options.fixtures
@options.formats("text", "json")
@options.source(repository=False, config=False, rules=True)
def test(*, which: str | None, accept: bool, fixtures: Path, form: str, source: Source) -> int:
    """Run the fixtures of all rules, or of one.

    Name a rule, one of its topics, or one case.
    """
    from hclmod.commands.test import run_all

    results = run_all(fixtures, which, source.rules, accept=accept)
    if form == "json":
        output.show_json([to_builtins(each) | {"diff": each.diff.decode(errors="replace")} for each in results])
    else:
        _show_results(results)
    return int(any(result.problems for result in results))


def _show_results(results: Sequence[Result]) -> None:
    for result in results:
        if result.problems:
            output.show_labelled("FAILED", result.name, color="red", err=False)
            output.show(textwrap.indent("\n".join(result.problems), "    "))
            output.show_bytes(result.diff)
    failed = sum(bool(result.problems) for result in results)
    unchanged = sum(result.unchanged for result in results)
    output.show(
        f"{len(results)} cases, {unchanged} that must not change: {len(results) - failed} passed, {failed} failed"
    )


@click.group(cls=Group)
def new() -> None:
    """Scaffold a rule."""


_KIND = "The blocks that the rule reads: a resource type, `module`, `provider`, `terraform`, `variable`, `data.TYPE`."


@new.command(name="rule")
@click.argument("rule")
@click.option(
    "--into", default="rules", type=options.PATHS, metavar="FOLDER", show_default=True, help="Folder of the rules."
)
@options.fixtures
@click.option("--kind", default="helm_release", metavar="KIND", show_default=True, help=_KIND)
@click.option("--attribute", default="", metavar="NAME", help="The attribute that the rule sets.")
def new_rule(*, rule: str, into: Path, fixtures: Path, kind: str, attribute: str) -> None:
    """Write a working rule and two fixtures.

    RULE is the id of the new rule, for example `drop-old-label`.
    """
    from hclmod.commands.new import new_rule

    for path in new_rule(rule, into, fixtures, kind=kind, attribute=attribute):
        output.say(f"wrote {path}")
    output.say(f"Now change them, and run: hclmod test {rule} --rules-dir {into} --fixtures {fixtures}")
