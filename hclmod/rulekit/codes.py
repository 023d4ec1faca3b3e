"""The codes of a rule, and the facts about the cluster that it reads, by its source text.

The codes are the literals that stand where a `code` is asked for, the facts what an expression takes of their table.

A code may be given to `change`, `note` and `warn`, and to any function, method or class of the rule's modules with a
parameter or field `code`. Helper modules beside the rule are read too, where the rule uses what they define.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.config import cluster

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Definition = ast.FunctionDef | ast.ClassDef | ast.Assign

_MAKERS = {"change": 1, "note": 1, "warn": 1, "draft": 2, "objection": 1}
"""The functions of `hclmod.rulekit` that make findings and drafts, and which of their arguments the code is."""


class _Module(Struct, frozen=True):
    """A module of rules: its text as a tree, what it defines by name, and what it takes from modules beside it."""

    definitions: Mapping[str, Definition]
    imports: Mapping[str, tuple[Path, str]]


class _Definition(Struct, frozen=True):
    """What stands in one definition: codes, facts about the cluster, and the names that it uses."""

    codes: frozenset[str]
    facts: frozenset[str]
    names: frozenset[str]


def read(path: Path) -> tuple[str, ...]:
    """The codes that a rule may report, sorted, without the rule's id."""
    return tuple(sorted({code for each in _reached(path) for code in each.codes}))


def facts(path: Path) -> tuple[str, ...]:
    """The facts about the cluster that a rule reads, in the order of their table."""
    read = {fact for each in _reached(path) for fact in each.facts}
    return tuple(key for key in cluster.KEYS if key in read)


def _is_table(node: ast.expr) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == cluster.TABLE


def _reached(path: Path) -> Iterator[_Definition]:
    """What a rule uses: definitions of its file and of the modules beside it."""
    seen: set[tuple[Path, str]] = set()
    todo = [(path, "rule")]
    while todo:
        where = todo.pop()
        module, name = _module(where[0]), where[1]
        if where in seen:
            continue
        seen.add(where)
        if name in module.imports and module.imports[name][1] != "rule":  # what another rule says is its own
            todo.append(module.imports[name])
        elif name in module.definitions:
            definition = _definition(*where)
            yield definition
            todo += [(where[0], each) for each in definition.names]


@cache
def _definition(path: Path, name: str) -> _Definition:
    nodes = tuple(ast.walk(_module(path).definitions[name]))
    facts = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_table(node.value)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return _Definition(frozenset(_codes(nodes, _takers(path))), frozenset(facts), frozenset(names))


@cache
def _module(path: Path) -> _Module:
    definitions: dict[str, Definition] = {}
    imports: dict[str, tuple[Path, str]] = {}
    for node in ast.parse(path.read_bytes()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                definitions[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]):
                definitions[name] = node
            case ast.ImportFrom(level=level, module=str(module)) if level:
                file = path.parents[level - 1].joinpath(*module.split(".")).with_suffix(".py")
                imports |= {each.asname or each.name: (file, each.name) for each in node.names if file.is_file()}
    return _Module(definitions, imports)


@cache
def _takers(path: Path) -> dict[str, int]:
    """What takes a code in a module, with the position of that argument: its own definitions and those it imports."""
    module = _module(path)
    nodes: list[tuple[str, ast.AST]] = [("", inner) for each in module.definitions.values() for inner in ast.walk(each)]
    nodes += [(name, result) for name, (file, inner) in module.imports.items() if (result := _defined(file, inner))]
    takers = {}
    for alias, node in nodes:
        name, parameters = _signature(node)
        if "code" in parameters:
            takers[alias or name] = parameters.index("code")
    return {**takers, **_MAKERS}


def _defined(path: Path, name: str) -> Definition | None:
    """What a name of a module stands for, also where the module imports it from another one."""
    passed: set[tuple[Path, str]] = set()
    while (path, name) not in passed:
        passed.add((path, name))
        module = _module(path)
        if name in module.imports:
            path, name = module.imports[name]
    return module.definitions.get(name)


def _signature(node: ast.AST) -> tuple[str, list[str]]:
    """The name and the parameters of what is defined; of `say = warn if ... else note` those of the two."""
    match node:
        case ast.FunctionDef(name=name, args=arguments):
            return name, [each.arg for each in (*arguments.posonlyargs, *arguments.args) if each.arg != "self"]
        case ast.ClassDef(name=name, body=body):
            fields = (each.target for each in body if isinstance(each, ast.AnnAssign))
            return name, [each.id for each in fields if isinstance(each, ast.Name)]
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.IfExp(body=ast.Name(id=one), orelse=ast.Name(id=other))):
            return name, ["place", "code"] if {one, other} <= set(_MAKERS) else []
    return "", []


def _codes(nodes: Iterable[ast.AST], takers: Mapping[str, int]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in takers and len(node.args) > takers[name]:
                yield from _literals(node.args[takers[name]])


def _literals(code: ast.expr) -> Iterator[str]:
    """The texts that an expression may be: a literal, or one of two."""
    match code:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*_literals(one), *_literals(other))
