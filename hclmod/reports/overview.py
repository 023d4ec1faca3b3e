"""A report on phases on one screen: numbers first, then each cause once, then what to do next."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.reports.causes import HEADS, causes, numbers
from hclmod.reports.escape import blanked, no_command
from hclmod.reports.model import Kind, Outcome, count, fix_command, headings, summary
from hclmod.reports.terminal import BOLD, DIM, GREEN, RED, YELLOW, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.reports.causes import Cause, Row
    from hclmod.reports.model import Report, Section
    from hclmod.reports.terminal import Style

_ROWS = 50
"""So many rows of a cause are shown. `--verbose` shows every place of all of them."""

_PLACES = 3


def render(report: Report, style: Style) -> str:
    """The whole report, ending in a newline."""
    sections = report.sections
    lines, changes = list(_head(sections, style)), headings(sections[0])[0] if sections else ""
    for heading, kind, color in (("Needs review", Kind.PERSON, YELLOW), (changes, Kind.CHANGE, GREEN)):
        if shown := causes(sections, kind):
            lines += ["", style.paint(heading, BOLD)]
            lines += [line for each in shown for line in _cause(each, style, color)]
    for heading, body in (
        ("Left unchanged", list(_left(sections))),
        ("Skipped", list(_skipped(sections))),
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
    number = f"({cause.number} in {count(cause.stacks, 'stack')})"
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
    places = ", ".join(row.places[:_PLACES])
    places += f" and {len(row.places) - _PLACES} more" if len(row.places) > _PLACES else ""
    text = blanked(row.text)
    short = style.width is None or len(text) + len(places) + 6 <= style.width
    if short:
        yield f"    {text}  {style.paint(blanked(places), DIM)}"
    else:
        yield from (f"    {line}" for line in style.wrap(text))
        yield from (f"      {style.paint(line, DIM)}" for line in style.wrap(blanked(places)))


def _left(sections: Sequence[Section]) -> Iterator[str]:
    left = sum(each.totals.left for each in sections)
    if left:
        yield f"  {count(left, 'target')} left unchanged on purpose (--verbose lists {'it' if left == 1 else 'them'})"


def _skipped(sections: Sequence[Section]) -> Iterator[str]:
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    for section in sections:
        for document in section.of(Outcome.SKIPPED):
            reasons["; ".join(document.why)][document.path] = None
    for reason, paths in sorted(reasons.items()):
        shown = ", ".join(list(paths)[:_PLACES])
        shown += f" and {len(paths) - _PLACES} more" if len(paths) > _PLACES else ""
        yield blanked(f"  {count(len(paths), 'file')}: {reason}: {shown}")


def _end(sections: Sequence[Section], style: Style) -> Iterator[str]:
    """The totals of one phase, and who proved the changes."""
    if len(sections) == 1:
        (section,) = sections
        yield style.paint(summary(section), RED if section.totals.refused else BOLD)
        if command := fix_command(section):
            yield f"Fix what can be fixed: {command}"
    if judges := sorted({judge for each in sections for judge in each.judges}):
        yield f"Every {headings(sections[0])[1]} proven by {' and '.join(judges)}."
