"""One resource in several documents, as Terraform merges it: override files come last and win.

An argument of an override file replaces the base's. A nested block replaces all base blocks of its type, but the
arguments of `lifecycle` are merged one by one, so that a list of `ignore_changes` replaces the list of the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.hcl.source import Source

LIFECYCLE, IGNORED = "lifecycle", "ignore_changes"


def merge(parts: Sequence[Block], own: Block) -> Block:
    """The own block of a document with what Terraform reads in its place; `parts` are in Terraform's order.

    What is of other documents can be looked at and not edited.
    """
    path = own.source.document.path
    seen = [own if path_of(each) == path else _foreign(each) for each in parts]
    attributes: dict[str, Attribute] = {}
    nested: list[Block] = []
    for each in seen:
        attributes.update(each.attributes)
        replaced = {_kind(block) for block in each.blocks()} - {LIFECYCLE}
        nested = [block for block in nested if _kind(block) not in replaced]
        nested += [block for block in each.blocks() if block.type != LIFECYCLE]
    if live := _lifecycle(seen, own):
        nested.append(live)
    return replace(own, merged=(attributes, tuple(nested)))


def documents(parts: Sequence[Block]) -> list[str]:
    """The documents that hold a resource, first those of its pods, of what it ignores, and of its metadata."""
    whole = merge(parts, parts[0])
    live = [block for kind in ("spec", LIFECYCLE, "metadata") for block in whole.blocks(kind)]
    return list(dict.fromkeys([*map(path_of, live), *map(path_of, parts)]))


def path_of(block: Block) -> str:
    """The document of a block."""
    return block.source.document.path


def _lifecycle(seen: Sequence[Block], own: Block) -> Block | None:
    """The block whose `ignore_changes` counts, else the one to which a list would be added."""
    lifecycles = [block for each in seen for block in each.blocks(LIFECYCLE)]
    listing = [block for block in lifecycles if block.attribute(IGNORED)]
    mine = [block for block in lifecycles if path_of(block) == path_of(own)]
    return next(iter((*listing[-1:], *mine[-1:], *lifecycles[-1:])), None)


def _kind(block: Block) -> str:
    """The type that a block is of, or makes."""
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def _foreign(block: Block) -> Block:
    """The same block of a document that is not at hand."""
    source: Source = replace(block.source, foreign=True)
    return next(each for each in top_level(source)[1] if each.node.start_byte == block.node.start_byte)
