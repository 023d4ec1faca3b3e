"""What a rule says of itself, read from its source text: listing rules runs none of their code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from hclmod.errors import RuleError
from hclmod.rulekit import codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import libcst


@dataclass(frozen=True, slots=True)
class OptionCard:
    """An option: its name, its type and its default, as the source writes them."""

    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A rule's id, the parts of its docstring, its options, and the codes of its findings.

    `group` is what the folder says of the rules in it: the docstring of its `__init__.py`, up to a semicolon.
    """

    id: str
    group: str
    summary: str
    why: str
    left_alone: str
    options: tuple[OptionCard, ...]
    codes: tuple[str, ...] = ()


def cards(folders: Sequence[Path] = ()) -> tuple[Card, ...]:
    """What every rule says of itself, sorted by id; no rule is run."""
    from hclmod.rulekit import loading

    paths = {rule: path for folder in (None, *folders) for rule, path in loading.every(folder).items()}
    return tuple(read(paths[rule]) for rule in sorted(paths))


def card(rule: str, folders: Sequence[Path] = ()) -> Card:
    """What one rule says of itself."""
    from hclmod.rulekit import loading

    return read(loading.find(rule, (None, *folders)))


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
    return Card(
        id=rule,
        group=_group(path.parent),
        summary=parts["summary"],
        why=parts["Why"],
        left_alone=parts["Left alone"],
        options=_options(module),
        codes=tuple(f"{rule}/{code}" for code in codes.read(path)),
    )


def by_group(cards: Iterable[Card]) -> dict[str, list[Card]]:
    """Cards by the group that they are in, sorted by its name."""
    by_key: dict[str, list[Card]] = {}
    for card in cards:
        by_key.setdefault(card.group, []).append(card)
    return dict(sorted(by_key.items()))


@cache
def _group(folder: Path) -> str:
    import libcst

    file = folder / "__init__.py"
    docstring = libcst.parse_module(file.read_bytes()).get_docstring() if file.is_file() else None
    return re.split(r"[;\n]", docstring)[0].rstrip(".") if docstring else "Rules of your own"


def _parts(docstring: str) -> dict[str, str]:
    """The parts of a docstring by their heads; a paragraph without a head belongs to the part before it."""
    import inspect

    paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(docstring).split("\n\n")]
    parts, last = {"summary": paragraphs[0]}, ""
    for paragraph in paragraphs[1:]:
        head, colon, rest = paragraph.partition(": ")
        if colon and head in ("Why", "Left alone"):
            parts[head], last = rest, head
        elif last and parts[last]:
            parts[last] += f"\n\n{paragraph}"
    return parts


_HOOKS = ("check", "at_places", "forms")
"""The functions of a rule whose keyword-only parameters are its options."""


def _options(module: libcst.Module) -> tuple[OptionCard, ...]:
    import libcst

    hooks = [each for each in module.body if isinstance(each, libcst.FunctionDef) and each.name.value in _HOOKS]
    every = [_option(module, parameter) for hook in hooks for parameter in hook.params.kwonly_params]
    return tuple({each.name: each for each in every}.values())


def _option(module: libcst.Module, parameter: libcst.Param) -> OptionCard:
    import ast

    default = module.code_for_node(parameter.default) if parameter.default else ""
    if parameter.annotation:
        return OptionCard(parameter.name.value, module.code_for_node(parameter.annotation.annotation), default)
    try:
        kind = type(ast.literal_eval(default)).__name__
    except (ValueError, SyntaxError):
        kind = ""
    return OptionCard(parameter.name.value, "tuple[str, ...]" if kind == "tuple" else kind, default)
