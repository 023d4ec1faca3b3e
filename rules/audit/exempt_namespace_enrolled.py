"""Find exempt namespaces that are enrolled.

Why: `keel` and the namespaces that `[keel]` exempts are never enrolled. A supervisor that updates itself has no
supervisor.

Left alone: Namespaces that are not exempt.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import NAMESPACES, Block, Context, Finding, Rule, warn

from .._enrolment import LABEL, is_exempt


def check(namespace: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for an exempt namespace with the label."""
    facts = context.facts.get(namespace.address)
    for each in facts.namespaces if facts else ():
        if is_exempt(each.name, context) and LABEL in each.metadata:
            message = f"{each.name} is exempt from enrolment and has the label {LABEL[0]} = {LABEL[1]}. Remove it"
            yield warn(namespace.title, "exempt-enrolled", message)


rule = Rule(check, kinds=NAMESPACES, needs={"facts"})
