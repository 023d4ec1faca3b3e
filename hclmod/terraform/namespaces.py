"""What expressions of namespaces mean: the names that a module declares and that its workloads use."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.hcl.values import List, Object, Opaque
from hclmod.terraform import origins, trace
from hclmod.terraform.origins import Module, Scope

if TYPE_CHECKING:
    from hclmod.hcl.values import Definition, Value
    from hclmod.terraform.declarations import WorkloadBlock
    from hclmod.terraform.merging import Folder


def namespaces(folder: Folder, scope: Scope) -> dict[str, Value]:
    """What `kubernetes_namespace.x.metadata[0].name` means, for each namespace of a module, and each instance."""
    kinds: dict[str, list[tuple[str | None, Value]]] = defaultdict(list)
    for address, name in folder.namespaces.items():
        kind, _, label = address.partition(".")
        kinds[kind].append((label, _namespace(name, folder.each.get(address), folder.count.get(address), scope)))
    return {kind: Object(tuple(entries)) for kind, entries in kinds.items()}


def _namespace(name: Definition | None, each: Definition | None, count: Definition | None, scope: Scope) -> Value:
    """One namespace: with `for_each` an object by key, with `count` a list."""
    if each is None and count is None:
        return _metadata(name)
    made = [
        (index, _metadata(trace.resolved(name, inside) if name else None))
        for index, inside in trace.instances(each, count, scope)
    ]
    if count is not None:
        return List(tuple(one for _, one in made))
    if any(not index for index, _ in made):
        return Opaque("for_each", "what it runs over cannot be read")
    return Object(tuple((index[2:-2], one) for index, one in made))


def _metadata(name: Definition | None) -> Value:
    metadata: tuple[tuple[str | None, Value], ...] = (("name", name),) if name else ()
    identity: tuple[tuple[str | None, Value], ...] = (("id", name),) if name else ()
    return Object((("metadata", List((Object(metadata),))), *identity))


def names(block: WorkloadBlock, module: Module) -> list[str | None]:
    """The names that a workload's namespace may have; `default` where it names none."""
    if block.namespace is None:
        return ["default"]
    scopes = trace.instances(block.each, None, Scope(module))
    results = (origins.text(origin) for _, scope in scopes for origin in trace.trace(block.namespace, scope))
    return list(dict.fromkeys(results))
