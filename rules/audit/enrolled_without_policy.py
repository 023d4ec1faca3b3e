"""Find namespaces that are enrolled although no policy injects.

Why: The label alone does nothing. A person believes that Keel updates what runs there.

Left alone: Namespaces that an allowlist in `[keel]` names, and clusters whose policy is elsewhere (`injected` in
`[keel]`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import NAMESPACES, Block, Context, Finding, Rule, warn

from .._cluster import WORDS
from .._enrolment import LABEL
from .._policies import nobody_injects


def check(namespace: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for an enrolled namespace."""
    facts = context.facts.get(namespace.address)
    if facts and any(LABEL in each.metadata for each in facts.namespaces) and (why := nobody_injects(context, LABEL)):
        yield warn(namespace.title, "no-policy", f"is enrolled in vain, because {why}")


rule = Rule(check, kinds=NAMESPACES, needs={"facts"}, objects=WORDS)
