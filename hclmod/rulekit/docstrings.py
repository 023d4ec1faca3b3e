"""What a rule says of itself, read from its source text: listing rules runs none of their code."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hclmod.errors import RuleError
from hclmod.rulekit.folders import every, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class OptionCard(Struct, frozen=True):
    """An option: its name, its type and its default, as the source writes them, and what the docstring says of it."""

    name: str
    type: str
    default: str
    about: str = ""

    @property
    def plain_type(self) -> str:
        """Its type in words."""
        from hclmod.rulekit.mistakes import TYPES

        return TYPES.get(self.type, self.type)

    @property
    def plain_default(self) -> str:
        """Its default as `hclmod.toml` writes it; empty where it is not set."""
        written = re.sub(r"Address\((.*)\)", r"\1", self.default)
        return {"True": "true", "False": "false", "()": "", '""': ""}.get(written, written)


class Head(Struct, frozen=True, kw_only=True):
    """A rule's id, its group and its summary.

    `group` is what the folder says of the rules in it: the docstring of its `__init__.py`, up to a semicolon.
    """

    id: str
    group: str
    summary: str


class Card(Head, frozen=True, kw_only=True):
    """The same with all parts of its docstring, its options, the codes of its findings, the facts that it reads."""

    why: str
    left_alone: str
    options: tuple[OptionCard, ...]
    codes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


Named = TypeVar("Named", bound=Head)


def heads(folders: Sequence[Path] = ()) -> tuple[Head, ...]:
    """The id, the group and the summary of every rule, sorted by id; nothing below the docstring is read."""
    paths = _paths(folders)
    texts = ((rule, path, _docstring(path)) for rule, path in sorted(paths.items()))
    return tuple(
        Head(id=rule, group=_group(path.parent), summary=_parts(text)["summary"]) for rule, path, text in texts
    )


def cards(folders: Sequence[Path] = ()) -> tuple[Card, ...]:
    """What every rule says of itself, sorted by id; no rule is run."""
    return tuple(read(path) for _, path in sorted(_paths(folders).items()))


def _paths(folders: Sequence[Path]) -> dict[str, Path]:
    return {rule: path for folder in (None, *folders) for rule, path in every(folder).items()}


def card(rule: str, folders: Sequence[Path] = ()) -> Card:
    """What one rule says of itself."""
    return read(find(rule, (None, *folders)))


def read(path: Path) -> Card:
    """The card of a rule file; `RuleError` where it is not Python, or lacks a part of the docstring."""
    source = path.read_bytes()
    module = _parsed(path.name, source)
    parts = _parts(ast.get_docstring(module) or "")
    rule = path.stem.replace("_", "-")
    for name in ("summary", "Why", "Left alone"):
        if not parts.get(name):
            hint = "Its docstring begins with a summary, then `Why: ...`, then `Left alone: ...`."
            raise RuleError(f"rule `{rule}` has no {name!r} in its docstring", hint=hint)
    from hclmod.rulekit import codes

    return Card(
        id=rule,
        group=_group(path.parent),
        summary=parts["summary"],
        why=parts["Why"],
        left_alone=parts["Left alone"],
        options=_options(module, source.decode("utf-8-sig", errors="replace").encode().splitlines()),
        codes=tuple(f"{rule}/{code}" for code in codes.read(path)),
        facts=codes.facts(path),
    )


def by_group(cards: Iterable[Named]) -> dict[str, list[Named]]:
    """Rules by the group that they are in, sorted by its name."""
    by_key: dict[str, list[Named]] = {}
    for card in cards:
        by_key.setdefault(card.group, []).append(card)
    return dict(sorted(by_key.items()))


def _parsed(name: str, source: bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise _no_python(name, source) from error


def _no_python(name: str, source: bytes) -> RuleError:
    """The error for a file that cannot be parsed; LibCST says most clearly where, and is loaded for that alone."""
    import libcst

    where = name
    try:
        libcst.parse_module(source)
    except libcst.ParserSyntaxError as error:
        where = f"{name}, line {error.raw_line}: {error.message}"
    return RuleError(where, hint="Mend the rule file.")


_CODE = re.compile(rb"^(?:from|import) ", re.MULTILINE)


def _docstring(path: Path) -> str:
    """The docstring of a file, without a look at its code where that can be helped."""
    source = path.read_bytes()
    try:
        module = ast.parse(_CODE.split(source, maxsplit=1)[0])
    except (SyntaxError, ValueError):  # a line of the docstring looks like code
        module = _parsed(path.name, source)
    return ast.get_docstring(module) or ""


@cache
def _group(folder: Path) -> str:
    file = folder / "__init__.py"
    docstring = _docstring(file) if file.is_file() else ""
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


_HOOKS = ("check", "at_places", "forms", "drafts", "on_page", "on_yaml")
"""The functions of a rule whose keyword-only parameters are its options."""


def _options(module: ast.Module, lines: Sequence[bytes]) -> tuple[OptionCard, ...]:
    hooks = [each for each in module.body if isinstance(each, ast.FunctionDef) and each.name in _HOOKS]
    about = {name: text for hook in reversed(hooks) for name, text in _abouts(ast.get_docstring(hook) or "")}
    pairs = [pair for hook in hooks for pair in zip(hook.args.kwonlyargs, hook.args.kw_defaults, strict=True)]
    every = [_option(parameter, default, lines) for parameter, default in pairs]
    return tuple({each.name: replace(each, about=about.get(each.name, "")) for each in every}.values())


_ABOUT = re.compile(r"^`(\w+)`: (.+(?:\n(?!`\w+`: ).+)*)", re.MULTILINE)
"""How the docstring of a hook describes an option: its name in backticks, a colon, and words up to the next one."""


def _abouts(docstring: str) -> list[tuple[str, str]]:
    texts = ((match[1], " ".join(match[2].split())) for match in _ABOUT.finditer(docstring))
    return [(name, text[:1].upper() + text[1:]) for name, text in texts]


def _option(parameter: ast.arg, default: ast.expr | None, lines: Sequence[bytes]) -> OptionCard:
    name, written = parameter.arg.removesuffix("_"), _written(lines, default) if default else ""
    if parameter.annotation:
        return OptionCard(name, _written(lines, parameter.annotation), written)
    try:
        kind = type(ast.literal_eval(default)).__name__ if default else ""
    except (ValueError, TypeError):
        kind = ""
    return OptionCard(name, "tuple[str, ...]" if kind == "tuple" else kind, written)


def _written(lines: Sequence[bytes], node: ast.expr) -> str:
    if node.lineno != node.end_lineno:
        return ast.unparse(node)
    return lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()
