"""What rules may know of a resource from all stacks together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.terraform.ids import ResourceId
    from hclmod.terraform.resources import Workload


class AssignedWorkload(Struct, frozen=True, kw_only=True):
    """A workload or release with its phase; `done` says whether that is done, `mine` whether it is the one at hand."""

    workload: Workload
    phase: int | None
    done: bool = False
    mine: bool = True

    @property
    def id(self) -> ResourceId:
        """Its resource."""
        return self.workload.id

    @property
    def kind(self) -> str:
        """Its resource type."""
        return self.workload.block.kind

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Its literal annotations (first) and labels."""
        return self.workload.block.metadata


class Namespace(Struct, frozen=True, kw_only=True):
    """A namespace by its name, None where that cannot be read, with what runs there.

    `names` are those of a resource that declares several, with `for_each` or in a module of several callers; its
    `name` is None. `declared` are the resources that declare it, as `stack/address`, and `metadata` their literal
    labels and annotations. `workloads` is everything that runs there.

    `mine` are the addresses that the phase at hand selects, `others` maps those of other phases (None: of no phase) to
    their phase. What is of another stack is named with its stack.
    """

    name: str | None
    names: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    workloads: tuple[AssignedWorkload, ...] = ()
    mine: tuple[str, ...] = ()
    others: Mapping[str, int | None] = field(default_factory=dict)


class ContainerFacts(Struct, frozen=True, kw_only=True):
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


class SplitTags(Struct, frozen=True):
    """A repository of images that runs at several tags: each tag with the workloads that run it, sorted."""

    repository: str
    tags: tuple[tuple[str, tuple[str, ...]], ...]


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of one resource in all instances of its module.

    `callers` names them as stack/address. `phases` holds the phase of each, `done` whether all of those are done.
    For a namespace `namespaces` is itself. `splits` are the repositories of images that run at several tags and of
    which this is the first workload by name, so that each is said once.
    """

    callers: tuple[str, ...]
    phases: tuple[int | None, ...] = ()
    done: bool = False
    namespaces: tuple[Namespace, ...] = ()
    images: tuple[ContainerFacts, ...] = ()
    splits: tuple[SplitTags, ...] = ()

    def image(self, container: str) -> ContainerFacts | None:
        """The image of the container at a path, or None."""
        return next((each for each in self.images if each.container == container), None)
