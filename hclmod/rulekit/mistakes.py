"""Mistakes in a rule that would otherwise go unnoticed, each as an error that says what to write."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from hclmod.config import cluster
from hclmod.errors import RuleError
from hclmod.rulekit.rule import BLOCKS, Finding

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

    from hclmod.rulekit.rule import Rule

TYPES = {"str": "a text", "bool": "true or false", "int": "a whole number", "Address": "the address of a resource",
         "tuple[str, ...]": "a list of texts"}  # fmt: skip
"""The types of options, and how a person reads them."""

NEEDS = ("facts", "origins", "variables")

_FINDINGS = ("change", "note", "warn")


def refuse_dropped_findings(rule: str, name: str, text: bytes) -> None:
    """Raise `RuleError` where the text of a rule makes a finding without yielding it, or yields from one."""
    import ast

    try:
        tree = ast.parse(text)
    except SyntaxError:  # told when the rule is imported
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and (call := _finding(node.value)):
            message = f"rule `{rule}`: {name}:{node.lineno} makes a finding and drops it"
            raise RuleError(message, hint=f"Write `yield {call}(...)`.")
        if isinstance(node, ast.YieldFrom) and (call := _finding(node.value)):
            message = f"rule `{rule}`: {name}:{node.lineno} yields from one finding"
            raise RuleError(message, hint=f"Write `yield {call}(...)`, without `from`.")


def _finding(node: ast.expr) -> str:
    """`change`, `note` or `warn` where an expression calls it; empty where not."""
    import ast

    if not isinstance(node, ast.Call):
        return ""
    name = ast.unparse(node.func).rpartition(".")[2]
    return name if name in _FINDINGS else ""


def refuse(name: str, rule: Rule) -> None:
    """Raise `RuleError` for a check that cannot be called, kinds that are never offered, and options without a type."""
    for problem, hint in (*_signature(rule.check), *_kinds(rule), *_needs(rule), *_options(rule)):
        raise RuleError(f"rule `{name}`: {problem}", hint=hint)


def _signature(check: Callable[..., object]) -> Iterator[tuple[str, str]]:
    hint = 'Write `def check(block, context, /, *, option: str = ""):` and `yield` findings in it.'
    every = inspect.signature(check).parameters.values()
    positional = [each for each in every if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    others = [each for each in every if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    if len(positional) != 2:
        yield f"its check takes {len(positional)} positional parameters, not block and context", hint
    if others:
        yield f"its check takes `{others[0]}`, so that a misspelled option would go unnoticed", hint


def _kinds(rule: Rule) -> Iterator[tuple[str, str]]:
    kinds: object = rule.kinds
    if isinstance(kinds, str):
        yield f"its kinds are the string {kinds!r}", f'Write a tuple: `kinds=("{kinds}",)`.'
        return
    if not (rule.kinds or rule.more_kinds or rule.on_yaml or rule.drafts):
        yield "it names no kinds, so it is never offered a block", 'Write `kinds=("helm_release",)`.'
    for kind in rule.kinds:
        if not is_kind(kind):
            yield f"its kind `{kind}` is never offered", KINDS


KINDS = f"A kind is a resource type (helm_release), one of {', '.join(BLOCKS)}, or both (data.aws_ami)."


def is_kind(kind: str) -> bool:
    """Whether blocks of a kind are offered to rules."""
    return re.fullmatch(rf"({'|'.join(BLOCKS)})(\.[\w-]+)?|[a-z0-9-]+_\w+", kind) is not None


def _needs(rule: Rule) -> Iterator[tuple[str, str]]:
    if isinstance(rule.needs, str):
        yield f"its needs are the string {rule.needs!r}", f'Write a set: `needs={{"{rule.needs}"}}`.'
    elif wrong := set(rule.needs) - set(NEEDS):
        yield f"it needs `{min(wrong)}`, which the engine does not have", f"It has {', '.join(NEEDS)}."


def _options(rule: Rule) -> Iterator[tuple[str, str]]:
    for name, option in rule.options().items():
        write = f'Write `{name}: str = ""`, with one of the types {", ".join(TYPES)} and a default.'
        if name in cluster.OLD:
            fact = f"context.config.{cluster.TABLE}.{cluster.OLD[name]}"
            yield f"its option `{name}` is a fact about the cluster and not an option", f"Read `{fact}`."
        elif option.default is option.empty:
            yield f"its option `{name}` has no default", write
        elif option.annotation not in TYPES:
            yield f"its option `{name}` has the type `{option.annotation or type(option.default).__name__}`", write
        elif not _fits(option.annotation, option.default):
            yield f"its option `{name}` is declared `{option.annotation}` and its default is {option.default!r}", write


def _fits(kind: str, default: object) -> bool:
    match kind:
        case "bool":
            return isinstance(default, bool)
        case "int":
            return isinstance(default, int) and not isinstance(default, bool)
        case "tuple[str, ...]":
            return isinstance(default, tuple) and all(isinstance(each, str) for each in default)
    return isinstance(default, str)


def findings(rule: str, made: object) -> Iterator[Finding]:
    """What a check or a hook of a rule yields; `RuleError` where that is something else."""
    match made:
        case None:
            message = f"rule `{rule}`: its check returned nothing"
            raise RuleError(message, hint="Write `yield` in front of each finding, so that the check is a generator.")
        case Finding():
            raise RuleError(f"rule `{rule}`: its check returned one finding", hint="Write `yield` instead of `return`.")
    for each in made:  # type: ignore[attr-defined]  # whatever it is, Python says so
        if not isinstance(each, Finding):
            message = f"rule `{rule}`: its check yielded {each!r}, which is not a finding"
            raise RuleError(message, hint="Yield what `change`, `note` and `warn` return.")
        yield each
