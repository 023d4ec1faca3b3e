"""Open or update the pull request by `git push` alone, with the person's own login and without a token.

Gitea and Forgejo take a push to `refs/for/BASE` (AGit), GitLab takes push options with a push of the branch. Neither
says over git whether an earlier pull request was closed (docs/facts.md, Forges 6).
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from hclmod.errors import GitError
from hclmod.forges import by_api
from hclmod.forges.branches import require_ours
from hclmod.forges.calls import ForgeError
from hclmod.forges.proposals import Outcome, proposed

if TYPE_CHECKING:
    from hclmod.forges.branches import Checked
    from hclmod.forges.dialects import Dialect
    from hclmod.forges.proposals import Proposal, Proposed, Where
    from hclmod.forges.pulls import Pulls, Seen
    from hclmod.git.remotes import Pushed

_LIMIT = 47_000
"""The most bytes of a text: git sends an option as one packet of 65,516 bytes, and base64 makes three bytes four."""

_SAME = ("same as the old commit", "same with old commit")
_URL = re.compile(r"https?://[^\s<>\"']+/(?:pulls|merge_requests)/(\d{1,18})(?![^\s?#])")
UNSEEN = "hclmod cannot see whether a person closed an earlier pull request of this phase"
STALE = "A push does not change the text of an open pull request. --via api does."


def agit_options(proposal: Proposal, *, force: bool = False) -> tuple[str, ...]:
    """The options of a push to `refs/for`; the text has many lines, which an option may not have, so it is encoded."""
    title = f"WIP: {proposal.title}" if proposal.is_draft else proposal.title
    encoded = base64.b64encode(proposal.text(_LIMIT, _bytes).encode("utf-8", "replace")).decode()
    forced = ("force-push=true",) if force else ()
    return (f"topic={proposal.topic}", f"title={title}", f"description={{base64}}{encoded}", *forced)


def gitlab_options(proposal: Proposal, *, is_new: bool = True) -> tuple[str, ...]:
    r"""The options of a push of the branch; GitLab makes a newline of each `\n`, so that is not left in the text."""
    escaped = _escaped(proposal.text(_LIMIT, _escaped_bytes))
    title = (f"merge_request.title={proposal.title}",) if is_new else ()
    return (
        "merge_request.create",
        f"merge_request.target={proposal.base}",
        "merge_request.remove_source_branch",
        *title,
        f"merge_request.description={escaped}",
        *(f"merge_request.label={each}" for each in proposal.labels),
        *(("merge_request.draft",) if is_new and proposal.is_draft else ()),
    )


def text(dialect: Dialect, proposal: Proposal) -> str:
    """The text that a push would give."""
    return proposal.text(_LIMIT, _escaped_bytes if dialect.name == "gitlab" else _bytes)


def _escaped_bytes(text: str) -> int:
    return _bytes(_escaped(text))


def _escaped(text: str) -> str:
    return text.replace("\\n", "\\ n").replace("\r", "").replace("\n", "\\n").replace("\0", "")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def agit(pulls: Pulls, where: Where, proposal: Proposal, checked: Checked, seen: Seen) -> Proposed:
    """Push to `refs/for`, by which Gitea and Forgejo open or update a pull request."""
    remote, ref = where.remote, f"refs/for/{proposal.base}"
    there = remote.refs("refs/pull/*/head", ref)
    heads = {_number(name): commit for name, commit in there.items() if _number(name)}
    same = [number for number, commit in heads.items() if commit == checked.tip]
    if same and (not seen.is_known or (seen.open is not None and seen.open.number in same)):
        return _unchanged(pulls, where, proposal, max(same), seen)
    known = seen.open.number if seen.open is not None else 0 if seen.is_known else remote.remembered(proposal.branch)
    old = heads.get(known, "")
    if old:
        remote.fetch(f"refs/pull/{known}/head", old)
        require_ours(remote, checked.base_commit, old, f"of #{known}", proposal.phase)
        if remote.is_same(old, checked.tip):
            return _unchanged(pulls, where, proposal, known, seen)
    result = remote.push(checked.tip, ref, expected=None, options=agit_options(proposal, force=bool(old)))
    if any(each in result.reason for each in _SAME):
        return _unchanged(pulls, where, proposal, known, seen)
    _require_agit(where, proposal, result, existed=ref in there)
    number = _number(result.ref)
    if number:
        remote.remember(proposal.branch, number, checked.tip)
    return _after(pulls, where, proposal, seen, number=number, words=result.words, is_new=number not in heads)


def _require_agit(where: Where, proposal: Proposal, result: Pushed, *, existed: bool) -> None:
    """Raise an error where the server refused, or does not know `refs/for` and has made a plain ref of it."""
    ref, remote = f"refs/for/{proposal.base}", where.remote
    if "force-push" in result.reason:
        raise GitError(
            f"an open pull request of {proposal.topic} has commits that are not in {proposal.branch}",
            hint="hclmod cannot see whose they are. Set a token, so that it can ask, or look at them and close it.",
        )
    by_api.require_push(where, proposal, result.reason)
    if result.ref == ref:
        if not existed:
            remote.drop(ref)
        raise ForgeError(f"{remote.name} does not open a pull request for a push to {ref}", hint="Use --via api.")


def branch(pulls: Pulls, where: Where, proposal: Proposal, checked: Checked, seen: Seen) -> Proposed:
    """Push the branch of a pull request that is open for it (Gitea, Forgejo)."""
    pushed = by_api.push(where, proposal, checked)
    if not pushed:
        return _unchanged(pulls, where, proposal, 0, seen)
    return _after(pulls, where, proposal, seen, number=seen.open.number if seen.open else 0, words="", is_new=False)


def gitlab(pulls: Pulls, where: Where, proposal: Proposal, checked: Checked, seen: Seen) -> Proposed:
    """Push the branch with options, by which GitLab opens or updates a merge request."""
    remote = where.remote
    heads = {_number(name): commit for name, commit in remote.refs("refs/merge-requests/*/head").items()}
    earlier = [number for number, commit in heads.items() if checked.theirs and commit == checked.theirs]
    if checked.theirs == checked.tip:
        if earlier:
            return _unchanged(pulls, where, proposal, max(earlier), seen)
        hint = "GitLab looks at push options only when a push changes the branch. Use --via api, or open it by hand."
        raise ForgeError(f"{remote.name} has {proposal.branch} already, without a merge request", hint=hint)
    is_new = seen.open is None if seen.is_known else not earlier
    options = gitlab_options(proposal, is_new=is_new)
    ref = f"refs/heads/{proposal.branch}"
    result = remote.push(checked.tip, ref, expected=checked.theirs, options=options)
    by_api.require_push(where, proposal, result.reason)
    if "push options" in result.words and "rror" in result.words:
        words = " ".join(line.removeprefix("remote:").strip() for line in result.words.splitlines())
        raise ForgeError(f"the branch was pushed, and GitLab made no merge request: {words[:500]}")
    return _after(pulls, where, proposal, seen, number=max(earlier, default=0), words=result.words, is_new=is_new)


def _after(
    pulls: Pulls, where: Where, proposal: Proposal, seen: Seen, *, number: int, words: str, is_new: bool
) -> Proposed:
    """The outcome of a push that the server took; an open one gets its text by the API, where there is a token."""
    match = _URL.search(words)
    url = match[0] if match else seen.open.url if seen.open is not None else ""
    number = number or (int(match[1]) if match else 0)
    if seen.open is not None and where.target.token:
        return by_api.refreshed(pulls, where, proposal, seen.open, pushed=True)
    notes: tuple[str, ...] = () if seen.is_known else (f"{UNSEEN}: {seen.why_unknown}",)
    if where.target.dialect.name == "gitea":
        notes += (STALE,) if not is_new else ("A push takes no labels. --via api does.",) if proposal.labels else ()
    outcome = Outcome.CREATED if is_new else Outcome.UPDATED
    return proposed(where, proposal, outcome, number=number, url=url, pushed=True, notes=notes)


def _unchanged(pulls: Pulls, where: Where, proposal: Proposal, number: int, seen: Seen) -> Proposed:
    """The outcome where the server has the commit already."""
    if seen.open is not None and where.target.token:
        return by_api.refreshed(pulls, where, proposal, seen.open, pushed=False)
    url = seen.open.url if seen.open is not None else ""
    notes = () if seen.is_known else (f"{UNSEEN}: {seen.why_unknown}",)
    return proposed(where, proposal, Outcome.UNCHANGED, number=number, url=url, notes=notes)


def _number(ref: str) -> int:
    """The number of the pull request that a ref of the server is about; 0 for another ref."""
    match = re.fullmatch(r"refs/(?:pull|merge-requests)/(\d{1,18})/head", ref)
    return int(match[1]) if match else 0
