"""What following a value needs and gives: the module that it is seen from, and the pieces that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.hcl.values import Definition, Value
    from hclmod.terraform.declarations import ModuleCall


@dataclass(frozen=True, slots=True)
class Site:
    """The piece of a quoted string that a value comes from: the `place`-th of the attribute at `path` of `document`.

    With `scalar` it is that value of the YAML in the `place`-th heredoc there, or in a document without attributes.
    """

    document: str
    path: str
    place: int
    line: int = field(compare=False)
    scalar: int | None = None

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What sites are sorted by."""
        return self.document, self.path, self.place, -1 if self.scalar is None else self.scalar


@dataclass(frozen=True, slots=True)
class Read:
    """Where an expression reads a name: a half-open range of bytes of a document."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Walk:
    """One step of a chain: the `name` (`local.x`, `var.x`, `each.value`) that `folder` reads, and where it leads.

    `path` are the steps behind the name that are written out, `read` is the place (None where it is not known), `home`
    the folder of the definition that it leads to. The name is empty where nobody else can read it by name.
    """

    folder: str
    name: str
    home: str
    definition: Definition
    path: tuple[str, ...] = ()
    read: Read | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value: its text and its site (None for other values)."""

    text: str
    site: Site | None
    chain: tuple[str, ...] = ()
    passed: tuple[tuple[ModuleCall, str], ...] = ()  # calls, and the argument whose lack let a default through
    walked: tuple[Walk, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Hole:
    """A part that cannot be followed: what was met, why it ends there, and where that is written."""

    text: str
    why: str
    chain: tuple[str, ...] = ()
    where: str = ""  # file:line


Origin = tuple[Piece | Hole, ...]
"""A value in parts; the text of the whole is that of its pieces in order."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module as one caller sees it: its declarations, and where its variables come from.

    `given` are the arguments of the call, evaluated in `parent`; for a root module `layers` are what sets its
    variables, strongest first. `bound` is what `each` and `count` are in the call.
    """

    folder: str
    name: str  # `module.a.module.b`; empty for the root
    variables: Mapping[str, Definition | None]
    locals: Mapping[str, Definition]
    outputs: Mapping[str, Definition]
    call: ModuleCall | None = None
    parent: Module | None = None
    layers: tuple[Layer, ...] = ()
    objects: Mapping[str, Value] = field(default_factory=dict)  # other names, such as Terragrunt's `include`
    bound: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    children: dict[str, Module] = field(default_factory=dict, compare=False)  # by name and instance: `a`, `b["x"]`
    unread: tuple[str, ...] = ()  # its documents that cannot be read, with the reason


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of a root module's variables: a var-file, or the `inputs` of `module`, a terragrunt file.

    One that is not `complete` cannot be read, or not to its end: what it lacks it may set all the same.
    """

    label: str
    values: Mapping[str, Definition]
    module: Module | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """A module, and what `each` and the iterators of `dynamic` blocks stand for."""

    module: Module
    bound: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)  # name to key and value


def text(origin: Origin) -> str | None:
    """The whole text of an alternative, or None where a part is unknown."""
    return "".join(part.text for part in origin) if all(isinstance(part, Piece) for part in origin) else None
