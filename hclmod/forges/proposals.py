"""What a pull request of a phase is: its title, its text, where it goes, and what became of it. Values only."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.reports import markdown
from hclmod.reports.escape import clip, log, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.forges.target import Target
    from hclmod.git.remotes import Remote
    from hclmod.reports.model import Report

API, PUSH = "api", "push"
"""The ways to open a pull request: by the API with a token, or by what `git push` says."""

_TITLE = 200
_DRAFTS = re.compile(r"(?:\[?(?:wip|draft)\]?:?\s+)*", re.IGNORECASE)


class Proposal(Struct, frozen=True, kw_only=True):
    """One phase as a pull request: its branch with its newest commit, the branch that it is for, its report.

    `whole` says where the full report is. `again` opens a new one although a person closed one. `is_done` says that the
    base has all that the phase changes.
    """

    phase: int
    branch: str
    tip: str
    base: str
    report: Report
    whole: str = ""
    labels: tuple[str, ...] = ()
    is_draft: bool = False
    again: bool = False
    is_done: bool = False

    @property
    def marker(self) -> str:
        """The hidden line with which the text begins."""
        return f"<!-- hclmod:pr phase={self.phase} -->"

    @property
    def title(self) -> str:
        """`Phase 3: Exporters`."""
        headings = (each.heading for each in self.report.sections if each.number == self.phase)
        return log(clip(one_line(next(headings, f"Phase {self.phase}")), _TITLE))

    @property
    def topic(self) -> str:
        """The name by which Gitea and Forgejo know pushes to one pull request."""
        return self.branch.replace("/", "-")

    def text(self, limit: int, size: Callable[[str], int] = len) -> str:
        """The report behind its marker, not larger than `limit` as `size` counts."""
        room = limit - size(f"{self.marker}\n")
        return f"{self.marker}\n{markdown.render(self.report, limit=room, size=size, whole=self.whole)}"

    def retitled(self, title: str) -> str:
        """The title of an open one: in our words while it has them, behind what marks it as a draft."""
        start = _DRAFTS.match(title)
        draft = start[0] if start else ""
        ours = re.match(rf"Phase {self.phase}(?!\d)", title[len(draft) :])
        return f"{draft}{self.title}" if ours else title


class Where(Struct, frozen=True, kw_only=True):
    """Where it goes: the remote, the repository of the forge, the one that has the branch, and which way.

    `is_fork_meant` and `is_via_chosen` say whether the person named the last two.
    """

    remote: Remote
    target: Target
    head_repo: str
    via: str
    is_fork_meant: bool = False
    is_via_chosen: bool = False


class Outcome(StrEnum):
    """What became of a pull request."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT = "left"
    CLOSED = "closed"
    MERGED = "merged"
    PLANNED = "planned"


class Proposed(Struct, frozen=True, kw_only=True):
    """What became of one; `number` is 0 and `url` empty where the forge did not say. `pushed`: the remote changed."""

    phase: int
    outcome: Outcome
    number: int
    url: str
    title: str
    branch: str
    commit: str
    base: str
    remote: str
    forge: str
    repo: str
    via: str
    pushed: bool
    notes: tuple[str, ...] = ()


def proposed(
    where: Where, proposal: Proposal, outcome: Outcome, *, number: int = 0, url: str = "", pushed: bool = False,
    notes: tuple[str, ...] = (),
) -> Proposed:  # fmt: skip
    """The outcome of a proposal."""
    return Proposed(
        phase=proposal.phase,
        outcome=outcome,
        number=number,
        url=url,
        title=proposal.title,
        branch=proposal.branch,
        commit=proposal.tip,
        base=proposal.base,
        remote=where.remote.name,
        forge=where.target.dialect.name,
        repo=where.target.repo,
        via=where.via,
        pushed=pushed,
        notes=notes,
    )
