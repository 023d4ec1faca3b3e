"""Whether Keel manages a workload, by its namespace, its phase or its own policy.

Source: docs/facts.md, Keel 3, Keel 4, Kyverno 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hclmod.rulekit import Block, Context, Facts, Namespace

from ._keel import MUTATED, POLICY, RESTARTED, declared

EXEMPT = ("keel",)
"""A supervisor that updates itself has no supervisor."""

LABEL = ("keel.sh/enrolled", "true")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What counts as enrolled beside the label: namespaces that an allowlist names, and what never is."""

    names: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()

    def holds(self, namespace: Namespace) -> bool:
        """Whether the policy annotates what lives in a namespace."""
        name = namespace.name or ""
        if is_among(name, (*EXEMPT, *self.exempt)):
            return False
        return LABEL in namespace.metadata or is_among(name, self.names)

    def of(self, facts: Facts | None) -> Namespace | None:
        """The enrolled namespace of a resource; None where it has none."""
        return next((home for home in facts.namespaces if self.holds(home)), None) if facts else None


def is_among(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns means a namespace."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def due(workload: Block, context: Context, enrolment: Enrolment) -> str:
    """Why Keel manages this workload, or should; empty where it does not."""
    facts, kind = context.facts.get(workload.address), workload.type_label
    own = declared(workload, POLICY)
    if kind in RESTARTED and own not in (None, "never"):
        return f"it declares the policy `{own or 'whose value is not a literal'}`"
    if kind not in MUTATED or facts is None:
        return ""
    if home := enrolment.of(facts):
        return f"its namespace {home.name} is enrolled"
    exempt = any(is_among(home.name or "", (*EXEMPT, *enrolment.exempt)) for home in facts.namespaces)
    if facts.done and not exempt:
        return f"phase {', '.join(map(str, facts.phases))} is done"
    return ""
