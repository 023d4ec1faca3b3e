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
    r"\b(?:no|never|not|cannot|\w+n['\u2019]t|avoid\w*|without|instead of|rather than|forbid\w*|ban(?:s|ned)?|except)\b"
    r"(?! (?:longer|only))"
)
_GIVEN_UP = r"(?:remov|drop|delet|replac|strip|reject|refus|skip|omit)\w*"
_CHANGED = r"(?:chang|edit|rewrit|alter|touch|convert)\w*"
_AGAINST = re.compile(
    rf"{_NO}|\bforget\b|\b(?:{_GIVEN_UP}|stop\w*|over|(?:switch|mov|migrat|away|chang)\w* from)\b"
    r"(?! (?:\S+ ){0,4}?(?:to|with|by|for|into|on)\b)",
    re.IGNORECASE,
)
"""What turns a sentence into its opposite: a negation, or a verb that gives up what follows it."""

_CLAUSE = re.compile(
    r"[,;()\u2013\u2014\u2192]|:(?=\s)|\bbut\b"
    r"|\b(?:and|or)\b(?= (?:\w+ )?(?:use|using|pin|tag|prefer|never|no|not|don't|avoid)\b)",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"[^.,;:]{0,20}?\b(?:is|are|were|must|may)\b[ *_]*(?:gone|forbidden|banned|rejected|refused|deprecated|retired"
    r"|(?:not|never)(?: be)? (?:used|needed|wanted|allowed|required|necessary|deployed))\b",
    re.IGNORECASE,
)
_REACH = 200
"""How many characters before its end a claim is turned by: sentences without a full stop can be very long."""

_NO_PATTERN = re.compile(_NO, re.IGNORECASE)
_TAGGED = re.compile(r"\b(?:tags?|tagged|images?|docker\w*)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:no longer|used to|formerly|previously|predate[sd]?|replaced|superseded|reversed|obsolete|outdated)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]*\s*")
HINT = re.compile(rb"latest|SHA|versioned|version-pinned", re.IGNORECASE)
"""What a text without any of these words does not say."""


class Claim(Struct, frozen=True):
    """A sentence of the old rule: the code of its cause, what it does in words, and how it is recognised.

    `forbids` says that the pattern has a negation in it, which a second one turns into its opposite.
    """

    code: str
    words: str
    pattern: re.Pattern[str]
    forbids: bool = False

    def place(self, sentence: str) -> int | None:
        """Where a sentence makes it, None where it does not or says the opposite."""
        matches = self.pattern.finditer(sentence)
        return next((each.start() for each in matches if self._is_meant(sentence, each.end())), None)

    def _is_meant(self, sentence: str, end: int) -> bool:
        parts = _CLAUSE.split(sentence[max(0, end - _REACH) : end])
        if self.forbids:
            last = max((at for at, part in enumerate(parts) if _NO_PATTERN.search(part)), default=0)
            return _turns(" ".join(parts[last:])) % 2 == 1
        return (_turns(parts[-1]) + bool(_AFTERWARDS.match(sentence, end))) % 2 == 0


def _turns(text: str) -> int:
    """How often a text turns what its end says into the opposite."""
    return sum(1 for _ in _AGAINST.finditer(text))


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
            rf"{_NO}(?! (?:(?:\w+ ){{0,3}}stale\b|{_CHANGED} (?:\w+ ){{0,1}}`?:?latest\b))[^.;:]{{0,40}}?(?:{_LATEST})",
            rf"(?:{_LATEST})[^.;:]{{0,20}}\b(?:is|are|must)\b[\s*_]*(?:never|not|forbidden|banned)\b"
            rf"(?!(?: be)?[ *_]+(?:{_GIVEN_UP}|{_CHANGED}|forbidden|banned|pinned|stale))",
        ),
        forbids=True,
    ),
    Claim(
        "calls-cache-stale",
        "says that the cache serves stale `latest` tags",
        _pattern(rf"\bstale\b(?:(?!: )[^.;]){{0,60}}?(?:{_LATEST})", rf"(?:{_LATEST})[^.]{{0,60}}?\bstale\b"),
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
