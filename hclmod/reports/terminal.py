"""A phase for a person at a terminal, or for a log: what changes, what needs review, what stays, totals."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.reports.escape import blanked, no_command
from hclmod.reports.model import Kind, Outcome, count, fix_command, headings, some, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.reports.model import Item, Section

SHOWN = 3
"""So many files or places of one kind are named."""

_INDENT = " " * 10
PLAIN, BOLD, DIM, RED, GREEN, YELLOW = "", "1", "2", "31", "32", "33"


class Style(Struct, frozen=True):
    """How to write: with ANSI colours or without, whether targets left unchanged on purpose are listed, how wide.

    Without a width lines are as long as what they say.
    """

    color: bool = False
    verbose: bool = False
    width: int | None = None

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text

    def wrap(self, text: str) -> list[str]:
        """The text in lines that fit behind the indentation of messages."""
        if self.width is None or len(text) + len(_INDENT) <= self.width:
            return [text]
        import textwrap

        width = max(20, self.width - len(_INDENT))
        return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [text]


def render(section: Section, style: Style) -> str:
    """The whole section, ending in a newline."""
    lines, (changes, _) = [style.paint(blanked(section.heading), BOLD)], headings(section)
    for heading, body in (
        (changes, list(_rows(section, Kind.CHANGE, style, code=PLAIN, path_code=GREEN))),
        ("Needs review", list(_rows(section, Kind.PERSON, style, code=YELLOW, path_code=PLAIN))),
        ("Left unchanged", list(_left_alone(section, style))),
        ("Skipped", list(skipped([section]))),
        ("Refused", list(refused(section, style))),
    ):
        if body:
            lines += ["", style.paint(heading, BOLD), *body]
    return no_command("\n".join([*lines, "", *totals(section, style)]) + "\n")


def _rows(section: Section, kind: Kind, style: Style, *, code: str, path_code: str) -> Iterator[str]:
    for path, pairs in groupby(section.items(kind), key=lambda pair: pair[0].path):
        yield f"  {style.paint(blanked(path), path_code)}"
        for _, item in pairs:
            yield from _lines(item, style, code)


def _lines(item: Item, style: Style, code: str) -> Iterator[str]:
    yield style.paint(blanked(f"    {item.line:>4}  {item.rule}  {item.address}"), code)
    effect = blanked(f" [{item.effect}]") if item.effect else ""
    *lines, last = style.wrap(blanked(item.message) + effect)
    yield from (_INDENT + line for line in lines)
    whole = bool(effect) and last.endswith(effect)
    yield _INDENT + (last.removesuffix(effect) + style.paint(effect, DIM) if whole else last)


def _left_alone(section: Section, style: Style) -> Iterator[str]:
    if style.verbose:
        yield from _rows(section, Kind.LEFT, style, code=DIM, path_code=PLAIN)
    else:
        yield from left([section])


def left(sections: Sequence[Section]) -> Iterator[str]:
    """How many targets are left unchanged on purpose, where there are any."""
    if number := sum(each.totals.left for each in sections):
        them = "it" if number == 1 else "them"
        yield f"  {count(number, 'target')} left unchanged on purpose (--verbose lists {them})"


def skipped(sections: Sequence[Section]) -> Iterator[str]:
    """The files that were not read by their reasons, each file once."""
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    for document in (document for section in sections for document in section.of(Outcome.SKIPPED)):
        reasons["; ".join(document.why)][document.path] = None
    for reason, paths in sorted(reasons.items()):
        yield blanked(f"  {count(len(paths), 'file')}: {reason}: {some(tuple(paths), SHOWN)}")


def refused(section: Section, style: Style) -> Iterator[str]:
    """The documents whose change was not proven, with the reasons."""
    for document in section.of(Outcome.REFUSED, Outcome.FAILED):
        failed = ": hclmod itself failed, please report this:" if document.is_bug else ""
        yield f"  {style.paint(blanked(document.path), RED)}{failed}"
        yield from (blanked(f"    {why}") for why in document.why)


def totals(section: Section, style: Style) -> Iterator[str]:
    """The totals in one line, what to run, and who proved the changes."""
    yield style.paint(summary(section), RED if section.totals.refused else BOLD)
    if command := fix_command(section):
        yield f"Fix what can be fixed: {command}"
    if section.judges:
        yield blanked(f"Every {headings(section)[1]} proven by {' and '.join(section.judges)}.")
