"""Find policies that look for an opt-out in the labels alone.

Why: A workload that had the annotation injected and then gets the label `keel.sh/policy = "never"` keeps the
annotation, and Keel reads that first (docs/facts.md, Keel 3). A policy that leaves out the label alone so leaves out
workloads that Keel still rolls. It should leave out the annotation as well (docs/facts.md, Kyverno 4).

Left alone: Policies that also look for the annotation, that look for neither, or that write over what a workload
declares, which `overwriting-policy` finds.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._keel import POLICY
from .._policies import injecting, overwrites


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each rule that injects and looks for the label alone."""
    for policy in policies_at(block, context):
        for mutation in () if overwrites(policy) else injecting(policy):
            if mutation.heeds == {"labels"}:
                name = f"{policy.title}, rule {mutation.rule}," if mutation.rule else policy.title
                message = f"looks for the label `{POLICY}: never` alone, and an annotation injected before comes first"
                yield warn(block.title, "label-only", f"{name} {message}. Exclude the annotation too")


rule = Rule(check, kinds=PLACES, objects=WORDS)
