"""What every rendering stands on: a report as plain values, without bytes, trees, clocks or paths of a machine.

A report has one section for each phase; a section without a number is what rules say without a phase (`check --rule`,
an audit).
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from msgspec import Meta, Struct
from msgspec.structs import replace

from hclmod import caches
from hclmod.caches import codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Kind(StrEnum):
    """What an item is."""

    CHANGE = "change"
    TRIED = "tried"  # a change that was discarded with its document
    PERSON = "person"  # left unchanged, and a person has to review it
    LEFT = "left"  # left unchanged on purpose


class Outcome(StrEnum):
    """What became of a document."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    FAILED = "failed"


Texts = tuple[str, ...]


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen value of the report; its name, its docstring and its fields are what the JSON schema says of it."""


class Cell(Value, frozen=True):
    """One answer of a finding by its name: `run` a command, `owner` of an image."""

    name: str
    text: str


class Item(Value, frozen=True, kw_only=True):
    """What one rule says about one place."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{12}$", description="Names rule and place, whatever the lines.")]
    kind: Kind
    rule: str
    code: Annotated[str, Meta(description="Rule and cause, whatever the message: `float-image-tag/unknown-tags`.")]
    address: Annotated[str, Meta(description="The resource, as `kubernetes_deployment.web`.")]
    line: Annotated[int, Meta(ge=1, description="In the document as it was.")]
    message: str
    effect: Annotated[str, Meta(description="What the change does to the running cluster, empty for nothing.")]
    origins: Annotated[Texts, Meta(description="Chains such as `image -> var.tag -> default of var.tag`.")]
    before: Annotated[str, Meta(description="The lines that the change touches, with `...` for lines between.")]
    after: Annotated[str, Meta(description="The same lines after the change.")]
    cells: Annotated[tuple[Cell, ...], Meta(description="Answers by name, such as the commands to run.")]
    subject: Annotated[str, Meta(description="What several items of one code may share, such as an image.")] = ""
    advice: Annotated[str, Meta(description="What to do about all items of this code.")] = ""


class Hunk(Value, frozen=True):
    """Changed lines of a document with some lines around them."""

    before: Annotated[int, Meta(ge=0, description="The first line as it was. Of no lines, the line above.")]
    after: Annotated[int, Meta(ge=0, description="The same in the document as it is after the change.")]
    lines: Annotated[
        tuple[Annotated[str, Meta(pattern="^[ +-]")], ...],
        Meta(description="Each with its end, behind a space, `-` (removed) or `+` (added)."),
    ]


