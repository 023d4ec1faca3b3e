"""What became of one repository in one phase: a row of the ledger and of the report."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from msgspec import Struct

from hclmod import __version__


class Outcome(StrEnum):
    """What became of a phase in a repository."""

    CHANGED = "changed"  # its branch has the commit
    UNCHANGED = "unchanged"  # there is nothing to change
    REFUSED = "refused"  # a person has to look first
    SKIPPED = "skipped"  # it has no such phase
    FAILED = "failed"  # it could not be reached, or the worker did not finish
    CLOSED = "closed"  # its branch was removed by `fleet close`

    @property
    def is_bad(self) -> bool:
        """Whether a person has to do something."""
        return self in {Outcome.REFUSED, Outcome.FAILED}


class Cause(Struct, frozen=True):
    """A cause for which places of a repository need review, and how many there are."""

    title: str
    number: int


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One repository in one phase; `url` has no login in it.

    `key` is made of all that the outcome depends on. `base` is the commit of `base_name` that was planned, `commit` the
    one that was pushed, `tip` what our branch had before. `opened` says that its pull request is new. `changes`,
    `roll_out` (changes that restart pods), `need_review` and `refused` (files) are counts. `images` are those in use,
    with their tags. `seconds` is how long it took, `megabytes` the memory of the worker afterwards, `at` when it ended.
    """

    url: str
    phase: int
    outcome: Outcome
    why: str = ""
    key: str = ""
    base_name: str = ""
    base: str = ""
    branch: str = ""
    tip: str = ""
    commit: str = ""
    pull_request: str = ""
    opened: bool = False
    files: int = 0
    changes: int = 0
    roll_out: int = 0
    need_review: int = 0
    refused: int = 0
    causes: tuple[Cause, ...] = ()
    images: tuple[str, ...] = ()
    seconds: float = 0.0
    megabytes: int = 0
    at: str = ""

    def holds(self, key: str, tip: str) -> bool:
        """Whether an earlier run came to this end from the same input, and after a refusal the branch is as it was."""
        same = bool(key) and self.key == key
        return same and (self.outcome in _DONE or (self.outcome is Outcome.REFUSED and self.tip == tip))


_DONE = frozenset({Outcome.CHANGED, Outcome.UNCHANGED, Outcome.SKIPPED})


def key(url: str, base: str, phase: int, settings: bytes, tags: bytes, *, pull_request: bool = False) -> str:
    """A digest of all that the outcome for a repository depends on; `settings` and `tags` are those of the fleet."""
    texts = (url, base, str(phase), "pull request" if pull_request else "branch", __version__)
    parts = (*(each.encode() for each in texts), settings, tags)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:32]
