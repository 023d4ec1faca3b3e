"""What following a value needs and gives: the module that it is seen from, and the pieces that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.hcl.values import Definition, Value
    from hclmod.terraform.declarations import ModuleCall


class Site(Struct, frozen=True):
    """The piece of a quoted string that a value comes from: the `place`-th of the attribute at `path` of `document`.

    With `scalar` it is that value of the YAML in the `place`-th heredoc there, or in a document without attributes.
    """

    document: str
    path: str
    place: int
    line: int
    scalar: int | None = None

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.document, self.path, self.place, self.scalar  # the line is for people

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Site) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What sites are sorted by."""
        return self.document, self.path, self.place, -1 if self.scalar is None else self.scalar


class Read(Struct, frozen=True):
    """Where an expression reads a name: a half-open range of bytes of a document."""

    document: str
    start: int
    end: int


class Walk(Struct, frozen=True, kw_only=True):
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


class Piece(Struct, frozen=True):
    """A part of a value: its text and its site (None for other values)."""

    text: str
    site: Site | None
    chain: tuple[str, ...] = ()
    passed: tuple[tuple[ModuleCall, str], ...] = ()  # calls, and the argument whose lack let a default through
    walked: tuple[Walk, ...] = ()

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.text, self.site, self.chain, self.passed  # the chain says which way it came

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piece) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)


class Hole(Struct, frozen=True):
    """A part that cannot be followed: what was met, why it ends there, and where that is written."""

    text: str
    why: str
    chain: tuple[str, ...] = ()
    where: str = ""  # file:line


STAND_IN = "46604660"
"""In place of a hole where a text has to be read: it may be a part of a domain, a port, a name, a tag or a value."""

Origin = tuple[Piece | Hole, ...]
"""A value in parts; the text of the whole is that of its pieces in order."""


class Module(Struct, frozen=True):
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
    children: dict[str, Module] = field(default_factory=dict)  # by name and instance: `a`, `b["x"]`
    unread: tuple[str, ...] = ()  # its documents that cannot be read, with the reason
    unit: str | None = None  # of a Python program, what it is: a class, a function, or empty for the document itself

    @property
    def _compared(self) -> tuple[object, ...]:
        return (
            self.folder,
            self.name,
            self.variables,
            self.locals,
            self.outputs,
            self.call,
            self.parent,
            self.layers,
            self.objects,
            self.bound,
            self.unread,
        )  # a child knows its parent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Module) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)


class Layer(Struct, frozen=True):
    """One source of a root module's variables: a var-file, or the `inputs` of `module`, a terragrunt file.

    One that is not `complete` cannot be read, or not to its end: what it lacks it may set all the same.
    """

    label: str
    values: Mapping[str, Definition]
    module: Module | None = None
    complete: bool = True


class Scope(Struct, frozen=True):
    """A module, and what `each` and the iterators of `dynamic` blocks stand for."""

    module: Module
    bound: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)  # name to key and value


def below(module: Module) -> Iterator[Module]:
    """A module and those that it calls, directly or by others."""
    yield module
    for name in sorted(module.children):
        yield from below(module.children[name])


def text(origin: Origin) -> str | None:
    """The whole text of an alternative, or None where a part is unknown."""
    return "".join(part.text for part in origin) if all(isinstance(part, Piece) for part in origin) else None
