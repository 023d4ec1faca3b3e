"""What Keel and Kyverno read and write on a workload (FACTS 1.3, 1.4, 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hclmod.views import Block, Expression

POLICY = "keel.sh/policy"

MUTATED = (
    "kubernetes_deployment",
    "kubernetes_deployment_v1",
    "kubernetes_stateful_set",
    "kubernetes_stateful_set_v1",
    "kubernetes_daemonset",
    "kubernetes_daemon_set_v1",
)
"""The resource types whose objects the user's ClusterPolicy annotates: Deployment, StatefulSet, DaemonSet."""

RESTARTED = (*MUTATED, "kubernetes_cron_job", "kubernetes_cron_job_v1")
"""The resource types whose objects Keel updates; not Job, not Pod (keel: `internal/k8s`)."""


def opt_out(workload: Block) -> Expression | None:
    """The `keel.sh/policy = "never"` on the workload's own metadata, as annotation or as label, or None."""
    for metadata in workload.blocks("metadata"):
        for name in ("annotations", "labels"):
            attribute = metadata.attribute(name)
            policy = attribute.value.entry(POLICY) if attribute else None
            if policy is not None and policy.string() == "never":
                return policy
    return None
