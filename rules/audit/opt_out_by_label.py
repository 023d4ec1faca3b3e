"""Find opt-outs by label alone where the annotation is injected.

Why: Keel does not read the label where the annotation exists, and Kyverno injects the annotation `force`. A label
`never` has no effect then (docs/facts.md, Keel 3). An annotation `never` has, because Kyverno does not overwrite it.

Left alone: Namespaces that are not enrolled, types that the policy does not annotate, and declared annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Rule, change, fixes

from .._cluster import WORDS
from .._enrolment import enrolled_namespace
from .._keel import MUTATED, POLICY, declared_policy, opt_out


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the annotation that the opt-out lacks."""
    home = enrolled_namespace(context.facts.get(workload.address), context)
    label = opt_out(workload)
    if home is None or label is None or declared_policy(workload):
        return
    metadata = workload.blocks("metadata")[0]
    message = f"the label `never` has no effect, because {home.name} injects the annotation. Add it as an annotation"
    make = partial(fixes.ensure_entry, metadata, "annotations", POLICY, "never")
    yield change(label, "label-only", message, make)


rule = Rule(check, kinds=MUTATED, needs={"facts"}, objects=WORDS)
