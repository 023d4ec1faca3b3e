"""The names that a document has to import for what is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.python import places
from hclmod.python.names import dotted
from hclmod.python.nodes import among

if TYPE_CHECKING:
    from hclmod.python.nodes import Node
    from hclmod.python.source import Source

LIFECYCLE = "TerraformResourceLifecycle"
PACKAGES = ("cdktf", "cdktn")


def lifecycle(source: Source, call: Node) -> tuple[str, Fix | None]:
    """How to call the struct of `lifecycle`, and the fix that imports it where nothing does."""
    known = source.names.imports
    for package in PACKAGES:
        for name, key in known.items():
            if key == f"{package}:{LIFECYCLE}" and name != LIFECYCLE:
                return name, None
            if key == f"{package}:{LIFECYCLE}":
                return LIFECYCLE, None
    for name, key in known.items():
        if key in ("cdktf:", "cdktn:"):
            return f"{name}.{LIFECYCLE}", None
    return LIFECYCLE, _imported(source, _package(source, call))


def _package(source: Source, call: Node) -> str:
    """The package to which the construct belongs."""
    if source.names.is_of_two(call.fields["func"]):
        raise UnfixableError(f"it runs with two packages: import `{LIFECYCLE}` where it imports these")
    provider = source.names.qualified(call.fields["func"])
    if provider.startswith("cdktn_"):
        return "cdktn"
    keys = source.names.imports.values()
    return "cdktn" if any(each.startswith("cdktn") for each in keys) and not provider.startswith("cdktf_") else "cdktf"


def _imported(source: Source, package: str) -> Fix:
    declared = (Declared(f"import.{LIFECYCLE}", Effect.ADDED),)
    top = [each for each in source.top.children if each.type in ("import", "import_from")]
    for node in (each for each in top if each.type == "import_from" and "module" in each.fields):
        names = among(node.children, "imported")
        if dotted(node.fields["module"]) == package and not node.word and names:
            return Fix(tuple(places.inserted(source, node, [LIFECYCLE.encode()])), declared)
    line = f"from {package} import {LIFECYCLE}".encode() + source.document.newline
    at = source.document.next_line(top[-1].end_byte) if top else 0
    return Fix((Edit(Span(at, at), line),), declared)
