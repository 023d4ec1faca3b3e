"""Which files `templatefile` fills in, and with what."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.scan.find import located, reached
from hclmod.terraform import trace
from hclmod.terraform.code import CODE
from hclmod.terraform.origins import Scope, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.hcl.values import Definition
    from hclmod.scan.files import Files
    from hclmod.terraform.model import Model


class Rendering(Struct, frozen=True):
    """One use of a template: who reads it, and the text of each of its variables, None for one that is not known."""

    place: str
    values: Mapping[str, str | None]


def renderings(model: Model, files: Files) -> dict[str, tuple[Rendering, ...]]:
    """The uses of each file that `templatefile` may read."""
    result: dict[str, list[Rendering]] = defaultdict(list)
    folders = {posixpath.dirname(path) for path in files.paths if path.endswith(CODE) and _calls(files, path)}
    for _, module in model.instances:
        if module.folder not in folders:
            continue
        here = located(module)
        for reading in files.carriers(module.folder).readings:
            if reading.function != "templatefile":
                continue
            for _, scope in trace.instances(reading.owner.each, reading.owner.count, Scope(here)):
                each = Rendering(f"{reading.path.document}:{reading.path.line}", _values(reading.variables, scope))
                for path, _ in reached(files, reading, scope):
                    result[path] += [each] if each not in result[path] else []
    return {path: tuple(every) for path, every in result.items()}


def _calls(files: Files, path: str) -> bool:
    data = files.text(path)
    return isinstance(data, bytes) and b"templatefile" in data


def _values(variables: Definition | None, scope: Scope) -> dict[str, str | None]:
    entries = trace.table(variables, scope)[0] if variables else {}
    traced = {name: trace.trace(each, scope) for name, each in entries.items()}
    return {name: text(origins[0]) if len(origins) == 1 else None for name, origins in traced.items()}
