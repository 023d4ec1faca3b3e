"""Modules stand on layers, third-party packages have one owner, and slow ones are loaded when they are needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod import rulekit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hclmod"

VALUES = "msgspec"
"""Every module may make its values with it: a struct costs a tenth of a dataclass to define and to copy."""

OWNERS = {
    "tree_sitter": {"hcl.syntax", "yaml.scalars"},
    "tree_sitter_hcl": {"hcl.syntax"},
    "tree_sitter_yaml": {"yaml.scalars"},
    "yaml": {"yaml.data", "yaml.fixes", "yaml.located", "yaml.structure"},
    "crossplane": {"caches.nginx"},
    "git": {"git.shell"},
    "hcl2": {"proof.parsers"},
    "lark": {"proof.parsers"},
    "pygohcl": {"proof.parsers"},
    "libcst": {"python.syntax", "rulekit.docstrings"},
    "markdown_it": {"markdown.syntax"},
    "regex": {"hcl.alignment", "patterns"},
    "httpx": {"http"},
    "jinja2": {"reports.html"},
    "markupsafe": {"reports.html"},
    "lsprotocol": {"lsp.messages", "lsp.server"},
    "pygls": {"lsp.server"},
    "click": {
        "cli", "cli.apply", "cli.audit", "cli.catch_up", "cli.check", "cli.ci", "cli.conventions", "cli.docs",
        "cli.doctor", "cli.errors", "cli.fleet", "cli.foundation", "cli.groups", "cli.lsp", "cli.options", "cli.output",
        "cli.pin", "cli.pr", "cli.refresh", "cli.report", "cli.rules", "cli.status", "cli.survey", "cli.synth",
        "cli.tags",
    },
    "tomllib": {"caches.mirrors", "config.file", "engine.cases", "fleet.file", "cli.options"},
    "distributed": {"fleet.cluster"},
}  # fmt: skip


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found[".".join(parts) or "hclmod"] = path
    return found


MODULES = modules()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of the tree of a file."""
    return tuple(ast.walk(ast.parse(path.read_bytes())))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The absolute names of what a file imports, also inside functions and for types only."""
    names = list[str]()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names += (f"{base}.{alias.name}" for alias in node.names)
    return tuple(names)


def test_relative_imports_would_hide_from_this_test() -> None:
    assert not [name for name, path in MODULES.items() if any(each.startswith(".") for each in imports(path))]


def third_party(path: Path) -> set[str]:
    found = {each.split(".")[0] for each in imports(path)}
    return {each for each in found if each not in sys.stdlib_module_names or each == "tomllib"} - {"hclmod", VALUES, ""}


def test_third_party_packages_have_one_owner() -> None:
    pairs = [(name, package) for name, path in MODULES.items() for package in third_party(path)]
    assert pairs
    assert not [f"{name} imports {package}" for name, package in pairs if name not in OWNERS.get(package, ())]


RULES = sorted((ROOT / "rules").rglob("*.py"))


PURE = {
    "", "__future__", "collections", "dataclasses", "enum", "fnmatch", "functools", "json", "posixpath", "re", "shlex",
    "textwrap", "typing",
}  # fmt: skip
"""What rules may import of the standard library (and, by a relative name, of each other): they have no effects."""


def test_rules_import_the_rulekit_and_each_other_only() -> None:
    assert RULES
    for path, each in ((rule, name) for rule in RULES for name in imports(rule)):
        module, _, name = each.rpartition(".")
        offered = module == "hclmod.rulekit" and name in rulekit.NAMES
        assert offered or each.split(".")[0] in PURE, f"{path.name} imports {each}"


def test_what_the_rulekit_offers_is_what_the_type_checker_sees() -> None:
    typed = ast.parse(MODULES["rulekit"].read_bytes())
    (block,) = (node for node in typed.body if isinstance(node, ast.If))
    seen = {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == rulekit.NAMES
    assert all(getattr(rulekit, name) is not None for name in rulekit.NAMES)


def test_the_rulekit_loads_what_is_asked_for() -> None:
    script = "import sys; from hclmod.rulekit import docstrings; print('tree_sitter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"


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


def test_the_engine_knows_nothing_of_keel() -> None:
    keel = re.compile("keel|kyverno", re.IGNORECASE)
    named = {name: path for name, path in MODULES.items() if keel.search(path.read_text())}
    texts = {name: "\n".join(code_and_strings(path)) for name, path in named.items()}
    assert all(texts.values()), "code was read"
    table = {"config.file", "config.cluster"}  # of facts about the cluster, for the rules
    words = {"cli", "cli.ci", "cli.foundation"}  # what a person reads of a command that a rule carries out
    assert {name for name, text in texts.items() if keel.search(text)} == table | words


def _name(node: ast.expr) -> str:
    """A name, or an attribute with the names before it; empty for what is neither."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_name(value)}.{attribute}"
    return ""


