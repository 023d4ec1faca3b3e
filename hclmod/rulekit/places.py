"""Where the tag of an image can be written when it does not stand in the container: a literal, or a missing argument.

A place is named by document, path and position, so that it is found again after other edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from hclmod.terraform.ids import ImageId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.rulekit.facts import AssignedWorkload
    from hclmod.terraform.ids import BlockId, ResourceId


NAMED = -1
"""The phase of what a person points at, where rules run without one."""


class AffectedImage(Struct, frozen=True, kw_only=True):
    """One container whose image a place makes: the text before and after it, and what rules ask of its workload."""

    id: ResourceId  # of its workload
    label: str
    kind: str
    phase: int | None
    before: str
    after: str
    metadata: tuple[tuple[str, str], ...] = ()
    ignored: bool = False  # Terraform ignores this image
    comments: tuple[str, ...] = ()
    above: tuple[str, ...] = ()  # the comments of the resource
    opaque: bool = False  # whether its annotations cannot be read
    suppressed: str = ""  # the reason of a comment at the container or the resource, for the rule that asks
    chain: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()  # var-files that nobody can read and that would win
    outside: bool = False  # no container: `label` is the form, as in `scan.find.FORMS`
    container: str = ""  # as `ignore_changes` writes it
    unknown: str = ""  # why a part of the image before or after the place is not known

    @property
    def key(self) -> ImageId:
        """Its container, whoever calls the module."""
        return ImageId(*self.id.block, self.container)

    @property
    def name(self) -> str:
        """How a person names it: `stack/address label`."""
        return f"{self.id.name} {self.label}".lstrip("/")


class Place(Struct, frozen=True, kw_only=True):
    """The `position`-th literal of the attribute at `path`, or (`argument` given) what the module call there lacks.

    With `scalar` it is that value of the YAML in the `position`-th heredoc, or in a document that is YAML. `text` is
    what stands there, or the default that the argument would replace. `also` names the images of others that use
    it, `read_by` what else reads it; both forbid to change it, and so does `why`, which says what else does.
    `of_name` says that it is a place for rules about names only: the tag of the image stands elsewhere, or in the open.
    """

    document: str
    path: str
    text: str
    images: tuple[AffectedImage, ...]
    position: int = 0
    argument: str = ""
    also: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()
    scalar: int | None = None
    why: str = ""
    line: int = 0  # where it stands, for one that cannot be found again
    of_name: bool = False


class Followed(Struct, frozen=True, kw_only=True):
    """Where the tag of an image stands that is not written out in its container.

    `reason` says where it stands, or why that is not known. `image` is the whole reference, None where the chain ends
    before it is known. `writable` says that nobody else forbids to change it. `chain` are the steps from the image to
    there.
    """

    reason: str
    image: str | None
    writable: bool = False
    chain: tuple[str, ...] = ()
    images: tuple[str, ...] = ()  # every one that it may be, if the tag of each stands at a place of its own


class LinkedImage(Struct, frozen=True, kw_only=True):
    """An image that may have to move with others: `image` holds the whole of it, or what is known, as `before`.

    `sites` are the literals that make it, `fixed` says why it cannot be changed whatever is wanted (empty: it can),
    `mine` whether it is of the phase at hand, and `whole` whether the image could be followed to its end.
    """

    image: AffectedImage
    sites: tuple[str, ...]
    fixed: str = ""
    mine: bool = True
    whole: bool = True


class TaggedImage(Struct, frozen=True):
    """An image whose tag comes from a variable: its workload, its container, its text (None: it is not known)."""

    id: ResourceId
    label: str
    text: str | None

    @property
    def name(self) -> str:
        """How a person names it: `stack/address label`."""
        return f"{self.id.name} {self.label}".lstrip("/")


class TagVariable(Struct, frozen=True, kw_only=True):
    """A variable from which tags of images come: those images, and what reads it and makes no image.

    `open` are the phases of the images that are not completed, None for an image of no phase.
    """

    images: tuple[TaggedImage, ...]
    open: tuple[int | None, ...] = ()
    read_by: tuple[str, ...] = ()


class Placing(Struct, frozen=True, kw_only=True):
    """What a phase knows by following references, over all stacks.

    `places` are by document, `followed` by container. `shared` names, for a block in a module, the callers that are
    not in the phase. `inherited` are the blocks of modules outside the phase's stacks, with their documents.

    `occupants` are the workloads in the namespace that a block declares, in whatever stack they are. `namespaces` are
    the names of a workload's namespace (module left out), where all of them could be followed. `owners` are the
    resources that declare a namespace's name, as `stack/address`, and `namespace_names` the names of a block that
    declares some, where all of them are known. `documents` declare namespaces in which something of the phase runs.

    `variables` are those that make tags, where a rule asks for them.

    `declared` are the blocks of each stack that were met, also those of modules that lie elsewhere.
    """

    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    followed: Mapping[ImageId, Followed] = field(default_factory=dict)
    shared: Mapping[BlockId, tuple[str, ...]] = field(default_factory=dict)
    inherited: Mapping[BlockId, tuple[str, ...]] = field(default_factory=dict)
    occupants: Mapping[BlockId, tuple[AssignedWorkload, ...]] = field(default_factory=dict)
    namespaces: Mapping[ResourceId, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    namespace_names: Mapping[BlockId, tuple[str, ...]] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    declared: Mapping[str, frozenset[BlockId]] = field(default_factory=dict)
    variables: Mapping[BlockId, TagVariable] = field(default_factory=dict)

    @property
    def inherited_documents(self) -> frozenset[str]:
        """The documents of blocks of modules outside the phase's stacks, override files too."""
        return frozenset(document for some in self.inherited.values() for document in some)
