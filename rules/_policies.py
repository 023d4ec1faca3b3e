"""What policies of Kyverno in manifests say: HCL objects, `yamlencode(...)` and YAML in heredocs."""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Expression, Value, values

MANIFESTS = ("kubernetes_manifest", "kubectl_manifest")


def namespace_lists(value: Expression, *, matching: bool) -> Iterator[Expression]:
    """The list literals called `namespaces` below a `match`, at any depth of an object."""
    for element in value.elements() or ():
        yield from namespace_lists(element, matching=matching)
    for entry in value.entries() or ():
        if matching and entry.key == "namespaces" and entry.value.elements() is not None:
            yield entry.value
        elif entry.key != "exclude":
            yield from namespace_lists(entry.value, matching=matching or entry.key == "match")


def entries(manifest: Block) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every entry of a manifest's objects, with the keys that lead to it."""
    for attribute in manifest.attributes.values():
        yield from _walked(values.read(attribute.value), (attribute.name,))


def _walked(value: Value, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    yield keys, value
    match value:
        case values.Object(found):
            for key, inner in found:
                yield from _walked(inner, (*keys, key or ""))
        case values.List(items) | values.Choice(items) | values.Call(_, items):
            for item in items:
                yield from _walked(item, keys)


def heredocs(manifest: Block) -> Iterator[str]:
    """The text of the manifest's heredocs, in which YAML is written."""
    for attribute in manifest.attributes.values():
        if attribute.value.is_heredoc:
            yield attribute.value.text
