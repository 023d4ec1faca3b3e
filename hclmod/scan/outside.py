"""One image outside of containers, and where it is written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.terraform.ids import ResourceId
from hclmod.terraform.origins import Module, Piece
from hclmod.terraform.resources import tag_piece

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hclmod.hcl.values import Definition
    from hclmod.images.reference import Reference
    from hclmod.scan.owners import Owner
    from hclmod.terraform.origins import Origin, Site


class Location(Struct, frozen=True, kw_only=True):
    """Where an image outside of containers is written (its tag, in `file` on `line`), in which form, and who uses it.

    `address` is the resource, with the instance of its module; with `read` false nothing in the repository uses it.
    `given` says that Terraform gives it to the cluster, and `read_by` what else reads the file, or in a template the
    variable of its tag.
    """

    stack: str
    address: str
    form: str
    file: str
    line: int
    read: bool = True
    module: Module | None = None  # the instance; None for a file that no expression reads
    owner: Owner | None = None
    image: Definition | None = None  # None where the file is not read, or is no code and no YAML
    given: bool = False
    read_by: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()  # what a file says beside the image

    @property
    def resource(self) -> ResourceId | None:
        """The resource that gives the image to the cluster; None where no expression of a module does."""
        if self.module is None or self.owner is None:
            return None
        return ResourceId(self.stack, self.module.name, self.module.folder, self.owner.address)


class OutsideImage(Struct, frozen=True):
    """One image in one form; `tag` is None where it is not known."""

    location: Location
    origin: Origin
    reference: Reference
    tag: str | None

    @property
    def shown(self) -> str:
        """The image as a person reads it, with what could not be followed in angle brackets."""
        parts = (part.text if isinstance(part, Piece) else f"<{part.text}: {part.why}>" for part in self.origin)
        return "".join(parts)

    @property
    def site(self) -> Site | None:
        """The literal in which its tag begins."""
        piece = tag_piece(self.origin)
        return piece.site if piece else None

    @property
    def place(self) -> str:
        """Where it is written: file and line."""
        return f"{self.location.file}:{self.location.line}"

    @property
    def origin_place(self) -> str:
        """Where the literal stands that makes it: file and line."""
        return f"{self.site.document}:{self.site.line}" if self.site else self.place


def together(images: Iterable[OutsideImage]) -> list[tuple[OutsideImage, ...]]:
    """Images by where they are written: what several resources share is one."""
    shared: dict[tuple[object, ...], list[OutsideImage]] = defaultdict(list)
    for each in images:
        at = each.location
        key = (at.stack, at.file, at.line, at.form, each.shown, each.origin_place, at.read, each.tag)
        shared[key].append(each)
    return [tuple(shared[key]) for key in sorted(shared, key=lambda key: key[:6])]


def users(images: Iterable[OutsideImage]) -> str:
    """The resources that share an image, each once."""
    return ", ".join(dict.fromkeys(each.location.address for each in images if each.location.address))
