"""The second way to judge a window that python-hcl2 does not read: token by token, and by what pygohcl makes of it.

Every token of every value has to be the same but for the declared places, and pygohcl may see no difference elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.hcl import syntax
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.hcl.views import top_level
from hclmod.proof import parsers
from hclmod.proof.structure import BLOCK, differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hclmod.hcl.edits import Effect
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Attribute, Block, Expression
    from hclmod.proof.structure import Window


JUDGE = "pygohcl token by token"
"""The name under which this way stands in the report."""


class Judged(Struct, frozen=True):
    """What became of each path in a window."""

    effects: dict[str, Effect]


def compare(window: Window) -> Judged | None:
    """What became of each path in a window; None where that is not certain."""
    try:
        return _compared(window)
    except RecursionError:
        return None


def _compared(window: Window) -> Judged | None:
    old, new = parsers.plain(window.before), parsers.plain(window.after)
    bodies = [_structure(window.before), _structure(window.after)]
    if old is None or new is None or bodies[0] is None or bodies[1] is None:
        return None
    result = differences(bodies[0], bodies[1], window)
    places = [_names(path.removeprefix(window.prefix)) for path in result]
    seen = _differing(Counter(_flat(old)), Counter(_flat(new)))
    return Judged(result) if all(any(_meet(name, place) for place in places) for name in seen) else None


def _structure(text: bytes) -> dict[str, Any] | None:
    """A body in the form in which python-hcl2 gives it; None where an attribute and a block have one name."""
    tree = syntax.parse(text)
    if syntax.error_offset(tree) is not None:
        return None
    attributes, blocks = top_level(Source(Document("", text), tree))
    return _body(attributes, blocks)


def _body(attributes: Mapping[str, Attribute], blocks: Iterable[Block]) -> dict[str, Any] | None:
    result: dict[str, Any] = {name: _value(each.value) for name, each in attributes.items()}
    for block in blocks:
        inner = _body(block.attributes, block.blocks())
        if inner is None or block.type in attributes:
            return None
        nested: dict[str, Any] = {**inner, BLOCK: True}
        for label in reversed(block.labels):
            nested = {label: nested}
        result.setdefault(block.type, []).append(nested)
    return result


def _value(value: Expression) -> Any:
    """A list, a map, or else the tokens."""
    if (elements := value.elements()) is not None:
        return [_value(each) for each in elements]
    entries = value.entries()
    if entries is None or any(entry.key is None for entry in entries):
        return " ".join(_tokens(value.source, value.node))
    return {entry.key: _value(entry.value) for entry in entries}


def _tokens(source: Source, node: Node) -> Iterator[str]:
    if node.type == "comment":
        return
    if not node.children:
        text = source.text(node).decode(errors="replace")
        if text.strip() or node.type == "template_literal":
            yield text
    end = node.start_byte
    for child in node.children:
        if node.type in _TEMPLATES:
            yield source.data[end : child.start_byte].decode(errors="replace")
        yield from _tokens(source, child)
        end = child.end_byte


_TEMPLATES = ("quoted_template", "heredoc_template")
"""In these the blanks between two tokens are text."""


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each value of pygohcl with its name, without the numbers of blocks."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}".removeprefix("."))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for each in value:
            yield from _flat(each, name)
    else:
        yield name, f"{type(value).__name__} {value!r}"


def _differing(old: Counter[tuple[str, str]], new: Counter[tuple[str, str]]) -> set[str]:
    return {name for name, _ in (*(old - new), *(new - old))}


def _names(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def _meet(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
