"""`# hclmod: ignore[rule-id] reason`: a person's word that a finding stands as it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from hclmod.hcl import comments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.hcl.edits import Span
    from hclmod.hcl.source import Source

_COMMENT = re.compile(r"(?:#|//|/\*|<!--)\s*hclmod:\s*ignore\b(?:\s*\[([^\]]*)\])?(.*)", re.DOTALL)

SAME = 0.95
"""From so much likeness on the name of a rule is a slip of the pen for another one."""


def reason(source: Source, span: Span, rule: str, comments: Iterable[str] = ()) -> str | None:
    """The reason of the comment that suppresses `rule` at `span`: None without one, empty where it gives none.

    The comment stands above or behind the attribute or the entry of a map, or above a block or an entry around it;
    `comments` are further ones that speak of it, as in the YAML of a heredoc.
    """
    if not _has_any(source.data):
        return None
    return among((*comments, *_comments(source, span)), rule)


@lru_cache(maxsize=8)
def _has_any(data: bytes) -> bool:
    return b"hclmod:" in data


def among(comments: Iterable[str], rule: str) -> str | None:
    """As `reason`, for comments that are at hand as text.

    One that names no rule, or this rule with a slip, suppresses nothing: its reason counts as empty.
    """
    matches = (match for text in comments if (match := _COMMENT.match(text)))
    reasons = [each for match in matches if (each := _reason(match[1], match[2], rule)) is not None]
    return next(filter(None, reasons), reasons[0] if reasons else None)


def _reason(named: str | None, text: str, rule: str) -> str | None:
    names = [name.strip() for name in (named or "").split(",") if name.strip()]
    if rule in names:
        return text.strip().removesuffix("*/").removesuffix("-->").rstrip()
    return "" if not names or any(_is_slip(name, rule) for name in names) else None


def _is_slip(name: str, rule: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, name.lower().replace("_", "-"), rule).ratio() >= SAME


def _comments(source: Source, span: Span) -> Iterator[str]:
    yield from comments.comments_at_line(source, span)
    for _, comment in comments.comments_around(source, span):
        yield source.data[comment.start : comment.end].decode()
