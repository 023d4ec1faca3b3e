"""Find workloads that Keel manages and whose drift Terraform does not ignore.

Why: Without the entries every plan shows what Kyverno and Keel write, and every apply reverts it: a rollout because of
the stamp on the pods, a downgrade of the image (docs/facts.md, Terraform 9). Keel manages a workload when its namespace
is enrolled (by label, or named by a policy or in `enrolled`), when its phase is done, or when it declares a policy of
its own. `ignore-keel-drift` adds the entries but those for images, which `hclmod fix --rule missing-marker` adds after
a new tag is applied. A Keel whose version nobody knows is judged as the newest.

Left alone: Workloads that opted out, CronJobs without a policy of their own, and exempt namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, change, dynamic_containers, note, warn

from .._cluster import WORDS
from .._enrolment import due
from .._keel import RESTARTED, opt_out
from .._markers import IGNORE_IMAGE, ignoring, marker_names
from .._rewrites import marker_entries


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what each marker lacks, or why nothing is asked of the workload."""
    why = due(workload, context)
    if not why:
        yield note(workload.title, "not-managed", "Keel does not manage it")
    elif opt_out(workload):
        yield note(workload.title, "opted-out", f"{why}, and it opted out")
    else:
        changes = list(_missing(workload, context, why))
        yield from changes or [note(workload.title, "markers-present", f"{why}, and it has its markers")]


def _missing(workload: Block, context: Context, why: str) -> Iterator[Finding]:
    for name, items in marker_entries(workload, context, marker_names(context)).items():
        if name == IGNORE_IMAGE and dynamic_containers(workload):
            message = f"{why}, and no entry can name its images, because its containers are `dynamic`. Opt it out"
            yield warn(workload.title, "dynamic-containers", message)
            continue
        make = ignoring(name, workload, items, context.config)
        missing = change(
            workload.title, "marker-missing", f"{why}, but Terraform does not ignore drift of {name}", make
        )
        if missing.is_open:
            yield missing


rule = Rule(check, kinds=RESTARTED, needs={"facts", "origins"}, objects=WORDS)
