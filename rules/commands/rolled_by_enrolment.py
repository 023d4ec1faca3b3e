"""Show which workloads Keel rolls as soon as they are enrolled (run by `hclmod catch-up`).

Why: From Keel 0.22 on the baseline of a workload is the digest of its running pod. So enrolling is itself the rollout
of each workload whose tag floats and whose pod is old, and a namespace enrolls all of them at once (docs/facts.md,
Keel 7). What `hclmod catch-up` paces is the enrolment too.

Left alone: Everything, because this rule only reports. Workloads that opted out, images whose tag does not move, and an
older Keel, which takes the tag as it is as its baseline.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, note

from .._cluster import WORDS, facts
from .._enrolment import due
from .._keel import MUTATED, opt_out
from .._rewrites import floating, rewrites
from ..enroll_namespace import ROLLS_STALE


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a note for each workload that Keel rolls by itself once the pods are behind the tag."""
    cluster = facts(context)
    why = due(workload, context)
    if cluster.version < ROLLS_STALE or not why or opt_out(workload) is not None:
        return
    watched = rewrites(workload, context).paths
    images = [each.label for each in floating(workload, context) if each.path in watched]
    if images:
        message = f"{cluster.shown} rolls {', '.join(images)} when the tag has another digest than the pod: {why}"
        yield note(workload.title, "rolls", message)


rule = Rule(check, kinds=MUTATED, needs={"facts", "origins"}, objects=WORDS)
