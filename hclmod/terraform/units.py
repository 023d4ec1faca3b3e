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
"""Each `unit` block in it names the folder of one, and the `values` that it gets."""


def units(
    paths: Iterable[str], find: Callable[[str], Declarations | None], exists: Callable[[str], bool]
) -> dict[str, list[Definition]]:
    """The `values` that stack files among the paths give to folders of the repository."""
    result: dict[str, list[Definition]] = {}
    for path in sorted(each for each in paths if posixpath.basename(each) == STACK):
        file = Terragrunt(posixpath.dirname(path), find, exists, name=STACK)
        for folder, values in file.given_units():
            result.setdefault(folder, []).append(values)
    return result