class Document(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One file: what became of it, why, and what rules say about it."""

    path: str
    outcome: Outcome
    why: Annotated[Texts, Meta(description="Why it was skipped or refused, or the traceback where hclmod failed.")]
    judges: Annotated[Texts, Meta(description="The parsers that proved the change.")]
    items: tuple[Item, ...]
    hunks: Annotated[tuple[Hunk, ...], Meta(description="What changed. Empty where nothing did, or hidden.")]
    hidden: Annotated[bool, Meta(description="Git filters the file, so what it says is left out.")]
    is_bug: Annotated[bool, Meta(description="hclmod itself failed. Absent where it did not.")] = False
    gone: Annotated[bool, Meta(description="The file is deleted. Absent where it is not.")] = False

    def without_text(self) -> Document:
        """The same without anything that the file says: git filters it, so it may be secret."""
        empty = {"before": "", "after": "", "address": "", "origins": (), "cells": (), "subject": "", "advice": ""}
        items = tuple(replace(each, message=_FILTERED, **empty) for each in self.items)
        why = dict.fromkeys(each if each.startswith(_ENCRYPTED) else _FILTERED for each in self.why)
        return replace(self, items=items, hunks=(), hidden=True, why=tuple(why))


_ENCRYPTED = "encrypted by "  # a reason that quotes nothing of the file
_FILTERED = "not shown, because git filters the file"


class Stack(Value, frozen=True):
    """The documents of one stack, sorted."""

    path: Annotated[str, Meta(description="From the repository's root, empty for the root itself.")]
    documents: tuple[Document, ...]

    @property
    def name(self) -> str:
        """How it is named to a person."""
        return self.path or "."

    def items(self, *kinds: Kind) -> Iterator[tuple[Document, Item]]:
        """The items of these kinds with their documents, in order."""
        return ((document, item) for document in self.documents for item in document.items if item.kind in kinds)


Count = Annotated[int, Meta(ge=0)]


class Totals(Value, frozen=True, kw_only=True):
    """How much of what."""

    changes: Count
    files: Annotated[Count, Meta(description="Files with a change.")]
    stacks: Annotated[Count, Meta(description="Stacks with a change.")]
    people: Annotated[Count, Meta(description="Targets left unchanged that a person has to review.")]
    left: Annotated[Count, Meta(description="Targets left unchanged on purpose.")]
    skipped: Annotated[Count, Meta(description="Files that were not read.")]
    refused: Annotated[Count, Meta(description="Files whose change was not proven, or in which hclmod failed.")]
    effects: Annotated[
        dict[str, Count],
        Meta(description="Changes by what they do to the running cluster. The empty key is for nothing."),
    ]


AUDIT = "Audit"
"""The title of what only looks."""


class Section(Value, frozen=True):
    """One phase with all that it would do and all that it leaves."""

    number: Annotated[int | None, Meta(description="The phase, null for rules without a phase.")]
    title: str
    rules: tuple[str, ...]
    stacks: tuple[Stack, ...]

    @property
    def heading(self) -> str:
        """`Phase 3: Exporters`, or what runs without a phase."""
        if self.number is None:
            return self.title or f"Rules {', '.join(self.rules)}"
        return f"Phase {self.number}: {self.title}" if self.title else f"Phase {self.number}"

    @property
    def is_audit(self) -> bool:
        """Whether this only looks: then it has findings, and nothing changes."""
        return self.number is None and self.title in (AUDIT, caches.TITLE)

    @property
    def is_by_cause(self) -> bool:
        """Whether text groups its items by their cause: phases, and what has advice for each cause."""
        return self.number is not None or self.title == caches.TITLE

    @property
    def documents(self) -> Iterator[Document]:
        """The documents of all stacks."""
        return (document for stack in self.stacks for document in stack.documents)

    def items(self, *kinds: Kind) -> Iterator[tuple[Document, Item]]:
        """The items of these kinds of all stacks with their documents."""
        return (pair for stack in self.stacks for pair in stack.items(*kinds))

    def of(self, *outcomes: Outcome) -> list[Document]:
        """The documents that came to one of these ends."""
        return [each for each in self.documents if each.outcome in outcomes]

    @property
    def judges(self) -> tuple[str, ...]:
        """Who proved the changes."""
        return tuple(sorted({judge for each in self.documents for judge in each.judges}))

    @property
    def totals(self) -> Totals:
        """The numbers that every rendering begins or ends with."""
        kinds = Counter(item.kind for document in self.documents for item in document.items)
        changed = self.of(Outcome.CHANGED)
        effects = Counter(item.effect for _, item in self.items(Kind.CHANGE))
        return Totals(
            changes=kinds[Kind.CHANGE],
            files=len(changed),
            stacks=sum(any(each.outcome is Outcome.CHANGED for each in stack.documents) for stack in self.stacks),
            people=kinds[Kind.PERSON],
            left=kinds[Kind.LEFT],
            skipped=len(self.of(Outcome.SKIPPED)),
            refused=len(self.of(Outcome.REFUSED, Outcome.FAILED)),
            effects=dict(sorted(effects.items())),
        )


class Step(Value, frozen=True):
    """A phase of the config, for those who want to know how far the rollout is."""

    number: int
    title: str
    done: Annotated[bool, Meta(description="Whether HEAD's history holds the phase's commit, or `through` says so.")]


_LINE = r"^(https?://[^\s{}<>\"'\\]+/\{path\}[^\s{}<>\"'\\]*\{line\})?$"


class Commit(Value, frozen=True, kw_only=True):
    """The commit whose lines a report names."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{40,64}$")]
    date: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="The day on which it was made.")]
    repository: Annotated[str, Meta(description="As its forge calls it, empty where that is not known.")]
    lines: Annotated[
        str, Meta(pattern=_LINE, description="The address of a line, with {path} and {line}. Empty for none.")
    ]

    def address(self, place: str) -> str:
        """The address of `file:line`, empty where there is none."""
        path, _, line = place.rpartition(":")
        if not self.lines or not path or not line.isdecimal():
            return ""
        return self.lines.replace("{path}", quote(path.encode(errors="surrogateescape"))).replace("{line}", line)


