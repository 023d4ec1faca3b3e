"""What a phase rolls, and how it is put together: items, units that are applied together, batches that may begin."""

from __future__ import annotations

import hashlib
from typing import Annotated

from msgspec import Meta, Struct

STATELESS, JUMPS, STATEFUL, BACKED_UP = range(4)
"""The stages, in this order: what keeps nothing, a new major version, what keeps data, what needs a backup first."""

APPLY, POLL, NEVER = "apply", "poll", "never"
"""When an item rolls: as Terraform applies it, when the cluster looks for new images, or not at all by itself."""


Name = Annotated[str, Meta(pattern=r"\A([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?\Z")]
"""A word for kubectl, or empty. These texts stand in commands, also those of a file that is stored in the checkout."""

Folder = Annotated[str, Meta(pattern=r"\A(?!/)(?!(.*/)?\.\.(/|\Z))[^\0]*\Z")]
"""A path below the root of the repository, empty for the root."""

Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{8,64}\Z")]
Commit = Annotated[str, Meta(pattern=r"\A([0-9a-f]{40}|[0-9a-f]{64})?\Z")]


class Item(Struct, frozen=True, kw_only=True):
    """One workload, or another resource, that applying a stack changes.

    `stack` is what is applied, `targets` are the addresses there that apply this item alone. `workload` is
    STACK/ADDRESS of what rolls, which may stand in another stack than the namespace that enrolls it. `why` are causes
    such as `image`, `images` the old and the new name of each image that changes. `weight` is the number of rollouts.
    `kind` and `name` are the words for kubectl, empty where they are not known. `group` moves together. `news` is when
    the worklist saw its newest image, None for what is not on it. `by_hand` says why a person has to apply the stack.
    """

    stack: str
    workload: str
    targets: tuple[str, ...]
    why: tuple[str, ...]
    when: str
    weight: int
    images: tuple[tuple[str, str], ...] = ()
    kind: Name = ""
    name: Name = ""
    namespace: Name = ""
    stage: int = STATELESS
    group: str = ""
    shared: str = ""
    news: str | None = None
    notes: tuple[str, ...] = ()
    by_hand: str = ""

    @property
    def id(self) -> str:
        """Its identity: what rolls, where, and to which images. Other commits and other batches do not change it."""
        return digest(self.stack, self.workload, *self.why, *(name for pair in self.images for name in pair))

    @property
    def order(self) -> tuple[object, ...]:
        """Its place among others that may begin: by stage, then as the worklist has it, then by image and name."""
        return self.stage, self.news is None, self.news or "~", self.shared or "~", self.workload


class Step(Struct, frozen=True):
    """One stack to apply: as a whole, or these targets alone; `last` ends a stack that was applied in parts."""

    stack: Folder
    targets: tuple[str, ...] = ()
    last: bool = False


class Unit(Struct, frozen=True, kw_only=True):
    """Items that are applied together: a stack, a part of one, or the stacks of a group. `after` are names of units."""

    name: str
    steps: tuple[Step, ...]
    items: tuple[Item, ...]
    after: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """How many rollouts it is."""
        return sum(each.weight for each in self.items)

    @property
    def stage(self) -> int:
        """The latest stage of its items."""
        return max(each.stage for each in self.items)

    @property
    def by_hand(self) -> str:
        """Why a person has to apply it; empty for what may be run."""
        return next((each.by_hand for each in self.items if each.by_hand), "")

    @property
    def order(self) -> tuple[object, ...]:
        """Its place among others that may begin."""
        return self.stage, min(each.order[1:] for each in self.items), self.name


class Left(Struct, frozen=True):
    """Stacks that fit into no window, how many rollouts they are at once, and what a person can do about it."""

    stacks: tuple[str, ...]
    weight: int
    reason: str
    items: tuple[str, ...] = ()


class Batch(Struct, frozen=True, kw_only=True):
    """What begins at one moment. `after` are the batches that have to be done, `before` digests of documents.

    `before` has what the phase changes in its stacks as it was, to see whether a checkout has the phase. `commit` is
    the commit of its slice, `skips` whether CI has to leave that alone.
    """

    id: Digest
    steps: tuple[Step, ...]
    items: tuple[Item, ...]
    weight: int
    after: tuple[str, ...] = ()
    by_hand: str = ""
    before: dict[str, str] = {}
    commit: Commit = ""
    skips: bool = False

    @property
    def polls(self) -> bool:
        """Whether a part of it rolls only when the cluster looks for new images."""
        return any(each.when == POLL for each in self.items)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks that it applies, each once."""
        return tuple(dict.fromkeys(each.stack for each in self.steps))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to heed before it begins, each once."""
        return tuple(dict.fromkeys(f"{each.workload}: {note}" for each in self.items for note in each.notes))


def digest(*texts: str) -> str:
    """A short name made of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
