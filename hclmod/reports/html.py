"""A report as one HTML page that needs nothing else: no network, no fonts, and no script to be read.

The page is `page.html.j2`; here its values get their shape. The few lines of script only hide what the reader does not
ask for; without them all is shown. Each change is shown once, as lines of the diff of its document.
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
from hclmod.reports.causes import HEADS, causes, numbers
from hclmod.reports.escape import html, spans
from hclmod.reports.model import Kind, Outcome, count, fix_command, summary, to_review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.causes import Cause
    from hclmod.reports.model import Commit, Document, Item, Report, Section, Stack

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
    link = report.commit.address if report.commit else lambda _place: ""
    values = {"report": report, "words": _WORDS, "sums": sums, "link": link}
    return page.render(**values, css=Markup(css), js=Markup(js))  # noqa: S704 - our files


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FunctionLoader(_asset), autoescape=True, finalize=_escaped, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters.update(
        spans=spans, count=count, summary=summary, fix_command=fix_command, to_review=to_review, dedented=_dedented,
        runs=_runs, counts=_counts, matrix=_matrix, causes=_causes, refused=_refused, names=_names, numbers=numbers,
        totals=_totals, rules=_rules, effects=_effects, is_open=_is_open, title=_title, about=_about,
        is_new=_is_new,
    )  # fmt: skip
    made.globals["heads"] = HEADS
    return made


def _escaped(value: object) -> object:
    """A value as it is written: what nobody sees is written by its number, what HTML would obey is an entity."""
    return value if isinstance(value, Markup) else Markup(html(str(value)))  # noqa: S704 - escaped


@cache
def _asset(name: str) -> str:
    return files("hclmod.reports").joinpath(name).read_text(encoding="utf-8")


def _sum(text: str) -> Markup:
    return Markup(b64encode(hashlib.sha256(text.encode()).digest()).decode())  # noqa: S704 - letters, digits, `+/=`


def _title(report: Report) -> str:
    """What the page is about, for the tab of a browser."""
    headings = ", ".join(each.heading for each in report.sections) or "hclmod"
    return f"{_about(report.commit)}: {headings}" if report.commit else headings


def _about(commit: Commit) -> str:
    """The repository, the commit and its day."""
    named = f"{commit.repository} at " if commit.repository else ""
    return f"{named}{commit.id[:12]} of {commit.date}"


def _is_new(document: Document) -> bool:
    """Whether the commit does not have the file."""
    return bool(document.hunks) and diff.is_new(document.hunks)


def _names(report: Report) -> list[str]:
    """The names of all stacks."""
    return sorted({stack.name for section in report.sections for stack in section.stacks})


def _refused(section: Section) -> list[Document]:
    return section.of(Outcome.REFUSED, Outcome.FAILED)


def _causes(section: Section) -> tuple[Cause, ...]:
    """What needs review, each cause once."""
    return causes([section], Kind.PERSON)


def _totals(report: Report) -> list[tuple[str, int]]:
    """The numbers of all sections together, in the order of the table, then what was not read."""
    rows = [numbers(section) for section in report.sections]
    return [*zip(HEADS, map(sum, zip(*rows, strict=True)), strict=True), ("skipped", _skipped(report))]


def _skipped(report: Report) -> int:
    return sum(section.totals.skipped for section in report.sections)


def _items(report: Report) -> Iterator[Item]:
    return (item for section in report.sections for _, item in section.items(Kind.CHANGE, Kind.PERSON))


def _rules(report: Report) -> list[str]:
    return sorted({item.rule for item in _items(report)})


def _effects(report: Report) -> list[str]:
    return sorted({item.effect or "nothing" for item in _items(report)})


def _is_open(stack: Stack) -> bool:
    """Whether anything is to do in a stack, or something went wrong."""
    outcomes = {each.outcome for each in stack.documents}
    return any(stack.items(Kind.CHANGE, Kind.PERSON)) or bool(outcomes & {Outcome.REFUSED, Outcome.FAILED})


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
    for sign, run in groupby(diff.signed(document.path, document.hunks, gone=document.gone), key=lambda pair: pair[0]):
        yield _CLASSES.get(sign, "kept"), "".join(line for _, line in run)
