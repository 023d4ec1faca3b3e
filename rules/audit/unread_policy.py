"""Find policies of which a part that matters cannot be read.

Why: What cannot be read may inject or overrule anything. hclmod follows objects, `yamlencode`, heredocs, files,
templates, locals, variables and the values of Helm releases. What none of these gives is named here, and
`enroll-namespace` leaves the namespaces to a person.

Left alone: Parts that say nothing about the annotations, images and pods of workloads, such as names and messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._policies import unread


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each such policy."""
    for policy in policies_at(block, context):
        if why := unread(policy):
            yield warn(block.title, "unread", f"{policy.title} {why}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
