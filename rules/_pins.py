"""A pin as a comment keeps it, and which of the known pins is the newest (docs/facts.md, Keel 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hclmod.rulekit import Reference, reference, tags

_GOOD = re.compile(r"# hclmod(?: unaligned)? note: pinned (?:[\d-]+ )?(\S+): bad \S+, good (\S+):")
NO_TAG = "no-tag"


def comment(image: Reference, tag: str, date: str, reason: str) -> str:
    """What the comment above a pinned tag says: when, which repository, the bad tag, the good one, why."""
    bad = image.digest or image.tag or NO_TAG
    return sentence("pinned", f"{date} {image.name}: bad {bad}, good {tag}", reason)


def sentence(word: str, rest: str, reason: str) -> str:
    """`pinned 2026-08-01 ...: why`, on one line."""
    return " ".join(f"{word} {rest}: {reason}".replace(" : ", ": ").split())


def recorded(text: str, repository: str) -> tuple[str, ...]:
    """The tags on which comments of a document say that this repository was pinned."""
    return tuple(tag for name, tag in _GOOD.findall(text) if name == repository)


def lower_than(image: Reference, tag: str, others: Iterable[str]) -> str | None:
    """The newest of the others pins (the tag in the file, those in comments) if `tag` is below it."""
    pins = [each for each in (image.tag, *others) if each is not None]
    higher = [each for each in pins if tags.is_lower(tag, each)]
    if not higher:
        return None
    newest = higher[0]
    for each in higher[1:]:
        newest = each if tags.is_lower(newest, each) else newest
    return newest


def pinned(image: Reference, tag: str) -> Reference | None:
    """The image at the tag or the digest; None where that is neither."""
    if reference.is_digest(tag):
        return image.with_digest(tag)
    return image.with_tag(tag) if reference.is_tag(tag) else None
