"""Whether a branch may be proposed: it is ours, it is not a branch that people share, and nobody else works on it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.errors import GitError

if TYPE_CHECKING:
    from hclmod.git.remotes import Remote

PROTECTED = frozenset({"HEAD", "main", "master", "trunk", "develop", "development", "production", "prod", "staging"})
"""Branches that people share; those below `release/` are too."""


class Checked(Struct, frozen=True, kw_only=True):
    """A branch that may be proposed: its commit, that of the base, and what the remote has of it (empty: nothing).

    Where the remote has the same change under another commit, as after a fresh checkout of CI, `tip` is that one.
    `start` is the commit that it was made from. With `is_in_base` the base has all of it.
    """

    tip: str
    base: str
    base_commit: str
    theirs: str
    start: str
    is_in_base: bool


def check(remote: Remote, branch: str, base: str, phase: int, *, offline: bool = False) -> Checked:
    """Check the branch of a phase against the base on the remote; a `GitError` says why it may not be proposed.

    With `offline` the remote counts as it was when it was last fetched. An empty `base` is the remote's default branch.
    """
    base = base or (remote.default_here() if offline else remote.default())
    refuse_names(branch, base)
    tip = remote.here(branch)
    if not tip:
        raise GitError(f"branch {branch} is not here", hint=_get(remote, branch, phase))
    refs = _here(remote, branch, base) if offline else remote.refs(f"refs/heads/{branch}", f"refs/heads/{base}")
    there = refs.get(f"refs/heads/{base}", "")
    if not there:
        hint = f"Fetch it: git fetch {remote.name}" if offline else "Give --base BRANCH."
        raise GitError(f"remote {remote.name} does not have the branch {base or 'that is its default'}", hint=hint)
    theirs = refs.get(f"refs/heads/{branch}", "")
    if not offline:
        remote.fetch(f"refs/heads/{base}", there)
    start = remote.common(tip, there)
    ready = Checked(
        tip=tip, base=base, base_commit=there, theirs=theirs, start=start, is_in_base=start == tip
    )  # fmt: skip
    if not ready.is_in_base:
        require_ours(remote, there, tip, branch, phase)
    if theirs and theirs != tip:
        remote.fetch(f"refs/heads/{branch}", theirs)
        require_ours(remote, there, theirs, f"{branch} of {remote.name}", phase)
        if remote.is_same(theirs, tip):
            return replace(ready, tip=theirs)
    return ready


def refuse_names(branch: str, base: str) -> None:
    """Refuse a branch that is the base, or that people share."""
    if branch == base:
        raise GitError(f"branch {branch} cannot be proposed to itself", hint="Give another --base.")
    if branch in PROTECTED or branch.startswith("release/"):
        raise GitError(
            f"branch {branch} is one that people share, so it is never pushed", hint="Give another --branch."
        )


def require_ours(remote: Remote, base: str, tip: str, name: str, phase: int) -> None:
    """Refuse a branch with a commit that hclmod did not make for this phase."""
    commits = remote.commits(base, tip)
    foreign = [each for each in commits if not each.phases]
    if foreign:
        raise GitError(
            f"branch {name} has {len(foreign)} commit(s) that hclmod did not make: {foreign[-1].id[:12]}",
            hint="They would be merged with the phase. Merge them first, or move them to another branch.",
        )
    other = next((each for each in commits if phase not in each.phases), None)
    if other is not None:
        raise GitError(
            f"branch {name} has a commit of phase {other.phases[0]}: {other.id[:12]}",
            hint=f"Merge that phase first. Then: hclmod apply --phase {phase} --replace",
        )


def _here(remote: Remote, branch: str, base: str) -> dict[str, str]:
    return {f"refs/heads/{each}": commit for each in (base, branch) if each and (commit := remote.tracked(each))}


def _get(remote: Remote, branch: str, phase: int) -> str:
    if remote.tracked(branch):
        return f"{remote.name} has it: {shlex.join(('git', 'branch', branch, f'{remote.name}/{branch}'))}"
    fetch = shlex.join(("git", "fetch", remote.name, f"{branch}:{branch}"))
    return f"Make it: hclmod apply --phase {phase}. CI often checks out one branch only. To get another one: {fetch}"
