"""A list of names that the config names by its place, however it is written: found again in a document, made longer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl import fixes, objects, values
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.heredocs import heredocs
from hclmod.hcl.indentation import UnfixableError
from hclmod.hcl.syntax import leaf_at
from hclmod.hcl.views import Attribute, Expression
from hclmod.rulekit.literals import attribute_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hclmod.config.file import Config
    from hclmod.hcl.source import Source
    from hclmod.rulekit.rule import Finding
    from hclmod.scan.cluster import Data
    from hclmod.yaml.lists import Keys, YamlList


class NameList(Struct, frozen=True, kw_only=True):
    """Where such a list stands: in the attribute at `path` of a document of HCL, else in one of YAML.

    `names` are all its items, of whatever literals it is made. In HCL the list literal is the one that holds the
    `position`-th piece of quoted text; with `keys` it is YAML in a heredoc there, or in the document itself, `number`
    says in which document of the text. `why` says what forbids to make it longer.
    """

    document: str
    address: str
    names: tuple[str, ...]
    path: str = ""
    position: int = 0
    keys: Keys = ()
    number: int = 0
    why: str = ""


class NameListHooks(Struct, frozen=True, kw_only=True):
    """What a rule does with a list of names that the config names as FILE:ADDRESS.

    `where(config)` is that place, empty for none. `pick(data)` gives the keys that lead to the lists in an object.
    `at`, called as `at(listed, context, **options)`, yields findings for each list.
    """

    where: Callable[[Config], str]
    pick: Callable[[Data], Iterable[Keys]]
    at: Callable[..., Iterable[Finding]]


class Listed(Struct, frozen=True, kw_only=True):
    """A list as it stands in a document now: what it holds, and how to append names.

    `append` raises `UnfixableError` where that cannot be done.
    """

    place: NameList
    span: Span
    names: tuple[str, ...]
    append: Callable[[Sequence[str]], Fix | None]
    view: Attribute | None = None


def find(source: Source, place: NameList) -> Listed | None:
    """The list in a document of HCL; None where its attribute is gone."""
    attribute = attribute_at(source, place.path)
    if attribute is None:
        return None
    if place.why:
        return _unwritable(place, attribute.span, attribute)
    return _in_heredoc(attribute, place) if place.keys else _in_literal(attribute, place)


def in_yaml(data: bytes, place: NameList) -> Listed | None:
    """The list in a document of YAML."""
    from hclmod.yaml import lists

    if place.why:
        return _unwritable(place, Span(0, 0))
    inner = lists.find(data, place.keys, place.number)
    return _of_yaml(inner, place, 0, None) if inner else None


def _unwritable(place: NameList, span: Span, view: Attribute | None = None) -> Listed:
    def append(_names: Sequence[str]) -> Fix | None:
        raise UnfixableError(place.why)

    return Listed(place=place, span=span, names=place.names, append=append, view=view)


def _in_literal(attribute: Attribute, place: NameList) -> Listed | None:
    spans = values.literals(attribute.value)
    if place.position >= len(spans):
        return None
    node = leaf_at(attribute.source.tree, spans[place.position].start)
    while node is not None and node.type != "tuple":
        node = node.parent
    if node is None:
        return None
    expression = Expression(attribute.source, node, attribute.path)
    own = tuple(each.string() or "" for each in expression.elements() or ())

    def append(names: Sequence[str]) -> Fix | None:
        fix = fixes.append_strings(expression, names)
        return objects.within(attribute, fix) if fix else None

    names = tuple(dict.fromkeys((*place.names, *own)))
    return Listed(place=place, span=expression.span, names=names, append=append, view=attribute)


def _in_heredoc(attribute: Attribute, place: NameList) -> Listed | None:
    from hclmod.yaml import lists

    every = heredocs(attribute.value)
    if len(every) != 1:
        return None
    (heredoc,) = every
    inner = lists.find(heredoc.body, place.keys, place.number, heredoc.holes)
    return _of_yaml(inner, place, heredoc.start, attribute) if inner else None


def _of_yaml(inner: YamlList, place: NameList, start: int, attribute: Attribute | None) -> Listed:
    span = Span(start + inner.span.start, start + inner.span.end)
    append = partial(_append_yaml, inner, start, attribute)
    return Listed(place=place, span=span, names=inner.names, append=append, view=attribute)


def _append_yaml(inner: YamlList, start: int, attribute: Attribute | None, names: Sequence[str]) -> Fix | None:
    if not names:
        return None
    edit = inner.append(names)
    moved = Edit(Span(start + edit.span.start, start + edit.span.end), edit.text)
    declared = Declared(attribute.path, Effect.CHANGED) if attribute else Declared("", Effect.EXTENDED)
    return Fix((moved,), (declared,))
