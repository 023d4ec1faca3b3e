"""Take one workload out of Keel's hands, whatever its tag (run by `hclmod opt-out`).

Why: `keel.sh/policy = "never"` has to be an annotation, because where one is injected the label is not even read
(docs/facts.md, Keel 3), and it has no effect while `ignore_changes` hides the policy (docs/facts.md, Terraform 3). So
the annotation is added to the workload's own metadata and the entries that hide the policy or an image leave the list;
`label` adds the label that a policy may exclude by. `opt-in` gives back the very bytes.

Left alone: workloads that say `never` and hide nothing; everything, if a part cannot be done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod.rulekit import KINDS, Block, Context, Finding, Fix, Rule, change, note, undo, warn

from .._keel import RESTARTED
from .._opting import live, take_out
from .._pins import said

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(
    workload: Block, context: Context, /, *, reason: str = "", date: str = "", label: bool = False
) -> Iterator[Finding]:
    """Yield the one fix that opts the workload out."""
    if not reason:
        yield warn(workload.title, "no-reason", "an opt-out needs a `reason`")
        return
    if callers := context.shared.get(workload.address):
        with_it = f"{', '.join(callers)} use the same block and would be opted out with it"
        yield warn(workload.title, "shared-block", f"not opted out: {with_it}; --with-callers does that")
        return
    make = partial(_fix, workload, said("opted out", date, reason), label=label)
    message = "opted out of Keel, and Terraform looks at its images again"
    done = note(workload.title, "opted-out-already", "it is opted out already")
    yield change(workload.title, "opt-out", message, lambda: undo.proved(workload, make), otherwise=done)
    if workload.type_label in RESTARTED:
        yield from live(workload, context, undo=False)


def _fix(workload: Block, why: str, aligned: bool, *, label: bool) -> Fix | None:  # noqa: FBT001 - `proved` calls it so
    return take_out(workload, why, label=label, aligned=aligned)


rule = Rule(check, kinds=tuple(KINDS), needs={"facts", "origins"})
