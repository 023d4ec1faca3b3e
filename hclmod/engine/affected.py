"""What rules ask of an image, as a value without trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl import traversal
from hclmod.rulekit.places import AffectedImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.terraform.declarations import WorkloadBlock
    from hclmod.terraform.resources import ImageUse


def affected(
    use: ImageUse, block: WorkloadBlock | None, phase: int | None, *, around: tuple[str, str], chain: tuple[str, ...]
) -> AffectedImage:
    """What rules ask of an image; `around` is the text before and after the piece of it that is spoken of."""
    image = use.image
    before, after = around
    return AffectedImage(
        id=use.id,
        label=image.label,
        kind=image.kind,
        phase=phase,
        before=before,
        after=after,
        metadata=(*(block.metadata if block else ()), *image.metadata),
        ignored=_is_ignored(use, (*(block.ignored if block else ()), *image.ignored)),
        comments=image.comments,
        above=image.above,
        opaque=block.opaque if block else not image.outside,
        chain=chain,
        overrides=use.overrides,
        outside=image.outside,
        container=image.container,
    )


def _is_ignored(use: ImageUse, ignored: Iterable[str]) -> bool:
    if use.image.outside:
        return any(current[0] in _CARRYING and current[1:2] != ("metadata",) for current in _parsed(ignored))
    target = traversal.parse(f"{use.image.container}.image") if use.image.container else None
    return target is not None and any(traversal.covers(current, target) for current in _parsed(ignored))


_CARRYING = frozenset(
    {"all", "values", "set", "set_sensitive", "set_list", "manifest", "object", "yaml_body", "yaml_body_parsed", "data"}
)
"""The attributes that bring images to the cluster outside of containers."""


def _parsed(ignored: Iterable[str]) -> Iterator[traversal.Traversal]:
    return (steps for text in ignored if (steps := traversal.parse(text)) is not None)
