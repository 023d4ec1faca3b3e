"""Find workloads whose `dns_config` a policy sets and Terraform does not ignore.

Why: A policy that sets `dnsConfig` on pods changes the templates of their controllers too, because Kyverno repeats the
rule for those (docs/facts.md, Kyverno 11). Without an entry in `ignore_changes` every plan shows it and every apply
takes it away until the next admission.

Left alone: Workloads that write a `dns_config` themselves, that ignore it, or whose kind or namespace the policy is not
for. A workload whose namespace is not known, where the policy leaves some out.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Namespace, Rule, change

from .._cluster import WORDS, facts
from .._enrolment import is_among
from .._kyverno import Mutation
from .._markers import MARKERS, entries, ignoring

MARKER = "KYVERNO_LIFECYCLE_V1"


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the entry that is missing."""
    kind = KINDS[workload.type_label]
    if any(pod.blocks("dns_config") for pod in workload.find(*kind.pod)):
        return
    known = context.facts.get(workload.address)
    for policy in facts(context).policies:
        if any(_sets(each, workload, known.namespaces if known else ()) for each in policy.mutations):
            items = entries(MARKERS[MARKER], workload, ())
            message = f"{policy.title} ({policy.origin.place}) sets `dnsConfig` on its pods, and Terraform removes that"
            missing = change(workload.title, "not-ignored", message, ignoring(MARKER, workload, items, context.config))
            if missing.is_open:
                yield missing
            return


def _sets(mutation: Mutation, workload: Block, homes: tuple[Namespace, ...]) -> bool:
    """Whether a rule sets `dnsConfig` on a workload of these namespaces."""
    if not any(each.name == "dnsConfig" for each in mutation.overrides) or mutation.targets is not None:
        return False
    chosen = mutation.selection
    homes = tuple(each for each in homes if not mutation.excluded or (each.name and not _is_left(each, mutation)))
    here = any(
        chosen.everywhere or is_among(each.name or "", chosen.names) or chosen.by_label(each.metadata) for each in homes
    )
    return here and _is_of_kind(mutation.kinds, workload.type_label)


def _is_left(namespace: Namespace, mutation: Mutation) -> bool:
    return is_among(namespace.name or "", mutation.excluded)


def _is_of_kind(kinds: tuple[str, ...], resource_type: str) -> bool:
    """Whether a rule for these kinds is for the objects of a resource type."""
    name = resource_type.removeprefix("kubernetes_").removesuffix("_v1").replace("_", "")
    written = {each.lower() for each in kinds}
    return not kinds or "*" in kinds or bool(written & {name, f"{name}s"})


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"}, objects=WORDS)
