"""A mistake in a rule is an error that says what to write, and never silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hclmod.config import file
from hclmod.errors import RuleError
from hclmod.images.evidence import Snapshot
from hclmod.rulekit import Context, folders, loading, mistakes
from tests.support.hcl import block

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = block('resource "helm_release" "web" {\n}\n')
CONTEXT = Context(config=file.parse(b"", "hclmod.toml"), tags=Snapshot({}))
RULE = """from hclmod.rulekit import Rule, change, note, warn

def check(block, context, /, *, strict: bool = True):
    yield note(block.title, "seen", "seen")

rule = Rule(check, kinds=("helm_release",))
"""


def load(folder: Path, text: str) -> loading.Loaded:
    (folder / "mine.py").write_text(text)
    (loaded,) = loading.load(["mine"], {}, (folder,))
    return loaded


def test_the_rule_of_these_tests_loads(tmp_path: Path) -> None:
    assert load(tmp_path, RULE).rule.kinds == ("helm_release",)


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint"),
    [
        ('("helm_release",)', '("helm_release")', "its kinds are the string 'helm_release'", '("helm_release",)'),
        ('("helm_release",)', "()", "it names no kinds", "kinds="),
        ('"helm_release"', '"modul"', "its kind `modul` is never offered", "module"),
        ('"helm_release"', '"locals"', "its kind `locals` is never offered", "one of resource, data"),
        ('"helm_release"', '"data."', "its kind `data.` is never offered", "data.aws_ami"),
        ('"helm_release"', '"helm.release_x"', "its kind `helm.release_x` is never offered", "data.aws_ami"),
        ("strict: bool = True", "strict=None", "its option `strict` has the type `NoneType`", "one of the types"),
        ("strict: bool = True", "strict: float = 1.5", "its option `strict` has the type `float`", "one of the types"),
        ("strict: bool = True", "strict: bool", "its option `strict` has no default", "a default"),
        ("strict: bool = True", 'strict: bool = "yes"', "is declared `bool` and its default is 'yes'", "strict: str"),
        ("strict: bool = True", "strict: int = True", "is declared `int` and its default is True", "a default"),
        (
            "strict: bool = True", "strict: tuple[str, ...] = (1,)",
            "is declared `tuple[str, ...]` and its default is (1,)", "a default",
        ),
        ("(block, context, /,", "(block, /,", "its check takes 1 positional parameters", "def check(block, context"),
        ("(block, context, /,", "(block, context, x, /,", "takes 3 positional parameters", "def check(block, context"),
        ("strict: bool = True", 'keel_version: str = ""', "is a fact about", "context.config.keel.version"),
        ("True):", "True, **more):", "its check takes `**more`", "def check(block, context"),
        ('kinds=("helm_release",)', 'kinds=("helm_release",), needs="facts"', "its needs are the string", '{"facts"}'),
        ('kinds=("helm_release",)', 'kinds=("helm_release",), needs={"fcats"}', "it needs `fcats`", "facts, origins"),
        ("    yield note(", "    note(", "mine.py:4 makes a finding and drops it", "Write `yield note(...)`."),
        ("    yield note(", "    yield from note(", "mine.py:4 yields from one finding", "without `from`"),
        ("    yield note(", "    if 1: warn(block, 'x', 'x')\n    yield note(", "mine.py:4 makes", "yield warn(...)"),
    ],
)  # fmt: skip
def test_a_mistake_that_can_be_seen_when_a_rule_is_loaded(
    tmp_path: Path, old: str, new: str, problem: str, hint: str
) -> None:
    assert old in RULE
    with pytest.raises(RuleError, match=f"rule `mine`: .*{re.escape(problem)}") as raised:
        load(tmp_path, RULE.replace(old, new))
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("body", "problem", "hint"),
    [
        ("    return None", "its check returned nothing", "Write `yield`"),
        ("    found = note(block.title, 'seen', 'seen')", "its check returned nothing", "Write `yield`"),
        ("    return note(block.title, 'seen', 'seen')", "its check returned one finding", "instead of `return`"),
        ("    yield 'seen'", "its check yielded 'seen', which is not a finding", "`change`, `note` and `warn`"),
        ("    yield None", "its check yielded None, which is not a finding", "`change`, `note` and `warn`"),
        ("    return [1]", "its check yielded 1, which is not a finding", "`change`, `note` and `warn`"),
    ],
)
def test_a_mistake_that_can_be_seen_when_a_check_runs(tmp_path: Path, body: str, problem: str, hint: str) -> None:
    loaded = load(tmp_path, re.sub(r"    yield note.*", body, RULE))
    with pytest.raises(RuleError, match=re.escape(f"rule `mine`: {problem}")) as raised:
        list(loaded.check(BLOCK, CONTEXT))
    assert hint in raised.value.hint


def test_a_list_of_findings_will_do(tmp_path: Path) -> None:
    loaded = load(tmp_path, RULE.replace('yield note(block.title, "seen", "seen")', "return [note(block, 'a', 'b')]"))
    assert [each.code for each in loaded.check(BLOCK, CONTEXT)] == ["a"]


def test_yielding_from_a_finding_that_a_helper_returns_says_what_to_write(tmp_path: Path) -> None:
    text = RULE.replace("    yield note(", "    yield from helper(") + "\ndef helper(*said):\n    return note(*said)\n"
    loaded = load(tmp_path, text)
    with pytest.raises(TypeError, match="write `yield`, not `yield from`") as raised:
        list(loaded.check(BLOCK, CONTEXT))
    assert loading.blame(raised.value, (loaded,)).startswith(
        "rule mine failed at mine.py:4: TypeError: a finding is one"
    )


@pytest.mark.parametrize(
    ("option", "kind"), [("x='a'", "str"), ("x=True", "bool"), ("x=3", "int"), ("x=()", "tuple[str, ...]")]
)
def test_an_option_without_a_type_has_that_of_its_default(tmp_path: Path, option: str, kind: str) -> None:
    loaded = load(tmp_path, RULE.replace("strict: bool = True", option))
    assert loaded.rule.options()["x"].annotation == kind


@pytest.mark.parametrize("rule", folders.every())
def test_a_built_in_rule_has_no_mistakes(rule: str) -> None:
    path = folders.find(rule)
    (loaded,) = loading.load([rule], {})
    mistakes.refuse(rule, loaded.rule)
    for each in (path, *path.parent.glob("_*.py")):
        mistakes.refuse_dropped_findings(rule, each.name, each.read_bytes())


def test_text_that_is_no_python_is_reported_by_the_import(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="does not load: SyntaxError"):
        load(tmp_path, "def")
