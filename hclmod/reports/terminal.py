"""A phase for a person at a terminal, or for a log: what changes, what needs review, what stays, totals."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.reports.escape import blanked, no_command
from hclmod.reports.model import Kind, Outcome, count, fix_command, headings, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

from hclmod.reports.model import Item, Section

_SHOWN = 3
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
        width = max(20, self.width - len(_INDENT))
        return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [text]


def render(section: Section, style: Style) -> str:
    """The whole section, ending in a newline."""
    lines, (changes, _) = [style.paint(blanked(section.heading), BOLD)], headings(section)
    for heading, body in (
        (changes, list(_rows(section, Kind.CHANGE, style, code=PLAIN, path_code=GREEN))),
        ("Needs review", list(_rows(section, Kind.PERSON, style, code=YELLOW, path_code=PLAIN))),
        ("Left unchanged", list(_left_alone(section, style))),
        ("Skipped", list(_skipped(section))),
        ("Refused", list(refused(section, style))),
    ):
        if body:
            lines += ["", style.paint(heading, BOLD), *body]
    return no_command("\n".join([*lines, "", *_totals(section, style)]) + "\n")


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
    elif left := section.totals.left:
        yield f"  {count(left, 'target')} left unchanged on purpose (--verbose lists {'it' if left == 1 else 'them'})"


def _skipped(section: Section) -> Iterator[str]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for document in section.of(Outcome.SKIPPED):
        reasons["; ".join(document.why)].append(document.path)
    for reason, paths in sorted(reasons.items()):
        shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
        yield blanked(f"  {count(len(paths), 'file')}: {reason}: {shown}")


def refused(section: Section, style: Style) -> Iterator[str]:
    """The documents whose change was not proven, with the reasons."""
    for document in section.of(Outcome.REFUSED, Outcome.FAILED):
        failed = ": hclmod itself failed, please report this:" if document.is_bug else ""
        yield f"  {style.paint(blanked(document.path), RED)}{failed}"
        yield from (blanked(f"    {why}") for why in document.why)


def _totals(section: Section, style: Style) -> Iterator[str]:
    yield style.paint(summary(section), RED if section.totals.refused else BOLD)
    if command := fix_command(section):
        yield f"Fix what can be fixed: {command}"
    if section.judges:
        yield f"Every {headings(section)[1]} proven by {' and '.join(section.judges)}."
