"""Say in a person's words what is wrong with the tables of a file that people write; all of it at once.

A type is a check, which is given a value and its dotted key and yields problems, and the JSON schema that says the same
to an editor. A table has its keys in one place: the check, the schema and the page of the documentation are made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from hclmod.errors import ConfigError

Check = Callable[[Any, str], Iterator[str]]
Schema = Mapping[str, Any]
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = {bool: "a boolean", int: "a number", str: "a string", list: "an array", dict: "a table"}


class Type(Struct, frozen=True):
    """What a value may be: its check, and its JSON schema."""

    check: Check
    schema: Schema

    def __call__(self, value: Any, key: str) -> Iterator[str]:
        """Yield what is wrong with a value."""
        return self.check(value, key)


class Key(Struct, frozen=True):
    """A key of a table: what it holds, what it is for, and what holds without it."""

    type: Type
    about: str
    default: str | int | bool | None = None

    @property
    def schema(self) -> Schema:
        """The schema of the value, with the description."""
        default = {} if self.default is None else {"default": self.default}
        return {**self.type.schema, "description": self.about, **default}


def refuse(path: str, problems: Iterable[str]) -> None:
    """Raise one error that lists all problems; without any, do nothing."""
    lines = [f"{path}: {problem}" for problem in problems]
    if lines:
        raise ConfigError("\n".join(lines))


def dotted(parent: str, name: str) -> str:
    """Write the key `name` of the table `parent`, quoted where TOML would quote it."""
    key = name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f"{parent}.{key}" if parent else key


def table(keys: Mapping[str, Key], required: Collection[str] = ()) -> Type:
    """Accept a table with these keys and no others."""

    def check(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            known = keys.get(name)
            yield from known.type(inner, dotted(key, name)) if known else _unknown(key, name, keys)
        missing = [name for name in required if isinstance(value, dict) and name not in value]
        yield from (f"{dotted(key, name)}: missing; add it" for name in missing)

    schema = {"type": "object", "additionalProperties": False, **({"required": [*required]} if required else {})}
    return Type(check, {**schema, "properties": {name: key.schema for name, key in keys.items()}})


def named(inner: Type, name: Type | None = None) -> Type:
    """Accept a table whose keys the user chooses, with values that hold to `inner` and keys that hold to `name`."""

    def check(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for each, entry in value.items() if isinstance(value, dict) else ():
            inside = dotted(key, each)
            yield from name(each, inside) if name else ()
            yield from inner(entry, inside)

    names = {"propertyNames": name.schema} if name else {}
    return Type(check, {"type": "object", **names, "additionalProperties": inner.schema})


def listed(inner: Type) -> Type:
    """Accept an array whose items hold to `inner`."""

    def check(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, list), key, "an array of strings", value)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from inner(item, f"{key}[{index}]")

    return Type(check, {"type": "array", "items": inner.schema})


def narrowed(wide: Type, check: Check, schema: Schema) -> Type:
    """Accept what `wide` accepts and `check` has nothing to say of; `schema` is what is added to that of `wide`."""

    def both(value: Any, key: str) -> Iterator[str]:
        yield from wide(value, key)
        yield from check(value, key)

    twice = wide.schema.keys() & schema.keys()
    return Type(both, {"allOf": [wide.schema], **schema} if twice else {**wide.schema, **schema})


def matching(pattern: re.Pattern[str], advice: str, schema_pattern: str | None = None) -> Type:
    """Accept a string that matches as a whole; `advice` says what to write."""

    def check(value: Any, key: str) -> Iterator[str]:
        if isinstance(value, str) and not pattern.fullmatch(value):
            yield f"{key}: {advice}, not {value!r}"

    return narrowed(text, check, {"pattern": schema_pattern or f"^(?:{pattern.pattern})$"})


def _problem(fine: bool, key: str, target: str, value: object) -> Iterator[str]:  # noqa: FBT001
    if not fine:
        yield f"{key}: write {target}, not {_KINDS.get(type(value), type(value).__name__)}"


def _unknown(parent: str, name: str, known: Iterable[str]) -> Iterator[str]:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(known))}"
    yield f"{dotted(parent, name)}: unknown key; {advice}"


def _text(value: Any, key: str) -> Iterator[str]:
    yield from _problem(isinstance(value, str), key, "a string", value)


def _boolean(value: Any, key: str) -> Iterator[str]:
    yield from _problem(isinstance(value, bool), key, "true or false", value)


def _number(value: Any, key: str) -> Iterator[str]:
    yield from _problem(type(value) is int, key, "a number", value)


def _anything(_value: Any, _key: str) -> Iterator[str]:
    yield from ()


text = Type(_text, {"type": "string"})
number = Type(_number, {"type": "integer"})
boolean = Type(_boolean, {"type": "boolean"})
anything = Type(_anything, {})
texts = listed(text)
