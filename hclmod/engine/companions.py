"""Images that may have to move together: those of one repository in a stack, of one literal, of one group.

Which of them has to stay is a rule's business; here they are found, with all that the rule asks about each.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.affected import affected
from hclmod.hcl import suppression
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source, with_errors
from hclmod.images import reference
from hclmod.rulekit import literals
from hclmod.rulekit.places import LinkedImage
from hclmod.terraform import origins
from hclmod.terraform.code import NATIVE
from hclmod.terraform.origins import Hole, Piece
from hclmod.terraform.resources import tag_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.rulekit.places import Place, Placing
    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Origin, Site
    from hclmod.terraform.resources import ImageUse
    from hclmod.terraform.stacks import Assignment

_IMAGE = re.compile(rb'\bimage\s*=\s*"([^"\n]*)"')


def sharing(texts: Mapping[str, Iterable[bytes]]) -> set[str]:
    """The stacks in which two images are of one repository, by their text."""
    counts = {stack: Counter(name for data in each for name in _names(data)) for stack, each in texts.items()}
    return {stack for stack, count in counts.items() if any(number > 1 for number in count.values())}


def grouped(texts: Mapping[str, Iterable[bytes]], config: Config) -> set[str]:
    """The stacks with an image of a group, by their text; those that compute an image may have one."""
    return {stack for stack, each in texts.items() if any(_has_group(data, config) for data in each)}


def _has_group(data: bytes, config: Config) -> bool:
    if b"image" in data and re.search(rb"\bimage\s*=\s*[^\"\s]", data):
        return True
    policies = (config.policy_for(name) for name in _names(data))
    return any(policy is not None and policy.group for policy in policies)


def _names(data: bytes) -> list[str]:
    """The repositories of the images that stand in a text; the tag, which may be a template, is left out."""
    texts = (match[1].decode(errors="replace") for match in _IMAGE.finditer(data))
    known = (reference.parse(re.sub(r"[:@][^/]*$|:?\$\{.*$", "", text)) for text in texts)
    return [each.name for each in known if each is not None]


def find(
    model: Model,
    placing: Placing,
    assignment: Assignment,
    *,
    phase: int | None,
    outside: Sequence[ImageUse],
    read: Callable[[str], bytes | None],
    rule: str,
) -> tuple[LinkedImage, ...]:
    """Every image that the model follows, and those `outside` of containers, as the rule with this id sees them."""
    finder = _Finder(model, placing, assignment, phase=phase, read=read, rule=rule)
    return tuple(finder.companion(use, origin) for use in (*model.uses, *outside) for origin in use.origins)


class _Finder:
    def __init__(
        self, model: Model, placing: Placing, assignment: Assignment, *, phase: int | None,
        read: Callable[[str], bytes | None], rule: str,
    ) -> None:  # fmt: skip
        self.model, self.read, self.rule = model, read, rule
        self.placing, self.assignment, self.phase = placing, assignment, phase
        self.blocks = {each.id: each.block for each in model.workloads}
        self.sources: dict[str, Source | None] = {}

    def companion(self, use: ImageUse, origin: Origin) -> LinkedImage:
        """One alternative of an image."""
        number = self.assignment.phase_of(use.id)
        image = affected(use, self.blocks.get(use.id), number, around=(_known(origin), ""), chain=())
        piece = tag_piece(origin)
        place = self._place(piece.site) if piece and piece.site else None
        # What a call says of the default that it lets through holds nobody else: the others get arguments of their own.
        passing = self.model.comments(replace(piece, passed=())) if piece else ()
        comments = (*image.comments, *passing, *(self._comments(place) if place else ()))
        suppressed = suppression.among((*comments, *image.above), self.rule) or ""
        sites = tuple(sorted(" ".join(map(str, each.key)) for each in _sites(origin)))
        image = replace(image, comments=comments, suppressed=suppressed)
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        fixed = f"its image ends at `{hole.text}`" if hole else self._fixed(use, place)
        mine = self.phase in (None, number)
        return LinkedImage(image=image, sites=sites, fixed=fixed, mine=mine, whole=hole is None)

    def _fixed(self, use: ImageUse, place: Place | None) -> str:
        if place is not None and place.also:
            return f"its tag also drives {', '.join(place.also)}"
        if place is not None and place.read_by:
            return f"its tag is read for more than images: {', '.join(place.read_by)}"
        if place is not None:
            return place.why  # else this alternative moves where it stands, whatever becomes of the others
        followed = self.placing.followed.get(use.slot)
        return followed.reason if followed and not followed.writable else ""

    def _place(self, site: Site) -> Place | None:
        key = site.path, site.place, site.scalar
        near = self.placing.places.get(site.document, ())
        return next((each for each in near if (each.path, each.position, each.scalar) == key), None)

    def _comments(self, place: Place) -> tuple[str, ...]:
        data = self.read(place.document)
        if data is None:
            return ()
        if not place.document.endswith(NATIVE):
            result = literals.in_yaml(data, place)
        else:
            if place.document not in self.sources:
                self.sources[place.document] = with_errors(Document(place.document, data))
            source = self.sources[place.document]
            result = literals.find(source, place) if source else None
        return result.comments if result else ()


def _known(origin: Origin) -> str:
    """The image, as far as it can be followed."""
    whole = origins.text(origin)
    if whole is not None:
        return whole
    at = next(index for index, part in enumerate(origin) if isinstance(part, Hole))
    return "".join(part.text for part in origin[:at])


def _sites(origin: Origin) -> Iterable[Site]:
    """The literals in which its tag stands, in whole or in part; not those of its repository alone."""
    piece = tag_piece(origin)
    start = origin.index(piece) if piece else len(origin)
    return [part.site for part in origin[start:] if isinstance(part, Piece) and part.site]
