"""What the documents of one stack declare: workloads, namespaces, and which lives in which.

A namespace is found by reference, by literal name, or because it and the workload name it by the same expression in one
folder. Other chains are not followed yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from hclmod.hcl.views import top_level
from hclmod.python import ENDING
from hclmod.terraform.code import is_override
from hclmod.terraform.ids import BlockId
from hclmod.terraform.kubernetes import NAMESPACES, WORKLOADS, namespace_attribute, namespace_name
from hclmod.terraform.overrides import in_order, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block, Expression


class Inventory(Struct):
    """The workloads and namespaces of a stack, and the name of each namespace where it can be read."""

    workloads: dict[BlockId, BlockId | None] = field(default_factory=dict)  # to its namespace
    namespaces: dict[BlockId, str | None] = field(default_factory=dict)
    resources: set[BlockId] = field(default_factory=set)  # of every type
    merged: dict[BlockId, tuple[Block, ...]] = field(default_factory=dict)  # what override files change, the last wins
    _living: dict[BlockId | None, list[BlockId]] = field(default_factory=dict)

    def settle(self, named: Callable[[BlockId], Sequence[str]]) -> None:
        """Give workloads without a namespace the one of the name that following references found, if it is one."""
        by_name = {name: namespace for namespace, name in self.namespaces.items() if name is not None}
        for workload, home in self.workloads.items():
            names = named(workload) if home is None else ()
            if len(names) == 1:
                self.workloads[workload] = by_name.get(names[0])
        self._living.clear()

    def living_in(self, namespace: BlockId) -> Sequence[BlockId]:
        """The workloads of a namespace, in order."""
        if not self._living:
            for workload, home in self.workloads.items():
                self._living.setdefault(home, []).append(workload)
        return self._living.get(namespace, ())


def take(sources: Iterable[Source]) -> Inventory:
    """Read the inventory of a stack from its documents."""
    reader = _Reader()
    for source in sources:
        reader.read(source)
    return reader.inventory()


_RESOURCE = re.compile(rb'^[ \t]*resource[ \t]+"?([\w-]+)"?[ \t]+"?([\w-]+)"?[ \t]*\{', re.MULTILINE)


def written(path: str, text: bytes) -> frozenset[BlockId]:
    """The resources of every type that a document declares, by its text: for documents that are not parsed."""
    named = ((kind.decode(), name.decode()) for kind, name in _RESOURCE.findall(text))
    return frozenset(BlockId(folder_of(path), f"{kind}.{name}") for kind, name in named)


def _is_split(blocks: Sequence[Block]) -> bool:
    return len(blocks) > 1 and any(is_override(path_of(each)) for each in blocks)


def folder_of(path: str) -> str:
    """The folder of a document; empty for the repository's root. One of a Python program is by itself."""
    if path.endswith(ENDING):
        return path
    return path.rpartition("/")[0]


class _Reader:
    def __init__(self) -> None:
        self.homes: dict[BlockId, Expression | None] = {}
        self.names: dict[BlockId, Expression | None] = {}
        self.locals: dict[str, dict[str, Expression]] = defaultdict(dict)
        self.resources: set[BlockId] = set()
        self.blocks: dict[BlockId, list[Block]] = defaultdict(list)

    def read(self, source: Source) -> None:
        folder = folder_of(source.document.path)
        for block in top_level(source)[1]:
            if block.type == "resource":
                self.resources.add(BlockId(folder, block.address))
            if block.type == "locals":
                self.locals[folder].update({name: each.value for name, each in block.attributes.items()})
            elif block.type == "resource" and block.type_label in NAMESPACES:
                named = namespace_name(block)
                self.blocks[BlockId(folder, block.address)].append(block)
                self.names[BlockId(folder, block.address)] = named.value if named else None
            elif block.type == "resource" and block.type_label in WORKLOADS:
                home = namespace_attribute(block)
                self.homes[BlockId(folder, block.address)] = home.value if home else None
                self.blocks[BlockId(folder, block.address)].append(block)

    def inventory(self) -> Inventory:
        names = {each: self._text(each.folder, value) for each, value in self.names.items()}
        homes = {each: self._home(each, value, names) for each, value in self.homes.items()}
        merged = {each: in_order(blocks) for each, blocks in self.blocks.items() if _is_split(blocks)}
        return Inventory(homes, names, self.resources, merged)

    def _text(self, folder: str, value: Expression | None) -> str | None:
        """The string that an expression is, also through a local that is a literal."""
        if value is None:
            return None
        steps = value.traversal() or ()
        if len(steps) == 2 and steps[0] == "local":
            result = self.locals[folder].get(str(steps[1]))
            return result.string() if result else None
        return value.string()

    def _home(self, workload: BlockId, value: Expression | None, names: dict[BlockId, str | None]) -> BlockId | None:
        if value is None:
            return None
        steps = value.traversal() or ()
        if len(steps) > 1 and steps[0] in NAMESPACES:
            direct = BlockId(workload.folder, f"{steps[0]}.{steps[1]}")
            return direct if direct in names else None
        if text := self._text(workload.folder, value):
            return next((each for each, name in names.items() if name == text), None)
        alike = (
            each
            for each, name in self.names.items()
            if name and each.folder == workload.folder and name.text == value.text
        )
        return next(alike, None)
