"""A report as JSON, written and read back (`hclmod/schemas/hclmod.report.schema.json`).

What is read may come from a stranger's pull request, so it is checked value by value.
"""

from __future__ import annotations

import json
import types
from dataclasses import asdict, fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from hclmod.errors import HclmodError
from hclmod.reports.model import Report, Section

VERSION = 1
"""Of the format; a report of another version is not read."""


def write(report: Report) -> str:
    """The report as JSON text, ending in a newline."""
    told = {"version": VERSION, **asdict(report)}
    for section, raw in zip(report.sections, told["sections"], strict=True):
        raw["totals"] = {**asdict(section.totals), "effects": dict(section.totals.effects)}
        raw["judges"] = section.judges
    return json.dumps(told, indent=1, ensure_ascii=True) + "\n"


def read(data: bytes, path: str) -> Report:
    """The report that `write` wrote; `HclmodError` with the place for anything else. Totals are counted anew."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HclmodError(f"{path}: not JSON: {error}", hint="Give a report of `--format json`.") from error
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        version = raw.get("version") if isinstance(raw, dict) else None
        hint = f"Make it with this hclmod's `--format json`; it reads version {VERSION}."
        raise HclmodError(f"{path}: no report of version {VERSION} (version: {version!r})", hint=hint)
    told = {key: value for key, value in raw.items() if key != "version"}
    try:
        return cast("Report", _value(Report, told, ""))
    except _MisfitError as error:
        raise HclmodError(f"{path}: {error}", hint="Give an unchanged report of `--format json`.") from error


class _MisfitError(ValueError):
    pass


_COUNTED = {"totals", "judges"}
"""What a section has in JSON and is counted here."""


def _value(kind: Any, raw: object, where: str) -> object:
    if is_dataclass(kind):
        return _object(cast("type[Any]", kind), raw, where)
    if get_origin(kind) is tuple:
        (inner, *_) = get_args(kind)
        return tuple(_value(inner, each, f"{where}[{i}]") for i, each in enumerate(_is(list, raw, where)))
    if get_origin(kind) in (Union, types.UnionType):
        return None if raw is None else _value(get_args(kind)[0], raw, where)
    if issubclass(kind, StrEnum):
        words = [each.value for each in kind]
        if raw not in words:
            raise _MisfitError(f"{where} is none of {', '.join(words)}")
        return kind(raw)
    return _is(kind, raw, where)


def _object(kind: type[Any], raw: object, where: str) -> object:
    table = _is(dict, raw, where or "the report")
    known = get_type_hints(kind)
    extra = table.keys() - known.keys() - (_COUNTED if kind is Section else set())
    if extra:
        raise _MisfitError(f"{where or 'the report'} has an unknown key {min(map(str, extra))!r}")
    if missing := [each.name for each in fields(kind) if each.name not in table]:
        raise _MisfitError(f"{where or 'the report'} lacks {missing[0]!r}")
    return kind(**{name: _value(hint, table[name], f"{where}.{name}".lstrip(".")) for name, hint in known.items()})


def _is(kind: type[Any], raw: object, where: str) -> Any:
    if not isinstance(raw, kind) or (kind is int and isinstance(raw, bool)):
        raise _MisfitError(f"{where} is no {_NAMES[kind]}")
    return raw


_NAMES = {str: "string", int: "number", bool: "boolean", list: "array", dict: "object"}
