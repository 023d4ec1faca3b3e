"""A pattern that is compiled when it is first used is the pattern of `re.compile`."""

from __future__ import annotations

import re

import pytest

from hclmod.lazy import lazily


@pytest.mark.parametrize(("pattern", "text"), [(r"a(b+)", "abb ab"), (rb"a(b+)", b"abb ab"), (r"x", "abb")])
def test_it_says_what_the_pattern_says(pattern: str, text: str) -> None:
    lazy, compiled = lazily(pattern), re.compile(pattern)
    for _ in range(2):  # the second time the method is at hand
        assert lazy.findall(text) == compiled.findall(text)
        assert lazy.sub(text[:1], text) == compiled.sub(text[:1], text)
    assert (lazy.pattern, lazy.groups, lazy.flags) == (compiled.pattern, compiled.groups, compiled.flags)


def test_flags_count() -> None:
    assert lazily("^b", re.MULTILINE | re.IGNORECASE).search("a\nB")


def test_nothing_is_compiled_before_it_is_used() -> None:
    broken = lazily("(")
    with pytest.raises(re.error):
        broken.search("")
