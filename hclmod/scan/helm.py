"""What a release is given: `set` in every form of the provider, and `values`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl import values
from hclmod.hcl.values import Definition, List, Text
from hclmod.terraform import lists, trace
from hclmod.terraform.origins import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.hcl.views import Block
    from hclmod.terraform.names import At
    from hclmod.terraform.origins import Origin


class Setting(Struct, frozen=True, kw_only=True, array_like=True):
    """A `set` block with its name and value, perhaps one of a `dynamic` block that runs `over` something.

    The attribute `set` is `over` alone: a list of objects with name and value.
    """

    name: Definition | None = None
    value: Definition | None = None
    over: Definition | None = None
    iterator: str = ""


_KINDS = ("set", "set_sensitive", "set_list", "set_wo")


def settings(release: Block) -> Iterator[Setting]:
    """Everything that a release sets."""
    for kind in _KINDS:
        for each in release.blocks(kind):
            yield from _of_block(each)
        for dynamic in (each for each in release.blocks("dynamic") if each.labels == (kind,)):
            yield from _of_dynamic(dynamic, kind)
        if attribute := release.attribute(kind):
            yield Setting(over=values.definition(attribute.value))


def _of_block(block: Block, over: Definition | None = None, iterator: str = "") -> Iterator[Setting]:
    name, value = block.attribute("name"), block.attribute("value")
    if name and value:
        both = values.definition(name.value), values.definition(value.value)
        yield Setting(name=both[0], value=both[1], over=over, iterator=iterator)


def _of_dynamic(dynamic: Block, kind: str) -> Iterator[Setting]:
    over, named = dynamic.attribute("for_each"), dynamic.attribute("iterator")
    for content in dynamic.blocks("content") if over else ():
        iterator = named.value.text if named else kind
        yield from _of_block(content, values.definition(over.value) if over else None, iterator)


class Given(NamedTuple):
    """A name that is set, in one alternative, its value, and where a name that cannot be followed stands."""

    name: Origin
    value: Definition
    place: Definition


def ways(setting: Setting, scope: Scope) -> list[list[Given]]:
    """Everything that a setting sets, in each form that conditionals leave open."""
    if setting.name and setting.value:
        forms = [list(_named(setting, setting.name, setting.value, scope))]
    else:
        forms = [list(_listed(items, scope)) for items in lists.ways(setting.over, scope)] if setting.over else []
    return [
        [
            Given(origin, each, setting.over or name)
            for name, value, here in form
            for origin in trace.trace(name, here)
            for each in _values(value, here)
        ]
        for form in forms
    ]


def _named(
    setting: Setting, name: Definition, value: Definition, scope: Scope
) -> Iterator[tuple[Definition, Definition, Scope]]:
    """Name and value of a block, and the scope in which they are read; of a `dynamic` one for each of its pairs."""
    if setting.over is None:
        yield name, value, scope
        return
    for pair in lists.pairs(setting.over, scope):
        yield name, value, Scope(scope.module, {**scope.bound, setting.iterator: pair})


def _listed(items: Sequence[At], scope: Scope) -> Iterator[tuple[Definition, Definition, Scope]]:
    """Name and value of each item of a list, and the scope in which they are read."""
    for item in items:
        here = trace.taken(item)
        entries, complete = trace.table(here, scope)
        if entries.keys() >= {"name", "value"}:
            yield entries["name"], _in_line(entries["value"], entries["name"]), scope
        elif not complete:
            yield here, here, scope


def _values(value: Definition, scope: Scope) -> list[Definition]:
    """The value of a setting, and of a list each of its items."""
    here = trace.resolved(value, scope)
    return list(map(trace.taken, lists.items(here, scope))) if isinstance(value.value, List) else [here]


def _in_line(value: Definition, name: Definition) -> Definition:
    """The value on its own line of a list, as far as it or its name says which that is."""
    written = next((each.value for each in (value, name) if isinstance(each.value, Text)), None)
    return replace(value, line=written.line or value.line) if isinstance(written, Text) else value
