"""Rows of named cells as a table: for a terminal, for a spreadsheet, for a pull request, for a machine."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMS = ("text", "json", "csv", "markdown")


def render(rows: Sequence[Mapping[str, str]], form: str) -> str:
    """All rows in one of the `FORMS`; the cells of the first row name the columns."""
    if form == "json":
        return json.dumps([dict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"
    heads = list(rows[0]) if rows else []
    lines = [heads, *([_plain(row.get(head, "")) for head in heads] for row in rows)]
    match form:
        case "csv":
            return _csv(lines)
        case "markdown":
            return _markdown(lines)
        case _:
            return _text(lines)


def _plain(text: str) -> str:
    """The text without what a terminal would obey or a table would break at."""
    return "".join(char if char.isprintable() else " " for char in text)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    escaped = [[cell.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in (escaped[0], ["---"] * len(escaped[0]), *escaped[1:]))


def _text(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)