EXITS = {"print", "sys.exit", "exit", "quit", "os._exit", "sys.stdout.write", "input"}


def prints_or_exits(path: Path) -> Iterator[str]:
    """The calls and raises of a file that belong to the command line."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and _name(node.func) in EXITS:
            yield f"line {node.lineno}: {ast.unparse(node.func)}"
        if isinstance(node, ast.Raise) and node.exc and "SystemExit" in ast.unparse(node.exc):
            yield f"line {node.lineno}: SystemExit"


def test_only_the_command_line_prints_and_exits() -> None:
    found = {name: list(prints_or_exits(path)) for name, path in MODULES.items()}
    assert found["cli.groups"], "the command line exits"
    assert not {name: calls for name, calls in found.items() if calls and name not in {*OWNERS["click"], "__main__"}}


PARSING = {
    "hcl.source": "refuses what is too large",
    "python.source": "refuses what is too large",
    "hcl.undo": "a document that was read",
    "proof.tokens": "windows of documents that were read",
}


def test_documents_are_parsed_where_their_size_is_looked_at() -> None:
    found = {name for name, path in MODULES.items() if "syntax.parse(" in path.read_text()}
    assert found == set(PARSING)


DOOR = "cli.output"
PRINTING = {"click.echo", "click.secho", "click.style", "click.confirm", "click.prompt", "click.echo_via_pager"}
PRINTING |= {"print", "pprint.pprint", "warnings.warn", "traceback.print_exc", "os.write", "input"}
OUT = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
INERT = {
    "cli.audit": {"show_inert": "tables"},
    "cli.fleet": {"show_inert": "tables"},
    "cli.catch_up": {"show_inert": "tables"},
    "cli.check": {"show_bytes": "the document of standard input, as the rules made it"},
    "cli.errors": {"show_inert": "our own help"},
    "cli.pr": {"show_inert": "the text of a pull request, as the forge will show it"},
    "cli.report": {"show_inert": "a comment, as the forge will show it"},
    "cli.rules": {"show_bytes": "diffs of cases"},
    "cli.status": {"show_inert": "tables"},
    "cli.survey": {"show_inert": "tables, JSON"},
}
"""Who passes text that the door does not make inert, and what it is."""


def prints(path: Path) -> Iterator[str]:
    """What a file does that may show text: calls that print, and standard output and error by their names."""
    for node in nodes(path):
        if not isinstance(node, ast.Call | ast.Attribute):
            continue
        name = _name(node.func if isinstance(node, ast.Call) else node)
        if name in (PRINTING if isinstance(node, ast.Call) else OUT) or name.startswith("logging."):
            yield f"line {node.lineno}: {name}"


def test_text_leaves_by_one_door() -> None:
    found = {name: list(prints(path)) for name, path in MODULES.items()}
    assert found[DOOR]
    assert {name for name, lines in found.items() if lines} == {DOOR, "cli.streams"}


def test_the_door_makes_text_inert() -> None:
    (put,) = [each for each in prints(MODULES[DOOR]) if "echo" in each]
    users = [node for node in nodes(MODULES[DOOR]) if isinstance(node, ast.FunctionDef)]
    passing = {each.name for each in users if "_put(" in ast.unparse(each) and each.name != "_put"}
    escaping = {each.name for each in users if re.search(r"_put\(.*\b(?:log|one_line)\(", ast.unparse(each))}
    assert put
    assert passing - escaping == {"show_inert", "show_report", "progress"}


def test_what_is_inert_already_is_listed() -> None:
    found: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        calls = {each for each in ("show_inert", "show_bytes") if f"output.{each}(" in path.read_text()}
        found |= {name: calls} if calls else {}
    assert found == {name: set(reasons) for name, reasons in INERT.items()}


def test_every_renderer_makes_text_inert() -> None:
    renderers = [
        name for name, path in MODULES.items() if re.search("^def (render|write)\\(", path.read_text(), re.MULTILINE)
    ]
    renderers = [name for name in renderers if name.startswith("reports.") and name != "reports.formats"]
    assert len(renderers) > 7
    assert not [name for name in renderers if "hclmod.reports.escape" not in " ".join(imports(MODULES[name]))]


SLOW = (
    "crossplane", "tree_sitter_yaml", "git", "hcl2", "lark", "pygohcl", "libcst", "markdown_it", "regex",
    "multiprocessing", "concurrent.futures", "tempfile", "html", "httpx", "jinja2", "pygls", "hclmod.reports.html",
    "hclmod.forges", "hclmod.reports.sarif",
)  # fmt: skip


def test_slow_packages_wait_until_they_are_needed() -> None:
    commands = "for name in cli.list_commands(None): cli.get_command(None, name)"
    script = (
        f"import sys\nfrom hclmod.cli import cli\n{commands}\nprint([name for name in {SLOW!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_help_and_version_import_no_command() -> None:
    script = (
        "import sys\nfrom hclmod.cli import cli\ntry:\n    cli([sys.argv[1]])\n"
        "except SystemExit:\n    print([name for name in sys.modules if name.startswith('hclmod.')], file=sys.stderr)"
    )
    for option in ("--version", "--help"):
        command = [sys.executable, "-c", script, option]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        loaded = set(ast.literal_eval(done.stderr))
        assert loaded == {
            "hclmod.cli", "hclmod.cli.errors", "hclmod.cli.groups", "hclmod.cli.streams", "hclmod.errors",
            "hclmod.interrupts",
        }  # fmt: skip


OPENERS = {
    "open",
    "os.open",
    "io.open",
    "os.scandir",
    "os.listdir",
    "os.walk",
    "os.replace",
    "os.unlink",
    "os.readlink",
}
OPENING = {"read_bytes", "read_text", "write_bytes", "write_text", "open", "unlink", "iterdir", "replace", "symlink_to"}
OPEN = {
    "hclmod": "calls its own `open`",
    "files": "finds and reads what lies in a checkout",
    "journal": "writes there",
    "locks": "opens what it locks",
    "cache": "keeps its file in the person's own folder, and lists the files of the package",
    "scratch": "makes folders that are no part of a checkout",
    "git": "writes into a scratch folder",
    "git.mirror": "locks a clone in the cache",
    "fleet.ledger": "adds to the ledger that the person named",
    "caches.nginx": "the same",
    "rulekit.docstrings": "reads rules: the package's own and those whose code the person runs",
    "rulekit.codes": "the same",
    "rulekit.loading": "the same",
    "registries.auth": "reads the person's own logins",
    "forges.target": "reads the event that the forge wrote",
    "reports.html": "reads a file of the package",
    "cli.output": "tries whether a named file can be written, after `files.given`",
    "engine.synth": "makes a folder in which a program is run, as a person asked",
    "commands.test": "removes the old form of a case after the new one is written",
    "cli.docs": "removes a page that no rule has any more",
}


def opens(path: Path) -> Iterator[str]:
    """The calls of a file that open, list, replace or remove a file by its path."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            of_path = isinstance(node.func, ast.Attribute) and node.func.attr in OPENING and _may_be_path(node)
            if name in OPENERS or of_path:
                yield f"line {node.lineno}: {name}"


def _may_be_path(call: ast.Call) -> bool:
    """Whether a call with such a name may be one of `Path`: `text.replace(a, b)` and `Repository.open(x)` are none."""
    words = [each.value for each in call.args if isinstance(each, ast.Constant)]
    match ast.unparse(call.func).rpartition(".")[2]:
        case "replace":
            return len(call.args) == 1 and not call.keywords
        case "open":
            return bool(words) or not (call.args or ast.unparse(call.func) == "source.open")
    return True


def test_no_other_module_opens_a_path_of_a_checkout() -> None:
    found = {name: list(opens(path)) for name, path in MODULES.items()}
    assert found["files"]
    assert found["journal"]
    assert not {name: calls for name, calls in found.items() if calls and name not in OPEN}
    assert not [name for name in OPEN if not found[name]], "these open nothing any more"
