"""Items of a list that are taken out, or named by a comment: `ignore_changes = [a, b]` without `b`.

As for all verbs: everything else stays as it stands, and what cannot be done without guessing is an `UnfixableError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import layout, syntax, traversal, trivia
from hclmod.edits import Declared, Edit, Effect, Fix, Span
from hclmod.layout import UnfixableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.traversal import Traversal
    from hclmod.views import Attribute, Block, Expression


def attribute_of(block: Block, name: str, inside: str) -> Attribute | None:
    """The list attribute `name` of the block's nested block `inside`; two such blocks are an `UnfixableError`."""
    found = block.blocks(inside)
    if len(found) > 1:
        raise UnfixableError(f"there are {len(found)} `{inside}` blocks; Terraform allows one")
    return found[0].attribute(name) if found else None


def drop(block: Block, name: str, inside: str, unwanted: Callable[[Traversal], bool]) -> Fix | None:
    """Take the items for which `unwanted` says so out of a list; None where there are none.

    An item on lines of its own goes with its line and the comment behind it; otherwise the rest is put on one line.
    """
    attribute = attribute_of(block, name, inside)
    if attribute is None:
        return None
    elements = attribute.value.elements()
    if elements is None:
        if (whole := attribute.value.traversal()) is not None and not unwanted(whole):
            return None
        raise UnfixableError(f"`{name}` is `{attribute.value.text}`, not a list written here")
    goes = [each for each in elements if (held := each.traversal()) is not None and unwanted(held)]
    if not goes:
        return None
    declared = (Declared(attribute.path, Effect.REDUCED),)
    lines = [_own_lines(each) for each in goes]
    if all(lines):
        spans = [span for span in lines if span is not None]
        return Fix(tuple(Edit(span, b"") for span in spans), declared, _comments(attribute, spans))
    kept = b", ".join(each.source.text(each.node) for each in elements if each not in goes)
    span = syntax.span(attribute.value.bracket)
    return Fix((Edit(span, b"[" + kept + b"]"),), declared, _comments(attribute, [span]))


def _own_lines(element: Expression) -> Span | None:
    """The whole lines of an item, its comma and the comment behind it; None where it shares them."""
    source, node = element.source, element.node
    document, data = source.document, source.data
    start = document.line_start(node.start_byte)
    behind = trivia.trailing_comment(source, node.end_byte)
    end = behind.end if behind else node.end_byte
    rest = data[end : document.line_end(end)]
    if data[start : node.start_byte].strip() or rest.strip(b" \t,") or _comma_below(element):
        return None
    return Span(start, document.next_line(end))


def _comma_below(element: Expression) -> bool:
    """Whether the item's comma stands on a later line."""
    following = element.node.next_sibling
    while following is not None and following.type == "comment":
        following = following.next_sibling
    if following is None or following.type != ",":
        return False
    return b"\n" in element.source.data[element.node.end_byte : following.start_byte]


def _comments(attribute: Attribute, spans: Sequence[Span]) -> tuple[bytes, ...]:
    source = attribute.source
    found = syntax.comments(attribute.node)
    return tuple(
        source.text(each)
        for each in found
        if any(span.start <= each.start_byte and each.end_byte <= span.end for span in spans)
    )


def name_last(block: Block, name: str, items: Sequence[str], comment: str, *, inside: str) -> Fix | None:
    """`comment` behind the last of `items` that the list holds, where neither the list nor what is above it says so."""
    attribute = attribute_of(block, name, inside)
    if attribute is None or comment in " ".join((attribute.value.text, *attribute.comments())):
        return None
    wanted = {traversal.parse(item) for item in items}
    held = [each for each in attribute.value.elements() or () if each.traversal() in wanted]
    if not held:
        return None
    last = held[-1]
    source, document = last.source, last.source.document
    end = document.line_end(last.node.end_byte)
    if layout.is_one_line(source, attribute.node) and trivia.trailing_comment(source, attribute.node.end_byte) is None:
        end = document.line_end(attribute.node.end_byte)
    elif _own_lines(last) is None or trivia.trailing_comment(source, last.node.end_byte):
        raise UnfixableError("another comment, or another item, stands behind its last entry")
    if source.data[end - 1 : end] == b"}":  # a one-line block: a comment would swallow its brace
        raise UnfixableError("its list is in a block on one line")
    return Fix((Edit(Span(end, end), b" # " + comment.encode()),), ())
