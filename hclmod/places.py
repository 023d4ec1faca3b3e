"""Where the tag of an image can be written when it does not stand in the container: a literal, or a missing argument.

A place is named by document, path and position, so that it is found again after other edits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hclmod import values, verbs
from hclmod.edits import Declared, Edit, Effect, Fix, Span
from hclmod.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hclmod.trivia import Source
    from hclmod.views import Expression


@dataclass(frozen=True, slots=True)
class Driven:
    """One container whose image a place makes: the text before and after it, and what rules ask of its workload."""

    stack: str
    address: str
    label: str
    kind: str
    phase: int | None
    before: str
    after: str
    metadata: tuple[tuple[str, str], ...] = ()
    ignored: bool = False  # Terraform ignores this image
    comments: tuple[str, ...] = ()
    above: tuple[str, ...] = ()  # the comments of the resource
    unread: bool = False  # whether its annotations cannot be read
    suppressed: str = ""  # the reason of a comment at the container or the resource, for the rule that asks
    chain: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()  # var-files that nobody can read and that would win

    @property
    def name(self) -> str:
        """How a person names it: `stack/address label`."""
        return f"{self.stack}/{self.address} {self.label}".lstrip("/")


@dataclass(frozen=True, slots=True)
class Place:
    """The `position`-th literal of the attribute at `path`, or (`argument` given) what the module call there lacks.

    `text` is what stands there, or the default that the argument would replace. `also` names the images of others that
    hang on it, `read_by` what reads it and is no image; both forbid to change it.
    """

    document: str
    path: str
    text: str
    driven: tuple[Driven, ...]
    position: int = 0
    argument: str = ""
    also: tuple[str, ...] = ()
    read_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """Where the tag of an image stands that is not written out in its container.

    `image` is the whole reference; None where the chain ends before it is known. `writable` tells that nobody else
    forbids to change it. `chain` are the steps from the image to there.
    """

    told: str
    image: str | None
    writable: bool = False
    chain: tuple[str, ...] = ()


Key = tuple[str, str, str]
"""Folder, address and container path of an image."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What a phase knows of images that are not written out in their container.

    `places` by document; `shared` names, for a resource of a module, the callers that are not in the phase; `inherited`
    are the resources of modules outside the phase's stacks, with their document; `homes` are the namespaces' names
    of a stack's resource (by stack, folder, address), where all of them could be followed.
    """

    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    followed: Mapping[Key, Followed] = field(default_factory=dict)
    shared: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    inherited: Mapping[tuple[str, str], str] = field(default_factory=dict)
    homes: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Literal:
    """A place in a document as it is now: what stands there, and how to write something else."""

    source: Source = field(repr=False)
    view: Attribute | Block
    span: Span
    path: str
    argument: str
    default: str

    @property
    def text(self) -> str:
        """What stands there; the default, where nothing does."""
        return self.default if self.argument else self.source.data[self.span.start : self.span.end].decode()

    @property
    def comments(self) -> tuple[str, ...]:
        """The comments that belong to the attribute."""
        return self.view.comments() if isinstance(self.view, Attribute) else ()

    def write(self, text: str) -> Fix | None:
        """The fix that puts `text` there; an argument is added behind the call's `source`."""
        if isinstance(self.view, Block):
            return verbs.ensure_attribute(self.view, self.argument, f'"{text}"'.encode(), after="source")
        return Fix((Edit(self.span, text.encode()),), (Declared(self.path, Effect.CHANGED),))


def find(source: Source, place: Place) -> Literal | None:
    """The place in the document; None where the argument is given by now, or the attribute is gone."""
    attributes, blocks = top_level(source)
    if place.argument:
        call = next((block for block in _blocks(blocks) if block.path == place.path), None)
        if call is None or call.attribute(place.argument):
            return None
        return Literal(source, call, call.title, place.path, place.argument, place.text)
    attribute = next(
        (each for each in _attributes(attributes.values(), blocks, place.path) if each.path == place.path), None
    )
    spans = values.literals(attribute.value) if attribute else ()
    if attribute is None or place.position >= len(spans):
        return None
    span = spans[place.position]
    return Literal(source, attribute, span, _path(attribute.value, span), "", "")


def _blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _blocks(block.blocks())


def _attributes(attributes: Iterable[Attribute], blocks: Iterable[Block], path: str) -> Iterator[Attribute]:
    yield from attributes
    for block in blocks:
        if path.startswith(f"{block.path}."):
            yield from _attributes(block.attributes.values(), block.blocks(), path)


def _path(value: Expression, span: Span) -> str:
    """The path of the innermost entry of objects and lists that holds the span."""
    children = [*(entry.value for entry in value.entries() or ()), *(value.elements() or ())]
    inner = next((each for each in children if each.span.start <= span.start and span.end <= each.span.end), None)
    return value.path if inner is None else _path(inner, span)
