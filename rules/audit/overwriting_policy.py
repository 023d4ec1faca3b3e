"""Find policies that write over the policy for Keel that a workload declares.

Why: A workload opts out with the annotation `keel.sh/policy = "never"`, or chooses a policy of its own. A patch with
the plain key replaces it at the next admission, and Keel rolls what was to stay. `+(keel.sh/policy)` adds only what is
missing (docs/facts.md, Kyverno 1). A MutatingPolicy needs a match condition that looks for the annotation.

Left alone: Policies that add with `+()`, that exclude workloads by this annotation, or that look for it in their
conditions, and policies of which that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._policies import overwrites


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := overwrites(policy):
            yield warn(block.title, "overwrites", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
