"""The items of a report by their cause, so that a person reads each sentence once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.caches import TITLE
from hclmod.terraform.kubernetes import ROLLOUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.reports.model import Item, Kind, Section


HEADS = ("changes", "roll out", "need review", "refused")


def numbers(section: Section) -> tuple[int, ...]:
    """What a table of phases shows of one, in the order of `HEADS`."""
    totals = section.totals
    rolling = sum(number for effect, number in totals.effects.items() if effect in ROLLOUTS)
    return totals.changes, rolling, totals.people, totals.refused


class Row(Struct, frozen=True):
    """What is said of one or more places: what they share, each place as `file:line`, and their stacks."""

    text: str
    places: tuple[str, ...]
    stacks: frozenset[str]


class Cause(Struct, frozen=True):
    """All items of one code that do the same to the cluster, and what to do about them (empty where that differs)."""

    code: str
    effect: str
    advice: str
    rows: tuple[Row, ...]
    unit: str = "stack"  # what its folders are called

    @property
    def number(self) -> int:
        """How many items there are."""
        return sum(len(row.places) for row in self.rows)

    @property
    def stacks(self) -> int:
        """In how many stacks."""
        return len(frozenset[str]().union(*(row.stacks for row in self.rows)))

    @property
    def title(self) -> str:
        """The rule and the cause in words: `float-image-tag: unknown tags`."""
        rule, _, slug = self.code.partition("/")
        return f"{rule}: {slug.replace('-', ' ')}"


def causes(sections: Sequence[Section], kind: Kind) -> tuple[Cause, ...]:
    """The items of a kind in all sections, the most frequent cause first."""
    by_cause: dict[tuple[str, str], list[tuple[str, str, Item]]] = defaultdict(list)
    for section in sections:
        for stack in section.stacks:
            for document, item in stack.items(kind):
                by_cause[item.code, item.effect].append((stack.name, f"{document.path}:{item.line}", item))
    unit = "folder" if any(section.title == TITLE for section in sections) else "stack"
    result = [_cause(code, effect, each, unit) for (code, effect), each in by_cause.items()]
    return tuple(sorted(result, key=lambda each: (-each.number, each.code, each.effect)))


def _cause(code: str, effect: str, items: Sequence[tuple[str, str, Item]], unit: str) -> Cause:
    by_text: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for stack, place, item in items:
        by_text[item.subject or _without_label(item.message)].append((stack, place))
    rows = [
        Row(text, tuple(place for _, place in each), frozenset(stack for stack, _ in each))
        for text, each in by_text.items()
    ]
    advice = {item.advice for _, _, item in items}
    ordered = sorted(rows, key=lambda row: (-len(row.places), row.text))
    return Cause(code, effect, advice.pop() if len(advice) == 1 else "", tuple(ordered), unit)


def _without_label(message: str) -> str:
    """A message without the name of the container that it begins with."""
    label, colon, rest = message.partition(": ")
    return rest if colon and label and not set(label) & set(' `"') else message
