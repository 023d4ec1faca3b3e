"""What every rendering stands on: a report as plain values, without bytes, trees, clocks or paths of a machine.

A report has one section for each phase; a section without a number is what rules say without a phase (`check --rule`,
an audit).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """What an item is."""

    CHANGE = "change"
    TRIED = "tried"  # a change that was thrown away with its document
    PERSON = "person"  # left alone, and a person has to look
    LEFT = "left"  # left alone, and rightly so


class Outcome(StrEnum):
    """What became of a document."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer of a finding by its name: `run` a command, `owner` of an image."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """What one rule says about one place.

    `id` names rule and place and does not depend on line numbers. `before` and `after` are the lines that a change
    touches, `effect` is what it does to the running cluster, empty for nothing; `origins` are chains of values.
    """

    id: str
    kind: Kind
    rule: str
    address: str
    line: int
    message: str
    effect: str = ""
    origins: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file: what became of it and why, the items in it, the judges that proved it, its unified diff.

    `hidden` tells that git filters the file (it may be secret), so its diff and its lines are left out.
    """

    path: str
    outcome: Outcome
    why: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    diff: str = ""
    hidden: bool = False

    @property
    def is_bug(self) -> bool:
        """Whether hclmod itself failed, with its traceback; of a rule that is not built in one sentence tells it."""
        return self.outcome is Outcome.FAILED and not "".join(self.why[:1]).startswith("rule ")


@dataclass(frozen=True, slots=True)
class Stack:
    """The documents of one stack, sorted; `path` is empty for the root of the repository."""

    path: str
    documents: tuple[Document, ...]

    @property
    def name(self) -> str:
        """How a person is told of it."""
        return self.path or "."

    @property
    def diff(self) -> str:
        """The diffs of its documents, one after the other."""
        return "".join(each.diff for each in self.documents)

    def items(self, *kinds: Kind) -> Iterator[tuple[Document, Item]]:
        """The items of these kinds with their documents, in order."""
        return ((document, item) for document in self.documents for item in document.items if item.kind in kinds)


@dataclass(frozen=True, slots=True)
class Totals:
    """How much of what; `effects` counts changes by what they do to the cluster."""

    changes: int
    files: int
    stacks: int
    people: int
    left: int
    skipped: int
    refused: int
    effects: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One phase (`number` None: rules without a phase) with all that it would do and all that it leaves."""

    number: int | None
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
            effects=tuple(sorted(effects.items())),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A phase of the config, for those who want to know how far the rollout is."""

    number: int
    title: str
    done: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The sections of one run, the hclmod that made them, and the phases of the config."""

    hclmod: str
    sections: tuple[Section, ...]
    steps: tuple[Step, ...] = ()

    @property
    def key(self) -> str:
        """What the report is about, to find a comment about the same again: `phase-3`, `phases-1-2`, `rules`."""
        numbers = [str(each.number) for each in self.sections if each.number is not None]
        return f"phase{'s' if len(numbers) > 1 else ''}-{'-'.join(numbers)}" if numbers else "rules"

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes, nothing needs a person and nothing was refused."""
        every = [each.totals for each in self.sections]
        return not any(each.changes or each.people or each.refused for each in every)


def count(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary(totals: Totals) -> str:
    """The totals in one line."""
    text = f"{count(totals.changes, 'change')} in {count(totals.files, 'file')} of {count(totals.stacks, 'stack')}"
    return f"{text}; {totals.people} for a person; {totals.skipped} skipped; {totals.refused} refused"
