"""What rules say of a resource that override files change: as Terraform merges it, in one of its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.rulekit.rule import NOWHERE
from hclmod.terraform import overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.hcl.views import Block
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.rule import Context, Finding


def check(loaded: Loaded, block: Block, context: Context) -> Iterable[Finding]:
    """What a rule says of a block; of one that stands in several documents, in the one where it can do most."""
    parts = context.merged.get(block.address)
    if not parts:
        return loaded.check(block, context)
    if _document_for(loaded, parts, context) != overrides.path_of(block):
        return ()
    return _at_hand(loaded.check(overrides.merge(parts, block), context), block)


def _document_for(loaded: Loaded, parts: Sequence[Block], context: Context) -> str:
    """The document in which a rule can do all or most of what it has to do."""
    blocks = {overrides.path_of(each): each for each in parts}
    first = replace(context, changed=frozenset())  # the same answer in every round

    def obstacles(document: str) -> tuple[int, int, bool]:
        result = list(loaded.check(overrides.merge(parts, blocks[document]), first))
        fixes = any(each.fix for each in result)
        return sum(bool(each.elsewhere) for each in result), sum(each.span == NOWHERE for each in result), not fixes

    return min(overrides.documents(parts), key=obstacles)


def _at_hand(findings: Iterable[Finding], block: Block) -> Iterator[Finding]:
    """Findings about places of other documents are put on the block at hand."""
    for each in findings:
        yield replace(each, span=block.title) if each.span == NOWHERE else each
