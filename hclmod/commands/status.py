"""`hclmod status`: the board of a rollout, with what is done, what waits for a merge and what holds the rest back."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from hclmod.engine.outcomes import findings
from hclmod.ledger import branch_of
from hclmod.reports.causes import causes, numbers
from hclmod.reports.model import Kind, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.reports.model import Report, Section

DONE, PUSHED, BRANCH, OPEN, NOTHING = "done", "pushed", "branch", "open", "nothing to do"
"""The states of a phase. `pushed` is a branch that a remote, or a pull request, has or had as it is here."""

_SUBJECTS = 3


class PhaseStatus(Struct, frozen=True, kw_only=True):
    """One phase. `since` is the day of the commit that did it, or of its branch.

    `changes`, `roll_out` (changes that restart pods), `need_review`, `refused` and `skipped` (files that are not read)
    are what applying it now would give. `findings` are those of the audit in its stacks.
    """

    NARROW: ClassVar = (
        "phase", "title", "state", "since", "changes", "roll_out", "need_review", "refused", "skipped", "findings",
    )  # fmt: skip

    phase: int
    title: str
    state: str
    since: str
    commit: str
    branch: str
    changes: int
    roll_out: int
    need_review: int
    refused: int
    skipped: int
    findings: int


class InReview(Struct, frozen=True, kw_only=True):
    """A cause for which places need review: in which phases and how many there are, and what to do about them."""

    NARROW: ClassVar = ("cause", "phases", "places", "stacks", "what")

    cause: str
    phases: str
    places: int
    stacks: int
    what: str
    advice: str


class Status(Struct, frozen=True):
    """All phases in their order, and what holds back those that are not done."""

    phases: tuple[PhaseStatus, ...]
    review: tuple[InReview, ...]

    @property
    def next_step(self) -> str:
        """What to do about the first phase that is neither done nor empty; empty where there is none."""
        waiting = next((each for each in self.phases if each.state not in (DONE, NOTHING)), None)
        match waiting:
            case None:
                return ""
            case PhaseStatus(state="pushed"):
                return f"Merge {waiting.branch}, then wait until its workloads are healthy."
            case PhaseStatus(state="branch"):
                return f"hclmod pr --phase {waiting.phase}"
        return f"hclmod apply --phase {waiting.phase} --dry-run"


def status(project: Project, report: Report, audited: PhaseReport) -> Status:
    """The board of the phases in a report, which planned all of them at `HEAD`, with what the audit finds."""
    findings_of = _by_phase(project, audited)
    phases = tuple(_phase(project, each, findings_of[each.number or 0]) for each in report.sections)
    done = {each.phase for each in phases if each.state == DONE}
    return Status(phases, tuple(_in_review([each for each in report.sections if each.number not in done])))


def _phase(project: Project, section: Section, audited: int) -> PhaseStatus:
    changes, rolling, review, refused = numbers(section)
    number = section.number or 0
    state, since, commit = _state(project, number)
    skipped = section.totals.skipped
    if state == OPEN and not changes + review + refused + skipped:
        state = NOTHING
    return PhaseStatus(
        phase=number,
        title=project.config.phases[number].title,
        state=state,
        since=since,
        commit=commit,
        branch=branch_of(number) if state in (PUSHED, BRANCH) else "",
        changes=changes,
        roll_out=rolling,
        need_review=review,
        refused=refused,
        skipped=skipped,
        findings=audited,
    )


def _state(project: Project, number: int) -> tuple[str, str, str]:
    """The state of a phase by what git says, since when, and the commit."""
    if number in project.done:
        made = [each for each in project.git.ledger("HEAD") if each.phase == number]
        return (DONE, made[-1].date, made[-1].commit) if made else (DONE, "", "")
    branches = project.git.branches(branch_of(number))
    own = next((each for each in branches if not each.remote), None)
    if own is None:  # what a pull request got counts while it is what is here
        branches = tuple(each for each in branches if not each.ref.startswith("refs/hclmod/"))
    if own is not None and all(each.commit != own.commit for each in branches if each.remote):
        return BRANCH, own.date, own.commit
    if branches:
        return PUSHED, branches[-1].date, branches[-1].commit
    return OPEN, "", ""


def _by_phase(project: Project, audited: PhaseReport) -> Counter[int]:
    """How many findings the audit has in the stacks of each phase."""
    result = Counter[int]()
    for stack in audited.stacks:
        number = project.assignment.stacks.get(stack.stack.path)
        if number is not None:
            result[number] += sum(each.is_open for outcome in stack.outcomes for each in findings(outcome))
    return result


def _in_review(sections: Sequence[Section]) -> Iterator[InReview]:
    """What needs review in these phases, the most frequent cause first."""
    found_in: dict[tuple[str, str], list[str]] = defaultdict(list)
    for section in sections:
        for each in causes([section], Kind.PERSON):
            found_in[each.code, each.effect].append(str(section.number))
    for cause in causes(sections, Kind.PERSON):
        yield InReview(
            cause=cause.title,
            phases=", ".join(found_in[cause.code, cause.effect]),
            places=cause.number,
            stacks=cause.stacks,
            what=some(list(dict.fromkeys(row.text for row in cause.rows)), _SUBJECTS),
            advice=cause.advice,
        )
