"""What became of each document, and the report of a phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod.proof.verdict import AsDeclared
from hclmod.rulekit.rule import Finding
from hclmod.terraform.ids import BlockId
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


class Reported(Struct, frozen=True):
    """A finding of a rule, and the line on which it stands.

    `where` is the path of what it stands on, which names it also when lines move; `before` and `after` are the lines
    that its fix touches.
    """

    rule: str
    finding: Finding
    line: int
    where: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is something to do: a change, or a decision of a person."""
        return self.finding.is_open

    @property
    def code(self) -> str:
        """What names its cause, whatever the message: `rule-id/cause`."""
        return f"{self.rule}/{self.finding.code}"


class Unchanged(Struct, frozen=True, tag=True):
    """Nothing to do; `left` says of each selected target why."""

    path: str
    left: tuple[Reported, ...] = ()


class Changed(Struct, frozen=True, kw_only=True, tag=True):
    """Proven new bytes; `new` is a file that was not there, whose `before` is empty, `gone` one that is deleted."""

    path: str
    before: bytes
    after: bytes
    applied: tuple[Reported, ...]
    left: tuple[Reported, ...]
    verdict: AsDeclared
    new: bool = False
    gone: bool = False


class Skipped(Struct, frozen=True, tag=True):
    """Not read, and why; `broken` is what Terraform cannot read either."""

    path: str
    reason: str
    broken: bool = False


class Refused(Struct, frozen=True, tag=True):
    """Changed and not proven, so the change is thrown away."""

    path: str
    why: tuple[str, ...]
    applied: tuple[Reported, ...]


class Failed(Struct, frozen=True, tag=True):
    """A rule or the engine raised: our bug, with its traceback.

    `blamed` says which rule that is not ours raised and where, empty for a bug of ours.
    """

    path: str
    traceback: str
    blamed: str = ""


Outcome = Unchanged | Changed | Skipped | Refused | Failed


def findings(*outcomes: Outcome) -> Iterator[Reported]:
    """The findings of documents that were read and not refused: in each first what was changed, then what was left."""
    for outcome in outcomes:
        match outcome:
            case Changed(applied=applied, left=left):
                yield from (*applied, *left)
            case Unchanged(left=left):
                yield from left


class StackReport(Struct, frozen=True):
    """The outcomes of one stack's documents, the namespaces it enrolls by name, and what resources it declares.

    `hurried` says that a time limit decided something.
    """

    stack: Stack
    outcomes: tuple[Outcome, ...]
    names: tuple[str, ...] = ()
    declared: frozenset[BlockId] = field(default_factory=frozenset)
    hurried: bool = False

    def within(self, away: Collection[str], reason: str) -> StackReport:
        """The same, with what would change in some files as skipped."""
        outcomes = self.outcomes
        lost = {each.path for each in outcomes if isinstance(each, Changed | Refused) and each.path in away}
        return replace(
            self, outcomes=tuple(Skipped(each.path, reason) if each.path in lost else each for each in outcomes)
        )


class PhaseReport(Struct, frozen=True):
    """Everything that a phase would do and everything it would leave, by stack."""

    number: int | None
    title: str
    rules: tuple[str, ...]
    stacks: tuple[StackReport, ...]

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all documents, sorted by stack and path."""
        return (outcome for stack in self.stacks for outcome in stack.outcomes)

    @property
    def findings(self) -> Iterator[Reported]:
        """The findings of all documents."""
        return findings(*self.outcomes)

    @property
    def broken(self) -> Iterator[Skipped]:
        """Documents that hold more than was looked at: a person has to fix them first."""
        return (each for each in self.outcomes if isinstance(each, Skipped) and each.broken)

    @property
    def changes(self) -> dict[str, bytes]:
        """The new bytes of every changed document."""
        return {each.path: each.after for each in self.outcomes if isinstance(each, Changed) and not each.gone}

    @property
    def deleted(self) -> tuple[str, ...]:
        """The files that go."""
        return tuple(each.path for each in self.outcomes if isinstance(each, Changed) and each.gone)

    def within(self, away: Collection[str], reason: str) -> PhaseReport:
        """The report for a working tree that lacks some files: what would change there is skipped."""
        return replace(self, stacks=tuple(each.within(away, reason) for each in self.stacks)) if away else self

    def unproven(self, excepted: Iterable[str] = ()) -> tuple[Refused | Failed, ...]:
        """The documents that forbid to write, less those that the config excepts by name."""
        bad = (each for each in self.outcomes if isinstance(each, Refused | Failed))
        return tuple(each for each in bad if each.path not in set(excepted))
