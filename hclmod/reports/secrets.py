"""Take out of what is printed all texts that must not be shown.

Such a text may come up anywhere, in a message about another file too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hclmod.engine import secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hclmod.engine.project import Project
    from hclmod.reports.model import Report

HIDDEN = "(hidden)"


def cleaner(
    project: Project, near: Iterable[str] | None = None, base: str | None = None, closed: frozenset[str] | None = None
) -> Callable[[str], str]:
    """What takes secret texts out of a text; the arguments are those of `texts`."""
    every = secrets.texts(project, near, base, closed)
    if not every:
        return lambda text: text
    secret = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)")
    return lambda text: secret.sub(HIDDEN, text)


def without(report: Report, clean: Callable[[str], str]) -> Report:
    """The same report with every secret text taken out."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(report), clean), type(report))


_SAYS = {"title", "why", "address", "message", "effect", "origins", "before", "after", "cells", "text", "lines"}
"""The fields of a report whose texts come from a repository."""


def _cleaned(value: Any, clean: Callable[[str], str], *, says: bool = False) -> Any:
    match value:
        case str():
            return clean(value) if says else value
        case dict():
            return {key: _cleaned(each, clean, says=key in _SAYS) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each, clean, says=says) for each in value]
    return value
