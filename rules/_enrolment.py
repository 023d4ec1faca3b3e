"""Whether Keel manages a workload, by its namespace, its phase or its own policy.

Source: docs/facts.md, Keel 3, Keel 4, Kyverno 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from hclmod.rulekit import Block, Context, Facts, Namespace

from ._cluster import facts
from ._keel import MUTATED, POLICY, RESTARTED, declared
from ._policies import allowed_names, enrolling_labels

EXEMPT = ("keel",)
"""A supervisor that updates itself has no supervisor."""

LABEL = ("keel.sh/enrolled", "true")


def is_enrolled(namespace: Namespace, context: Context) -> bool:
    """Whether a policy annotates what runs in a namespace: by the usual label, by its own, or because it names it."""
    if is_exempt(namespace.name, context):
        return False
    cluster = facts(context)
    names = (*context.config.keel.enrolled, *allowed_names(cluster))
    labelled = LABEL in namespace.metadata or bool(enrolling_labels(namespace, cluster))
    return labelled or is_among(namespace.name or "", names)


def is_exempt(name: str | None, context: Context) -> bool:
    """Whether a namespace is never enrolled."""
    return is_among(name or "", (*EXEMPT, *context.config.keel.exempt))


def enrolled_namespace(known: Facts | None, context: Context) -> Namespace | None:
    """The enrolled namespace of a resource; None where it has none."""
    return next((each for each in known.namespaces if is_enrolled(each, context)), None) if known else None


def is_among(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns means a namespace."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def due(workload: Block, context: Context) -> str:
    """Why Keel manages this workload, or should; empty where it does not."""
    known, kind = context.facts.get(workload.address), workload.type_label
    own = declared(workload, POLICY)
    if kind in RESTARTED and own not in (None, "never"):
        return f"it declares the policy `{own or 'whose value is not a literal'}`"
    if kind not in MUTATED or known is None:
        return ""
    if namespace := enrolled_namespace(known, context):
        return f"its namespace {namespace.name} is enrolled"
    exempt = any(is_exempt(each.name, context) for each in known.namespaces)
    if known.done and not exempt:
        return f"phase {', '.join(map(str, known.phases))} is done"
    return ""
