"""Find jobs whose image floats.

Why: Keel does not look at Jobs. Terraform replaces a Job whose image changes, which runs it again: a migration that
runs twice. With a floating tag nobody can say which version runs then (docs/facts.md, Terraform 7).

Left alone: CronJobs, which take a new image at their next run. Pinned tags, and tags that may or may not float.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._rewrites import floating


def check(job: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each floating image."""
    for container in floating(job, context):
        message = f"{container.label}: the image floats, and Keel never updates a Job. Pin it to a version"
        yield warn(container.image or job.title, "floating", message)


rule = Rule(check, kinds=("kubernetes_job", "kubernetes_job_v1"), needs={"origins"})
