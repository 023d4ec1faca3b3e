"""Which variables make tags of images, and what else reads them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.rulekit.places import TaggedImage, TagVariable
from hclmod.terraform.ids import BlockId
from hclmod.terraform.resources import tag_piece

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hclmod.terraform.origins import Walk
    from hclmod.terraform.readers import Mentions
    from hclmod.terraform.resources import ImageUse
    from hclmod.terraform.stacks import PhaseOf

_HEAD = "var."


def tag_variables(mentions: Mentions, phase_of: PhaseOf, done: Collection[int]) -> dict[BlockId, TagVariable]:
    """The variables from which the tags of images come, by the block that declares them."""
    by_block: dict[BlockId, dict[ImageUse, list[Walk]]] = defaultdict(lambda: defaultdict(list))
    for use in mentions.uses:
        for step in _steps(use):
            by_block[BlockId(step.folder, f"variable.{step.name.removeprefix(_HEAD)}")][use].append(step)
    return {block: _variable(uses, mentions, phase_of, done) for block, uses in by_block.items()}


def _steps(use: ImageUse) -> Iterator[Walk]:
    """The variables through which the tag of an image comes."""
    for origin in use.origins:
        piece = tag_piece(origin)
        if piece is not None:
            yield from (step for step in piece.walked if step.name.startswith(_HEAD))


def _variable(
    uses: dict[ImageUse, list[Walk]], mentions: Mentions, phase_of: PhaseOf, done: Collection[int]
) -> TagVariable:
    phases = dict.fromkeys(phase_of(use.id) for use in uses)
    readers = (reader for steps in uses.values() for step in steps for reader in mentions.of_variable(step))
    return TagVariable(
        images=tuple(dict.fromkeys(TaggedImage(use.id, use.image.label, text) for use in uses for text in use.texts)),
        open=tuple(phase for phase in phases if phase not in done),
        read_by=tuple(dict.fromkeys(readers)),
    )
