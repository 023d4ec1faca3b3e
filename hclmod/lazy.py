"""Regular expressions that are compiled when they are first used: many of those of a module never are."""

from __future__ import annotations

import re
from typing import AnyStr, Generic, cast


class _Lazy(Generic[AnyStr]):
    """Takes the place of a pattern, and takes over its methods as they are asked for."""

    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._made_of: tuple[AnyStr, int] = (pattern, flags)

    def __getattr__(self, name: str) -> object:
        method = getattr(re.compile(*self._made_of), name)  # `re` keeps what it has compiled
        setattr(self, name, method)
        return method


def lazily(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A regular expression, as `re.compile` gives it, for the methods of patterns only."""
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))