class Report(Value, frozen=True):
    """The sections of one run, the hclmod that made them, and the phases of the config."""

    hclmod: Annotated[str, Meta(description="The version of hclmod that made the report.")]
    sections: tuple[Section, ...]
    steps: Annotated[tuple[Step, ...], Meta(description="The phases of the config.")] = ()
    docs: str = ""  # the address of a rule's page, with `{rule}` in place of its id
    commit: Commit | None = None  # None for a report on what is in the working tree

    @property
    def key(self) -> str:
        """What the report is about, to find a comment about the same again: `phase-3`, `phases-1-2`, `rules`."""
        numbers = [str(each.number) for each in self.sections if each.number is not None]
        return f"phase{'s' if len(numbers) > 1 else ''}-{'-'.join(numbers)}" if numbers else "rules"

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes, nothing needs review and nothing was refused."""
        every = [each.totals for each in self.sections]
        return not any(each.changes or each.people or each.refused for each in every)


def count(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(texts: Sequence[str], number: int) -> str:
    """So many of the texts, and how many more there are."""
    more = f" and {len(texts) - number} more" if len(texts) > number else ""
    return f"{', '.join(texts[:number])}{more}"


def summary(section: Section) -> str:
    """The totals in one line; an audit has findings, of which some can be fixed."""
    totals = section.totals
    rest = f"{to_review(totals.people)}, {totals.skipped} skipped, {totals.refused} refused"
    if section.is_audit:
        paths = {document.path for document, _ in section.items(Kind.CHANGE, Kind.PERSON)}
        text = f"{count(totals.changes + totals.people, 'finding')} in {count(len(paths), 'file')}"
        return f"{text}: {totals.changes} can be fixed, {rest}"
    noun = "folder" if _is_of_yaml(section) else "stack"
    text = f"{count(totals.changes, 'change')} in {count(totals.files, 'file')} ({count(totals.stacks, noun)})"
    return f"{text}, {rest}"


def _is_of_yaml(section: Section) -> bool:
    """Whether a run without a phase is about YAML alone, such as pipelines. Their folders do not count as stacks."""
    paths = [document.path for stack in section.stacks for document in stack.documents]
    return section.number is None and bool(paths) and all(path.endswith((".yml", ".yaml")) for path in paths)


def headings(section: Section) -> tuple[str, str]:
    """What its changes are called: as a heading, and one of them."""
    return ("Can be fixed", "fix") if section.is_audit else ("Changes", "change")


def fix_command(section: Section) -> str:
    """The command that fixes what an audit found and can be fixed; empty where there is nothing."""
    if section.title == caches.TITLE:
        cells = [cell for _, item in section.items(Kind.CHANGE) for cell in item.cells if cell.name == codes.WRITES]
        units = sorted({cell.text for cell in cells} - {codes.PROXY_CACHE_OFF})
        words = ("hclmod doctor --fix", *(f"--ttl-unit {each}" for each in units))
        return " ".join(words) if section.totals.changes else ""
    rules = sorted({item.rule for _, item in section.items(Kind.CHANGE)}) if section.is_audit else ()
    return f"hclmod fix {' '.join(f'--rule {rule}' for rule in rules)} ." if rules else ""


def to_review(number: int) -> str:
    """`1 needs review`, `2 need review`."""
    return f"{number} need{'s' if number == 1 else ''} review"
