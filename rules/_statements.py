"""Sentences that ask for the rule which floating tags replace: commit SHAs, no `latest`, a cache that serves old tags.

What they are made of was read in the Markdown and the descriptions of one large repository, sentence by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Config, Context, Struct

from ._floats import SWITCHER

_LATEST = r"(?<![\w/}>.-])`?:latest\b`?|\blatest\b`? tags?\b"
_NO = (
    r"\b(?:no|never|not|avoid\w*|without|don't|instead of|rather than|forbid\w*|ban\w*|except)\b"
    r"(?! (?:longer|only))"
)
_TAGGED = re.compile(r"\b(?:tags?|tagged|images?|docker\w*)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:no longer|used to|formerly|previously|predate[sd]?|replaced|superseded|reversed|obsolete|outdated)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]*\s*")
HINT = re.compile(rb"latest|SHA|versioned|version-pinned", re.IGNORECASE)
"""What a text without any of these words does not say."""


class Claim(Struct, frozen=True):
    """A sentence of the old rule: the code of its cause, what it does in words, and how it is recognised."""

    code: str
    words: str
    pattern: re.Pattern[str]

    def place(self, sentence: str) -> int | None:
        """Where a sentence makes it, None where it does not."""
        match = self.pattern.search(sentence)
        return match.start() if match else None


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)


CLAIMS = (
    Claim(
        "asks-for-sha",
        "asks for commit SHAs as tags",
        _pattern(
            r"\b\d+[- ]char(?:acter)?s?\b[^.]{0,16}\bSHAs?\b",
            r"\bSHA[- ]tags?\b",
            r"\btag(?:s|ged)?\b[^.]{0,30}\b(?:git|commit) SHAs?\b",
            r"\b(?:git|commit) SHAs?\b[^.]{0,30}\b(?:as|for)\b[^.]{0,16}\btags?\b",
        ),
    ),
    Claim(
        "forbids-latest",
        "forbids `latest`",
        _pattern(
            rf"{_NO}[^.;:]{{0,40}}?(?:{_LATEST})",
            rf"(?:{_LATEST})[^.;:]{{0,20}}\b(?:is|are|must)\b[\s*_]*(?:never|not|forbidden|banned)\b",
        ),
    ),
    Claim(
        "calls-cache-stale",
        "says that the cache serves stale `latest` tags",
        _pattern(rf"\bstale\b[^.]{{0,60}}?(?:{_LATEST})", rf"(?:{_LATEST})[^.]{{0,60}}?\bstale\b"),
    ),
    Claim(
        "asks-for-versions",
        "asks for versions as tags",
        _pattern(
            r"\b(?:use|using|prefer|pin\w*)\b[^.]{0,30}\b(?:versioned|version-pinned|immutable)\b[^.]{0,20}\btags?\b"
        ),
    ),
)


def claims(text: str) -> Iterator[tuple[int, Claim]]:
    """The claims that a text makes, each with its offset and once in a sentence."""
    about_images = _TAGGED.search(text) is not None
    for start, sentence in sentences(text):
        plain = sentence.replace("\n", " ")
        if _PAST.search(plain) or "upstream" in plain.lower() or not (about_images or "latest" in plain):
            continue
        for claim in CLAIMS:
            if (place := claim.place(plain)) is not None:
                yield start + place, claim


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text with their offsets; a full stop inside of a name or a number ends none."""
    for match in _SENTENCE.finditer(text):
        yield match.start(), match[0]


class Progress(Struct, frozen=True):
    """How far the rollout is: the phases whose images float, those that are completed, and the next one."""

    done: tuple[int, ...]
    open: tuple[int, ...]

    @property
    def when(self) -> str:
        """From when on images float, for a sentence that ends in it."""
        if self.done:
            return f"since {phases(self.done)}"
        return f"from phase {self.open[0]} on" if self.open else "from the first completed phase on"


def progress(context: Context) -> Progress:
    """Which phases make images float, and which of those are completed; phase 0 is the foundation."""
    mine = [number for number in context.config.phases if number and _floats(number, context.config)]
    done = tuple(number for number in mine if number in context.done)
    return Progress(done, tuple(number for number in mine if number not in done))


def _floats(number: int, config: Config) -> bool:
    rules = config.phases[number].rules
    rules = config.rules if rules is None else rules
    return rules is None or SWITCHER in rules


def phases(numbers: tuple[int, ...]) -> str:
    """`phase 1`, `phases 1, 2 and 3`."""
    if len(numbers) == 1:
        return f"phase {numbers[0]}"
    return f"phases {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
