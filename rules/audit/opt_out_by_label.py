"""Find opt-outs by label alone where the annotation is injected.

Why: Keel does not even read the label where the annotation exists, and Kyverno injects the annotation `force`: a label
`never` opts nothing out then (docs/facts.md, Keel 3). The annotation `never` does, for what is there is not injected.

Left alone: namespaces that are not enrolled, types which the policy does not annotate, a declared annotation.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Context, Finding, Rule, change, fixes

from .._enrolment import Enrolment
from .._keel import MUTATED, POLICY, declared_policy, opt_out

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(
    workload: Block, context: Context, /, *, enrolled: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield the annotation that the opt-out lacks."""
    home = Enrolment(enrolled, exempt).of(context.facts.get(workload.address))
    label = opt_out(workload)
    if home is None or label is None or declared_policy(workload):
        return
    metadata = workload.blocks("metadata")[0]
    message = f"the label `never` opts nothing out, because {home.name} injects the annotation; add it as annotation"
    make = partial(fixes.ensure_entry, metadata, "annotations", POLICY, "never")
    yield change(label, "label-only", message, make)


rule = Rule(check, kinds=MUTATED, needs={"facts"})
