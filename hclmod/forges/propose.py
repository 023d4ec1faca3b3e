"""Open or update the one pull request of a phase: ask what is there, refuse, then go the way that fits.

The forge is asked before anything is pushed, so that a wrong token or a pull request that a person closed stops it.
What is open keeps its way: a pull request that was opened by `refs/for` gets no commit by a push of its branch, and the
other way round there would be two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.forges import by_api, by_push
from hclmod.forges.calls import ForgeError
from hclmod.forges.proposals import API, Outcome, proposed
from hclmod.forges.pulls import Pulls, Seen, State

if TYPE_CHECKING:
    from hclmod.forges.branches import Checked
    from hclmod.forges.proposals import Proposal, Proposed, Where
    from hclmod.forges.pulls import Pull
    from hclmod.http import Transport


class PlaceError(ForgeError):
    """The repository takes no pull request of ours."""


def propose(transport: Transport, where: Where, proposal: Proposal, checked: Checked) -> Proposed:
    """Push the branch and open or update its pull request; `ForgeError` or `GitError` where that is refused.

    Running it again on the same values changes nothing.
    """
    if proposal.is_done or checked.is_in_base:
        return proposed(where, proposal, Outcome.MERGED)
    pulls = Pulls.of(transport, where.target)
    seen = _look(pulls, where, proposal)
    if seen.pull is not None:
        if (ended := _finished(where, proposal, seen.pull)) is not None:
            return ended
        _require_base(seen.pull, proposal)
    dialect = where.target.dialect.name
    if dialect == "gitea" and _is_by_refs_for(where, proposal, checked, seen):
        return by_push.agit(pulls, where, proposal, checked, seen)
    if where.via == API:
        return by_api.propose(pulls, where, proposal, checked, seen.pull)
    if dialect == "gitlab":
        return by_push.gitlab(pulls, where, proposal, checked, seen)
    if dialect == "gitea":
        return by_push.branch(pulls, where, proposal, checked, seen)
    raise ForgeError("GitHub opens no pull request by a push", hint="Use --via api with GITHUB_TOKEN.")


def _is_by_refs_for(where: Where, proposal: Proposal, checked: Checked, seen: Seen) -> bool:
    """Whether Gitea gets a push to `refs/for`: what is open says so, else what was done before, else the person."""
    if seen.open is not None:
        return seen.open.is_agit
    if seen.is_known or where.via == API or not checked.theirs or where.remote.remembered(proposal.branch):
        return where.via != API
    return checked.theirs not in where.remote.refs("refs/pull/*/head").values()


def _look(pulls: Pulls, where: Where, proposal: Proposal) -> Seen:
    """What the API says. It has to answer where it opens the pull request, and may fail where a push is enough."""
    try:
        _require_place(pulls, where)
        return Seen(pulls.find(by_api.drafted(where, proposal)))
    except PlaceError:
        raise
    except HclmodError as error:
        if where.via == API:
            raise
        return Seen(None, error.message)


def _require_place(pulls: Pulls, where: Where) -> None:
    """Refuse a repository that takes no pull requests of ours: moved, archived, a mirror, a fork that nobody named."""
    about, repo = pulls.about(), where.target.repo
    if about.name and not repo.isdecimal() and about.name.lower() != repo.lower():
        hint = f"Give it the new address: git remote set-url {where.remote.name} ADDRESS"
        raise PlaceError(f"{repo} is {about.name} now", hint=hint)
    if about.is_archived:
        raise PlaceError(f"{repo} is archived, so it takes no pull request")
    if about.is_mirror:
        hint = "Open it where the original is: --remote NAME. `[remote] canonical` in hclmod.toml says which that is."
        raise PlaceError(f"{repo} is a mirror, which the next sync overwrites", hint=hint)
    if about.parent and not where.is_fork_meant:
        hint = f"Give --repo {about.parent} --head-repo {repo}, or --head-repo {repo} alone for one inside the fork."
        raise PlaceError(f"{repo} is a fork of {about.parent}", hint=hint)


def _require_base(pull: Pull, proposal: Proposal) -> None:
    """Refuse an open pull request for another branch: a second one would merge the same commits twice."""
    if pull.state is State.OPEN and pull.base != proposal.base:
        hint = f"Give --base {pull.base}, or close it."
        raise ForgeError(f"#{pull.number} is open for the base {pull.base}, not for {proposal.base}", hint=hint)


def _finished(where: Where, proposal: Proposal, pull: Pull) -> Proposed | None:
    """The outcome where there is nothing to do any more: merged as it is, or closed by a person; else None."""
    if pull.state is State.MERGED and pull.commit == proposal.tip:
        return proposed(where, proposal, Outcome.MERGED, number=pull.number, url=pull.url)
    if pull.state is State.CLOSED and not proposal.again:
        return proposed(where, proposal, Outcome.CLOSED, number=pull.number, url=pull.url)
    return None
