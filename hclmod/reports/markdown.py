"""A report for a pull request's comment or a job's summary.

Totals come first, then what was refused and what needs review, then the changes of each stack with its diff folded.
Where all of it does not fit, diffs are cut first, then lists of changes; refusals and what needs review go last.
"""

from __future__ import annotations

import re
from collections import defaultdict
from enum import IntEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.reports.causes import HEADS, causes, numbers
from hclmod.reports.diff import diff_of
from hclmod.reports.escape import clip, code, fence, html, one_line, plain, prose
from hclmod.reports.model import Kind, Outcome, count, fix_command, headings, some, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hclmod.reports.model import Commit, Document, Item, Report, Section, Stack

_SHORT = 300
_PLACES = 5
_TITLE = 200


class _Rank(IntEnum):
    """Who gets room first."""

    TOTALS = 0
    REFUSED_SHORT = 1
    REFUSED = 2
    PEOPLE_SHORT = 3
    PEOPLE = 4
    STACKS = 5
    LISTS = 6
    DIFFS = 7
    LEFT = 8


def render(report: Report, *, limit: int | None = None, size: Callable[[str], int] = len, whole: str = "") -> str:
    """The report as Markdown, not larger than `limit` as `size` counts; `whole` says where the full report is."""
    cut = f"\n---\n{_cut(whole)}"
    room = None if limit is None else limit - size(cut)
    sections = (part for each in report.sections for part in _section(each, room, size, report.commit))
    parts = [*_table(report.sections), *sections]
    fitted = fit(parts, room, size)
    text = "".join(fitted.texts) or "Nothing to report.\n"
    return text if fitted.whole else text + cut


def _cut(whole: str) -> str:
    """The last line of what had to be cut; the address that a person gave is the one link of a report."""
    link = f"[Full report](<{whole}>)" if _LINK.fullmatch(whole) else f"Full report: {plain(clip(whole, _SHORT))}"
    return f"Shortened to fit: diffs first, then lists.{f' {link}.' if whole else ''}\n"


_LINK = re.compile(r"https?://[\w.:-]+/[\w./%?&=#+-]*", re.ASCII)


def _section(section: Section, room: int | None, size: Callable[[str], int], commit: Commit | None) -> Iterator[Part]:
    yield (Form(_Rank.TOTALS, _head(section)),)
    yield from _list("Refused", _Rank.REFUSED_SHORT, list(_refused(section)))
    yield from _review(section, commit)
    changed = [stack for stack in section.stacks if any(stack.items(Kind.CHANGE))]
    if changed:
        yield (Form(_Rank.STACKS, f"### {headings(section)[0]}\n\n"),)
        for stack in changed:
            yield tuple(_stack(stack, room, size))
    yield from _skipped(section)
    yield from _left_alone(section)


def _table(sections: Sequence[Section]) -> Iterator[Part]:
    """The numbers of several phases, one in a row."""
    phases = [each for each in sections if each.number is not None]
    if len(phases) > 1:
        rows = [(plain(clip(each.heading, _TITLE)), numbers(each)) for each in phases]
        every = [("Phase", HEADS), ("---", ["--:"] * len(HEADS)), *rows]
        lines = (f"| {' | '.join((title, *map(str, cells)))} |\n" for title, cells in every)
        yield (Form(_Rank.TOTALS, f"{''.join(lines)}\n"),)


def _review(section: Section, commit: Commit | None) -> Iterator[Part]:
    """What needs review by its cause: each sentence once, with the first places."""
    every = causes([section], Kind.PERSON)
    if not every:
        return
    yield (Form(_Rank.TOTALS, f"### Needs review ({section.totals.people})\n\n"),)
    for cause in every:
        head = f"{plain(clip(cause.title, _TITLE))} ({cause.number} in {count(cause.stacks, cause.unit)})"
        yield _line(f"{head}: {prose(cause.advice)}" if cause.advice else head, _Rank.PEOPLE_SHORT)
        for row in cause.rows:
            shown, rest = row.places[:_PLACES], row.places[_PLACES:]
            more = f" and {len(rest)} more" if rest else ""
            plainly = f"{prose(row.text)} ({', '.join(map(code, shown))}{more})"
            linked = f"{prose(row.text)} ({', '.join(_linked(each, commit) for each in shown)}{more})"
            part = _line(plainly, _Rank.PEOPLE_SHORT, "  ")
            yield part if linked == plainly else (*part, Form(_Rank.LEFT, f"  - {linked}\n"))
    yield (Form(_Rank.TOTALS, "\n"),)


def _linked(place: str, commit: Commit | None) -> str:
    """A place as code, which leads to the line of the commit where that has an address."""
    address = commit.address(place) if commit else ""
    return f"[{code(place)}](<{address}>)" if address else code(place)


def _head(section: Section) -> str:
    totals = section.totals
    lines = [f"## {plain(clip(section.heading, _TITLE))}", "", f"**{summary(section)}**", ""]
    if command := fix_command(section):
        lines += [f"Fix what can be fixed: {code(command)}", ""]
    if effects := [*totals.effects.items()][:10]:
        texts = (f"{plain(clip(effect, _TITLE)) or 'nothing'} ({number})" for effect, number in effects)
        lines += [f"On the running cluster: {', '.join(texts)}.", ""]
    if section.judges:
        judges = plain(clip(" and ".join(section.judges), _TITLE))
        lines += [f"Every {headings(section)[1]} proven by {judges}.", ""]
    return "\n".join(lines) + "\n"


