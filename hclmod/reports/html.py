"""A report as one HTML page that needs nothing else: no network, no fonts, and no script to be read.

The few lines of script only hide the stacks that the reader does not ask for; without them all are shown.
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

from hclmod.reports import diff as hunks
from hclmod.reports.escape import Markup, element, joined, spoken
from hclmod.reports.model import Kind, Outcome, count, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.reports.model import Document, Item, Report, Section, Stack, Step

_CLASSES = {hunks.ADDED: "added", hunks.REMOVED: "removed", hunks.HUNK: "hunk", hunks.HEAD: "head"}
_WORDS: dict[Kind, str] = {
    Kind.CHANGE: "changes",
    Kind.TRIED: "tried, and thrown away",
    Kind.PERSON: "needs a person",
    Kind.LEFT: "rightly left alone",
}


def render(report: Report) -> str:
    """The whole page."""
    title = ", ".join(section.heading for section in report.sections) or "hclmod"
    body = [_steps(report.steps), _filter(report), *map(_section, report.sections)]
    head = joined(
        [
            Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'),
            element("title", title),
            Markup(f"<style>{_asset('page.css')}</style>"),
        ]
    )
    header = element("header", element("h1", "hclmod"), element("p", f"Made by hclmod {report.hclmod}."))
    main = element("main", joined(body))
    script = Markup(f"<script>{_asset('page.js')}</script>")
    page = joined([element("head", head), element("body", joined([header, main, script]))])
    return f'<!DOCTYPE html>\n<html lang="en">{page.text}</html>\n'


@cache
def _asset(name: str) -> str:
    return files("hclmod.reports").joinpath(name).read_text(encoding="utf-8")


def _policy() -> str:
    """Nothing is loaded, and no style or script runs but the two of this page."""
    sums = {
        name: b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode() for name in ("page.css", "page.js")
    }
    return f"default-src 'none'; style-src 'sha256-{sums['page.css']}'; script-src 'sha256-{sums['page.js']}'"


def _steps(steps: tuple[Step, ...]) -> Markup:
    """The phases of the config, done or not."""
    if not steps:
        return Markup("")
    done = sum(step.done for step in steps)
    bar = element("progress", f"{done}/{len(steps)}", value=str(done), max=str(len(steps)))
    items = [
        element("li", f"{step.number} {step.title}".strip(), " (done)" if step.done else "", class_=_state(step))
        for step in steps
    ]
    heading = element("h2", f"Phases: {done} of {len(steps)} done")
    return element("section", heading, bar, element("ol", joined(items), class_="steps"))


def _state(step: Step) -> str:
    return "done" if step.done else "open"


def _filter(report: Report) -> Markup:
    """A field for the script; hidden until it runs."""
    names = sorted({stack.name for section in report.sections for stack in section.stacks})
    options = element("datalist", joined([element("option", value=name) for name in names]), id="stacks")
    field = Markup('<input id="filter" type="search" list="stacks" autocomplete="off">')
    return Markup(f'<p id="filtering" hidden>{element("label", "Stack: ", field).text}{options.text}</p>')


def _section(section: Section) -> Markup:
    totals = section.totals
    effects = ", ".join(f"{effect or 'nothing'} ({number})" for effect, number in totals.effects)
    parts = [
        element("h2", section.heading),
        element("p", summary(totals), class_="totals refused" if totals.refused else "totals"),
        element("p", f"On the running cluster: {effects}.") if effects else Markup(""),
        element("p", f"Every change proven by {' and '.join(section.judges)}.") if section.judges else Markup(""),
        _refused(section),
        _matrix(section),
        _people(section),
        *(_stack(stack) for stack in section.stacks if stack.documents),
    ]
    return element("section", joined(parts))


def _refused(section: Section) -> Markup:
    refused = section.of(Outcome.REFUSED, Outcome.FAILED)
    items = [
        element("li", element("code", each.path), " ", element("pre", "\n".join(each.why)), class_="refused")
        for each in refused
    ]
    return joined([element("h3", f"Refused ({len(refused)})"), element("ul", joined(items))]) if items else Markup("")


def _people(section: Section) -> Markup:
    found = [(stack, *pair) for stack in section.stacks for pair in stack.items(Kind.PERSON)]
    items = [
        element("li", element("code", f"{document.path}:{item.line}"), f" {item.rule} ", element("code", item.address),
                ": ", spoken(item.message), data_stack=stack.name)
        for stack, document, item in found
    ]  # fmt: skip
    heading = element("h3", f"Needs a person ({len(found)})")
    return joined([heading, element("ul", joined(items), class_="people")]) if items else Markup("")


def _matrix(section: Section) -> Markup:
    """Stacks by rules: how many changes, and with `!` how many things for a person."""
    rows = [(stack, _counts(stack)) for stack in section.stacks]
    rules = sorted({rule for _, counts in rows for rule, _ in counts})
    if not rules:
        return Markup("")
    head = element("tr", element("th", "stack"), joined([element("th", rule, scope="col") for rule in rules]))
    lines = [
        element("tr", element("th", stack.name, scope="row"), joined([_cell(counts, rule) for rule in rules]),
                data_stack=stack.name)
        for stack, counts in rows
        if counts
    ]  # fmt: skip
    table = element("table", element("thead", head), element("tbody", joined(lines)))
    legend = element("p", "How many changes; with ! how many things need a person.")
    return joined([element("h3", "Stacks by rules"), legend, element("div", table, class_="wide")])


def _counts(stack: Stack) -> Counter[tuple[str, Kind]]:
    return Counter((item.rule, item.kind) for _, item in stack.items(Kind.CHANGE, Kind.PERSON))


def _cell(counts: Counter[tuple[str, Kind]], rule: str) -> Markup:
    changes, people = counts[rule, Kind.CHANGE], counts[rule, Kind.PERSON]
    told = [str(changes)] if changes else []
    told += [f"{people}!"] if people else []
    return element("td", " ".join(told), class_="people" if people else "changes" if changes else "none")


def _stack(stack: Stack) -> Markup:
    changes = sum(1 for _ in stack.items(Kind.CHANGE))
    people = sum(1 for _ in stack.items(Kind.PERSON))
    told = f"{count(changes, 'change')}" + (f", {people} for a person" if people else "")
    heading = element("summary", element("code", stack.name), f" {told}")
    return element("details", heading, joined([_document(each) for each in stack.documents]), data_stack=stack.name)


def _document(document: Document) -> Markup:
    parts: list[str | Markup] = [element("h4", element("code", document.path), f" {document.outcome}")]
    if document.outcome in (Outcome.SKIPPED, Outcome.REFUSED, Outcome.FAILED):
        parts.append(element("pre", "\n".join(document.why)))
    for kind, words in _WORDS.items():
        items = [each for each in document.items if each.kind is kind]
        if items:
            parts += [element("h5", words), element("ul", joined([_item(each) for each in items]), class_=kind)]
    if document.hidden:
        parts.append(element("p", "Git filters this file, so its lines are not shown."))
    if document.diff:
        parts.append(element("pre", joined(list(_diff(document.diff))), class_="diff"))
    return element("article", joined(parts))


def _item(item: Item) -> Markup:
    parts: list[str | Markup] = [
        element("span", f"line {item.line}", class_="line"), " ", element("b", item.rule), " ",
        element("code", item.address), ": ", spoken(item.message),
    ]  # fmt: skip
    if item.effect:
        parts += [" ", element("em", item.effect, class_="effect")]
    parts += [element("p", "comes by ", element("code", each), class_="origin") for each in item.origins]
    parts += [element("p", f"{each.name}: ", element("code", each.text), class_="origin") for each in item.cells]
    if item.before or item.after:
        before, after = _dedented(item.before, item.after)
        parts.append(element("div", element("del", before), element("ins", after), class_="lines"))
    return element("li", joined(parts), id=f"i{item.id}")


def _dedented(before: str, after: str) -> tuple[str, str]:
    """Both texts without the indentation that all their lines share."""
    number = before.count("\n") + 1
    lines = textwrap.dedent(f"{before}\n{after}").split("\n")
    return "\n".join(lines[:number]), "\n".join(lines[number:])


def _diff(diff: str) -> Iterator[Markup]:
    """The lines in colours; neighbours of one kind share an element, so that large diffs stay light."""
    for sign, run in groupby(hunks.signed(diff), key=lambda pair: pair[0]):
        yield element("span", "".join(line for _, line in run), class_=_CLASSES.get(sign, "kept"))
