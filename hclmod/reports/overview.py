"""A report on phases on one screen: numbers first, then each cause once, then what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.reports.causes import HEADS, causes, numbers
from hclmod.reports.escape import blanked, no_command
from hclmod.reports.model import Kind, count, some
from hclmod.reports.terminal import BOLD, DIM, GREEN, SHOWN, YELLOW, left, refused, skipped, totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.reports.causes import Cause, Row
    from hclmod.reports.model import Report, Section
    from hclmod.reports.terminal import Style

_ROWS = 50
"""So many rows of a cause are shown. `--verbose` shows every place of all of them."""


def render(report: Report, style: Style) -> str:
    """The whole report, ending in a newline."""
    sections = report.sections
    lines = list(_head(sections, style))
    for heading, kind, color in (("Needs review", Kind.PERSON, YELLOW), ("Changes", Kind.CHANGE, GREEN)):
        if shown := causes(sections, kind):
            lines += ["", style.paint(heading, BOLD)]
            lines += [line for each in shown for line in _cause(each, style, color)]
    for heading, body in (
        ("Left unchanged", list(left(sections))),
        ("Skipped", list(skipped(sections))),
        ("Refused", [line for each in sections for line in refused(each, style)]),
    ):
        if body:
            lines += ["", style.paint(heading, BOLD), *body]
    return no_command("\n".join([*lines, "", *_end(sections, style)]) + "\n")


def _head(sections: Sequence[Section], style: Style) -> Iterator[str]:
    """The title of one phase, or a table of several."""
    if len(sections) == 1:
        yield style.paint(blanked(sections[0].heading), BOLD)
        return
    titles = [blanked(each.heading) for each in sections]
    width = max(map(len, (*titles, "Phase")))
    yield style.paint("  ".join((f"{'Phase':{width}}", *HEADS)), BOLD)
    rows = [numbers(each) for each in sections]
    for title, row in zip(titles, rows, strict=True):
        yield _table_row(title, width, row)
    total = tuple(map(sum, zip(*rows, strict=True)))
    yield style.paint(_table_row("All", width, total), BOLD)


def _table_row(title: str, width: int, numbers: Sequence[int]) -> str:
    cells = (f"{number:>{len(head)}}" for number, head in zip(numbers, HEADS, strict=True))
    return "  ".join((f"{title:{width}}", *cells))


def _cause(cause: Cause, style: Style, color: str) -> Iterator[str]:
    title, effect = blanked(cause.title), blanked(f"[{cause.effect}]") if cause.effect else ""
    number = f"({cause.number} in {count(cause.stacks, cause.unit)})"
    fits = style.width is None or len(f"  {title} {number} {effect}") <= style.width
    line = f"  {style.paint(title, color)} {number}"
    yield f"{line} {style.paint(effect, DIM)}" if effect and fits else line
    for text in (cause.advice, effect if not fits else ""):
        yield from (f"    {each}" for each in style.wrap(blanked(text)) if each)
    for row in cause.rows[:_ROWS]:
        yield from _row(row, style)
    if rest := cause.rows[_ROWS:]:
        yield f"    and {len(rest)} more (--verbose lists them)"


def _row(row: Row, style: Style) -> Iterator[str]:
    text, places = blanked(row.text), blanked(some(row.places, SHOWN))
    if style.width is None or len(text) + len(places) + 6 <= style.width:
        yield f"    {text}  {style.paint(places, DIM)}"
    else:
        yield from (f"    {line}" for line in style.wrap(text))
        yield from (f"      {style.paint(line, DIM)}" for line in style.wrap(places))


def _end(sections: Sequence[Section], style: Style) -> Iterator[str]:
    """The totals of one phase, and who proved the changes."""
    if len(sections) == 1:
        yield from totals(sections[0], style)
    elif judges := sorted({judge for each in sections for judge in each.judges}):
        yield blanked(f"Every change proven by {' and '.join(judges)}.")