def _list(heading: str, rank: int, lines: list[str]) -> Iterator[Part]:
    """A list whose lines are short where they have to be, whole where they can."""
    if not lines:
        return
    yield (Form(_Rank.TOTALS, f"### {heading} ({len(lines)})\n\n"),)
    for line in lines:
        yield _line(line, rank)
    yield (Form(_Rank.TOTALS, "\n"),)


def _line(line: str, rank: int, indent: str = "") -> Part:
    """A line of a list; a long one has a short form made of code, which may be cut anywhere."""
    whole = f"{indent}- {line}\n"
    if len(line) <= _SHORT:
        return (Form(rank, whole),)
    short = f"{indent}- {code(clip(line.replace('`', ''), _SHORT))}\n"
    return Form(rank, short), Form(rank + 1, whole)


def _refused(section: Section) -> Iterator[str]:
    for document in section.of(Outcome.REFUSED, Outcome.FAILED):
        if document.is_bug:
            yield f"{code(document.path)}: hclmod itself failed, please report this: {code(' | '.join(document.why))}"
        else:
            yield f"{code(document.path)}: {'; '.join(map(prose, document.why))}"


def _text(document: Document, item: Item) -> str:
    effect = f" — *{plain(item.effect)}*" if item.effect else ""
    origins = "".join(f" ({code(each)})" for each in item.origins)
    place = code(f"{document.path}:{item.line}")
    return f"{place} {plain(item.rule)} {code(item.address)}: {prose(item.message)}{effect}{origins}"


def _stack(stack: Stack, room: int | None, size: Callable[[str], int]) -> Iterator[Form]:
    """One line; the list of changes folded; the same with the diffs of more and more documents."""
    changes = [_text(*each) for each in stack.items(Kind.CHANGE)]
    title = f"{count(len(changes), 'change')}"
    yield Form(_Rank.STACKS, f"- {code(stack.name)}: {title}\n\n")
    listed = "".join(f"- {line}\n" for line in changes)
    documents = [each for each in stack.documents if each.outcome is Outcome.CHANGED]
    head = f"<code>{html(one_line(stack.name))}</code>: {title}"
    if room is None:
        yield Form(_Rank.DIFFS, _folded(head, listed + "".join(f"\n{_diff(each)}" for each in documents)))
        return
    names, shown = [code(each.path) for each in documents], ""
    for index, document in enumerate((None, *documents)):
        shown += f"\n{_diff(document)}" if document else ""
        missing = names[index:]
        rest = f"\nDiff left out: {some(missing, _PLACES)}\n" if missing else ""
        yield Form(_Rank.DIFFS if index else _Rank.LISTS, _folded(head, f"{listed}{shown}{rest}"))
        if size(listed) + size(shown) > room:
            return  # nor do more of them fit, and as the last form has no room, the report says that it is cut


def _diff(document: Document) -> str:
    return fence(diff_of(document), "diff") if document.hunks else f"{_hidden(document)}\n"


def _hidden(document: Document) -> str:
    return f"{code(document.path)}: git filters this file, so its diff is not shown."


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{inside}\n</details>\n\n"


def _skipped(section: Section) -> Iterator[Part]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for document in section.of(Outcome.SKIPPED):
        reasons["; ".join(document.why)].append(document.path)
    if reasons:
        number = section.totals.skipped
        yield (Form(_Rank.STACKS, f"### Skipped ({number})\n\n"),)
    for reason, paths in sorted(reasons.items()):
        head = f"- {count(len(paths), 'file')}: {prose(clip(reason, _SHORT))}"
        yield (
            Form(_Rank.STACKS, f"{head}\n"),
            Form(_Rank.LISTS, f"{head}: {', '.join(map(code, paths))}\n"),
        )
    if reasons:
        yield (Form(_Rank.STACKS, "\n"),)


def _left_alone(section: Section) -> Iterator[Part]:
    left = [_text(*each) for each in section.items(Kind.LEFT)]
    if left:
        title = f"{count(len(left), 'target')} left unchanged on purpose"
        whole = _folded(title, "".join(f"- {line}\n" for line in left))
        yield Form(_Rank.STACKS, f"{title}.\n"), Form(_Rank.LEFT, whole)


class Form(Struct, frozen=True):
    """One way to write a part; forms of a lower `rank` get their room first, in all parts."""

    rank: int
    text: str


Part = tuple[Form, ...]
"""The forms of a part, each replacing the one before it; without room for the first it is left out."""


class Fitted(Struct, frozen=True):
    """What fits: the text of each part, and whether all of them are written in their last form."""

    texts: tuple[str, ...]
    whole: bool


def fit(parts: Sequence[Part], limit: int | None, size: Callable[[str], int] = len) -> Fitted:
    """The largest forms that fit into `limit` together; `size` counts as the reader does, and adds up."""
    if limit is None:
        return Fitted(tuple(part[-1].text for part in parts if part), whole=True)
    room = limit
    sizes = [0] * len(parts)
    chosen: list[Form | None] = [None] * len(parts)
    forms = [(form.rank, index, form) for index, part in enumerate(parts) for form in part]
    for _, index, form in sorted(forms, key=lambda each: each[:2]):
        grown = size(form.text)
        if grown - sizes[index] <= room:
            room -= grown - sizes[index]
            sizes[index], chosen[index] = grown, form
    whole = all(not part or form is part[-1] for part, form in zip(parts, chosen, strict=True))
    return Fitted(tuple(form.text for form in chosen if form), whole)
