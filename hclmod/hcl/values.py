"""What an expression says, without its tree: small frozen values that outlive their document, and can be stored."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl import comments, syntax
from hclmod.hcl.edits import Span
from hclmod.hcl.views import unescape
from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Expression

NESTING = 100
"""Nodes nested deeper than this (some 30 lists) are not read further; the reader calls itself."""


class Text(Struct, frozen=True, array_like=True, tag=True):
    """What a piece of a quoted string means, the `place`-th of its attribute; None for a number, a bool or `null`.

    With `scalar` it is that value of YAML instead (`yaml_values.in_order`): in the `place`-th heredoc, or in a file.
    """

    text: str
    place: int | None
    line: int = 0
    scalar: int | None = None

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.text, self.place, self.scalar  # the same text on another line is equal

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)


class Template(Struct, frozen=True, array_like=True, tag=True):
    """A quoted string with interpolations, in parts."""

    parts: tuple[Value, ...]


class Reference(Struct, frozen=True, array_like=True, tag=True):
    """`head.step[step]...`; a step is a name, a position, or a value that has to be found first.

    `at` is the offset of its first byte in the document, by which readers of one name are kept apart.
    """

    steps: tuple[str | int | Value, ...]
    text: str
    at: int = -1

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.steps, self.text  # the same reference at another place is equal

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)


class Object(Struct, frozen=True, array_like=True, tag=True):
    """An object literal; a key is None where it is computed."""

    entries: tuple[tuple[str | None, Value], ...]

    def get(self, key: str) -> Value | None:
        """The value of a key; the last one wins, as in Terraform, and one that is computed may be this one."""
        for name, value in reversed(self.entries):
            if name == key:
                return value
            if name is None:
                return Opaque(key, "a computed key may stand for it")
        return None


class List(Struct, frozen=True, array_like=True, tag=True):
    """A list literal."""

    items: tuple[Value, ...]


class Choice(Struct, frozen=True, array_like=True, tag=True):
    """The two arms of a conditional; which one is taken is not asked."""

    arms: tuple[Value, ...]


class Call(Struct, frozen=True, array_like=True, tag=True):
    """A function call."""

    name: str
    arguments: tuple[Value, ...]
    text: str


class Definition(Struct, frozen=True, array_like=True, tag=True):
    """A value where it stands: the attribute at `path` of `document`, on `line`."""

    document: str
    path: str
    line: int
    value: Value


class Opaque(Struct, frozen=True, array_like=True, tag=True):
    """Anything else, as it is written, and why it says nothing."""

    text: str
    why: str = "it is computed"


class For(Opaque, frozen=True, array_like=True, tag=True):
    """A `for` expression: the names that it gives, what it runs over, and what it makes of each."""

    names: tuple[str, ...] = ()
    over: Value = Opaque("")
    key: Value | None = None  # None where it makes a list
    value: Value = Opaque("")


class LongText(Opaque, frozen=True, array_like=True, tag=True):
    """A heredoc in parts."""

    parts: tuple[Value, ...] = ()


Value = Text | Template | Reference | Object | List | Choice | Call | Opaque | For | LongText | Definition


def definition(expression: Expression) -> Definition:
    """What the value of an attribute says, and where it stands."""
    document = expression.source.document
    return Definition(document.path, expression.path, document.line(expression.span.start), read(expression))


def part(whole: Expression, expression: Expression) -> Definition:
    """What a part of a value says, as a part of it: its literals are counted in the whole attribute."""
    document = whole.source.document
    value = _Reader(whole.source, literals(whole)).value(expression.node)
    return Definition(document.path, whole.path, document.line(expression.span.start), value)


@singledispatch
def read(expression: Expression) -> Value:
    """What an expression says; other languages register their own. It is kept with the view, for several rules ask."""
    known: dict[str, Value] = expression.__dict__
    if _READ not in known:
        known[_READ] = _Reader(expression.source, literals(expression)).value(expression.node)
    return known[_READ]


_READ = "values.read"


@singledispatch
def literals(expression: Expression) -> tuple[Span, ...]:
    """The pieces of all quoted strings in an expression, in order: what stands between quotes and interpolations."""
    return tuple(sorted(piece for quoted in syntax.quoted(expression.node) for piece in _pieces(quoted)))


def _pieces(quoted: Node) -> Iterator[Span]:
    """The literal text of a quoted string; `template_literal` nodes leave out blanks at their ends.

    Source: docs/facts.md, Parsers 4.
    """
    inner = comments.inner(quoted)
    at = inner.start
    for child in quoted.children[1:-1]:
        if child.type != "template_literal":
            if child.start_byte > at:
                yield Span(at, child.start_byte)
            at = child.end_byte
    if inner.end > at:
        yield Span(at, inner.end)


class _Reader:
    def __init__(self, source: Source, places: Sequence[Span]) -> None:
        self.source = source
        self.places = {span.start: place for place, span in enumerate(places)}
        self.depth = 0

    def value(self, node: Node) -> Value:
        reader = getattr(self, f"_{node.type}", None)
        if reader is None:
            return Opaque(self._text(node))
        if self.depth == NESTING:
            return Opaque(self._text(node), "it is nested too deeply")
        self.depth += 1
        value: Value = reader(node)
        self.depth -= 1
        return value

    def _text(self, node: Node) -> str:
        return self.source.text(node).decode()

    def _expression(self, node: Node) -> Value:
        children = [child for child in node.children if child.type != "comment"]
        if len(children) >= 3 and (children[0].type, children[2].type) == ("(", ")"):
            children = [children[1], *children[3:]]
            if len(children) == 1:
                inner = self.value(children[0])
                quoted = isinstance(inner, Text) and inner.place is not None
                return Template((inner,)) if quoted else inner  # no plain string, though it says the same
        if len(children) == 1:
            return self.value(children[0])
        if children and children[0].type == "variable_expr":
            return self._reference(node, children)
        if children and all(child.type in ("get_attr", "index") for child in children[1:]):
            steps = self._steps(children[1:])
            return (
                Opaque(self._text(node))
                if steps is None
                else Reference((self.value(children[0]), *steps), self._text(node), node.start_byte)
            )
        return Opaque(self._text(node))

    def _reference(self, node: Node, children: Sequence[Node]) -> Value:
        steps = self._steps(children[1:])
        return (
            Opaque(self._text(node))
            if steps is None
            else Reference((self._text(children[0]), *steps), self._text(node), node.start_byte)
        )

    def _steps(self, nodes: Sequence[Node]) -> tuple[str | int | Value, ...] | None:
        steps: list[str | int | Value] = []
        for node in nodes:
            inner = node.children[0] if node.type == "index" and node.children else node
            if node.type == "get_attr":
                steps.append(self._text(node.children[-1]))
            elif inner.type == "new_index":
                steps.append(_static(self.value(inner.children[1])))
            elif inner.type == "legacy_index":
                position = self._text(inner).lstrip(".")
                number = whole_number(position)
                steps.append(position if number is None else number)
            else:
                return None
        return tuple(steps)

    def _variable_expr(self, node: Node) -> Value:
        return Reference((self._text(node),), self._text(node), node.start_byte)

    def _literal_value(self, node: Node) -> Value:
        child = node.children[0] if node.children else node
        if child.type == "string_lit":
            return self.value(child)
        text = self._text(node)
        return Text(_number(text) if child.type == "numeric_lit" else text, None)

    def _string_lit(self, node: Node) -> Value:
        return self._piece(comments.inner(node))

    def _piece(self, span: Span) -> Text:
        text = self.source.data[span.start : span.end].decode()
        return Text(unescape(text), self.places.get(span.start) if text else None, self._line(span.start))

    def _line(self, offset: int) -> int:
        return self.source.document.line(offset)

    def _template_expr(self, node: Node) -> Value:
        return self.value(node.children[0]) if node.child_count == 1 else Opaque(self._text(node))

    def _quoted_template(self, node: Node) -> Value:
        parts: list[tuple[int, Value]] = [(span.start, self._piece(span)) for span in _pieces(node)]
        for child in node.children:
            if child.type == "template_interpolation":
                inside = next((each for each in child.children if each.type == "expression"), None)
                parts.append((child.start_byte, self.value(inside) if inside else Opaque(self._text(child))))
            if child.type == "template_directive" or any(each.type == "strip_marker" for each in child.children):
                return Opaque(self._text(node))
        return Template(tuple(value for _, value in sorted(parts, key=lambda part: part[0])))

    def _collection_value(self, node: Node) -> Value:
        return self.value(node.children[0]) if node.child_count == 1 else Opaque(self._text(node))

    def _object(self, node: Node) -> Value:
        entries: list[tuple[str | None, Value]] = []
        for child in node.children:
            key, value = child.child_by_field_name("key"), child.child_by_field_name("val")
            if child.type == "object_elem" and key is not None and value is not None:
                entries.append((self._key(key), self.value(value)))
        return Object(tuple(entries))

    def _key(self, node: Node) -> str | None:
        value = self.value(node)
        if isinstance(value, Text):
            return value.text
        written = self._text(node)
        bare = isinstance(value, Reference) and len(value.steps) == 1 and value.text == written
        return written if bare else None

    def _tuple(self, node: Node) -> Value:
        return List(tuple(self.value(child) for child in node.children if child.type == "expression"))

    def _conditional(self, node: Node) -> Value:
        arms = [child for child in node.children if child.type == "expression"]
        return Choice(tuple(self.value(arm) for arm in arms[1:]))

    def _for_expr(self, node: Node) -> Value:
        inner = node.children[0]
        (intro,) = (child for child in inner.children if child.type == "for_intro")
        names = tuple(self._text(child) for child in intro.children if child.type == "identifier")
        (over,) = (self.value(child) for child in intro.children if child.type == "expression")
        made = [self.value(child) for child in inner.children if child.type == "expression"]
        return For(self._text(node), names=names, over=over, key=made[0] if made[1:] else None, value=made[-1])

    def _heredoc_template(self, node: Node) -> Value:
        if any(child.type == "template_directive" for child in node.children):
            return Opaque(self._text(node))
        parts: list[Value] = []
        at = self.source.document.next_line(node.children[1].end_byte)
        end = self.source.document.line_start(node.children[-1].start_byte)
        for child in (each for each in node.children if each.type == "template_interpolation"):
            inside = next((each for each in child.children if each.type == "expression"), None)
            parts.append(self._written(at, child.start_byte))
            parts.append(self.value(inside) if inside else Opaque(self._text(child)))
            at = child.end_byte
        return LongText(self._text(node), parts=(*parts, self._written(at, end)))

    def _written(self, start: int, end: int) -> Text:
        """Text of a heredoc, which knows no other escapes."""
        text = self.source.data[start:end].decode().replace("$${", "${").replace("%%{", "%{")
        return Text(text, None, self._line(start))

    def _function_call(self, node: Node) -> Value:
        inside = next((child for child in node.children if child.type == "function_arguments"), None)
        arguments = [child for child in inside.children if child.type == "expression"] if inside else []
        name = self._text(node).partition("(")[0].strip()
        return Call(name, tuple(self.value(child) for child in arguments), self._text(node))


def _number(written: str) -> str:
    """A number as Terraform puts it into text: `1.10` is `1.1`."""
    return written.rstrip("0").rstrip(".") if "." in written and "e" not in written.lower() else written


def _static(value: Value) -> str | int | Value:
    """A step that is written out: a key or a position; any other has to be found."""
    if isinstance(value, Text):
        number = whole_number(value.text) if value.place is None else None
        return value.text if number is None else number
    return value
