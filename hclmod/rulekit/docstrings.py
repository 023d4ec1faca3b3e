"""What a rule says of itself, read from its source text: listing rules runs none of their code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from hclmod.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import libcst


@dataclass(frozen=True, slots=True)
class OptionCard:
    """An option: its name, its type and its default, as the source writes them."""

    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True)
class Card:
    """A rule's id, the parts of its docstring, and its options.

    `group` is what the folder says of the rules in it: the docstring of its `__init__.py`, up to a semicolon.
    """

    id: str
    group: str
    summary: str
    why: str
    left_alone: str
    options: tuple[OptionCard, ...]


def read(path: Path) -> Card:
    """The card of a rule file; `RuleError` where it is no Python, or lacks a part of the docstring."""
    import libcst

    try:
        module = libcst.parse_module(path.read_bytes())
    except libcst.ParserSyntaxError as error:
        message = f"{path.name}, line {error.raw_line}: {error.message}"
        raise RuleError(message, hint="Mend the rule file.") from error
    parts = _parts(module.get_docstring() or "")
    rule = path.stem.replace("_", "-")
    for name in ("summary", "Why", "Left alone"):
        if not parts.get(name):
            hint = "Its docstring begins with a summary, then `Why: ...`, then `Left alone: ...`."
            raise RuleError(f"rule `{rule}` has no {name!r} in its docstring", hint=hint)
    return Card(rule, _group(path.parent), parts["summary"], parts["Why"], parts["Left alone"], tuple(_options(module)))


def by_group(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Cards by the group that they are in, sorted by its name."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.group, []).append(card)
    return dict(sorted(found.items()))


@cache
def _group(folder: Path) -> str:
    import libcst

    file = folder / "__init__.py"
    docstring = libcst.parse_module(file.read_bytes()).get_docstring() if file.is_file() else None
    return re.split(r"[;\n]", docstring)[0].rstrip(".") if docstring else "Rules of your own"


_SOURCE = re.compile(r" \((?:FACTS|DESIGN|SHAPES) [^)]*\)|, (?:FACTS|DESIGN|SHAPES) [\d.]+(\))")
"""Where a fact comes from, in the notes of those who write rules; not for those who read a card."""


def _parts(docstring: str) -> dict[str, str]:
    import inspect

    paragraphs = [_SOURCE.sub(r"\1", " ".join(part.split())) for part in inspect.cleandoc(docstring).split("\n\n")]
    parts = {"summary": paragraphs[0]}
    for paragraph in paragraphs[1:]:
        head, colon, rest = paragraph.partition(": ")
        if colon and head in ("Why", "Left alone"):
            parts[head] = rest
    return parts


def _options(module: libcst.Module) -> Iterator[OptionCard]:
    import libcst

    for statement in module.body:
        if isinstance(statement, libcst.FunctionDef) and statement.name.value == "check":
            for each in statement.params.kwonly_params:
                kind = module.code_for_node(each.annotation.annotation) if each.annotation else "str"
                default = module.code_for_node(each.default) if each.default else ""
                yield OptionCard(each.name.value, kind, default)
