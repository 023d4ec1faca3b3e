"""Give the image of a workload to its CI: Keel and Terraform leave it (the way back: `hclmod ci apply --model ci`).

Why: Where CI sets the image, Keel must not roll it and Terraform must not revert it. The rule adds `keel.sh/policy =
"never"` to the workload, lets Terraform ignore its images, and says so with the comment CI_SETS_IMAGE.

Left alone: Workloads that the option does not name, and those whose annotations or `ignore_changes` are not written
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Fix, Rule, change, containers, fixes, note

from .._ci import MARKER
from .._keel import RESTARTED
from .._opting import joined, never
from .delivered_image import name_of


def check(workload: Block, context: Context, /, *, workloads: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield what gives the image of a named workload to its CI.

    `workloads`: the workloads, as NAMESPACE/NAME.
    """
    known = context.facts.get(workload.address)
    names = {f"{each.name}/{name_of(workload)}" for each in known.namespaces} if known else set()
    if not names & set(workloads):
        return
    message = f"leaves the image to CI: Keel does not roll it, and Terraform ignores it ({MARKER})"
    already = note(workload.title, "already-left", "its image is left to CI already")
    yield change(workload.title, "left-to-ci", message, partial(_fix, workload), otherwise=already)


def _fix(workload: Block) -> Fix | None:
    paths = [f"{each.path}.image" for each in containers(workload) if not each.init]
    ignored = fixes.ensure_items(workload, "ignore_changes", paths, MARKER, inside="lifecycle")
    return joined([each for each in (never(workload, "annotations"), ignored) if each])


rule = Rule(check, kinds=RESTARTED, needs={"facts"})
