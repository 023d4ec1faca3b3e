"""Fixes inside of objects, at any depth, also of those that a function such as `yamlencode` is given.

Parsers see a call as one value, so each of these fixes declares that the whole attribute changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl import fixes, syntax
from hclmod.hcl.edits import Declared, Edit, Effect, Fix
from hclmod.hcl.indentation import UnfixableError, editable

if TYPE_CHECKING:
    from hclmod.hcl.views import Attribute, Block, Expression


def within(attribute: Attribute, fix: Fix) -> Fix:
    """The fix as a change of the whole attribute."""
    return replace(fix, declares=(Declared(attribute.path, Effect.CHANGED),))


def set_entry(attribute: Attribute, table: Expression, key: str, value: bytes) -> Fix | None:
    """`key = value` in an object of the attribute; None where it already is so."""
    editable(attribute)
    if (present := table.entry(key)) is not None:
        same = present.text.encode() == value
        return None if same else within(attribute, fixes.replace(present, value))
    entries = table.entries()
    if entries is None or any(entry.key is None for entry in entries):
        raise UnfixableError(f"what holds `{key}` is not an object written here, or it has computed keys")
    return within(attribute, Fix(tuple(fixes.append_entry(table, key, value)), ()))


def drop_entry(attribute: Attribute, table: Expression, key: str) -> Fix | None:
    """Take a key out of an object of the attribute; None where it is not there."""
    editable(attribute)
    entry = next((each for each in table.entries() or () if each.key == key), None)
    if entry is None:
        return None
    span, drops = fixes.taken_out(table, entry)
    return within(attribute, Fix((Edit(span, b""),), (), drops))


def relabel(block: Block, label: str) -> Fix | None:
    """Another type for a resource; what refers to it is left as it is. None where it has that type."""
    editable(block)
    if block.type_label == label:
        return None
    node = next(
        child
        for child in block.node.children
        if child.type in ("string_lit", "identifier") and child != block.node.children[0]
    )
    new = ".".join((block.type, label, *block.labels[1:]))
    declared = (Declared(block.path, Effect.REMOVED), Declared(f"{new}[0]", Effect.ADDED))
    return Fix((Edit(syntax.span(node), f'"{label}"'.encode()),), declared)
