"""A `PhaseReport`, which holds bytes and findings, as the plain values of `model`."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.outcomes import Changed, Failed, Refused, Skipped, Unchanged
from hclmod.reports.model import Cell, Document, Hunk, Item, Kind, Outcome, Section, Stack
from hclmod.rulekit.rule import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hclmod.engine import outcomes
    from hclmod.engine.outcomes import PhaseReport, Reported


def tell(report: PhaseReport, hidden: Collection[str] = (), *, with_hunks: bool = True) -> Section:
    """The section of a report; of documents in `hidden` (git filters them) only what became of them is shown.

    Renderings that show no lines do without the hunks, for `difflib` is slow.
    """
    every = ((each.stack.path, each.outcomes) for each in report.stacks)
    stacks = tuple(Stack(path, _documents(outcomes, hidden, with_hunks=with_hunks)) for path, outcomes in every)
    return Section(report.number, report.title, report.rules, stacks)


def _documents(
    outcomes: Sequence[outcomes.Outcome], hidden: Collection[str], *, with_hunks: bool
) -> tuple[Document, ...]:
    entries = (_document(each, with_hunks=with_hunks) for each in outcomes)
    return tuple(each.without_text() if each.path in hidden else each for each in entries)


def _document(outcome: outcomes.Outcome, *, with_hunks: bool) -> Document:
    path = outcome.path
    match outcome:
        case Unchanged(left=left):
            return _made(path, Outcome.UNCHANGED, items=_items(path, (), left))
        case Changed(before=before, after=after, applied=applied, left=left, verdict=verdict, gone=gone):
            items, lines = _items(path, applied, left), _hunks(before, after) if with_hunks else ()
            made = _made(path, Outcome.CHANGED, judges=verdict.judges, items=items, hunks=lines)
            return replace(made, gone=gone)
        case Skipped(reason=reason):
            return _made(path, Outcome.SKIPPED, (reason,))
        case Refused(why=why, applied=applied):
            return _made(path, Outcome.REFUSED, why, items=_items(path, applied, (), Kind.TRIED))
        case Failed(traceback=traceback, blamed=blamed):
            why = (blamed,) if blamed else tuple(_here(traceback).splitlines())
            return _made(path, Outcome.FAILED, why, is_bug=not blamed)


def _hunks(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    from hclmod.reports.diff import hunks

    return hunks(before, after)


def _made(
    path: str,
    outcome: Outcome,
    why: tuple[str, ...] = (),
    *,
    judges: tuple[str, ...] = (),
    items: tuple[Item, ...] = (),
    hunks: tuple[Hunk, ...] = (),
    is_bug: bool = False,
) -> Document:
    return Document(
        path=path, outcome=outcome, why=why, judges=judges, items=items, hunks=hunks, hidden=False, is_bug=is_bug
    )


def _here(traceback: str) -> str:
    """The traceback with the files of hclmod as they are called inside of it, others by their name alone."""
    return _FILE.sub(lambda match: f'File "{_inner(match[1])}"', traceback)


_FILE = re.compile(r'File "([^"\n]*)"')


def _inner(path: str) -> str:
    """A path inside of the package, from its name on; of any other file only its name."""
    file, package = PurePath(path), Path(__file__).parents[1]
    return file.relative_to(package.parent).as_posix() if file.is_relative_to(package) else file.name


def _items(
    path: str, applied: Sequence[Reported], left: Sequence[Reported], made: Kind = Kind.CHANGE
) -> tuple[Item, ...]:
    pairs = [(made, each) for each in _in_order(applied)] + [(_kind(each), each) for each in _in_order(left)]
    seen: Counter[str] = Counter()
    return tuple(_numbered(path, kind, each, seen) for kind, each in pairs)


def _in_order(reported: Sequence[Reported]) -> list[Reported]:
    return sorted(reported, key=lambda each: (each.line, each.rule))


def _kind(left: Reported) -> Kind:
    return Kind.PERSON if left.finding.level is Level.WARNING else Kind.LEFT


def _numbered(path: str, kind: Kind, reported: Reported, seen: Counter[str]) -> Item:
    """The item; equals of one document (same rule, same place) are numbered in their order."""
    finding = reported.finding
    words = f"{path}\0{reported.rule}\0{finding.address}\0{reported.where}"
    seen[words] += 1
    import hashlib

    digest = hashlib.sha256(f"{words}\0{seen[words]}".encode(errors="surrogateescape")).hexdigest()[:12]
    return Item(
        id=digest,
        kind=kind,
        rule=reported.rule,
        code=reported.code,
        address=finding.address,
        line=reported.line,
        message=finding.message,
        effect=finding.effect,
        origins=finding.origins,
        before=reported.before,
        after=reported.after,
        cells=tuple(Cell(name, text) for name, text in finding.cells),
        subject=finding.subject,
        advice=finding.advice,
    )
