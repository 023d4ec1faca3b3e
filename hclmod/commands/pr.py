"""`hclmod pr`: the branch of a phase as the one pull request of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.engine.assignment import no_phase
from hclmod.errors import RefusedError
from hclmod.forges import branches, by_push, destination, propose
from hclmod.forges.proposals import API, Proposal
from hclmod.forges.target import plain_hosts
from hclmod.git.remotes import remotes
from hclmod.http import Patience, open_transport
from hclmod.ledger import branch_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.engine.project import Project
    from hclmod.forges.branches import Checked
    from hclmod.forges.destination import Wishes
    from hclmod.forges.proposals import Proposed, Where
    from hclmod.reports.model import Report

_IN_PASSING = Patience(connect=3, read=10, total=15, attempts=1)
"""For questions that a push does without."""


class Content(Struct, frozen=True, kw_only=True):
    """What a person says of the pull request itself; `whole` is where the full report is."""

    labels: tuple[str, ...] = ()
    is_draft: bool = False
    again: bool = False
    whole: str = ""


class Ready(Struct, frozen=True):
    """A phase whose branch may be proposed, where it goes, and the branch with its base as they are now."""

    phase: int
    branch: str
    where: Where
    checked: Checked


def prepare(
    project: Project, phase: int, wishes: Wishes, environment: Mapping[str, str], *, branch: str = "", base: str = "",
    offline: bool = False,
) -> Ready:  # fmt: skip
    """Find the place and check the branch; an `HclmodError` says why it may not be proposed.

    With `offline` nothing is contacted and no token is needed: the remote is as it was when it was last fetched.
    """
    if phase not in project.config.phases:
        raise no_phase(project.config, phase)
    every = remotes(str(project.git.root))
    where = destination.find(every, wishes, environment)
    branch = branch or branch_of(phase)
    checked = branches.check(where.remote, branch, base, phase, offline=offline)
    if not (offline or checked.is_in_base):
        destination.require_token(where)
    return Ready(phase, branch, where, checked)


def proposal(ready: Ready, report: Report, content: Content, *, is_done: bool = False) -> Proposal:
    """The pull request of a report, which has to be that of the phase on the base; `is_done` if that has it all."""
    return Proposal(
        phase=ready.phase,
        branch=ready.branch,
        tip=ready.checked.tip,
        base=ready.checked.base,
        report=report,
        whole=content.whole,
        labels=content.labels,
        is_draft=content.is_draft,
        again=content.again,
        is_done=is_done or ready.checked.is_in_base,
    )


def body(ready: Ready, offer: Proposal) -> str:
    """The text that the pull request would get."""
    where = ready.where
    return offer.text(where.target.dialect.limit) if where.via == API else by_push.text(where.target.dialect, offer)


def pull_request(ready: Ready, offer: Proposal, *, plain_http: bool = False) -> Proposed:
    """Push the branch, and open or update its pull request; `plain_http` allows to send the token without TLS."""
    target = ready.where.target
    patience = None if ready.where.via == API or target.token else _IN_PASSING
    with open_transport(plain_http=plain_hosts(target.api, allowed=plain_http), patience=patience) as transport:
        return propose.propose(transport, ready.where, offer, ready.checked)


def not_proven(project: Project, ready: Ready) -> RefusedError:
    """Why a branch that is not what the phase makes of the base is refused: its base moved, or something else did."""
    checked, remote = ready.checked, ready.where.remote.name
    base = shlex.quote(f"{remote}/{checked.base}")
    again = f"hclmod apply --phase {ready.phase} --base {base} --replace"
    if project.git.entries(checked.start) == project.git.entries(checked.base_commit):
        reason = f"{ready.branch} is not what phase {ready.phase} makes now"
        return RefusedError(reason, hint=f"The configuration, the tags or hclmod changed since then. Run: {again}")
    reason = f"{checked.base} of {remote} moved since {ready.branch} was made, so its proof is of another tree"
    return RefusedError(reason, hint=f"Prove it again: {again}")


def push_command(ready: Ready, offer: Proposal) -> str:
    """The push that would be made, for a person to read: what is long in it is left out."""
    where, dialect = ready.where, ready.where.target.dialect.name
    tip, ref = offer.tip[:12], f"refs/heads/{offer.branch}"
    lease = f"--force-with-lease={ref}:{ready.checked.theirs[:12]}"
    if where.via == API:
        words: tuple[str, ...] = (lease, where.remote.name, f"{tip}:{ref}")
    elif dialect == "gitea":
        words = (*_options(by_push.agit_options(offer)), where.remote.name, f"{tip}:refs/for/{offer.base}")
    else:
        words = (*_options(by_push.gitlab_options(offer)), lease, where.remote.name, f"{tip}:{ref}")
    return shlex.join(("git", "push", *words))


def _options(options: tuple[str, ...]) -> Iterator[str]:
    for each in options:
        yield from ("-o", f"{each.partition('=')[0]}=..." if "description=" in each else each)
