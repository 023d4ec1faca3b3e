"""One resource in several documents, as Terraform merges it: override files come last and win.

An argument of an override file replaces the base's. A nested block replaces all base blocks of its type, but the
arguments of `lifecycle` are merged one by one, so that a list of `ignore_changes` replaces the list of the base.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.views import Attribute, Block, top_level
from hclmod.terraform.code import is_override

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


def in_order(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks of one folder in the order in which Terraform merges them."""
    return tuple(sorted(blocks, key=lambda each: (is_override(path_of(each)), path_of(each))))


def live(blocks: Iterable[Block]) -> list[Block]:
    """The blocks of a folder without what override files replace; those that they change, as Terraform merges them."""
    ordered = in_order(blocks)
    if not any(is_override(path_of(each)) for each in ordered):
        return list(ordered)
    last = {name: attribute for each in ordered if each.type == "locals" for name, attribute in each.attributes.items()}
    parts: dict[tuple[str, ...], list[Block]] = defaultdict(list)
    for each in ordered:
        key = (each.type, *each.labels) if each.labels else (each.type, path_of(each), each.path)
        parts[key].append(_with_last(each, last) if each.type == "locals" else each)
    return [merge(some, some[0]) if len(some) > 1 else some[0] for some in parts.values()]


def _with_last(block: Block, last: Mapping[str, Attribute]) -> Block:
    """A block of locals without those that another one declares after it."""
    kept = {name: each for name, each in block.attributes.items() if each == last[name]}
    return replace(block, merged=(kept, tuple(block.blocks())))


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
