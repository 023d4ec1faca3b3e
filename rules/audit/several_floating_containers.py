"""Find pods in Keel's hands with several floating containers.

Why: `container[N].image` counts by position: reorder the containers and Terraform swaps their images (docs/facts.md,
Terraform 4, tried). Keel also rolls the whole pod for each of them.

Left alone: pods with one container that Keel may rewrite; workloads that opted out or that Keel does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._enrolment import Enrolment, due
from .._keel import RESTARTED, opt_out
from .._rewrites import floating

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(
    workload: Block, context: Context, /, *, enrolled: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield a warning that names the containers."""
    found = [container.label for container in floating(workload, context) if not container.init]
    if len(found) > 1 and due(workload, context, Enrolment(enrolled, exempt)) and not opt_out(workload):
        message = (
            f"{', '.join(found)} float in one pod, and ignored images count by position: keep the order of the blocks, "
            "and say so in a `# hclmod: ignore[several-floating-containers]` comment"
        )
        yield warn(workload.title, "several-float", message)


rule = Rule(check, kinds=RESTARTED, needs={"facts", "origins"})
