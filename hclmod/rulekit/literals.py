"""A place as it stands in a document now: find the literal, and write something else there."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl import comments, fixes, syntax, values
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.heredocs import heredocs
from hclmod.hcl.indentation import UnfixableError
from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Expression
    from hclmod.rulekit.places import Place


class Literal(Struct, frozen=True, kw_only=True):
    """A place in a document as it is now: what stands there, with its comments, and how to write something else.

    `write` returns the fix, None where nothing is to do, and raises `UnfixableError` where it cannot be done. `view` is
    the attribute that holds it, or the module's call that lacks `argument`; None in a document without attributes.
    """

    span: Span
    text: str
    comments: tuple[str, ...]
    write: Callable[[str], Fix | None]
    view: Attribute | Block | None = None
    argument: str = ""


def find(source: Source, place: Place) -> Literal | None:
    """The place in a document of HCL; None where the argument is given by now, or the attribute is gone."""
    if place.argument:
        call = next((block for block in _blocks(_around(source, place.path)) if block.path == place.path), None)
        if call is None or call.attribute(place.argument):
            return None
        return Literal(
            span=call.title,
            text=place.text,
            comments=call.comments(),
            write=partial(_give, call, place.argument),
            view=call,
            argument=place.argument,
        )
    attribute = attribute_at(source, place.path)
    if attribute is None:
        return None
    if place.why:
        return Literal(
            span=attribute.span,
            text=place.text,
            comments=_comments(source, attribute.span),
            write=refusing(place),
            view=attribute,
        )
    result = _in_string(attribute, place) if place.scalar is None else _in_heredoc(attribute, place)
    return replace(result, comments=(*result.comments, *_comments(source, result.span))) if result else None


def attribute_at(source: Source, path: str) -> Attribute | None:
    """The attribute at a path of a document; None where it is gone."""
    return _attributes_by_path(source).get(path)


@lru_cache(maxsize=4)
def _attributes_by_path(source: Source) -> dict[str, Attribute]:
    """Every attribute of a document. Of two with one path it is the first."""
    top, blocks = top_level(source)
    every = [*top.values(), *(each for block in _blocks(blocks) for each in block.attributes.values())]
    return {each.path: each for each in reversed(every)}


def _comments(source: Source, span: Span) -> tuple[str, ...]:
    """The comments of all that holds a literal, nearest first, and of what stands beside it where parts make one image.

    Not those of a resource, which speak of more than its image.
    """
    around = (comment for node, comment in comments.comments_around(source, span) if not _is_resource(source, node))
    spans = dict.fromkeys((*around, *_beside(source, span)))
    return tuple(source.data[each.start : each.end].decode() for each in spans)


def _is_resource(source: Source, node: Node) -> bool:
    return node.type == "block" and source.text(node.children[0]) in (b"resource", b"data")


def _beside(source: Source, span: Span) -> Iterator[Span]:
    """The comments in the map or the block that holds the parts of one image or of one setting."""
    node = syntax.leaf_at(source.tree, span.start)
    while node is not None and node.type not in ("object", "block"):
        node = node.parent
    if node is not None and _PARTS.match(source.text(_entry(node))):
        yield from map(syntax.span, syntax.comments(node))


_PARTS = re.compile(rb"\s*\"?\w*[iI]mage\"?\s*[=:]|set(?:_list|_sensitive)?\b")


def _entry(node: Node) -> Node:
    """The entry whose value an object is; of one in a list, the attribute that holds the list; else the block."""
    above: Node | None = node
    while above is not None and above.type not in ("object_elem", "attribute", "block"):
        above = above.parent
    return above or node


def in_yaml(data: bytes, place: Place, *, start: int = 0, path: str = "", holes: Sequence[Span] = ()) -> Literal | None:
    """The place in YAML text, which begins at `start` of its document and is a part of the value at `path`."""
    from hclmod.yaml import fixes as yaml_edits
    from hclmod.yaml import scalars as yaml_values

    scalars = yaml_values.in_order(yaml_values.images(data, holes))
    if place.scalar is None or place.scalar >= len(scalars):
        return None
    scalar = scalars[place.scalar]
    span = Span(start + scalar.start, start + scalar.end)

    def write(text: str) -> Fix | None:
        edit = yaml_edits.write(data, scalar, text, holes)
        moved = Edit(Span(start + edit.span.start, start + edit.span.end), edit.text)
        return Fix((moved,), (Declared(path, Effect.CHANGED),))

    return Literal(span=span, text=scalar.text, comments=yaml_values.comments(data, scalar, holes), write=write)


def _in_string(attribute: Attribute, place: Place) -> Literal | None:
    spans, source = values.literals(attribute.value), attribute.source
    if place.position >= len(spans):
        return None
    span = spans[place.position]
    line = source.document.line_start(span.start)
    near = comments.comments_at_line(source, span) if line > attribute.span.start else ()
    path = _path(attribute.value, span)
    text = source.data[span.start : span.end].decode()
    return Literal(span=span, text=text, comments=near, write=partial(_put, span, path), view=attribute)


def _in_heredoc(attribute: Attribute, place: Place) -> Literal | None:
    result = heredocs(attribute.value)
    if place.position >= len(result):
        return None
    heredoc = result[place.position]
    return in_yaml(heredoc.body, place, start=heredoc.start, path=attribute.path, holes=heredoc.holes)


def _give(call: Block, argument: str, text: str) -> Fix | None:
    """An argument that the call lacks is added behind its `source`."""
    return fixes.ensure_attribute(call, argument, f'"{text}"'.encode(), after="source")


def _put(span: Span, path: str, text: str) -> Fix:
    return Fix((Edit(span, text.encode()),), (Declared(path, Effect.CHANGED),))


def refusing(place: Place) -> Callable[[str], Fix | None]:
    """What `write` is at a place that cannot be written."""

    def write(_text: str) -> Fix | None:
        raise UnfixableError(place.why)

    return write


def _around(source: Source, path: str) -> list[Block]:
    """The block of a document that a path is in, or that it names."""
    blocks, ends = _by_path(source), (*(each.start() for each in re.finditer(r"\.", path)), len(path))
    return [blocks[path[:end]] for end in ends if path[:end] in blocks]


@lru_cache(maxsize=4)
def _by_path(source: Source) -> dict[str, Block]:
    return {block.path: block for block in top_level(source)[1]}


def _blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _blocks(block.blocks())


def _path(value: Expression, span: Span) -> str:
    """The path of the innermost entry of objects and lists that holds the span."""
    children = [*(entry.value for entry in value.entries() or ()), *(value.elements() or ())]
    inner = next((each for each in children if each.span.start <= span.start and span.end <= each.span.end), None)
    return value.path if inner is None else _path(inner, span)
