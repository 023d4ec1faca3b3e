"""Maps that Terragrunt merges at any depth (`merge_strategy = "deep"`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.values import Definition, Object
from hclmod.terraform import trace
from hclmod.terraform.origins import Layer, Module, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence


def deepened(stronger: Sequence[Layer], layer: Layer) -> list[Layer]:
    """The layers above one that is merged deeply, with what it adds to their maps."""
    result, left = [], dict(layer.values)
    for each in stronger:
        both = {name: left.pop(name) for name in each.values if name in left}
        merged = {name: _merged(_taken(value, layer), _taken(each.values[name], each)) for name, value in both.items()}
        result.append(replace(each, values={**each.values, **merged}))
    return result


def _taken(value: Definition, layer: Layer) -> Definition:
    return trace.resolved(value, Scope(layer.module)) if layer.module else value


def _merged(weak: Definition, strong: Definition) -> Definition:
    """Two maps as one, at any depth; of anything else the stronger one."""
    (old, _), (new, complete) = (trace.table(each, _NOWHERE) for each in (weak, strong))
    if not old or not new or not complete:
        return strong
    entries = {**old, **{name: _merged(old[name], value) if name in old else value for name, value in new.items()}}
    return Definition(strong.document, strong.path, strong.line, Object(tuple(entries.items())))


_NOWHERE = Scope(Module(folder="", name="", variables={}, locals={}, outputs={}))
