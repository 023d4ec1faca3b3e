"""Files that rules begin: one text for each path, or none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.engine.job import Job
from hclmod.engine.project import in_memory
from hclmod.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

RULE = '''"""Begin two files.

Why: A test needs them.
"""
from hclmod.rulekit import Rule, draft, fixes, change

def check(block, context, /):
    value = block.attribute("old")
    if value:
        yield change(value, "old", "is old", lambda: fixes.remove(value))

def drafts(siblings, context, /):
    yield draft("stacks/a/FIRST.tf", b"locals {}\\n", "one", "begins it")
    yield draft("stacks/a/second.tf", b"locals {\\n}\\n", "two", "begins it")

rule = Rule(check, kinds=("x_y",), drafts=drafts)
'''
TEXTS = {
    "hclmod.toml": b'stacks = ["stacks/*"]\n',
    "stacks/a/main.tf": b'resource "x_y" "z" {\n  old = 1\n  new = 1\n}\n',
}


def changes(folder: Path, first: str) -> set[str]:
    (folder / "begin_two.py").write_text(RULE.replace("FIRST", first))
    project = in_memory(TEXTS, rule_folders=(None, folder))
    return set(project.plan(Job(rules=("begin-two",))).changes)


def test_two_files_are_begun(tmp_path: Path) -> None:
    assert changes(tmp_path, "first") == {"stacks/a/first.tf", "stacks/a/main.tf", "stacks/a/second.tf"}


@pytest.mark.parametrize("first", ["second", "main"])
def test_a_file_that_gets_two_texts_is_an_error(tmp_path: Path, first: str) -> None:
    with pytest.raises(RuleError, match=rf"two texts would be written to stacks/a/{first}\.tf"):
        changes(tmp_path, first)
