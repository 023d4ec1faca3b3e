"""Find opt-outs and pins that `ignore_changes` hides from Terraform.

Why: With `metadata[0].annotations["keel.sh/policy"]` ignored, declaring `never` plans "No changes". With the image
ignored, a pinned tag changes nothing: a pin had no effect for twelve hours (docs/facts.md, Terraform 3). Bulk edits
have added such entries to workloads that had just been pinned.

Left alone: Workloads that Keel manages and that have no pin, images that their CI owns, and comments that `float` in
`hclmod.toml` overrules.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    KINDS,
    Block,
    Container,
    Context,
    Finding,
    Rule,
    Traversal,
    change,
    containers,
    fixes,
    lists,
    traversal,
    warn,
)

from .._ci import is_marked
from .._floats import held_by, policy
from .._keel import opt_out
from .._opting import hides
from .._rewrites import image_of


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the removal of what hides an opt-out, and what hides a pin."""
    if opted := opt_out(workload):
        message = "opted out with `never`, but `ignore_changes` hides that or its image from Terraform"
        label, by_ci = opted.name == "labels", is_marked(workload)

        def hidden_by(entry: Traversal) -> bool:
            return hides(workload, entry, label=label) and not (by_ci and entry[-1] == "image")

        make = partial(lists.drop, workload, "ignore_changes", "lifecycle", hidden_by)
        hidden = change(workload.title, "hidden-never", message, make)
        if hidden.is_open:
            yield hidden
        return
    for container in containers(workload):
        if why := _pinned(workload, container, context):
            yield from _hidden(workload, container, why)


def _pinned(workload: Block, container: Container, context: Context) -> str:
    if container.image is None:
        return ""
    image = image_of(workload, container, context)
    chosen = policy(image, context, context.id_of(workload)) if image else None
    if reason := held_by(container.image.comments(), chosen):
        return f"its comment says: {reason}"
    return "it is pinned by its digest" if image and image.digest else ""


def _hidden(workload: Block, container: Container, why: str) -> Iterator[Finding]:
    path = f"{container.path}.image"
    place = container.image or workload.title
    try:
        missing = fixes.missing_items(workload, "ignore_changes", [path], inside="lifecycle")
    except fixes.UnfixableError as error:
        yield warn(place, "may-be-ignored", f"{container.label}: {why}, and Terraform may ignore it: {error}")
        return
    if missing:
        return
    message = f"{container.label}: {why}, but Terraform ignores its image, so the tag here has no effect"
    image_path = traversal.parse(path)

    def is_its(entry: Traversal) -> bool:
        return entry == image_path

    make = partial(lists.drop, workload, "ignore_changes", "lifecycle", is_its)
    yield change(place, "hidden-pin", message, make, otherwise=warn(place, "hidden-pin", message))


rule = Rule(check, kinds=tuple(KINDS), needs={"origins"})
