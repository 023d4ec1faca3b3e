"""Find jobs whose image floats.

Why: Keel does not look at Jobs, and Terraform replaces one whose image changes, which runs it again: a migration that
runs twice. What a floating tag means when that happens is whatever it means that day (docs/facts.md, Terraform 7).

Left alone: CronJobs, which take a new image at their next run; pinned tags; tags that nobody knows to float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._rewrites import floating

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(job: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each floating image."""
    for container in floating(job, context):
        message = f"{container.label}: the image floats, and Keel never updates a Job; pin it to a version"
        yield warn(container.image or job.title, "floating", message)


rule = Rule(check, kinds=("kubernetes_job", "kubernetes_job_v1"), needs={"origins"})
