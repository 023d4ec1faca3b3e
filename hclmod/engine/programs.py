"""The documents of a stack that is a Python program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.engine.outcomes import Skipped
from hclmod.hcl.source import Unread, unreadable
from hclmod.python import source as python

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hclmod.engine.outcomes import Outcome
    from hclmod.hcl.document import Document
    from hclmod.hcl.source import Source
    from hclmod.terraform.stacks import Stack


def sources(documents: Sequence[Document], stack: Stack, needed: Collection[str]) -> tuple[list[Source], list[Outcome]]:
    """The documents that import constructs or are needed, parsed; those of them that cannot be read, as outcomes."""
    read: list[Source] = []
    skipped: list[Outcome] = []
    for document in documents:
        if document.path not in needed and not python.imports_constructs(document.data):
            continue
        source = unreadable(document.data) or python.parse(document, stack.path)
        if isinstance(source, python.Source):
            read.append(source)
        else:
            skipped.append(Skipped(document.path, source.reason, broken=isinstance(source, Unread)))
    return read, skipped
