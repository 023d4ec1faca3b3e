"""Find workloads in Keel's hands whose drift Terraform does not ignore.

Why: without the entries every plan shows what Kyverno and Keel write, and every apply takes it back: a rollout for the
stamp on the pods, a downgrade for the image (FACTS 3). A workload is in Keel's hands when its namespace is enrolled
(by label, or named in `enrolled` where an allowlist does it), when its phase is done, or when it declares a policy of
its own. `markers` and `keel_version` are those of `ignore-keel-drift`, which mends it.

Left alone: workloads that opted out, CronJobs without a policy of their own, namespaces that are exempt.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod.hcl import fixes
from hclmod.rulekit.rule import Finding, Rule, change, note, warn
from hclmod.terraform.kubernetes import dynamic_containers

from .._enrolment import Enrolment, due
from .._keel import RESTARTED, opt_out
from .._markers import IGNORE_IMAGE, needed_by
from .._rewrites import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.views import Block
    from hclmod.rulekit.rule import Context


def check(
    workload: Block,
    context: Context,
    /,
    *,
    markers: tuple[str, ...] = ("KYVERNO_LIFECYCLE_V2",),
    keel_version: str = "",
    init_containers: bool = False,
    enrolled: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Yield what each marker lacks, or why nothing is asked of the workload."""
    why = due(workload, context, Enrolment(enrolled, exempt))
    if not why:
        yield note(workload.title, workload.address, "Keel does not have it in its hands")
    elif opt_out(workload):
        yield note(workload.title, workload.address, f"{why}, and it opted out")
    else:
        names = tuple(dict.fromkeys((*markers, *needed_by(keel_version))))
        found = list(_missing(workload, context, names, keel_version, why, init=init_containers))
        yield from found or [note(workload.title, workload.address, f"{why}, and its markers are there")]


def _missing(
    workload: Block, context: Context, names: tuple[str, ...], keel_version: str, why: str, *, init: bool
) -> Iterator[Finding]:
    for name, items in wanted(workload, context, names, keel_version, init=init).items():
        if name == IGNORE_IMAGE and dynamic_containers(workload):
            message = f"{why}, and no entry can name its images, because its containers are `dynamic`: opt it out"
            yield warn(workload.title, workload.address, message)
            continue
        make = partial(fixes.ensure_items, workload, "ignore_changes", items, name, inside="lifecycle")
        yield from change(workload.title, workload.address, f"{why}, but drift of {name} is not ignored", make)


rule = Rule(check, kinds=RESTARTED, follows=True, informed=True)
