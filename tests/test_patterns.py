"""Patterns of a checkout cost a bounded time, and our own are linear."""

from __future__ import annotations

import pytest

from hclmod import patterns
from hclmod.hcl import suppression
from hclmod.yaml import fixes, scalars


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_spent", [0.0])
    monkeypatch.setattr(patterns, "_slow", set())


def test_a_pattern_matches_or_not() -> None:
    assert patterns.search("b.", "abc") is True
    assert patterns.search("^b", "abc") is False
    assert patterns.fullmatch("a.", "abc") is False


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "^(.?){300}(.?){300}x", "(", "a" * 2000, "(" * 400])
def test_of_a_pattern_that_takes_too_long_or_is_invalid_nothing_is_known(pattern: str) -> None:
    text = "a" * 60 + "-"
    assert patterns.search(pattern, text) in (None, False)
    assert patterns._spent[0] < 1


def test_many_such_patterns_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_spent", [patterns._TOTAL + 1])
    assert patterns.search("a", "a") is None


def test_runs_of_blanks_in_a_reason_are_kept_and_cost_nothing() -> None:
    reason = "x" + " " * 100_000 + "y"
    assert suppression.among([f"# hclmod: ignore[r]  {reason}  */"], "r") == reason
    assert suppression.among(["/* hclmod: ignore[r] because */"], "r") == "because"
    assert suppression.among(["# hclmod: ignore[r]"], "r") == ""


def test_open_templates_cost_nothing() -> None:
    for text in ("%{", "${", "{{", "${{", "%{ a", "${ a { "):
        assert not scalars.TEMPLATE.findall(text * 20_000)
    assert scalars.TEMPLATE.findall("%{ if a % 2 == 0 }${a}%{ endif }") == ["%{ if a % 2 == 0 }", "${a}", "%{ endif }"]


def test_a_text_of_many_images_is_parsed_once_for_all_of_them() -> None:
    data = "".join(f"- image: acme/counted{number}:1.2.3 # c\n" for number in range(200)).encode()
    before = scalars.tree.cache_info().misses
    for scalar in scalars.in_order(scalars.images(data)):
        assert "# c" in scalars.comments(data, scalar)
        scalars.metadata(data, scalar)
        fixes.write(data, scalar, "acme/counted:latest")
    assert scalars.tree.cache_info().misses == before + 1
