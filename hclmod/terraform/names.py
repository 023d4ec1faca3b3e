"""What a name means where it is used: a variable, a local, a module's output, `each`, and where those stand."""

from __future__ import annotations

from itertools import count, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod.hcl.values import Call, Definition, Opaque, Reference, Text, Value
from hclmod.terraform.origins import Module, Read, Scope, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.terraform.declarations import ModuleCall


class At(Struct, frozen=True):
    """A value where it stands, whose names it uses, and how it was reached.

    `trail` are the definitions on the way, so that a cycle is seen; a `typed` value is that of a variable,
    whose type may have filled in what it lacks; `steps` counts for the whole trace.
    """

    value: Value
    home: Definition
    scope: Scope
    chain: tuple[str, ...] = ()
    passed: tuple[tuple[ModuleCall, str], ...] = ()
    walked: tuple[Walk, ...] = ()
    trail: frozenset[tuple[str, ...]] = frozenset()
    typed: bool = False
    steps: Iterator[int] = field(default_factory=count)


class Held(Definition, frozen=True):
    """A value taken out of its expression, which keeps whose names it uses and how it was reached."""

    at: At

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.document, self.path, self.line, self.value  # however it was reached

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)


Step = str | int | Value
Steps = tuple[Step, ...]


def start(at: At, steps: Steps) -> tuple[At, Steps]:
    """What the beginning of a reference means, and the steps that remain."""
    module, results = at.scope.module, lost(at, _unknown(steps, at.scope.module.unread))
    match steps:
        case ("var", str(name), *rest):
            results = _variable(at, name, rest)
        case ("local", str(name), *rest) if name in module.locals:
            step = _walk(at, f"local.{name}", module.folder, definition=module.locals[name], rest=rest)
            results = _moved(at, Scope(module), _label(module, name), step)
        case (str(name), "key" | "value" | "index" as half, *rest) if name in at.scope.bound:
            step = _walk(at, f"{name}.{half}", module.folder, definition=at.home, rest=rest)
            value = at.scope.bound[name][half == "value"]
            results = replace(at, value=value, chain=(*at.chain, step.name), walked=(*at.walked, step))
        case ("module", str(name), *behind) if output := _output(module, name, behind):
            child, named, rest = output
            step = _walk(at, f"module.{name}", child.folder, definition=child.outputs[named], rest=[named, *rest])
            results = _moved(at, Scope(child), f"module.{name}.{named}", step)
        case (str(name), *rest) if name in module.objects:
            step = _walk(at, "", module.folder, definition=at.home, rest=rest)
            results = replace(at, value=module.objects[name], chain=(*at.chain, name), walked=(*at.walked, step))
        case (head, *rest) if not isinstance(head, str | int):
            results = replace(
                at, value=head, walked=(*at.walked, _walk(at, "", module.folder, definition=at.home, rest=rest))
            )
        case _:
            rest = []
    return results, tuple(rest)


def _label(module: Module, name: str) -> str:
    """How a person writes a local; a Python program knows no such word."""
    return f"local.{name}" if module.unit is None else name.rpartition(":")[2]


def _walk(at: At, name: str, home: str, *, definition: Definition, rest: Sequence[Step]) -> Walk:
    """The step that the reference at hand makes, and where it stands."""
    read, value = None, at.value
    if isinstance(value, Reference) and value.at >= 0:
        read = Read(at.home.document, value.at, value.at + len(value.text.encode()))
    path = tuple(str(step) for step in takewhile(lambda each: isinstance(each, str | int), rest))
    return Walk(folder=at.scope.module.folder, name=name, home=home, definition=definition, path=path, read=read)


_UNKNOWN = {
    "local": "it is not declared",
    "module": "the module is not in this repository or has no such output",
    "dependency": "it is an output of another stack",
    "data": "it is a data source",
    "path": "it is known when Terraform runs",
    "terraform": "it is known when Terraform runs",
    "self": "it is known when Terraform runs",
    "each": "what it runs over cannot be read",
    "count": "what it runs over cannot be read",
}


def _unknown(steps: Steps, unread: Sequence[str]) -> str:
    """Why a reference cannot be followed."""
    match steps:
        case ("local" | "module", *_) if unread:
            return f"{_UNKNOWN[str(steps[0])]}, or in what cannot be read: {', '.join(unread)}"
        case ("data", "terraform_remote_state", *_):
            return _UNKNOWN["dependency"]
        case (str(head), *_) if head in _UNKNOWN:
            return _UNKNOWN[head]
        case (_, "key" | "value", *_):
            return _UNKNOWN["each"]
        case (str(head), *rest) if not rest or "_" not in head:  # the type of a resource has one, and a name behind it
            return "it is a variable of a `for` expression, or of a template that nothing fills in"
    return "it is an attribute of a resource"


def _output(module: Module, name: str, steps: Sequence[Step]) -> tuple[Module, str, list[Step]] | None:
    """The instance of a module that a reference leads to, the output's name and the steps behind it."""
    index, rest = "", list(steps)
    if rest and (name not in module.children or isinstance(rest[0], int)):
        key = rest.pop(0)
        index = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
    child = module.children.get(f"{name}{index}") or module.children.get(name)
    match rest:
        case [str(output), *further] if child is not None and output in child.outputs:
            return child, output, further
    return None


def _moved(at: At, scope: Scope, label: str, step: Walk) -> At:
    home = step.definition
    chain, mark = (*at.chain, label), (scope.module.name, home.document, home.path, label)
    if mark in at.trail:
        return lost(replace(at, chain=chain), "it comes back to itself", label)
    value = home if isinstance(home, Held) else home.value
    walked = (*at.walked, step)
    return replace(at, value=value, home=home, scope=scope, chain=chain, walked=walked, trail=at.trail | {mark})


def _variable(at: At, name: str, rest: Sequence[Step]) -> At:
    """Where a variable of the module gets its value from."""
    module = at.scope.module
    at = replace(at, typed=True)

    def moved(home: Definition, scope: Scope, label: str) -> At:
        return _moved(at, scope, label, _walk(at, f"var.{name}", scope.module.folder, definition=home, rest=rest))

    if module.call is not None and module.parent is not None:
        if name in module.call.arguments:
            scope = Scope(module.parent, module.bound)
            label = f"{module.name}.{name}" if module.unit is None else f"{module.unit}({name})"
            return moved(module.call.arguments[name], scope, label)
        at = replace(at, passed=(*at.passed, (module.call, name)))
    for layer in module.layers:
        if name in layer.values:
            return moved(layer.values[name], Scope(layer.module or module), f"{layer.label} {name}")
    default = module.variables.get(name)
    if default is not None:
        label = f"default of {module.name}.{name}" if module.call else f"var.{name}"
        if module.unit is not None:
            label = f"default of {module.unit}({name})"
        return moved(default, Scope(module), label)
    unread = next((layer.label for layer in module.layers if not layer.complete), None)
    why = f"it may be set by {unread}, which cannot be read" if unread else "nothing in the repository sets it"
    if name not in module.variables and module.unread:
        why = f"{why}, and it is not declared, or in what cannot be read: {', '.join(module.unread)}"
    chain = at.chain if module.call else (*at.chain, f"var.{name}")
    return lost(replace(at, chain=chain), why, f"var.{name}")


def lost(at: At, why: str, written: str | None = None) -> At:
    """A value that cannot be followed, and why."""
    return replace(at, value=Opaque(short(at.value) if written is None else written, why))


def short(value: object) -> str:
    """A value as it is written, or what kind of value it is."""
    return value.text if isinstance(value, Reference | Call | Opaque | Text) else type(value).__name__.lower()
