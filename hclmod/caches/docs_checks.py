"""Sentences of Markdown files that say of the cache what its configuration does not do."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from hclmod.caches.codes import Placed, placed
from hclmod.hcl.document import Document
from hclmod.hcl.source import unreadable
from hclmod.markdown.page import Page
from hclmod.rulekit.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.caches.repository import Caches

_CACHE = re.compile(r"pull[- ]?through|\bcach(?:e|es|ed|ing)\b|registry mirror", re.IGNORECASE)
_IMAGES = re.compile(r":latest\b|`latest`|\btags?\b|\bmanifests?\b", re.IGNORECASE)
_OLD = re.compile(
    r"\b(?:stale|outdated)\b(?!-while|-if)|\bold (?:tags?|manifests?|images?|digests?)\b"
    r"|\bcaches\b[^.;|]{0,40}\b(?:tags?|manifests?|:latest)\b",
    re.IGNORECASE,
)
_FRESH = re.compile(
    r"\b(?:never stale|always (?:fresh|current|up[- ]to[- ]date)|(?:are|is) (?:never|not) cached)\b", re.IGNORECASE
)
_TTL = re.compile(
    r"\bttl\b[`'\"]?\s*[:=]?\s*`?0`?\b.{0,80}\b(?:fresh|revalidat\w*|always|never stale|no cach\w*)\b", re.IGNORECASE
)
_NEGATED = re.compile(
    r"\bonly (?:while|when|if|until)\b|\b(?:not|no longer|never|cannot)\s+(?:\w+\s+){0,2}(?:stale|old|outdated)\b",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"(?:^|/)(?:archived?|plans?|post-?mortems?|changelog[^/]*|\d{4}-\d\d-\d\d[^/]*)(?:/|$)", re.IGNORECASE
)
_LONGEST = 120
"""So much of a sentence is quoted."""


def is_doc(path: str) -> bool:
    """Whether a file says how things are, and not how they were on one day."""
    return path.endswith((".md", ".mdx", ".markdown")) and _HISTORY.search(path) is None


def check(caches: Caches, texts: Iterable[tuple[str, bytes]], others: Iterable[Placed]) -> Iterator[Placed]:
    """Statements that are not true of the caches of the repository; none where no cache of it is known.

    `others` are the findings so far: where manifests are stored, the documents that warn of it are right.
    """
    codes = {each.finding.code: each for each in others if each.finding.level is Level.WARNING}
    stored = codes.get("cached-manifest") or codes.get("cached-tag-list")
    shown = _fact(caches)
    if not shown:
        return
    for path, data in texts:
        for line, text, heading in _sentences(path, data):
            if why := _wrong(text, heading, stored, shown):
                yield placed("docs-disagree", (path, line), why, subject="documentation", evidence=_quoted(text))


def _fact(caches: Caches) -> str:
    """What shows that tags are asked each time, with its place; empty where something that was not read may differ."""
    ways = [way for each in caches.servers for way in each.ways if way.kind == "manifests"]
    if caches.unread or any(way.answer.is_open for way in ways):
        return ""
    if ways:
        return f"{ways[0].answer.location.place} passes manifests on without storing them"
    proxy = next((each for each in caches.registries if each.is_proxy), None)
    return f"the registry of {proxy.path}:{proxy.line} asks for a tag each time" if proxy else ""


def _wrong(text: str, heading: str, stored: Placed | None, shown: str) -> str:
    """Why a sentence is not true; empty where it may be."""
    if _TTL.search(text):
        return "says that `ttl` makes tags fresh. It only says when content is removed from the disk"
    if not (_CACHE.search(f"{heading} {text}") and _IMAGES.search(text)):
        return ""
    if stored is None and _OLD.search(text) and not _NEGATED.search(text):
        return f"says that the cache gives old tags, and {shown}"
    if stored is not None and _FRESH.search(text):
        return f"says that tags are fresh, and {stored.path}:{stored.line} stores them"
    return ""


def _sentences(path: str, data: bytes) -> Iterator[tuple[int, str, str]]:
    """The lines of what people have written, with their numbers from 1 and the heading above them.

    The cells of a row of a table are one line.
    """
    written = data.decode(errors="replace")
    if unreadable(data) is not None or not (_CACHE.search(written) or "ttl" in written.lower()):
        return
    page = Page(document=Document(path, data))
    lines: dict[int, list[str]] = {}
    for each in page.prose():
        for number, text in enumerate(each.text.split("\n"), each.line):
            lines.setdefault(number, []).append(text)
    heads = page.tree.headings
    for number in sorted(lines):
        above = bisect_right(heads, number, key=lambda each: each.line)
        yield number + 1, " | ".join(lines[number]), heads[above - 1].text if above else ""


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."
