"""Find annotations for Keel where Keel never reads them.

Why: Keel updates Deployments, StatefulSets, DaemonSets and CronJobs (docs/facts.md, Keel 4). A policy on a Job or a
bare Pod has no effect, although its author believes that it has.

Left alone: `never`, which says what is true anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, warn

from .._keel import POLICY, RESTARTED, declared

_UNREAD = tuple(kind for kind in KINDS if kind not in RESTARTED)


def check(workload: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a policy that nobody reads."""
    policy = declared(workload, POLICY)
    if policy is not None and policy != "never":
        yield warn(workload.title, "never-read", f"declares `{POLICY}`, but Keel never reads a {workload.type_label}")


rule = Rule(check, kinds=_UNREAD)
