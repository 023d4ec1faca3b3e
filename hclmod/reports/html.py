"""A report as one HTML page that needs nothing else: no network, no fonts, and no script to be read.

The page is `page.html.j2`; here its values get their shape. The few lines of script only hide the stacks that the
reader does not ask for; without them all are shown.
"""

from __future__ import annotations

import hashlib
import textwrap
from base64 import b64encode
from collections import Counter
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from hclmod.reports import diff
from hclmod.reports.escape import html, spans
from hclmod.reports.model import Kind, Outcome, count, fix_command, summary, to_review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.model import Document, Item, Report, Section, Stack

_CLASSES = {diff.ADDED: "added", diff.REMOVED: "removed", diff.HUNK: "hunk", diff.HEAD: "head"}
_WORDS: dict[Kind, str] = {
    Kind.CHANGE: "changes",
    Kind.TRIED: "tried, then discarded",
    Kind.PERSON: "needs review",
    Kind.LEFT: "left unchanged on purpose",
}


def render(report: Report) -> str:
    """The whole page."""
    css, js = _asset("page.css"), _asset("page.js")
    # Nothing is loaded, and no style or script runs but these two.
    sums = {"css": _sum(css), "js": _sum(js)}
    page = _templates().get_template("page.html.j2")
    return page.render(report=report, words=_WORDS, css=Markup(css), js=Markup(js), sums=sums)  # noqa: S704 - our files


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FunctionLoader(_asset), autoescape=True, finalize=_escaped, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters.update(
        spans=spans, summary=summary, fix_command=fix_command, to_review=to_review, dedented=_dedented, runs=_runs,
        counts=_counts, matrix=_matrix, people=_people, refused=_refused, names=_names,
    )  # fmt: skip
    return made


def _escaped(value: object) -> object:
    """A value as it is written: what nobody sees is written by its number, what HTML would obey is an entity."""
    return value if isinstance(value, Markup) else Markup(html(str(value)))  # noqa: S704 - escaped


@cache
def _asset(name: str) -> str:
    return files("hclmod.reports").joinpath(name).read_text(encoding="utf-8")


def _sum(text: str) -> Markup:
    return Markup(b64encode(hashlib.sha256(text.encode()).digest()).decode())  # noqa: S704 - letters, digits, `+/=`


def _names(report: Report) -> list[str]:
    """The names of all stacks."""
    return sorted({stack.name for section in report.sections for stack in section.stacks})


def _refused(section: Section) -> list[Document]:
    return section.of(Outcome.REFUSED, Outcome.FAILED)


def _people(section: Section) -> list[tuple[Stack, Document, Item]]:
    return [(stack, *pair) for stack in section.stacks for pair in stack.items(Kind.PERSON)]


def _matrix(section: Section) -> tuple[list[str], list[tuple[str, list[tuple[str, str]]]]]:
    """Stacks by rules: how many changes, and with `!` how many things need review."""
    rows = [(stack.name, _numbers(stack)) for stack in section.stacks]
    rules = sorted({rule for _, numbers in rows for rule, _ in numbers})
    return rules, [(name, [_cell(numbers, rule) for rule in rules]) for name, numbers in rows if numbers]


def _numbers(stack: Stack) -> Counter[tuple[str, Kind]]:
    return Counter((item.rule, item.kind) for _, item in stack.items(Kind.CHANGE, Kind.PERSON))


def _cell(numbers: Counter[tuple[str, Kind]], rule: str) -> tuple[str, str]:
    changes, people = numbers[rule, Kind.CHANGE], numbers[rule, Kind.PERSON]
    text = " ".join([*([str(changes)] if changes else ()), *([f"{people}!"] if people else ())])
    return "people" if people else "changes" if changes else "none", text


def _counts(stack: Stack) -> tuple[str, int]:
    """How many changes, in words, and how many things need review."""
    changes = sum(1 for _ in stack.items(Kind.CHANGE))
    return count(changes, "change"), sum(1 for _ in stack.items(Kind.PERSON))


def _dedented(item: Item) -> tuple[str, str]:
    """The lines before and after without the indentation that all of them share."""
    number = item.before.count("\n") + 1
    lines = textwrap.dedent(f"{item.before}\n{item.after}").split("\n")
    return "\n".join(lines[:number]), "\n".join(lines[number:])


def _runs(document: Document) -> Iterator[tuple[str, str]]:
    """The lines of its diff with their class; neighbours of one class share an element, so large diffs stay light."""
    for sign, run in groupby(diff.signed(document.path, document.hunks), key=lambda pair: pair[0]):
        yield _CLASSES.get(sign, "kept"), "".join(line for _, line in run)
