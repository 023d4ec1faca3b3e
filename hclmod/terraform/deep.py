"""Maps and lists that Terragrunt merges at any depth (`merge_strategy = "deep"`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.values import Definition, List, Object
from hclmod.terraform import trace
from hclmod.terraform.origins import Layer, Module, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence


def deepened(stronger: Sequence[Layer], layer: Layer, *, lists: bool) -> list[Layer]:
    """The layers above one that is merged deeply, with what it adds to their maps, and to their `lists`."""
    result, left = [], dict(layer.values)
    for each in stronger:
        both = {name: left.pop(name) for name in each.values if name in left}
        merged = {
            name: _merged(_taken(value, layer), _taken(each.values[name], each), lists=lists)
            for name, value in both.items()
        }
        result.append(replace(each, values={**each.values, **merged}))
    return result


def _taken(value: Definition, layer: Layer) -> Definition:
    return trace.resolved(value, Scope(layer.module)) if layer.module else value


def _merged(weak: Definition, strong: Definition, *, lists: bool) -> Definition:
    """Two maps as one, at any depth, and two lists, the weaker one first; of anything else the stronger one."""
    if lists and (items := _items(weak)) is not None and (more := _items(strong)) is not None:
        return Definition(strong.document, strong.path, strong.line, List((*items, *more)))
    (old, _), (new, complete) = (trace.table(each, _NOWHERE) for each in (weak, strong))
    if not old or not new or not complete:
        return strong
    both = {name: _merged(old[name], value, lists=lists) for name, value in new.items() if name in old}
    return Definition(strong.document, strong.path, strong.line, Object(tuple({**old, **new, **both}.items())))


def _items(definition: Definition) -> tuple[Definition, ...] | None:
    """The items of a list, each where it stands; None for anything else."""
    match trace.reduced(trace.begin(definition, _NOWHERE)):
        case [one] if isinstance(one.value, List):
            return tuple(trace.taken(trace.part(one, each)) for each in one.value.items)
    return None


_NOWHERE = Scope(Module(folder="", name="", variables={}, locals={}, outputs={}))
