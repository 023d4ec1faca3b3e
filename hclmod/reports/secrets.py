"""Take out of what is printed all texts that must not be shown, and logins in addresses.

Such a text may come up anywhere, in a message about another file too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hclmod.engine import secrets
from hclmod.reports.escape import HIDDEN, without_login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hclmod.engine.project import Project
    from hclmod.reports.model import Report


def cleaner(
    project: Project, near: Iterable[str] | None = None, base: str | None = None, closed: frozenset[str] | None = None
) -> Callable[[str], str]:
    """What takes secret texts out of a text; the arguments are those of `texts`."""
    every = secrets.texts(project, near, base, closed)
    if not every:
        return without_login
    secret = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)")
    return lambda text: secret.sub(HIDDEN, without_login(text))


def without(report: Report, clean: Callable[[str], str]) -> Report:
    """The same report with every secret text taken out."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(report), clean), type(report))


def rows(tables: Mapping[str, Sequence[Any]], clean: Callable[[str], str]) -> dict[str, list[Any]]:
    """The same tables with every secret text taken out: before they are rendered, which may write it otherwise."""
    return {name: [_row(each, clean) for each in every] for name, every in tables.items()}


def _row(row: Any, clean: Callable[[str], str]) -> Any:
    return msgspec.convert(plain(msgspec.to_builtins(row), clean), type(row))


def plain(value: Any, clean: Callable[[str], str]) -> Any:
    """A value of lists, tables and texts with every secret text taken out."""
    return _cleaned(value, clean, every=True)


_SAYS = {
    *("title", "why", "address", "message", "effect", "subject", "advice", "origins"),
    *("before", "after", "cells", "text", "lines"),
}
"""The fields of a report whose texts come from a repository."""


def _cleaned(value: Any, clean: Callable[[str], str], *, says: bool = False, every: bool = False) -> Any:
    match value:
        case str():
            return clean(value) if says or every else value
        case dict():
            return {key: _cleaned(each, clean, says=key in _SAYS, every=every) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each, clean, says=says, every=every) for each in value]
    return value
