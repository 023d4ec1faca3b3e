"""Find policies that block workloads while Kyverno is not there.

Why: With `failurePolicy` `Fail`, which is the default, nothing in the enrolled namespaces can be created or changed
while the admission controller is down. Annotations for Keel are not worth that (docs/facts.md, Kyverno 7).

Left alone: Policies that inject nothing for Keel, `failurePolicy: Ignore`, and a Kyverno whose values have
`forceFailurePolicyIgnore`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, facts, policies_at
from .._policies import fails_closed


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := fails_closed(policy, facts(context)):
            yield warn(block.title, "fails-closed", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
