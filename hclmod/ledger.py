"""The trailers of a commit: which phase it is, by which rules and which version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


PHASE, RULES, VERSION, TREE = "Hclmod-Phase", "Hclmod-Rules", "Hclmod-Version", "Hclmod-Tree"
"""The keys of the trailers. The tree is the one that hclmod committed: another one is the work of a person."""


class LedgerEntry(Struct, frozen=True):
    """One phase done: the commit that did it, with which rules and which version of hclmod, and when (`2026-05-16`)."""

    phase: int
    commit: str
    rules: tuple[str, ...]
    version: str
    date: str


def branch_of(number: int | None) -> str:
    """The branch on which a phase is committed."""
    return f"hclmod/phase-{number}"


def message(subject: str, body: str, trailers: Mapping[str, str]) -> str:
    """Put a commit message together, trailers last; a subject or trailer of more lines is a `ValueError`."""
    lines = [f"{key}: {value}" for key, value in trailers.items()]
    if any(len(line.splitlines()) != 1 for line in (subject, *lines)):
        raise ValueError("a subject and a trailer are one line each")
    return "\n\n".join(part for part in (subject, body.strip("\n"), "\n".join(lines)) if part) + "\n"


def sealed(text: str, tree: str) -> str:
    """A message with the tree of its commit as the last trailer; as it is where it names no version of hclmod."""
    return f"{text}{TREE}: {tree}\n" if f"\n{VERSION}: " in text and text.endswith("\n") else text


def is_amended(tree: str, trees: str) -> bool:
    """Whether a commit has another tree than the one that its trailers name."""
    return bool(trees.strip()) and tree not in trees.split()


def trailer(key: str) -> str:
    """The format by which `git log` prints the values of a trailer."""
    return f"%(trailers:key={key},valueonly,unfold,separator=%x1e)"


def ledger_entries(commit: str, date: str, phases: str, rules: str, version: str) -> Iterator[LedgerEntry]:
    """The phases that the trailers of one commit name."""
    names = tuple(name.strip() for name in rules.replace("\x1e", ",").split(",") if name.strip())
    for phase in phases.split("\x1e"):
        if (number := whole_number(phase.strip())) is not None:
            yield LedgerEntry(number, commit, names, version.rpartition("\x1e")[2].strip(), date)
