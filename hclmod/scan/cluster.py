"""What a repository gives to the cluster, as plain data: Kubernetes objects, Helm releases, other resources."""

from __future__ import annotations

from msgspec import Struct

from hclmod.terraform.ids import BlockId, ResourceId


class UnknownData(Struct, frozen=True):
    """A part that cannot be read: as it is written, and why."""

    text: str
    why: str


Data = str | list["Data"] | dict[str, "Data"] | UnknownData | None
"""Plain data. Every scalar is a text, as `true` and `1`, and what is null is None."""

COMPUTED = "(computed)"
"""The key of an entry whose key cannot be read."""

UNREAD = "(unread)"
"""The key of what cannot be read among the values of a release."""


class ClusterObject(Struct, frozen=True, kw_only=True):
    """One object, and where it stands; `data` is UnknownData where nothing of it can be read.

    `resource` is what gives it to the cluster, None for a file that no expression reads, and `type` its Terraform type.
    `block` is where findings about it stand: that of the resource, for such a file one of a resource near it.
    A Helm release has the plain attributes of its resource, with all its values as one map below `values`, and any
    other resource its attributes and blocks. What stands in the values of a release is an object of its own too.
    """

    data: Data
    file: str
    line: int
    type: str = ""
    resource: ResourceId | None = None
    block: BlockId | None = None

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


class ClusterObjects(Struct, frozen=True, eq=False):
    """All objects of a repository, by their place. Two of these are the same only if they are one."""

    objects: tuple[ClusterObject, ...] = ()
    first: BlockId | None = None  # the first resource of all stacks, for findings that have no other place
