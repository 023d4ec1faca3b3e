"""Find exempt namespaces that are enrolled.

Why: `keel` and the namespaces that `[keel]` exempts are never enrolled. A supervisor that updates itself has no
supervisor.

Left alone: Namespaces that are not exempt.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import NAMESPACES, Block, Context, Finding, Namespace, Rule, warn

from .._cluster import WORDS, facts
from .._enrolment import LABEL, is_exempt
from .._policies import enrolling_labels


def check(namespace: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for an exempt namespace with the label."""
    known = context.facts.get(namespace.address)
    for each in known.namespaces if known else ():
        if is_exempt(each.name, context) and (label := _label(each, context)):
            message = f"{each.name} is exempt from enrolment and has the label {label}. Remove it"
            yield warn(namespace.title, "exempt-enrolled", message)


def _label(namespace: Namespace, context: Context) -> str:
    """The label that enrolls a namespace; empty without one."""
    if LABEL in namespace.metadata:
        return " = ".join(LABEL)
    terms = enrolling_labels(namespace, facts(context))
    pairs = (" = ".join(pair) for term in terms for pair in namespace.metadata if pair[0] == term.key)
    return " and ".join(pairs)


rule = Rule(check, kinds=NAMESPACES, needs={"facts"}, objects=WORDS)
