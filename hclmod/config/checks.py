"""Say in a person's words what is wrong with the tables of a configuration file; all of it at once.

A check is given a value and its dotted key and yields problems.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from hclmod.errors import ConfigError

Check = Callable[[Any, str], Iterator[str]]
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = {bool: "a boolean", int: "a number", str: "a string", list: "an array", dict: "a table"}


def refuse(path: str, problems: Iterable[str]) -> None:
    """Raise one error that lists all problems; without any, do nothing."""
    lines = [f"{path}: {problem}" for problem in problems]
    if lines:
        raise ConfigError("\n".join(lines))


def dotted(parent: str, name: str) -> str:
    """Write the key `name` of the table `parent`, quoted where TOML would quote it."""
    key = name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f"{parent}.{key}" if parent else key


def table(fields: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """Accept a table with these keys and no others."""

    def check(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            known = fields.get(name)
            yield from known(inner, dotted(key, name)) if known else _unknown(key, name, fields)
        missing = [name for name in required if isinstance(value, dict) and name not in value]
        yield from (f"{dotted(key, name)}: missing; add it" for name in missing)

    return check


def named(check: Check, name_check: Check | None = None) -> Check:
    """Accept a table whose keys the user chooses, with values that hold to `check`."""

    def check_all(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            inside = dotted(key, name)
            yield from name_check(name, inside) if name_check else ()
            yield from check(inner, inside)

    return check_all


def text(value: Any, key: str) -> Iterator[str]:
    """Accept any string."""
    yield from _problem(isinstance(value, str), key, "a string", value)


def listed(check: Check) -> Check:
    """Accept an array whose items hold to `check`."""

    def check_all(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, list), key, "an array of strings", value)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from check(item, f"{key}[{index}]")

    return check_all


def _problem(fine: bool, key: str, wanted: str, value: object) -> Iterator[str]:  # noqa: FBT001
    if not fine:
        yield f"{key}: write {wanted}, not {_KINDS.get(type(value), type(value).__name__)}"


def _unknown(parent: str, name: str, known: Iterable[str]) -> Iterator[str]:
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(known))}"
    yield f"{dotted(parent, name)}: unknown key; {advice}"


def number(value: Any, key: str) -> Iterator[str]:
    """Accept a whole number."""
    yield from _problem(type(value) is int, key, "a number", value)


def boolean(value: Any, key: str) -> Iterator[str]:
    """Accept true and false."""
    yield from _problem(isinstance(value, bool), key, "true or false", value)


def anything(_value: Any, _key: str) -> Iterator[str]:
    """Accept whatever it is."""
    yield from ()
