"""Which `location` of nginx answers an address, in nginx's own order.

Source: ngx_http_core_find_location: an exact location wins at once. Else the longest prefix is remembered, and what is
nested in it is looked at first. Then the regular expressions in their order, unless the prefix is `^~`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.caches.nginx import Directive

_REGEX = {"~": "", "~*": "(?i)"}


class UndecidedError(Exception):
    """A regular expression cannot be matched here, so what answers is not known."""


class Match(Struct, frozen=True):
    """The locations around what answers, outermost first; empty for the server itself. `is_final` ends the search."""

    chain: tuple[Directive, ...]
    is_final: bool = False


def find(level: Directive, uri: str) -> tuple[Directive, ...]:
    """The chain of locations that answers an address in a server; `UndecidedError` where that cannot be said."""
    return _find(level, uri).chain


def _find(level: Directive, uri: str) -> Match:
    locations = level.all("location")
    exact, prefix = _static(locations, uri)
    if exact is not None:
        return Match((exact,), is_final=True)
    nested = Match(())
    if prefix is not None:
        inner = _find(prefix, uri)
        nested = Match((prefix, *inner.chain), inner.is_final)
        if nested.is_final or modifier(prefix) == "^~":
            return nested
    for each in locations:
        if modifier(each) in _REGEX and _matches(each, uri):
            return Match((each, *_find(each, uri).chain), is_final=True)
    return nested


def _static(locations: Sequence[Directive], uri: str) -> tuple[Directive | None, Directive | None]:
    exact = next((each for each in locations if modifier(each) == "=" and pattern(each) == uri), None)
    prefixes = [each for each in locations if modifier(each) in ("", "^~") and uri.startswith(pattern(each))]
    return exact, max(prefixes, key=lambda each: len(pattern(each)), default=None)


def modifier(location: Directive) -> str:
    """`=`, `^~`, `~`, `~*`, `@` for a named one, or nothing for a prefix."""
    first = location.args[0] if location.args else ""
    for each in ("^~", "~*", "=", "~"):
        if first == each or (len(location.args) == 1 and first.startswith(each)):
            return each
    return "@" if first.startswith("@") else ""


def pattern(location: Directive) -> str:
    """What it compares with the address."""
    first, second = (*location.args, "", "")[:2]
    return second or first.removeprefix(modifier(location))


def _matches(location: Directive, uri: str) -> bool:
    matched = patterns.search(_REGEX[modifier(location)] + pattern(location), uri)
    if matched is None:
        raise UndecidedError(location.shown)
    return matched
