"""Modules stand on layers, third-party packages have one owner, and slow ones are loaded when they are needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hclmod"

OWNERS = {
    "tree_sitter": {"hcl.syntax", "yaml.scalars"},
    "tree_sitter_hcl": {"hcl.syntax"},
    "tree_sitter_yaml": {"yaml.scalars"},
    "yaml": {"yaml.fixes"},
    "git": {"git"},
    "hcl2": {"proof.parsers"},
    "lark": {"proof.parsers"},
    "pygohcl": {"proof.parsers"},
    "libcst": {"rulekit.docstrings"},
    "regex": {"hcl.alignment"},
    "httpx": {"http"},
    "click": {
        "cli", "cli.refresh", "cli.docs", "cli.survey", "cli.output", "cli.owners", "cli.apply",
        "cli.report", "cli.rules", "cli.tags",
    },
    "tomllib": {"config.file", "commands.test"},
}  # fmt: skip


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts) or "hclmod"] = path
    return found


MODULES = modules()


class _WithoutTypes(ast.NodeTransformer):
    """Takes away what is there for the type checker only."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imports(path: Path, *, types: bool = True) -> Iterator[str]:
    """The absolute names of what a file imports, also inside functions and, unless told, for types only."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree if types else _WithoutTypes().visit(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_relative_imports_would_hide_from_this_test() -> None:
    assert not [name for name, path in MODULES.items() if any(each.startswith(".") for each in imports(path))]


def third_party(path: Path) -> set[str]:
    found = {each.split(".")[0] for each in imports(path)}
    return {each for each in found if each not in sys.stdlib_module_names or each == "tomllib"} - {"hclmod", ""}


@pytest.mark.parametrize("name", MODULES)
def test_third_party_packages_have_one_owner(name: str) -> None:
    for package in third_party(MODULES[name]):
        assert name in OWNERS.get(package, ()), f"{name} imports {package}"


RULES = sorted((ROOT / "rules").rglob("*.py"))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_import_the_engine_and_each_other_only(path: Path) -> None:
    forbidden = {"hclmod.hcl.syntax", "hclmod.proof.parsers", "hclmod.git", "hclmod.files", "hclmod.cli", "hclmod.api"}
    for each in imports(path):
        assert each.split(".")[0] in {"", "hclmod", "__future__"} or each.split(".")[0] in sys.stdlib_module_names
        assert each.split(".")[0] not in {"os", "pathlib", "subprocess", "socket", "urllib"}, "rules have no effects"
        assert not any(each == name or each.startswith(f"{name}.") for name in forbidden)


def code_and_strings(path: Path) -> Iterator[str]:
    """The tokens of a file without comments and docstrings."""
    tree = ast.parse(path.read_bytes())
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = {
        statement.lineno
        for node in ast.walk(tree)
        if isinstance(node, holders)
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type != tokenize.COMMENT and token.start[0] not in told:
                yield token.string


@pytest.mark.parametrize("name", MODULES)
def test_the_engine_knows_nothing_of_keel(name: str) -> None:
    known = [each for each in code_and_strings(MODULES[name]) if re.search("keel|kyverno", each, re.IGNORECASE)]
    assert not known


@pytest.mark.parametrize("name", [name for name in MODULES if name not in OWNERS["click"]])
def test_only_the_command_line_prints_and_exits(name: str) -> None:
    for node in ast.walk(ast.parse(MODULES[name].read_bytes())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "sys.exit", "exit", "quit", "os._exit", "sys.stdout.write", "input"}
        assert not (isinstance(node, ast.Raise) and node.exc and "SystemExit" in ast.unparse(node.exc))


SLOW = (
    "tree_sitter_yaml", "git", "hcl2", "lark", "pygohcl", "libcst", "regex", "multiprocessing", "concurrent.futures",
    "tempfile", "html", "httpx", "hclmod.reports.html", "hclmod.forges", "hclmod.reports.sarif",
)  # fmt: skip


def test_slow_packages_wait_until_they_are_needed() -> None:
    script = f"import sys, hclmod.cli; print([name for name in {SLOW!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
