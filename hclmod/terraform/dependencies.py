"""Which stacks have to be applied before which, as Terragrunt has it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hclmod.hcl import source
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.terraform.declarations import Declarations, declarations
from hclmod.terraform.terragrunt import Terragrunt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def dependencies(stacks: Iterable[str], texts: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    """For each stack the folders that its `dependency` and `dependencies` blocks name, sorted.

    A path that is computed in a way that is not followed is left out.
    """

    @cache
    def find(path: str) -> Declarations | None:
        data = texts.get(path)
        read = source.parse(Document(path, data)) if data is not None else None
        return declarations(read) if isinstance(read, Source) else None

    grunts = ((stack, Terragrunt(stack, find, texts.__contains__)) for stack in stacks)
    return {stack: tuple(sorted({*grunt.dependencies()} - {stack})) for stack, grunt in grunts}
