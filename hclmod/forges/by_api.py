"""Push the branch, and open or update the one pull request of the phase by the forge's API.

A request to create one that got no answer is never repeated: the forge is asked whether there is one now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod import interrupts
from hclmod.errors import GitError, HclmodError
from hclmod.forges.calls import ForgeError
from hclmod.forges.proposals import Outcome, proposed
from hclmod.forges.pulls import Draft, ExistsError, State, WriteLostError

if TYPE_CHECKING:
    from hclmod.forges.branches import Checked
    from hclmod.forges.proposals import Proposal, Proposed, Where
    from hclmod.forges.pulls import Pull, Pulls


def propose(pulls: Pulls, where: Where, proposal: Proposal, checked: Checked, existing: Pull | None) -> Proposed:
    """Push, then update what is open, or create; `ForgeError` or `GitError` where one of them is refused."""
    pushed = push(where, proposal, checked)
    if existing is not None and existing.state is State.OPEN:
        return refreshed(pulls, where, proposal, existing, pushed=pushed)
    return _created(pulls, where, proposal, drafted(where, proposal), pushed=pushed)


def drafted(where: Where, proposal: Proposal) -> Draft:
    """What the forge is asked to make."""
    return Draft(
        repo=where.head_repo,
        branch=proposal.branch,
        base=proposal.base,
        title=proposal.title,
        body=proposal.text(where.target.dialect.limit),
        marker=proposal.marker,
        is_draft=proposal.is_draft,
        labels=proposal.labels,
    )


def push(where: Where, proposal: Proposal, checked: Checked) -> bool:
    """Make the branch of the remote ours, if it still is what was checked; whether that changed the remote."""
    if checked.theirs == proposal.tip:
        return False
    result = where.remote.push(proposal.tip, f"refs/heads/{proposal.branch}", expected=checked.theirs)
    require_push(where, proposal, result.reason)
    return True


def require_push(where: Where, proposal: Proposal, reason: str) -> None:
    """Raise a `GitError` where the remote refused."""
    if "stale info" in reason:
        raise GitError(
            f"{proposal.branch} of {where.remote.name} was changed meanwhile, so it was not pushed", hint="Run again."
        )
    if reason:
        ruled = "A rule of the server refuses this push. Its administrator knows which."
        hint = "Rename or remove it, or give another --branch." if "leaves no place" in reason else ruled
        raise GitError(f"{where.remote.name} refused {proposal.branch}: {reason}", hint=hint)


def refreshed(pulls: Pulls, where: Where, proposal: Proposal, pull: Pull, *, pushed: bool) -> Proposed:
    """Give an open one the report as its text. What a person wrote above the marker stays, or all without a marker."""
    try:
        return _refreshed(pulls, where, proposal, pull, pushed=pushed)
    except HclmodError as error:
        raise _lost(error, pushed=pushed) from error


def _refreshed(pulls: Pulls, where: Where, proposal: Proposal, pull: Pull, *, pushed: bool) -> Proposed:
    if proposal.marker not in pull.body:
        note = f"Its text is a person's. To let hclmod write it, put {proposal.marker} at its end."
        return proposed(
            where, proposal, Outcome.LEFT, number=pull.number, url=pull.url, pushed=pushed, notes=(note,)
        )  # fmt: skip
    above = pull.body[: pull.body.index(proposal.marker)]
    room = where.target.dialect.limit - len(above)
    body = pull.body if room < _ROOM else above + proposal.text(room)
    full = (_FULL,) if room < _ROOM else ()
    title = proposal.retitled(pull.title)
    same = _plain(pull.body) == _plain(body) and pull.title == title
    if not same:
        with interrupts.perhaps(f"the text of pull request {pull.number}"):
            pulls.update(pull, title=title, body=body)
        interrupts.written.append(f"the text of pull request {pull.number}")
    notes, labelled = _labelled(pulls, pull, proposal)
    outcome = Outcome.UNCHANGED if same and not pushed and not labelled else Outcome.UPDATED
    return proposed(where, proposal, outcome, number=pull.number, url=pull.url, pushed=pushed, notes=(*full, *notes))


_ROOM = 1000
"""A report with less room than so many characters would say too little."""

_FULL = "The text above the report leaves no room for it, so it was not written. Shorten that text, then run again."


def _created(pulls: Pulls, where: Where, proposal: Proposal, draft: Draft, *, pushed: bool) -> Proposed:
    try:
        with interrupts.perhaps("a pull request"):
            made = pulls.create(draft)
    except (ExistsError, WriteLostError) as error:
        existing = pulls.find(draft)
        if existing is None or existing.state is not State.OPEN:
            raise _lost(error, pushed=pushed) from error
        result = refreshed(pulls, where, proposal, existing, pushed=pushed)
        return replace(result, outcome=Outcome.CREATED) if isinstance(error, WriteLostError) else result
    except HclmodError as error:
        raise _lost(error, pushed=pushed) from error
    interrupts.written.append(f"pull request {made.number}")
    notes, _ = _labelled(pulls, made, proposal)
    return proposed(where, proposal, Outcome.CREATED, number=made.number, url=made.url, pushed=pushed, notes=notes)


def _lost(error: HclmodError, *, pushed: bool) -> ForgeError:
    """The error of a pull request that was not made, with what was done before."""
    before = "The branch was pushed. " if pushed else ""
    return ForgeError(error.message, hint=f"{before}{error.hint}")


def _labelled(pulls: Pulls, pull: Pull, proposal: Proposal) -> tuple[tuple[str, ...], bool]:
    """What to say of labels that were not added, and whether one was; they do not make it fail."""
    missing = pulls.lacking(pull, proposal.labels)
    try:
        unknown = pulls.label(pull, missing)
    except HclmodError as error:
        return (f"The labels were not added: {error.message}",), False
    notes = (f"Unknown labels: {', '.join(unknown)}. Create them on the forge.",) if unknown else ()
    return notes, len(unknown) < len(missing)


def _plain(text: str) -> str:
    """A text without what forges may change: line ends, and whitespace around it."""
    return text.replace("\r\n", "\n").strip()
