"""Find policies that enroll every namespace.

Why: An empty list of `namespaces` in a `match` selects every namespace of the cluster (kyverno:
`pkg/engine/utils/match.go`, docs/facts.md, Kyverno 2). A policy that starts with an empty allowlist enrolls all of
them. So does one that says nothing of namespaces. The policy is read in every form: as an object, as `yamlencode`, in a
heredoc, from a file, in the values of a Helm release.

Left alone: Lists in an `exclude`, and policies that inject no annotation of Keel.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._policies import selects_everything


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a policy that selects everything."""
    for policy in policies_at(block, context):
        if why := selects_everything(policy):
            yield warn(block.title, "empty-list", f"{policy.title}: {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
