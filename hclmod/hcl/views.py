"""Typed windows on the syntax: what a rule sees of a document.

Views are read here and changed by `verbs`. They hold no node that a rule would look at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache, singledispatch
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl import comments as trivia
from hclmod.hcl import syntax, traversal
from hclmod.hcl.edits import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.traversal import Traversal

_ESCAPE = re.compile(r'\\(["\\nrt])|\$(\$\{)|%(%\{)|\\(?:u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class Expression(Struct, frozen=True, dict=True):
    """A value: literal, list, object, template, reference or anything else."""

    source: Source
    node: Node
    path: str

    @property
    def span(self) -> Span:
        """The bytes that the value covers."""
        return syntax.span(self.node)

    @property
    def text(self) -> str:
        """The value as it stands."""
        return self.source.text(self.node).decode()

    @cached_property
    def _core(self) -> Node:
        """The node that says what kind of value this is, below wrappers that are alone."""
        node = self.node
        while (
            node.type in ("expression", "literal_value", "collection_value", "template_expr") and node.child_count == 1
        ):
            node = node.child(0) or node
        return node

    @property
    def quoted(self) -> Span | None:
        """The bytes between the quotes, also of a template; None for other expressions."""
        return trivia.inner(self._core) if self._core.type in ("string_lit", "quoted_template") else None

    def string(self) -> str | None:
        """The value of a quoted string without interpolation, unescaped; else None."""
        if self._core.type != "string_lit":
            return None
        span = trivia.inner(self._core)
        return unescape(self.source.data[span.start : span.end].decode())

    def boolean(self) -> bool | None:
        """`true` and `false`, also in quotes as Terraform converts them; else None."""
        return {"true": True, "false": False}.get(self.text.strip('"'))

    def traversal(self) -> Traversal | None:
        """The steps of a static traversal such as `var.x` or `a.b[0].c`; else None."""
        return traversal.parse(self.text)

    @property
    def named(self) -> str:
        """What an entry of `ignore_changes` names."""
        return self.text

    def elements(self) -> tuple[Expression, ...] | None:
        """The items of a list literal; None if this is none."""
        if self._core.type != "tuple":
            return None
        nodes = [child for child in self._core.children if child.type == "expression"]
        return tuple(Expression(self.source, node, f"{self.path}[{index}]") for index, node in enumerate(nodes))

    def entries(self) -> tuple[Entry, ...] | None:
        """The entries of an object literal; None if this is none."""
        if self._core.type != "object":
            return None
        return tuple(self._entries())

    def _entries(self) -> Iterator[Entry]:
        for child in self._core.children:
            if child.type != "object_elem":
                continue
            key, value = child.child_by_field_name("key"), child.child_by_field_name("val")
            if key is not None and value is not None:
                name = _key(Expression(self.source, key, self.path))
                yield Entry(name, Expression(self.source, value, f"{self.path}.{name}"), child)

    def entry(self, key: str) -> Expression | None:
        """The value of a key of an object literal, or None."""
        return next((entry.value for entry in self.entries() or () if entry.key == key), None)

    def maps(self) -> tuple[Expression, ...]:
        """The object literals of a map, the last of which wins: the value itself, or arguments of a `merge`."""
        if self._core.type == "object":
            return (self,)
        return tuple(each for each in self.arguments("merge") if each.entries() is not None)

    def own_map(self) -> Expression | None:
        """The object literal whose entries win: the value itself, or the last argument of a `merge`; else None."""
        last = (self,) if self._core.type == "object" else self.arguments("merge")[-1:]
        return last[0] if last and last[0].entries() is not None else None

    def merged_entry(self, key: str) -> Expression | None:
        """The value that `maps` give a key, or None."""
        values = (value for each in reversed(self.maps()) if (value := each.entry(key)))
        return next(values, None)

    def arguments(self, *functions: str) -> tuple[Expression, ...]:
        """The arguments of a call of one of these; none for another value, or where a list is expanded to arguments."""
        call = self._core
        arguments = next((child for child in call.children if child.type == "function_arguments"), None)
        if (
            call.type != "function_call"
            or arguments is None
            or self.source.text(call.children[0]).decode() not in functions
        ):
            return ()
        if any(child.type == "ellipsis" for child in arguments.children):
            return ()
        nodes = (child for child in arguments.children if child.type == "expression")
        return tuple(Expression(self.source, node, self.path) for node in nodes)

    @property
    def is_heredoc(self) -> bool:
        """Whether this is a heredoc, with interpolations or without."""
        return self._core.type == "heredoc_template"

    @property
    def bracket(self) -> Node:
        """The list or object node itself, for the verbs."""
        return self._core


class Entry(Struct, frozen=True):
    """One entry of an object; `key` is None where it is computed."""

    key: str | None
    value: Expression
    node: Node


class Attribute(Struct, frozen=True, dict=True):
    """`name = value` in a block."""

    source: Source
    node: Node
    name: str
    path: str

    @property
    def span(self) -> Span:
        """From the name to the end of the value."""
        return syntax.span(self.node)

    @cached_property
    def value(self) -> Expression:
        """What stands behind the `=`."""
        return Expression(self.source, self.node.children[-1], self.path)

    def comments(self) -> tuple[str, ...]:
        """The comments that belong to the attribute: those above it and the one behind it."""
        return tuple(_text(self.source, span) for span in trivia.owned_comments(self.source, self.node))


class Block(Struct, frozen=True, dict=True):
    """`type "label" ... { ... }`; `path` names it among all blocks of its document."""

    source: Source
    node: Node
    type: str
    labels: tuple[str, ...]
    path: str
    merged: tuple[dict[str, Attribute], tuple[Block, ...]] | None = None
    """What Terraform reads in its place where other documents override it."""

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.source, self.node, self.type, self.labels, self.path  # not what it is merged with

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Block) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def span(self) -> Span:
        """From the type to the closing brace."""
        return syntax.span(self.node)

    @property
    def title(self) -> Span:
        """From the type to the last label."""
        children = self.node.children
        opening = next(index for index, child in enumerate(children) if child.type == "block_start")
        return Span(self.node.start_byte, children[opening - 1].end_byte)

    @property
    def type_label(self) -> str:
        """The resource type (`kubernetes_deployment`): a block's first label, empty where it has none."""
        return self.labels[0] if self.labels else ""

    @property
    def address(self) -> str:
        """`kubernetes_deployment.web` for a resource, else type and labels joined by dots."""
        return ".".join(self.labels if self.type == "resource" else (self.type, *self.labels))

    @property
    def line(self) -> int:
        """The line on which the block starts, counted from 1."""
        return self.source.document.line(self.node.start_byte)

    @cached_property
    def _items(self) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
        if self.merged is not None:
            return self.merged
        body = next((child for child in self.node.children if child.type == "body"), None)
        return read_body(self.source, body, self.path + ".") if body is not None else ({}, ())

    @property
    def attributes(self) -> dict[str, Attribute]:
        """The attributes by name, in order."""
        return self._items[0]

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name, or None."""
        return self._items[0].get(name)

    def blocks(self, kind: str | None = None) -> tuple[Block, ...]:
        """The nested blocks (of one type), in order; `dynamic "x"` is of type `dynamic`."""
        return tuple(block for block in self._items[1] if kind is None or block.type == kind)

    def find(self, *kinds: str) -> tuple[Block, ...]:
        """All blocks at this path of nested types: `find("spec", "template", "spec")`."""
        result: tuple[Block, ...] = (self,)
        for kind in kinds:
            result = tuple(inner for block in result for inner in block.blocks(kind))
        return result

    @cached_property
    def _in_order(self) -> list[Attribute | Block]:
        return sorted((*self.attributes.values(), *self._items[1]), key=_start)

    def around(self, span: Span) -> Attribute | Block | None:
        """The attribute or block directly in it that covers a span."""
        return _covering(self._in_order, span)

    def comments(self) -> tuple[str, ...]:
        """The comments directly above the block."""
        return tuple(_text(self.source, span) for span in trivia.comments_above(self.source, self.node.start_byte))


def read_body(source: Source, body: Node, prefix: str) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
    """Attributes and blocks of a body; a block's path counts it among those of the same type and labels."""
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    counts: dict[str, int] = {}
    for child in body.children:
        if child.type == "attribute":
            name = source.text(child.children[0]).decode()
            attributes.setdefault(name, Attribute(source, child, name, prefix + name))
        elif child.type == "block":
            kind, labels = _header(source, child)
            key = ".".join((kind, *labels))
            ordinal = counts.get(key, 0)
            counts[key] = ordinal + 1
            blocks.append(Block(source=source, node=child, type=kind, labels=labels, path=f"{prefix}{key}[{ordinal}]"))
    return attributes, tuple(blocks)


