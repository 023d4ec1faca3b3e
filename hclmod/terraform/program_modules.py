"""A Python program as the model sees it: each class, function or method of it is a module, each call of it an instance.

Parameters are the variables of such a module, assignments its locals. What a module declares is what the views of its
documents say (`python/views`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hclmod.hcl.values import Definition, Opaque, Reference, definition
from hclmod.python.names import parameters
from hclmod.python.outline import blocks_of
from hclmod.terraform import trace
from hclmod.terraform.declarations import ModuleCall
from hclmod.terraform.namespaces import namespaces
from hclmod.terraform.origins import Module, Scope, below
from hclmod.terraform.programs import bases, qualname

if TYPE_CHECKING:
    from hclmod.hcl.values import Value
    from hclmod.python.nodes import Node
    from hclmod.python.views import Block
    from hclmod.terraform.programs import Program, Unit


def instances(program: Program) -> tuple[Module, ...]:
    """Every unit of a program as one caller sees it; those that nothing calls too."""
    return _Maker(program).modules()


class _Maker:
    def __init__(self, program: Program) -> None:
        self._program = program

    def modules(self) -> tuple[Module, ...]:
        """Every unit as one caller sees it."""
        result: list[Module] = []
        for path in self._program.sources:
            result += below(self._module((path, ""), "", ()))
        reached = {(each.folder, each.unit) for each in result}
        for unit in (each for each in self._program.units if each not in reached):
            if (unit[0], unit[1]) not in {(each.folder, each.unit) for each in result}:
                result += below(self._module(unit, "", ()))
        return tuple(result)

    def _module(
        self,
        unit: Unit,
        name: str,
        above: tuple[Unit, ...],
        *,
        call: ModuleCall | None = None,
        parent: Module | None = None,
        bound: Mapping[str, tuple[Value, Value]] | None = None,
    ) -> Module:
        objects: dict[str, Value] = {}
        module = Module(
            folder=unit[0],
            name=name,
            variables=self._parameters(unit),
            locals=_Locals(self._program, self._of_object(unit, parent)),
            outputs={},
            call=call,
            parent=parent,
            objects=objects,
            bound=bound or {},
            unread=tuple(f"{path} ({why})" for path, why in self._program.unread.items()),
            unit=unit[1],
        )
        objects.update(namespaces(self._program.folder(*unit), Scope(module)))
        blocks = [each for each in self._program.units.get(unit, ()) if each.type == "module"]
        targets = [(each, target) for each in blocks if (target := self._target(each)) and target not in above]
        for block, target in targets:
            if target == unit:
                continue
            called = self._call(block, target)
            alone = not unit[1] and sum(each == target for _, each in targets) == 1
            label = "" if alone else f"{name}.{block.labels[0]}".strip(".")
            for index, scope in trace.instances(called.arguments.get("for_each"), None, Scope(module)):
                child = self._module(
                    target, f"{label}{index}", (*above, unit), call=called, parent=module, bound=scope.bound
                )
                module.children[f"{block.path}{index}"] = child
        return module

    def _of_object(self, unit: Unit, parent: Module | None) -> Mapping[str, Definition]:
        """The attributes of the object whose method a unit is, as the object's module sees them."""
        if parent is None or not parent.unit or not unit[1].startswith(f"{parent.unit}."):
            return {}
        prefix = f"{self._program.sources[unit[0]].names.module}:{parent.unit}.self."
        mine = {key: value for key, value in self._program.constants.items() if key.startswith(prefix)}
        return {key: trace.resolved(value, Scope(parent)) for key, value in mine.items()}

    @cached_property
    def _functions(self) -> Mapping[Unit, Node]:
        """The function of each unit, of a class how it is begun."""
        result: dict[Unit, Node] = {}
        for path, source in self._program.sources.items():
            for function in source.top.walk("function"):
                unit, home = source.names.unit_of(function), function.around("class", "function")
                method = home is not None and home.type == "class"
                if not method or function.fields["name"].word == "__init__" or unit != qualname(source, home):  # type: ignore[arg-type]
                    result[path, unit] = function
        return result

    def _parameters(self, unit: Unit) -> dict[str, Definition | None]:
        blocks = (
            each
            for each in blocks_of(self._program.sources[unit[0]])
            if each.type == "variable" and each.unit == unit[1]
        )
        defaults = ((each.labels[0], each.attribute("default")) for each in blocks)
        return {name: definition(each.value) if each else None for name, each in defaults}

    def _target(self, block: Block) -> Unit | None:
        """The unit that a call runs: that of the class, or of the class that it is derived from."""
        key = self._program.canonical(block.labels[1])
        for _ in range(5):
            module, _, name = key.partition(":")
            path = self._program.by_module.get(module, "")
            if (path, name) in self._functions:
                return path, name
            source = self._program.sources.get(path)
            made = next((e for e in source.top.walk("class") if qualname(source, e) == name), None) if source else None
            derived = bases(made) if made is not None else []
            if source is None or not derived:
                return None
            key = self._program.canonical(source.names.imports.get(derived[0], f"{module}:{derived[0]}"))
        return None

    def _call(self, block: Block, target: Unit) -> ModuleCall:
        """A call with its arguments by the names of the parameters."""
        function = self._functions[target]
        names = [each.fields["name"].word for each in parameters(function)]
        home = function.around("class", "function")
        names = names[1:] if home is not None and home.type == "class" else names
        arguments: dict[str, Definition] = {}
        for name, each in block.attributes.items():
            position = int(name[1:]) if name.startswith("#") else None
            to = name if position is None else names[position] if position < len(names) else ""
            arguments[to] = definition(each.value)
        if block.more is not None:
            text = self._program.sources[block.source.document.path].written(block.more)
            lost = Definition(block.source.document.path, block.path, block.line, Opaque(text, f"`{text}` may give it"))
            arguments = {**dict.fromkeys(names, lost), **arguments}
        return ModuleCall(block.labels[0], block.path, block.source.document.path, arguments)


class _Locals(Mapping[str, Definition]):
    """The constants of a program by any key that may be written, and the attributes of an object before them."""

    def __init__(self, program: Program, own: Mapping[str, Definition]) -> None:
        self._program, self._own = program, own

    def __getitem__(self, key: str) -> Definition:
        key = self._program.canonical(key)
        if key in self._own:
            return self._own[key]
        constants = self._program.constants
        return constants[key] if key in constants else self._attribute(key)

    def _attribute(self, key: str) -> Definition:
        """An attribute of what a constant holds: `settings:IMAGES.web`."""
        base, _, name = key.rpartition(".")
        if ":" not in base:
            raise KeyError(key)
        whole = self[base]
        return Definition(whole.document, whole.path, whole.line, Reference(("local", base, name), key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._program.constants)

    def __len__(self) -> int:
        return len(self._program.constants)
