"""Which blocks hold what a local says: an image or a file in a local belongs to everything that uses the local."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hclmod import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hclmod.values import Definition
    from hclmod.views import Attribute, Block

_LOCAL = re.compile(r"\blocal\.([\w-]+)")
_HOLDING = ("resource", "data", "module", "output")


@dataclass(frozen=True, slots=True)
class Owner:
    """The block that an image or a file belongs to; one in a local belongs to each block that uses the local."""

    address: str
    kind: str  # a resource's type, `data.` and a data source's, `locals`, `module`, `output`
    each: Definition | None = None
    count: Definition | None = None


def owner_of(block: Block) -> Owner:
    """A block as an owner."""
    each, count = block.attribute("for_each"), block.attribute("count")
    return Owner(
        block.address,
        block.type_label if block.type == "resource" else _kind(block),
        values.definition(each.value) if each else None,
        values.definition(count.value) if count else None,
    )


def _kind(block: Block) -> str:
    return f"data.{block.type_label}" if block.type == "data" else block.type


def users(blocks: Sequence[Block]) -> dict[str, tuple[Owner, ...]]:
    """For each local of a folder all blocks that use it, perhaps through other locals, in order."""
    inner = {name: _named(attribute) for name, attribute in _locals(blocks)}
    found: dict[str, list[Owner]] = defaultdict(list)
    for block in blocks:
        if block.type in _HOLDING and (names := _named(block)):
            owner = owner_of(block)
            for name in _closure(names, inner):
                found[name].append(owner)
    return {name: tuple(owners) for name, owners in found.items()}


def _locals(blocks: Iterable[Block]) -> list[tuple[str, Attribute]]:
    return [each for block in blocks if block.type == "locals" for each in block.attributes.items()]


def _named(view: Attribute | Block) -> frozenset[str]:
    text = view.source.data[view.span.start : view.span.end].decode()
    return frozenset(_LOCAL.findall(text))


def _closure(names: Iterable[str], inner: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The names, and those that their values use in any number of steps."""
    found = dict.fromkeys(sorted(names))
    todo = list(found)
    while todo:
        for name in sorted(inner.get(todo.pop(), frozenset()) - found.keys()):
            found[name] = None
            todo.append(name)
    return tuple(found)
