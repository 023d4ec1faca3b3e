"""Find opt-outs and pins that `ignore_changes` hides from Terraform.

Why: with `metadata[0].annotations["keel.sh/policy"]` ignored, declaring `never` plans "No changes", and with the image
ignored a pinned tag changes nothing: a pin had no effect, twelve hours long (docs/facts.md, Terraform 3). Bulk edits
have put such entries back under workloads that had just been pinned.

Left alone: workloads that Keel has in its hands and that carry no pin; images that their CI owns.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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

from .._floats import pin_reason
from .._keel import opt_out
from .._opting import hides
from .._rewrites import image_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the removal of what hides an opt-out, and what hides a pin."""
    if opt_out(workload):
        message = "it opted out with `never`, but `ignore_changes` hides that or its image from Terraform"
        make = partial(lists.drop, workload, "ignore_changes", "lifecycle", lambda held: hides(workload, held))
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
    if reason := pin_reason(container.image.comments()):
        return f"its comment says: {reason}"
    image = image_of(workload, container, context)
    return "it is pinned by its digest" if image and image.digest else ""


def _hidden(workload: Block, container: Container, why: str) -> Iterator[Finding]:
    path = f"{container.path}.image"
    place = container.image or workload.title
    try:
        missing = fixes.missing_items(workload, "ignore_changes", [path], inside="lifecycle")
    except fixes.UnfixableError as error:
        yield warn(place, "may-be-ignored", f"{container.label}: {why}; Terraform may ignore it: {error}")
        return
    if missing:
        return
    message = f"{container.label}: {why}, but Terraform ignores its image, so what is written here has no effect"
    wanted = traversal.parse(path)

    def is_its(held: Traversal) -> bool:
        return held == wanted

    make = partial(lists.drop, workload, "ignore_changes", "lifecycle", is_its)
    yield change(place, "hidden-pin", message, make, otherwise=warn(place, "hidden-pin", message))


rule = Rule(check, kinds=tuple(KINDS), needs={"origins"})
