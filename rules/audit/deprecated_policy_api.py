"""Find policies whose API the installed Kyverno is about to drop, or does not serve.

Why: `MutatingPolicy` of `policies.kyverno.io/v1` is served since 1.17, which is chart 3.7. Since then the
`ClusterPolicy` of `kyverno.io/v1` is deprecated (docs/facts.md, Kyverno 5).

Left alone: Policies that inject nothing for Keel, and every policy where the version of Kyverno's chart cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, facts, kyverno, policies_at
from .._policies import injecting

_SERVES = (1, 17)
"""The version of Kyverno that serves `policies.kyverno.io/v1`."""


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a policy of an API that is too old or too new."""
    version = kyverno(facts(context))
    for policy in policies_at(block, context):
        if version is None or not injecting(policy):
            continue
        shown = ".".join(map(str, version))
        if policy.api == "kyverno.io/v1" and version >= _SERVES:
            message = f"{policy.title} is of kyverno.io/v1, deprecated in Kyverno {shown}. Write a MutatingPolicy"
            yield warn(block.title, "deprecated", message)
        elif policy.api == "policies.kyverno.io/v1" and version < _SERVES:
            message = f"{policy.title} is of policies.kyverno.io/v1, which Kyverno {shown} does not serve"
            yield warn(block.title, "not-served", message)


rule = Rule(check, kinds=PLACES, objects=WORDS)
