"""Rows of one kind as tables: for a person, a pull request, a spreadsheet or a program."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from hclmod.reports import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMATS = ("text", "json", "csv", "markdown")


NARROW = "NARROW"
"""The class variable of a row with the columns that a terminal shows; without it that is all of them."""

WHOLE = "WHOLE"
"""The class variable of a row with the columns that are never cut, such as a time."""


def render(tables: Mapping[str, Sequence[Any]], form: str, width: int | None = None) -> str:
    """Tables of structs by their titles, as `text`, `json`, `csv` or `markdown`; ends in a newline.

    As CSV they are one table with the columns of all and the title first: `survey --format csv` in a spreadsheet.
    A tuple is counted in a cell and listed in JSON. Text is not wider than `width` characters, if there is one: it has
    fewer columns then, and long cells are cut in the middle.
    """
    match form:
        case "json":
            entries = {
                name.lower().replace(" ", "_"): [to_builtins(row) for row in rows] for name, rows in tables.items()
            }
            return escape.json(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
        case "csv":
            return escape.no_command(_csv(tables))
        case "markdown":
            return escape.no_command("\n".join(f"## {name}\n\n{_markdown(rows)}" for name, rows in tables.items()))
        case _:
            return escape.no_command("\n".join(f"{name}\n{_text(rows, width)}" for name, rows in tables.items()))


def _cells(row: Any) -> dict[str, str]:
    """The values as text by column."""
    return {name.replace("_", " "): escape.blanked(_cell(getattr(row, name))) for name in row.__struct_fields__}


def _cell(value: object) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case tuple():
            return str(len(value))
    return str(value)


def _csv(tables: Mapping[str, Sequence[Any]]) -> str:
    rows = [{"table": name.lower(), **_inert(_cells(row))} for name, rows in tables.items() for row in rows]
    heads = list(dict.fromkeys(head for row in rows for head in row)) or ["table"]
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _inert(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells as a spreadsheet shows them: one that it would take for a formula begins with an apostrophe."""
    return {name: f"'{text}" if text.startswith(("=", "+", "-", "@")) else text for name, text in cells.items()}


def _lines(rows: Sequence[Any]) -> list[list[str]]:
    """The heads, then the cells of each row."""
    entries = [_cells(row) for row in rows]
    return [list(entries[0]), *(list(each.values()) for each in entries)]


def _markdown(rows: Sequence[Any]) -> str:
    if not rows:
        return "none\n"
    heads, *lines = _lines(rows)
    every = [heads, ["---"] * len(heads), *lines]
    escaped = ([escape.plain(cell) if number > 1 else cell for cell in line] for number, line in enumerate(every))
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def _text(rows: Sequence[Any], width: int | None) -> str:
    if not rows:
        return "  none\n"
    lines = _lines(rows)
    if width is not None:
        shown = [each.replace("_", " ") for each in getattr(type(rows[0]), NARROW, rows[0].__struct_fields__)]
        columns = [lines[0].index(each) for each in shown]
        lines = [[line[each] for each in columns] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    if width is not None:
        whole = [lines[0].index(each) for each in getattr(type(rows[0]), WHOLE, ())]
        others = [each for column, each in enumerate(widths) if column not in whole]
        longest = _longest(others, width - 2 * len(widths) - sum(widths[column] for column in whole))
        widths = [each if column in whole else min(each, longest) for column, each in enumerate(widths)]
    return "".join(
        "  "
        + "  ".join(f"{_cut(cell, width):{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


_SHORTEST = 7


def _longest(widths: Sequence[int], room: int) -> int:
    """The longest that a cell may be so that all columns fit, but no less than can be read."""
    longest = max(widths)
    while longest > _SHORTEST and sum(min(each, longest) for each in widths) > room:
        longest -= 1
    return longest


def _cut(text: str, length: int) -> str:
    """The text with its middle left out, where it is longer: how an address begins and ends says most of it."""
    if len(text) <= length:
        return text
    ahead = (length - 1) // 3
    return f"{text[:ahead]}…{text[len(text) - (length - 1 - ahead) :]}"
