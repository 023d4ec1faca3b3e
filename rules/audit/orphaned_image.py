"""Find ignored images in enrolled namespaces that Keel does not update.

Why: Terraform ignores the image, and Keel does not update the container: an init container without
`keel.sh/initContainers`, a container that `keel.sh/monitorContainers` excludes, a CronJob without a policy of its own
(docs/facts.md, Keel 4). If no CI sets the image, it never changes.

Left alone: Namespaces that are not enrolled, whose images their CI owns. Workloads that opted out and pins, which
`hidden-opt-out` reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Container, Context, Finding, Rule, containers, fixes, warn

from .._cluster import WORDS
from .._enrolment import enrolled_namespace
from .._floats import pin_reason
from .._keel import CRON_JOBS, POLICY, RESTARTED, declared, opt_out
from .._rewrites import image_of, rewrites


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each image that neither Keel nor Terraform moves."""
    if opt_out(workload) or enrolled_namespace(context.facts.get(workload.address), context) is None:
        return
    passed_by = workload.type_label in CRON_JOBS and declared(workload, POLICY) is None
    watched = () if passed_by else rewrites(workload, context).paths
    for container in containers(workload):
        if container.path not in watched and not _is_pinned(workload, container, context):
            yield from _orphaned(workload, container)


def _is_pinned(workload: Block, container: Container, context: Context) -> bool:
    image = image_of(workload, container, context)
    return container.image is None or bool(image and image.digest) or bool(pin_reason(container.image.comments()))


def _orphaned(workload: Block, container: Container) -> Iterator[Finding]:
    try:
        missing = fixes.missing_items(workload, "ignore_changes", [f"{container.path}.image"], inside="lifecycle")
    except fixes.UnfixableError:
        return
    if not missing:
        message = f"{container.label}: Terraform ignores its image and Keel does not update it. Remove the entry"
        yield warn(container.image or workload.title, "nobody-sets-it", f"{message}, unless its CI sets it")


rule = Rule(check, kinds=RESTARTED, needs={"facts", "origins"}, objects=WORDS)