@lru_cache(maxsize=4)  # each finding asks again; a larger cache would keep many trees (docs/facts.md, Parsers 1)
def top_level(source: Source) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
    """The attributes (of a `.tfvars`) and blocks of a document."""
    return outline(source)


@singledispatch
def outline(source: Source) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
    """The attributes and blocks of a document, without keeping them; other languages register their own."""
    body = next((child for child in source.tree.root_node.children if child.type == "body"), None)
    return read_body(source, body, "") if body is not None else ({}, ())


def path_at(source: Source, span: Span) -> str:
    """The path of the innermost attribute or block around a span; empty outside of all."""
    path, inner = "", _covering(_in_order(source), span)
    while inner is not None:
        path = inner.path
        inner = inner.around(span) if isinstance(inner, Block) else None
    return path


def _covering(views: list[Attribute | Block], span: Span) -> Attribute | Block | None:
    """Which of these, sorted, covers a span."""
    before = bisect_right(views, span.start, key=_start)
    view = views[before - 1] if before else None
    return view if view is not None and span.end <= view.node.end_byte else None


@lru_cache(maxsize=4)
def _in_order(source: Source) -> list[Attribute | Block]:
    attributes, blocks = top_level(source)
    return sorted((*attributes.values(), *blocks), key=_start)


def _start(view: Attribute | Block) -> int:
    return view.node.start_byte


def _header(source: Source, block: Node) -> tuple[str, tuple[str, ...]]:
    words: list[str] = []
    for child in block.children:
        if child.type == "block_start":
            break
        if child.type in ("identifier", "string_lit"):
            words.append(source.text(child).decode().strip('"'))
    return words[0], tuple(words[1:])


def _key(expression: Expression) -> str | None:
    text = expression.text
    return text if re.fullmatch(r"[\w-]+", text) else expression.string()


def unescape(text: str) -> str:
    """What the inside of a quoted string says, its escapes read."""
    if "\\" not in text and "$$" not in text and "%%" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    if code := match[4] or match[5]:
        char = chr(int(code, 16))
        return "\ufffd" if "\ud800" <= char <= "\udfff" else char  # half of a character, as Go writes it
    return match[2] or match[3] or _ESCAPED.get(match[1], match[1])


def _text(source: Source, span: Span) -> str:
    return source.data[span.start : span.end].decode()
