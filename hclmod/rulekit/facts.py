"""What rules may know of a resource that does not stand in its block: values taken from all stacks together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFact:
    """The image of one container: every alternative that it may be, and where its tag stands.

    `container` is its path as `ignore_changes` writes it, empty for a dynamic one. `texts` holds None for one that
    cannot be followed to its end. `earlier` are the alternatives of an earlier version, None where there is none.
    """

    container: str
    label: str
    init: bool
    texts: tuple[str | None, ...]
    where: str  # file:line
    chain: tuple[str, ...] = ()
    earlier: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """A workload or release that lives in a namespace; `metadata` are its literal annotations (first) and labels."""

    name: str  # stack/address
    kind: str
    phase: int | None
    done: bool  # whether its phase is done
    metadata: tuple[tuple[str, str], ...] = ()
    unread: bool = False  # whether its annotations cannot be read


@dataclass(frozen=True, slots=True)
class NamespaceFact:
    """A namespace by its name, None where it cannot be read.

    `metadata` are the literal labels and annotations of the resources in `declared` (stack/address; empty where no file
    of the repository declares it).
    """

    name: str | None
    metadata: tuple[tuple[str, str], ...] = ()
    declared: tuple[str, ...] = ()
    residents: tuple[Resident, ...] = ()


@dataclass(frozen=True, slots=True)
class Rival:
    """Another workload that runs the same repository at another tag."""

    repository: str
    tag: str
    other: str  # stack/address and container
    other_tag: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one resource in all instances of its module.

    `callers` names them as stack/address. `phases` holds the phase of each, `done` whether all of those are done.
    For a namespace `homes` is itself.
    """

    callers: tuple[str, ...]
    phases: tuple[int | None, ...] = ()
    done: bool = False
    homes: tuple[NamespaceFact, ...] = ()
    images: tuple[ImageFact, ...] = ()
    rivals: tuple[Rival, ...] = ()

    def image(self, container: str) -> ImageFact | None:
        """The image of the container at a path, or None."""
        return next((each for each in self.images if each.container == container), None)
