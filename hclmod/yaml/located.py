"""A YAML text as data that knows its lines, for findings about texts that are not edited as trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.yaml.data import DEPTH, LIMIT, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

_MERGE = "<<"


class Located(Struct, frozen=True, kw_only=True):
    """A value with its line, counted from 1, and for a scalar the offsets of its letters in the text.

    `value` is a text, a list of these, or a map of these.
    """

    value: str | list[Located] | dict[str, Located]
    line: int
    start: int
    end: int

    def get(self, *keys: str) -> Located | None:
        """What lies below these keys; None where one of them is not there."""
        at: Located | None = self
        for key in keys:
            at = at.value.get(key) if at is not None and isinstance(at.value, dict) else None
        return at

    def text(self, *keys: str) -> str:
        """The text below these keys, empty where there is none."""
        at = self.get(*keys)
        return at.value if at is not None and isinstance(at.value, str) else ""

    @property
    def items(self) -> list[Located]:
        """The values of a list; none of anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def entries(self) -> dict[str, Located]:
        """The entries of a map; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}


def documents(text: str) -> list[Located] | str:
    """The documents of a text, or why it cannot be read."""
    try:
        return [_Reader().read(node, 0) for node in _nodes(text)]
    except ValueError as error:
        return str(error)


def blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """Each text of several lines with its key, and the line on which it begins. None of a text that is not YAML."""
    try:
        nodes = list(_nodes(text))
    except ValueError:
        return
    seen: set[int] = set()
    todo: list[tuple[str, Any]] = [("", node) for node in nodes]
    while todo:
        key, node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "scalar":
            if "\n" in node.value and node.style in ("|", ">"):
                yield key, node.value, node.start_mark.line + 2
        elif node.id == "mapping":
            todo += reversed([(name.value if name.id == "scalar" else "", each) for name, each in node.value])
        else:
            todo += [("", each) for each in reversed(node.value)]


def _nodes(text: str) -> Iterator[Any]:
    import yaml

    if len(text) > LIMIT:
        raise ValueError(f"it is larger than {LIMIT // 1024} KiB")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        yield from (node for node in yaml.compose_all(text, Loader=loader) if node is not None)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from error


class _Reader:
    def __init__(self) -> None:
        self.left = VALUES

    def read(self, node: Any, depth: int) -> Located:
        self.left -= 1
        if depth > DEPTH or self.left < 0:
            raise ValueError(f"it has more than {VALUES} values or {DEPTH} levels, its aliases written out")
        value: str | list[Located] | dict[str, Located]
        if node.id == "scalar":
            value = node.value
        elif node.id == "sequence":
            value = [self.read(each, depth + 1) for each in node.value]
        else:
            value = self._map(node, depth)
        mark = node.start_mark
        return Located(value=value, line=mark.line + 1, start=mark.index, end=node.end_mark.index)

    def _map(self, node: Any, depth: int) -> dict[str, Located]:
        merged: dict[str, Located] = {}
        own: dict[str, Located] = {}
        for key, value in node.value:
            read = self.read(value, depth + 1)
            if key.value == _MERGE:
                for each in (read, *read.items):
                    merged |= {name: entry for name, entry in each.entries.items() if name not in merged}
            elif isinstance(key.value, str):
                own[key.value] = read
        return {**merged, **own}
