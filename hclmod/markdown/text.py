"""Words and code as Markdown that says what they say."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([\\`*_\[\]|~<>&])")
_TICKS = re.compile("`+")


def plain(text: str) -> str:
    """One line of text on which nothing is markup."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def span(code: str) -> str:
    """One line of code, between more back-ticks than it holds."""
    ticks = "`" * (longest(code) + 1)
    pad = " " if code[:1] in ("`", " ", "") or code[-1:] in ("`", " ") else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def fence(code: str, language: str = "") -> str:
    """Lines of code in a fence that is longer than any run of back-ticks inside; ends in a newline."""
    ticks = "`" * max(3, longest(code) + 1)
    end = "" if code.endswith("\n") or not code else "\n"
    return f"{ticks}{language}\n{code}{end}{ticks}\n"


def longest(text: str) -> int:
    """The length of the longest run of back-ticks."""
    return max(map(len, _TICKS.findall(text)), default=0)
