"""Find pods that Keel manages with several floating containers.

Why: `container[N].image` counts by position. If the containers are reordered, Terraform swaps their images
(docs/facts.md, Terraform 4). Keel also rolls the whole pod for each of them.

Left alone: Pods with one container that Keel may rewrite, workloads that opted out, and workloads that Keel does not
manage.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import WORDS
from .._enrolment import due
from .._keel import RESTARTED, opt_out
from .._rewrites import floating


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning that names the containers."""
    labels = [container.label for container in floating(workload, context) if not container.init]
    if len(labels) > 1 and due(workload, context) and not opt_out(workload):
        message = (
            f"{', '.join(labels)} float in one pod, and ignored images count by position. Keep the order of blocks, "
            "and say so in a `# hclmod: ignore[several-floating-containers]` comment"
        )
        yield warn(workload.title, "several-float", message)


rule = Rule(check, kinds=RESTARTED, needs={"facts", "origins"}, objects=WORDS)
