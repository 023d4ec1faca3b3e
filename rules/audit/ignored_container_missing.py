"""Find ignored images of containers that do not exist.

Why: Terraform accepts an index that is out of range, and the entry has no effect (docs/facts.md, Terraform 2). After a
container is removed, an entry that was meant for another container no longer ignores that one.

Left alone: Pods with `dynamic` containers, because their number is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    KINDS,
    Block,
    Context,
    Finding,
    Rule,
    Traversal,
    change,
    containers,
    dynamic_containers,
    lists,
    traversal,
)


def check(workload: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield the removal of entries that name no container."""
    if dynamic_containers(workload):
        return
    pod = traversal.parse(KINDS[workload.type_label].prefix) or ()
    there = {traversal.parse(each.path) for each in containers(workload)}

    def is_lost(entry: Traversal) -> bool:
        is_container = entry[len(pod) : len(pod) + 1] in (("container",), ("init_container",))
        return (
            is_container
            and entry[: len(pod)] == pod
            and len(entry) > len(pod) + 1
            and entry[: len(pod) + 2] not in there
        )

    make = partial(lists.drop, workload, "ignore_changes", "lifecycle", is_lost)
    message = (
        "ignores the image of a container that does not exist: the entry has no effect, or was meant for another one"
    )
    lost = change(workload.title, "no-such-container", message, make)
    if lost.is_open:
        yield lost


rule = Rule(check, kinds=tuple(KINDS))
