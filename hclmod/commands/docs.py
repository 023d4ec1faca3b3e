"""Pages of the documentation made from what the program says of itself: docstrings, fixtures, help, the schema.

The pages are committed, so that they can be read where the code is hosted and a pull request shows what changes for
readers; a test fails where one is stale and names the command that fixes it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.config import cluster, file
from hclmod.engine import cases
from hclmod.engine.outcomes import findings
from hclmod.images import evidence
from hclmod.reports.diff import unified
from hclmod.reports.escape import fence, prose
from hclmod.rulekit import docstrings
from hclmod.rulekit.docstrings import by_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.engine.cases import Case
    from hclmod.rulekit.docstrings import Card, OptionCard

_MADE = "<!-- Made by `hclmod docs`; change the source it is made from, not this page. -->\n\n"


class Example(Struct, frozen=True, kw_only=True):
    """What a fixture shows of a rule: the case's name, the diff it wants, and how many cases there are.

    Of a rule that only looks it is the file that it looks at (`diff` is empty) and what has to be said of it.
    """

    case: str
    diff: str
    cases: int
    kept: int
    file: str = ""
    says: tuple[str, ...] = ()


def pages(root: Path, folders: Sequence[Path] = ()) -> dict[str, str]:
    """The pages of the documentation on rules (with their cases below `root`) and configuration, by path."""
    every = docstrings.cards(folders)
    by_path = {f"rules/{each.id}.md": rule_page(each, _example(root, each.id)) for each in every}
    return {**by_path, "rules/index.md": rules_page(every), "config.md": config_page()}


def _example(root: Path, rule: str) -> Example | None:
    """The case of a rule that is named `example`; None without one."""
    every = tuple(cases.cases(root, rule))
    case = next((case for case in every if case.name.endswith("/example")), None)
    if case is None:
        return None
    diff, kept = _expected(case), sum(each.after == each.before for each in every)
    file, says = (b"", ()) if diff else (_shown(case), _messages(case))
    return Example(
        case=case.name,
        diff=diff.decode(errors="replace"),
        cases=len(every),
        kept=kept,
        file=file.decode(errors="replace"),
        says=says,
    )


def _expected(case: Case) -> bytes:
    """The diff from what a case has to what it wants; empty where nothing may change."""
    before, after = case.before, case.after
    return b"".join(unified(name, before.get(name, b""), after[name]) for name in sorted(after))


def _messages(case: Case) -> tuple[str, ...]:
    """What a built-in rule says in a case: what it asks of a person, else all of its notes."""
    every = [each.finding for each in findings(*cases.outcomes(case))]
    asked = [each for each in every if each.is_open]
    return tuple(dict.fromkeys(each.message for each in asked or every))


def _shown(case: Case) -> bytes:
    """The first `.tf` file of a case, for rules that only look; empty where it has none."""
    return next((data for name, data in sorted(case.before.items()) if name.endswith(".tf")), b"")


def rule_page(card: Card, example: Example | None) -> str:
    """The page of a rule: its docstring, its options, the case named `example`."""
    parts = [f"# {card.id}", card.summary, "## Why", card.why, "## What it leaves alone", card.left_alone]
    if card.options:
        rows = (_option_row(each) for each in card.options)
        intro = f"In `hclmod.toml` under `[options.{card.id}]`, or with `--set {card.id}.OPTION=VALUE`."
        head = ("| option | what it does | type | default |", "|---|---|---|---|")
        parts += ["## Options", intro, "\n".join((*head, *rows))]
    if card.facts:
        intro = f"It reads these keys of the table `[{cluster.TABLE}]` in `hclmod.toml`, which hold for all rules:"
        rows = (f"| `{each}` | {_cell(cluster.KEYS[each].about)} |" for each in card.facts)
        parts += ["## Facts about the cluster", intro, "\n".join(("| key | |", "|---|---|", *rows))]
    if card.codes:
        intro = "What its findings are called in reports, whatever their message says:"
        parts += ["## Codes", intro, "\n".join(f"* `{each}`" for each in card.codes)]
    if example is not None:
        text = f"Its fixture `{example.case}`, one of {example.cases} ({example.kept} of them must not change):"
        shown = fence(example.diff, "diff") if example.diff else fence(example.file, "hcl")
        parts += ["## Example", text, shown.rstrip("\n"), *(f"It says: {prose(each)}" for each in example.says)]
    return _MADE + _FACT.sub(_linked, "\n\n".join(parts)) + "\n"


def _option_row(option: OptionCard) -> str:
    default = f" `{_cell(option.plain_default)}`" if option.plain_default else ""
    return f"| `{option.name}` | {_cell(option.about)} | {_cell(option.plain_type)} |{default} |"


_FACT = re.compile(r"docs/facts\.md, (\w+) (\d+)")
"""How docstrings cite a fact."""


def _linked(fact: re.Match[str]) -> str:
    return f"[{fact[1]} {fact[2]}](../facts.md#{fact[1].lower()}-{fact[2]})"


def rules_page(cards: Sequence[Card]) -> str:
    """The list of all rules, by who runs them."""
    parts = ["# Rules"]
    for group, members in by_group(cards).items():
        rows = (f"| [{card.id}]({card.id}.md) | {_cell(card.summary)} |" for card in members)
        parts += [f"## {prose(group)}", "\n".join(("| rule | what it does |", "|---|---|", *rows))]
    return _MADE + "\n\n".join(parts) + "\n"


class Command(Struct, frozen=True):
    """A command as its help describes it: how it is called, what it does, its options with their help."""

    name: str
    usage: str
    text: str
    options: tuple[tuple[str, str], ...]


def commands_page(commands: Sequence[Command], exits: Mapping[int, str]) -> str:
    """The reference of the command line."""
    parts = ["# Commands", "Exit codes:", "\n".join(f"* {code}: {meaning}" for code, meaning in exits.items())]
    for each in commands:
        parts += [f"## {each.name}", fence(each.usage, "text").rstrip("\n"), each.text]
        if each.options:
            rows = (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in each.options)
            parts.append("\n".join(("| option | |", "|---|---|", *rows)))
    return _MADE + "\n\n".join(parts) + "\n"


def schemas() -> dict[str, str]:
    """The JSON schemas of the files that hclmod reads and writes, by the names of their files."""
    from hclmod.reports import json as stored

    made = {
        "hclmod.schema.json": file.schema(),
        "hclmod.tags.schema.json": evidence.schema(),
        "hclmod.report.schema.json": stored.schema(),
    }
    return {name: json.dumps(each, indent=2, ensure_ascii=False) + "\n" for name, each in made.items()}


def config_page() -> str:
    """The reference of `hclmod.toml`, from its schema."""
    schema = file.schema()
    parts = ["# hclmod.toml", schema["description"], *_tables(schema, "")]
    return _MADE + "\n\n".join(parts) + "\n"


def _tables(table: Mapping[str, Any], head: str) -> Iterator[str]:
    """The keys of a table, then the tables in it, each under a heading."""
    keys = table["properties"]
    inner = {name: each for name, each in keys.items() if "properties" in _entry(each)}
    rows = [f"| `{name}` | {_kind(each)} | {_cell(_text(each))} |" for name, each in keys.items() if name not in inner]
    yield "\n".join(("| key | value | |", "|---|---|---|", *rows))
    for name, each in inner.items():
        title = f"{head}{name}" if "properties" in each else f"{head}{name}.{_NAMED.get(name, 'NAME')}"
        yield f"## [{title}]"
        yield each["description"]
        yield from _tables(_entry(each), f"{title}.")


_NAMED = {"phase": "N", "images": '"GLOB"', "workloads": '"STACK/TYPE.NAME"', "registries": '"HOST"'}


def _entry(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table itself where its keys are known, else what its entries look like, where they all look the same."""
    every = value.get("additionalProperties")
    return value if "properties" in value else every if isinstance(every, dict) else {}


def _kind(value: Mapping[str, Any]) -> str:
    words = {"array": "list", "string": "text", "integer": "number", "object": "table", "boolean": "true or false"}
    return words.get(str(value.get("type")), "value")


def _text(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    shown = json.dumps(default) if isinstance(default, bool) else default
    return f"{value['description']}{'' if default is None else f' Default: `{shown}`.'}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
