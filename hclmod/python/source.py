"""A document of a Python program with its nodes and its names, or the reason why it has none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import cast

from hclmod.hcl import alignment, edits
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Edit
from hclmod.hcl.source import LARGE, Unread, is_large
from hclmod.hcl.source import Source as HclSource
from hclmod.python import ENDING, syntax
from hclmod.python.names import Names
from hclmod.python.nodes import Node, Tree

_PROGRAM = re.compile(
    rb"^[ \t\f]*(?:from[ \t]+|import[ \t]+(?:[^\n,;#]+,)*[ \t]*)(?:cdktf|cdktn|[\w.]*imports\b)", re.MULTILINE
)


class Source(HclSource, frozen=True, dict=True):
    """A document of a program, where everything is looked up; `root` is the folder from which it is run."""

    root: str = ""

    @property
    def top(self) -> Node:
        """The node of the whole document."""
        return cast("Tree", self.tree).root_node

    @cached_property
    def names(self) -> Names:
        """What its names stand for."""
        return Names(
            self.top, module_of(self.document.path, self.root), package=self.document.path.endswith("__init__.py")
        )

    def written(self, node: Node) -> str:
        """The text of a node."""
        return self.data[node.start_byte : node.end_byte].decode()


def imports_constructs(data: bytes) -> bool:
    """Whether a document imports CDKTF, CDK Terrain, one of their providers or bindings that were generated."""
    return _PROGRAM.search(data) is not None


def module_of(path: str, root: str) -> str:
    """How a program that is run in a folder imports a document."""
    inner = path.removeprefix(f"{root}/" if root else "").removesuffix(ENDING).removesuffix("/__init__")
    return inner.replace("/", ".")


@lru_cache(maxsize=32)
def parse(document: Document, root: str) -> Source | Unread:
    """The document with its nodes, or why they cannot be had."""
    from hclmod.python import fixes, outline  # noqa: F401 - they register what the views of HCL call

    if is_large(document.data):
        return Unread(LARGE)
    tree = syntax.parse(document.data)
    return Unread(tree) if isinstance(tree, str) else Source(document, cast("object", tree), root=root)  # type: ignore[arg-type]


@alignment.applied.register(Source)
def _applied(source: Source, made: Sequence[Edit], *, columns: bool = True) -> Source:  # noqa: ARG001 - as for HCL
    """The document with these edits; in Python nothing is aligned."""
    result = parse(Document(source.document.path, edits.apply(source.data, made)), source.root)
    if not isinstance(result, Source):
        raise ValueError(  # noqa: TRY004 - a fault of the edit
            f"an edit made text that is no Python: {result.reason}"
        )
    return result
