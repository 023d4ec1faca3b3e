"""Find two policies that inject different values for Keel.

Why: `+(key)` adds only what is missing (docs/facts.md, Kyverno 1), so the policy that is applied first wins, and which
one that is nobody can say.

Left alone: Policies that inject the same values, and policies of which only one injects.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, facts, policies_at
from .._policies import contradicts


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := contradicts(policy, facts(context)):
            yield warn(block.title, "other-values", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
