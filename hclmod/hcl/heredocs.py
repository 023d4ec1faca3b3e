"""The text of heredocs, for those who look for another language in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl.edits import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.syntax import Node
    from hclmod.hcl.views import Expression


class Heredoc(Struct, frozen=True, kw_only=True):
    """The `place`-th heredoc of an attribute: the lines between its markers, and where they begin in the document.

    `nodes` are its interpolations, `holes` their spans in the body.
    """

    place: int
    start: int
    body: bytes
    holes: tuple[Span, ...]
    nodes: tuple[Node, ...]


def heredocs(expression: Expression) -> tuple[Heredoc, ...]:
    """Every heredoc of a value, in order; one in an interpolation of another comes after it."""
    result = enumerate(_below(expression.node, "heredoc_template"))
    return tuple(_read(expression, node, place) for place, node in result)


def _read(expression: Expression, node: Node, place: int) -> Heredoc:
    source, parts = expression.source, node.children
    start = source.document.next_line(parts[1].end_byte)
    body = source.data[start : source.document.line_start(parts[-1].start_byte)]
    nodes = tuple(each for part in parts for each in _below(part, "template_interpolation", inside=False))
    return Heredoc(
        place=place,
        start=start,
        body=body,
        holes=tuple(Span(n.start_byte - start, n.end_byte - start) for n in nodes),
        nodes=nodes,
    )


def _below(node: Node, kind: str, *, inside: bool = True) -> Iterator[Node]:
    """The nodes of a type at or below this one, in order; those inside another of the type only if `inside`."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if node.type == kind:
            yield node
        if node.type != kind or inside:
            nodes.extend(reversed(node.children))
