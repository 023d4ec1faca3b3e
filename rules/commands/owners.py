"""Tell who effectively owns the image, the tag and the pull policy of each container (run by `hclmod owners`).

Why: a rollout goes wrong where an image has two owners or none: Keel rolls it and Terraform takes it back, or
Terraform ignores it and nobody sets it. The owner is `keel`, `terraform`, `ci`, `helm` or `operator`, with the
evidence.

Left alone: everything; this only looks. Containers that are `dynamic` are not told one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hclmod.rulekit import KINDS, RELEASE, Block, Container, Context, Finding, Rule, containers, fixes, note, values

from .._enrolment import Enrolment, due
from .._keel import RESTARTED, opt_out
from .._policies import MANIFESTS, entries
from .._rewrites import floating, image_of, rewrites

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Owners:
    """Who owns the three things, and how that is known."""

    image: str
    tag: str
    pull_policy: str
    evidence: str


def check(
    block: Block,
    context: Context,
    /,
    *,
    keel_version: str = "",
    init_containers: bool = False,
    enrolled: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Yield a note for each container, release or manifest with an image; its cells are the answer."""
    if block.type_label == RELEASE:
        owners = Owners("helm", "helm", "helm", "a chart renders it; Keel's edits last until the next upgrade")
        yield _told(block, context, "", "", owners)
    elif block.type_label in MANIFESTS:
        yield from _manifest(block, context)
    else:
        why = due(block, context, Enrolment(enrolled, exempt))
        watched = rewrites(block, context, keel_version=keel_version, init=init_containers).paths
        for container in containers(block):
            reason = why if container.path in watched and block.type_label in RESTARTED else ""
            image = image_of(block, container, context)
            text = str(image) if image else container.image.value.text if container.image else ""
            yield _told(block, context, container.label, text, _owners(block, container, context, reason))


def _owners(workload: Block, container: Container, context: Context, why: str) -> Owners:
    has_it = bool(why)
    opted = opt_out(workload) is not None
    ignored = _is_ignored(workload, f"{container.path}.image")
    policy, default = _pull_policy(workload, container)
    why = "it opted out" if opted else why or "Keel does not have it"
    match (has_it and not opted, ignored):
        case (True, True):
            return Owners("keel", "keel", policy, f"{why}, and Terraform ignores the image{default}")
        case (True, False) if container in floating(workload, context):
            told = f"{why}; the tag floats and Terraform keeps its name, so a rewrite of it would be taken back"
            return Owners("terraform", "keel", policy, told + default)
        case (True, False):
            told = f"{why}, but Terraform does not ignore the image: what Keel writes is taken back by the next apply"
            return Owners("terraform", "terraform", policy, told + default)
        case (False, True):
            return Owners("ci", "ci", policy, f"{why}, and Terraform ignores the image: its CI has to set it{default}")
    return Owners("terraform", "terraform", policy, f"{why}, and Terraform looks at the image{default}")


def _pull_policy(workload: Block, container: Container) -> tuple[str, str]:
    if _is_ignored(workload, f"{container.path}.image_pull_policy") and container.block.attribute("image_pull_policy"):
        return "ci", "; its pull policy is ignored"
    if container.block.attribute("image_pull_policy"):
        return "terraform", ""
    return "terraform", "; its pull policy is not set, so it keeps what its first tag gave it"


def _is_ignored(workload: Block, path: str) -> bool:
    try:
        return not fixes.missing_items(workload, "ignore_changes", [path], inside="lifecycle")
    except fixes.UnfixableError:
        return False


def _manifest(block: Block, context: Context) -> Iterator[Finding]:
    found = list(entries(block))
    kinds = [
        value.text for keys, value in found if keys[-2:] == ("manifest", "kind") and isinstance(value, values.Text)
    ]
    kind = kinds[0] if kinds else "manifest"
    images = [value.text for keys, value in found if keys[-1] == "image" and isinstance(value, values.Text)]
    runs = kind in ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod")
    who = "terraform" if runs else "operator"
    evidence = f"a {kind} in a manifest" + ("" if runs else ", of which an operator makes the pods")
    for image in dict.fromkeys(images):
        yield _told(block, context, kind, image, Owners(who, who, who, evidence))


def _told(block: Block, context: Context, container: str, image: str, owners: Owners) -> Finding:
    facts = context.facts.get(block.address)
    cells = (
        ("workload", ", ".join(facts.callers) if facts else block.address),
        ("container", container),
        ("image", image),
        ("image owner", owners.image),
        ("tag owner", owners.tag),
        ("pull policy owner", owners.pull_policy),
        ("evidence", owners.evidence),
    )
    return replace(note(block.title, "owners", f"{container}: {owners.evidence}"), cells=cells)


rule = Rule(check, kinds=(*KINDS, RELEASE, *MANIFESTS), needs={"facts", "origins"})
