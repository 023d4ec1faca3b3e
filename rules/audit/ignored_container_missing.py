"""Find ignored images of containers that are not there.

Why: an index out of range is accepted and has no effect (docs/facts.md, Terraform 2): after a container went, the entry
that was meant for another one no longer ignores it.

Left alone: pods with `dynamic` containers, whose number nobody knows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(workload: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield the removal of entries that name no container."""
    if dynamic_containers(workload):
        return
    pod = traversal.parse(KINDS[workload.type_label].prefix) or ()
    there = {traversal.parse(each.path) for each in containers(workload)}

    def is_lost(held: Traversal) -> bool:
        named = held[len(pod) : len(pod) + 1] in (("container",), ("init_container",))
        return named and held[: len(pod)] == pod and len(held) > len(pod) + 1 and held[: len(pod) + 2] not in there

    make = partial(lists.drop, workload, "ignore_changes", "lifecycle", is_lost)
    message = "it ignores the image of a container that is not there: the entry has no effect, or was meant for another"
    lost = change(workload.title, "no-such-container", message, make)
    if lost.is_open:
        yield lost


rule = Rule(check, kinds=tuple(KINDS))
