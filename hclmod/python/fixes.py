"""The verbs of HCL on a Python document: what a rule may do to a call, a dict or a list.

Each takes the views and declares the paths of its namesake in `hcl/fixes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from hclmod.hcl import fixes as hcl
from hclmod.hcl import indentation, lists
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.python import imports, places
from hclmod.python.nodes import own
from hclmod.python.source import Source
from hclmod.python.views import Attribute, Block, Expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.hcl import syntax, views

STEP = b"    "


@indentation.step.register(Source)
def step(source: Source, node: syntax.Node) -> bytes:  # noqa: ARG001 - as for HCL
    """One step of indentation."""
    return b"\t" if b"\n\t" in source.data else STEP


@hcl.remove.register(Attribute)
def remove(attribute: Attribute) -> Fix:
    """Take an argument away with its comma, and with its line where it has one of its own."""
    source, node = _source(attribute), own(attribute.node)
    if node.type not in ("attribute", "object_elem") or "target" in node.fields:
        raise UnfixableError(f"`{attribute.name}` is given by its position")
    declared = (Declared(attribute.path, Effect.REMOVED),)
    return Fix((Edit(span := places.removed(source, node), b""),), declared, places.dropped(source, span))


@hcl.replace.register(Expression)
def replace(expression: Expression, text: bytes, part: Span | None = None) -> Fix:
    """Put `text` in place of a value, or of the `part` of it; a string is quoted as the value is."""
    node = own(expression.node).core()
    part = part or expression.span
    if any(part.start <= each.start_byte < part.end for each in node.walk("comment")):
        raise UnfixableError("the value holds comments, which would be lost with it")
    if part == expression.span:
        text = places.quoted(_source(expression), text, node)
    return Fix((Edit(part, text),), (Declared(expression.path, Effect.CHANGED),))


@hcl.ensure_attribute.register(Block)
def ensure_attribute(block: Block, name: str, value: bytes, *, after: str | None = None) -> Fix | None:
    """`name=value` among the arguments: set where it stands, else put behind `after` or at the end."""
    if existing := block.attributes.get(name):
        new = places.quoted(_source(block), value, own(existing.value.node).core())
        return None if existing.value.text.encode() == new else replace(cast("Expression", existing.value), value)
    return _given(block, name, [places.quoted(_source(block), value)], after=after)


@hcl.ensure_entry.register(Block)
def ensure_entry(block: Block, name: str, key: str, value: str) -> Fix | None:
    """`"key": "value"` in the dict that is the argument `name`, which is given where it is missing."""
    source, attribute = _source(block), block.attributes.get(name)
    entry = b'"%s": "%s"' % (key.encode(), value.encode())
    if attribute is None:
        return _given(block, name, [b"{" + places.requoted(source, entry) + b"}"], after=None)
    entries = attribute.value.entries()
    if entries is None:
        raise UnfixableError(f"`{name}` is `{_short(attribute.value.text)}`, not a dict written here")
    if any(each.key is None for each in entries):
        raise UnfixableError(f"`{name}` has keys that are not written here, so `{key}` may be among them")
    if any(each.key == key for each in entries):
        return None
    made = places.inserted(source, own(attribute.value.bracket), [places.requoted(source, entry)])
    return Fix(tuple(made), (Declared(attribute.path, Effect.EXTENDED),))


@hcl.remove_entry.register(Block)
def remove_entry(block: Block, name: str, key: str) -> Fix | None:
    """Take a key out of the dict that is the argument `name`; one that held nothing else goes whole."""
    attribute = block.attribute(name)
    entries = attribute.value.entries() if attribute else None
    doomed = [each for each in entries or () if each.key == key]
    if attribute is None or not doomed:
        return None
    if len(doomed) > 1:
        raise UnfixableError(f"`{name}` holds `{key}` twice")
    if len(entries or ()) == 1 and not attribute.comments() and not any(own(attribute.node).walk("comment")):
        return remove(cast("Attribute", attribute))
    span = places.removed(_source(block), own(doomed[0].node))
    drops = places.dropped(_source(block), span)
    return Fix((Edit(span, b""),), (Declared(attribute.path, Effect.REDUCED),), drops)


@hcl.ensure_items.register(Block)
def ensure_items(
    block: Block, name: str, items: Sequence[str], comment: str = "", *, inside: str = "", above: str = ""
) -> Fix | None:
    """Every one of `items` as a string in the list `name` of the call, or of its argument `inside`."""
    homes = block.blocks(inside) if inside else (block,)
    if len(homes) > 1:
        raise UnfixableError(f"`{inside}` is given {len(homes)} times")
    missing = hcl.missing_items(block, name, items, inside=inside)
    if not missing:
        return None
    if not homes:
        return _lifecycle(block, name, missing, comment=comment, above=above, inside=inside)
    home = cast("Block", homes[0])
    attribute = home.attributes.get(name)
    if attribute is None:
        indent = step(_source(home), home.node)
        return _given(home, name, _listed(missing, comment, above, indent), after=None)
    if comment and comment in attribute.value.text:
        comment = ""
    return _extended(attribute, _lines(missing, comment))


def _extended(attribute: views.Attribute, lines: Sequence[bytes]) -> Fix:
    """The list with more lines, opened where it stands on one."""
    value = attribute.value
    source = value.source
    declared = (Declared(attribute.path, Effect.EXTENDED),)
    indent = step(cast("Source", source), value.node)
    if not indentation.is_one_line(source, value.bracket):
        return Fix(tuple(lists.append_lines(value, lines, step=indent)), declared)
    outer = source.document.indent(value.span.start)
    text = lists.open_list(value, lines, outer=outer, step=indent, comment=b"")
    return Fix((Edit(value.span, text),), declared)


def _lifecycle(block: Block, name: str, items: Sequence[str], *, comment: str, above: str, inside: str) -> Fix:
    """The argument `lifecycle` with a list: a struct where the call has structs, else a dict."""
    source, indent = _source(block), step(_source(block), block.node)
    inner = _listed(items, comment, above, indent)
    if not any(own(each.node).type == "block" for each in block.blocks()):
        lines = [b"{", *places.deeper([b'"%s": ' % name.encode() + inner[0], *inner[1:]], indent)]
        lines[-1] += b","
        return _given(block, inside, [*lines, b"}"], after=None, effect=f"{block.path}.{inside}[0]")
    struct, more = imports.lifecycle(source, own(block.node))
    lines = [struct.encode() + b"(", *places.deeper([name.encode() + b"=" + inner[0], *inner[1:]], indent)]
    lines[-1] += b","
    fix = _given(block, inside, [*lines, b")"], after=None, effect=f"{block.path}.{inside}[0]")
    return fix + more if more else fix


def _given(block: Block, name: str, lines: Sequence[bytes], *, after: str | None, effect: str = "") -> Fix:
    """The fix that gives a call or a dict one more argument."""
    source, home = _source(block), places.home(own(block.node))
    if block.more is not None:
        raise UnfixableError(f"`{_short(source.written(block.more))}` may give `{name}` already")
    if home.type == "dict":
        first = places.requoted(source, b'"%s": ' % name.encode())
    else:
        first = name.encode() + places.equals(source, home)
    neighbour = block.attribute(after) if after else None
    anchor = own(neighbour.node) if neighbour is not None and own(neighbour.node).parent is home else None
    made = places.inserted(source, home, [first + lines[0], *lines[1:]], after=anchor)
    return Fix(tuple(made), (Declared(effect or f"{block.path}.{name}", Effect.ADDED),))


def _lines(items: Sequence[str], comment: str) -> list[bytes]:
    lines = [places.text_of(item) + b"," for item in items]
    if comment:
        lines[-1] += b"  # " + comment.encode()
    return lines


def _listed(items: Sequence[str], comment: str, above: str, indent: bytes) -> list[bytes]:
    """The lines of a new list."""
    if above and len(items) == 1:
        comment = above
    return [b"[", *places.deeper(_lines(items, comment), indent), b"]"]


@lists.name_last.register(Block)
def name_last(block: Block, name: str, items: Sequence[str], comment: str, *, inside: str) -> Fix | None:
    """`comment` behind the last of `items` that the list holds, where nothing there says so."""
    attribute = lists.attribute_of(block, name, inside)
    if attribute is None or comment in " ".join((attribute.value.text, *attribute.comments())):
        return None
    existing = [each for each in attribute.value.elements() or () if each.named in items]
    if not existing:
        return None
    source, last = attribute.source, existing[-1]
    end = source.document.line_end(last.span.end)
    rest = source.data[last.span.end : end].strip(b" \t,")
    if rest:
        raise UnfixableError("another comment, or another item, stands behind its last entry")
    return Fix((Edit(Span(end, end), b"  # " + comment.encode()),), ())


def _source(view: views.Attribute | views.Block | views.Expression) -> Source:
    return cast("Source", view.source)


def _short(text: str) -> str:
    first = text.split("\n", 1)[0]
    return first if first == text and len(first) <= 60 else first[:60] + " ..."
