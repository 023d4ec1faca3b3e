"""Find policies whose targets no selector restricts.

Why: `match` and `exclude` of a rule with `mutate.targets` do not filter the targets (docs/facts.md, Kyverno 3). A rule
that was meant for the opt-outs of one namespace once set `never` on 184 workloads.

Left alone: Targets with a name, a namespace or a selector, and rules without targets.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._policies import targets_everything


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := targets_everything(policy):
            yield warn(block.title, "no-selector", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
