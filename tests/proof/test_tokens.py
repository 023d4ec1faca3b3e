"""The second way to judge: windows that python-hcl2 does not read and Terraform does."""

from __future__ import annotations

import pytest

from hclmod.hcl.edits import Effect
from hclmod.proof import parsers, tokens
from hclmod.proof.structure import Window

HARD = {
    "a double negation": "a = !!var.x",
    "a line end in an interpolation": 'a = "${\n  var.x\n}"',
    "a strip marker": 'a = "${~ var.x ~}"',
    "a comment before the value": "a = /* v */ 1",
    "a comment before the sign": "a /* x */ = 1",
}


def compared(before: str, after: str, prefix: str = "") -> dict[str, Effect] | None:
    judged = tokens.compare(Window(prefix=prefix, before=before.encode() + b"\n", after=after.encode() + b"\n"))
    return None if judged is None else judged.effects


@pytest.mark.parametrize("hard", HARD.values(), ids=HARD)
def test_what_python_hcl2_does_not_read_is_judged(hard: str) -> None:
    text = f"{hard}\nb {{\n  c = [1]\n}}"
    assert isinstance(parsers.structure(text.encode()), parsers.Rejected)
    assert compared(text, text) == {}
    assert compared(text, text.replace("[1]", "[1, 2]")) == {"b[0].c": Effect.EXTENDED}
    assert compared(text, text.replace("  c = [1]\n", "")) == {"b[0].c": Effect.REMOVED}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = !!var.x", "a = !var.x"),
        ("a = !!var.x", 'a = "!!var.x"'),
        ("a = /* v */ var.x", 'a = /* v */ "var.x"'),
        ('a = "${~ var.x ~}"', 'a = "${ var.x ~}"'),
        ('a = "${~ var.x ~} b"', 'a = "${~ var.x ~}  b"'),
    ],
)
def test_another_token_is_a_change(before: str, after: str) -> None:
    assert compared(before, after) == {"a": Effect.CHANGED}


def test_layout_and_comments_are_not() -> None:
    assert compared("a = !!var.x # one", "a    = !!var.x # two") == {}


def test_what_neither_reads_is_not_judged() -> None:
    assert compared("a = !!", "a = !!") is None
    assert compared("v = 1\nv {\n}", "v = 1\nv {\n}") is None, "an attribute and a block of one name"


def test_a_judge_that_raises_rejects() -> None:
    assert isinstance(parsers.structure(b"volume = 1\nvolume {\n}\n"), parsers.Rejected)
