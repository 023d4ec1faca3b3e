"""What stack files of Terragrunt give to units: folders of the repository, which they name."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hclmod.terraform.terragrunt import Terragrunt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hclmod.hcl.values import Definition
    from hclmod.terraform.declarations import Declarations

STACK = "terragrunt.stack.hcl"
"""Each `unit` block in it names the folder of one, and the `values` that it gets. A `stack` block names a folder with
another stack file, which reads them as `values`."""

DEPTH = 5
"""So many stack files may be nested; Terragrunt itself stops at a cycle."""


def units(
    paths: Iterable[str], find: Callable[[str], Declarations | None], exists: Callable[[str], bool]
) -> dict[str, list[Definition]]:
    """The `values` that stack files among the paths give to folders of the repository."""
    folders = sorted(posixpath.dirname(each) for each in paths if posixpath.basename(each) == STACK)

    def given(kind: str, nested: dict[str, list[Definition]]) -> dict[str, list[Definition]]:
        result: dict[str, list[Definition]] = {}
        for folder in folders:
            file = Terragrunt(folder, find, exists, nested.get(folder, ()), name=STACK)
            for target, values in file.given_to(kind):
                result.setdefault(target, []).append(values)
        return result

    nested: dict[str, list[Definition]] = {}
    for _ in range(DEPTH):
        before, nested = nested, given("stack", nested)
        if nested == before:
            break
    return given("unit", nested)
