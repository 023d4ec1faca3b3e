"""Find policies that change existing objects without the right to do so, or without the memory.

Why: Kyverno's background controller changes existing objects only with a ClusterRole that has the label
`rbac.kyverno.io/aggregate-to-background-controller = "true"` (docs/facts.md, Kyverno 3). Without it the requests fail,
and nobody sees it. Many such requests at once need memory (docs/facts.md, Kyverno 10).

Left alone: Policies that act at admission only, and repositories in which any resource has that label. A memory limit
that Kyverno's values do not set.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, facts, policies_at
from .._policies import lacks_memory, lacks_role


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := lacks_role(policy, facts(context)):
            yield warn(block.title, "no-role", f"{policy.title} {why}")
        if why := lacks_memory(policy, facts(context)):
            yield warn(block.title, "little-memory", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
