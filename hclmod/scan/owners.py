"""Which blocks hold what a local says: an image or a file in a local belongs to everything that uses the local."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl import values
from hclmod.hcl.values import Definition
from hclmod.hcl.views import Expression
from hclmod.lazy import lazily
from hclmod.terraform.declarations import ignored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Attribute, Block

_LOCAL = lazily(r"\blocal\.([\w-]+)")
_HOLDING = ("resource", "data", "module", "output")


class Owner(Struct, frozen=True, kw_only=True, array_like=True):
    """The block that an image or a file belongs to; one in a local belongs to each block that uses the local.

    `metadata` are the pairs of its maps whose key holds a slash, as those of annotations and labels do (an empty text
    for other expressions), and `ignored` is the text of its `ignore_changes`.
    """

    address: str
    kind: str  # a resource's type, `data.` and a data source's, `locals`, `module`, `output`
    each: Definition | None = None
    count: Definition | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


def owner_of(block: Block) -> Owner:
    """A block as an owner."""
    each, count = block.attribute("for_each"), block.attribute("count")
    return Owner(
        address=block.address,
        kind=block.type_label if block.type == "resource" else _kind(block),
        each=values.definition(each.value) if each else None,
        count=values.definition(count.value) if count else None,
        metadata=tuple(pair for attribute in attributes(block) for pair in metadata(attribute)),
        ignored=tuple(ignored(block)),
    )


def attributes(block: Block) -> Iterator[Attribute]:
    """The attributes of a block and of all blocks in it."""
    yield from block.attributes.values()
    for inner in block.blocks():
        yield from attributes(inner)


def metadata(attribute: Attribute) -> Iterator[tuple[str, str]]:
    """The pairs of an attribute's maps whose key holds a slash, at any depth; `annotations` for those of elsewhere."""
    if _SLASHED.search(attribute.source.data, attribute.span.start, attribute.span.end):
        for node in _objects(attribute.value.node):
            for entry in Expression(attribute.source, node, attribute.path).entries() or ():
                if entry.key is not None and "/" in entry.key:
                    yield entry.key, entry.value.string() or ""
                if entry.key == "metadata" and _is_elsewhere(entry.value.entry("annotations")):
                    yield "annotations", ""


_SLASHED = lazily(rb'"[^"\n]*/[^"\n]*"\s*[=:]|\bannotations\b')


def _is_elsewhere(table: Expression | None) -> bool:
    """Whether annotations are something else than a map that is written there, or one with a computed key."""
    entries = table.entries() if table else ()
    return entries is None or any(entry.key is None for entry in entries)


def _objects(node: Node) -> Iterator[Node]:
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if node.type == "object":
            yield node
        nodes.extend(reversed(node.named_children))


def _kind(block: Block) -> str:
    return f"data.{block.type_label}" if block.type == "data" else block.type


def users(blocks: Sequence[Block]) -> dict[str, tuple[Owner, ...]]:
    """For each local of a folder all blocks that use it, perhaps through other locals, in order."""
    inner = {name: _named(attribute) for name, attribute in _locals(blocks)}
    by_key: dict[str, list[Owner]] = defaultdict(list)
    for block in blocks:
        if block.type in _HOLDING and (names := _named(block)):
            owner = owner_of(block)
            for name in _closure(names, inner):
                by_key[name].append(owner)
    return {name: tuple(owners) for name, owners in by_key.items()}


def _text(view: Attribute | Block) -> bytes:
    return view.source.data[view.span.start : view.span.end]


def _locals(blocks: Iterable[Block]) -> list[tuple[str, Attribute]]:
    return [each for block in blocks if block.type == "locals" for each in block.attributes.items()]


def _named(view: Attribute | Block) -> frozenset[str]:
    return frozenset(_LOCAL.findall(_HASHED.sub("", _text(view).decode())))


_HASHED = lazily(r"\b(?:base64)?(?:md5|sha\d+)\((?:[^()]|\([^()]*\))*\)")  # who hashes a local does not use it


def _closure(names: Iterable[str], inner: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The names, and those that their values use in any number of steps."""
    result = dict.fromkeys(sorted(names))
    todo = list(result)
    while todo:
        for name in sorted(inner.get(todo.pop(), frozenset()) - result.keys()):
            result[name] = None
            todo.append(name)
    return tuple(result)
