"""The codes of a rule are read from its text, and are those that it reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hclmod.rulekit import codes, folders

if TYPE_CHECKING:
    from pathlib import Path

RULE = """
from hclmod.rulekit import Rule, change, note, warn

from ._helper import Reason, unused, why as because


def check(block, context, /):
    yield warn(block, "plain", "x")
    yield note(block, "one" if block.labels else "other", "x")
    yield change(block, "changes", "x", lambda: None, otherwise=note(block, "done", "x"))
    say = warn if block.labels else note
    yield say(block, "said", "x")
    yield _inner(block, "given")
    yield from Each(block).findings()
    reason = because(block)
    yield note(block, reason.code, "not-a-code")


def _inner(place, code):
    return note(place, code, "x")


class Each:
    def findings(self):
        yield self._tell(note, "told")

    def _tell(self, say, code):
        return say(self.place, code, "x")


def never_called():
    yield note(None, "never", "x")


rule = Rule(check, kinds=("helm_release",))
"""
HELPER = """
from dataclasses import dataclass
from .below._deep import deep


@dataclass
class Reason:
    code: str
    text: str


def why(block):
    return deep() or Reason("reasoned", "x")


def unused(block):
    return Reason("of-another-rule", "x")
"""
DEEP = """
from .._helper import Reason


def deep():
    return Reason("deep", "x")
"""


def test_the_codes_of_a_rule_are_the_literals_that_it_can_reach(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name, text in (("rule.py", RULE), ("_helper.py", HELPER), ("below/_deep.py", DEEP)):
        (tmp_path / name).write_text(text)
    wanted = {"plain", "one", "other", "changes", "done", "said", "given", "told", "reasoned", "deep"}
    assert set(codes.read(tmp_path / "rule.py")) == wanted


@pytest.mark.parametrize("rule", folders.every())
def test_a_built_in_rule_has_codes_of_one_form(rule: str) -> None:
    found = codes.read(folders.find(rule))
    assert found
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", each) for each in found)


def test_the_facts_of_a_rule_are_those_that_it_can_reach(tmp_path: Path) -> None:
    (tmp_path / "_beside.py").write_text(
        "def spared(context):\n    return context.config.keel.exempt\n"
        "def unused(context):\n    return context.config.keel.enrolled\n"
    )
    (tmp_path / "rule.py").write_text(
        "from ._beside import spared, unused\n"
        "def check(block, context):\n    keel = context.config.keel\n    yield keel.version, spared(context)\n"
        "rule = Rule(check)\n"
    )
    assert codes.facts(tmp_path / "rule.py") == ("version", "exempt")
