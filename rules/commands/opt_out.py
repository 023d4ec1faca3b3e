"""Opt one workload out of Keel, whatever its tag (run by `hclmod opt-out`).

Why: `keel.sh/policy = "never"` has to be an annotation, because Keel does not read the label where the annotation is
injected (docs/facts.md, Keel 3). It has no effect while `ignore_changes` hides the policy (docs/facts.md, Terraform 3).
So the rule adds the annotation to the workload's own metadata and removes the entries that hide the policy or an image.
`label` also adds the label, by which a policy may exclude the workload. `opt-in` restores the bytes.

Left alone: Workloads that declare `never` and hide nothing. The whole workload, if one part of the change cannot be
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import KINDS, Block, Context, Finding, Fix, Rule, change, containers, note, undo, warn

from .._ci import is_ignored, setter_of
from .._keel import RESTARTED
from .._opting import live, take_out
from .._pins import sentence


def check(
    workload: Block,
    context: Context,
    /,
    *,
    reason: str = "",
    date: str = "",
    label: bool = False,
    despite_ci: bool = False,
) -> Iterator[Finding]:
    """Yield the one fix that opts the workload out.

    `reason`: why, for the comment.
    `date`: the day, for the comment.
    `label`: whether to write the label as well.
    `despite_ci`: whether to act although CI sets the image.
    """
    if not reason:
        yield warn(workload.title, "no-reason", "an opt-out needs a `reason`")
        return
    if callers := context.shared.get(workload.address):
        with_it = f"{', '.join(callers)} use the same block and would be opted out too"
        yield warn(workload.title, "shared-block", f"not opted out: {with_it}. Use --with-callers to do that")
        return
    if why := "" if despite_ci else _set_by_ci(workload, context):
        yield warn(workload.title, "ci-sets-image", f"not opted out: {why}. Use --despite-ci to do it anyway")
        return
    make = partial(_fix, workload, sentence("opted out", date, reason), label=label)
    message = "opts out of Keel, and Terraform manages its images again"
    done = note(workload.title, "opted-out-already", "is opted out already")
    yield change(workload.title, "opt-out", message, lambda: undo.proved(workload, make), otherwise=done)
    if workload.type_label in RESTARTED:
        yield from live(workload, context, undo=False)


def _set_by_ci(workload: Block, context: Context) -> str:
    """Why Terraform must not look at the images again; empty where it does already, or nothing else sets them."""
    for each in containers(workload):
        setter = setter_of(workload, each, context)
        if setter and each.image and is_ignored(workload, f"{each.path}.image"):
            text = each.image.value.string() or each.image.value.text
            return f"{each.label}: {setter}. The next apply would set it to {text}, what the file says"
    return ""


def _fix(workload: Block, why: str, aligned: bool, *, label: bool) -> Fix | None:  # noqa: FBT001 - `proved` calls it so
    return take_out(workload, why, label=label, aligned=aligned)


rule = Rule(check, kinds=tuple(KINDS), needs={"facts", "origins"})
