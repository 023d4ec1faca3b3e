"""Find opt-outs on the pod template.

Why: Keel reads the metadata of the workload itself, never that of its pods (docs/facts.md, Keel 4). A `never` on the
pod template opts nothing out.

Left alone: Workloads that opted out on their own metadata, and types that Keel never reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, values, warn

from .._keel import POLICY, RESTARTED, opt_out


def check(workload: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a `never` that Keel does not read."""
    if opt_out(workload):
        return
    path = KINDS[workload.type_label].pod
    for metadata in workload.find(*path[:-1], "metadata"):
        for name in ("annotations", "labels"):
            table = metadata.attribute(name)
            value = values.read(table.value) if table else None
            policy = value.get(POLICY) if isinstance(value, values.Object) else None
            if table and isinstance(policy, values.Text) and policy.text == "never":
                message = f"`{POLICY} = never` stands on the pods, where Keel never reads it. Use `hclmod opt-out`"
                yield warn(table, "on-pod-template", message)


rule = Rule(check, kinds=RESTARTED)
