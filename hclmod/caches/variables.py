"""What variables of nginx are for one address: `set`, `if` and `map`, as far as they depend on the address alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod import patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.caches.nginx import Directive

_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_EMPTY = frozenset({"", "0"})
_DEEPEST = 50
"""A map whose value needs so many others, one after another, is not known."""


class Variables:
    """The variables of a request for one address; None is a value that cannot be known here."""

    def __init__(self, uri: str, maps: Mapping[str, Directive]) -> None:
        known = {
            "uri": uri,
            "document_uri": uri,
            "request_uri": uri,
            "request_method": "GET",
            "args": "",
            "is_args": "",
        }
        self._known: dict[str, str | None] = dict(known)
        self._maps = maps
        self._depth = 0

    def run(self, directives: Sequence[Directive], *, sure: bool = True) -> None:
        """Do what `set` and `if` of a server or location say; not `sure` where a condition around is not known."""
        for each in directives:
            if each.name == "set" and len(each.args) == 2:
                self._known[each.args[0].lstrip("$")] = self.text(each.args[1]) if sure else None
            elif each.name == "if" and each.block:
                does = self.holds(each.args)
                if does is not False:
                    self.run(each.block, sure=sure and does is True)

    def text(self, written: str) -> str | None:
        """A text with the values of its variables; None where one of them is not known."""
        values = [self._value(match[1] or match[2]) for match in _NAME.finditer(written)]
        if any(value is None for value in values):
            return None
        rest: Iterator[str | None] = iter(values)
        return _NAME.sub(lambda _match: str(next(rest)), written)

    def _value(self, name: str) -> str | None:
        if name not in self._known and self._depth < _DEEPEST:
            self._known[name] = None  # a map that needs itself
            if name in self._maps:
                self._depth += 1
                self._known[name] = self._mapped(self._maps[name])
                self._depth -= 1
        return self._known.get(name)

    def _mapped(self, entry: Directive) -> str | None:
        value = self.text(entry.args[0])
        if value is None:
            return None
        rows = [(each.name, each.args[0]) for each in entry.block or () if each.args]
        if any(name == "include" for name, _ in rows):
            return None
        plain = dict(reversed([(name.removeprefix("\\"), text) for name, text in rows if not name.startswith("~")]))
        if value in plain:
            return self.text(plain[value])
        for name, text in rows:
            if name.startswith("~"):
                matched = _search(name, value)
                if matched is not False:
                    return self.text(text) if matched else None
        return self.text(plain.get("default", ""))

    def holds(self, condition: Sequence[str]) -> bool | None:
        """Whether a condition of `if` is true; None where that is not known."""
        if not condition:
            return None
        value = self.text(condition[0])
        if value is None:
            return None
        match list(condition[1:]):
            case []:
                return value not in _EMPTY
            case [("=" | "!=") as sign, other]:
                text = self.text(other)
                return None if text is None else (value == text) is (sign == "=")
            case [("~" | "~*" | "!~" | "!~*") as sign, pattern]:
                matched = _search(sign.removeprefix("!") + pattern, value)
                return None if matched is None else matched is not sign.startswith("!")
        return None

    def any_set(self, conditions: Sequence[str]) -> bool | None:
        """Whether one of these texts is neither empty nor `0`, as `proxy_no_cache` asks; None if not known."""
        values = [self.text(each) for each in conditions]
        if any(value is not None and value not in _EMPTY for value in values):
            return True
        return None if None in values else False


def _search(written: str, value: str) -> bool | None:
    flags = "(?i)" if written.startswith("~*") else ""
    return patterns.search(flags + written.removeprefix("~*").removeprefix("~"), value)


def maps(root: Directive) -> dict[str, Directive]:
    """The `map` blocks of a configuration by the names of their variables."""
    every = (each for each in root.below() if each.name == "map" and len(each.args) == 2 and each.block is not None)
    return {each.args[1].lstrip("$"): each for each in every}
