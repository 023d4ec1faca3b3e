"""What fixes make of a text that a rule has written itself, to show people what it would write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl import alignment, edits
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source, parse
from hclmod.hcl.views import top_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hclmod.hcl.edits import Fix
    from hclmod.hcl.views import Block

ROUNDS = 20


def settled_block(text: str, make: Callable[[Block], Iterable[Fix | None]]) -> Block:
    """The only block of a text after all fixes that are made for it; a text that is not one block is a bug."""
    source = parse(Document("sample.tf", text.encode()))
    for _ in range(ROUNDS):
        if not isinstance(source, Source):
            break
        (block,) = top_level(source)[1]
        fixes = [each for each in make(block) if each is not None]
        if not fixes:
            return block
        _, made = edits.select(fixes)
        source = alignment.applied(source, made)
    raise ValueError(f"a sample that does not settle: {text}")
