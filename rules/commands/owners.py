"""Show who effectively owns the image, the tag and the pull policy of each container (run by `hclmod owners`).

Why: A rollout fails where an image has two owners or none. Keel rolls it and Terraform reverts it, or Terraform ignores
it and nobody sets it. The owner is `keel`, `terraform`, `ci`, `helm` or `operator`, with the evidence.

Left alone: Everything, because this rule only reports. `dynamic` containers are not listed one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import (
    KINDS,
    RELEASE,
    Block,
    Container,
    Context,
    Finding,
    Rule,
    Struct,
    Value,
    containers,
    note,
    replace,
    values,
)

from .._ci import is_ignored, setter_of
from .._cluster import MANIFESTS, WORDS
from .._enrolment import due
from .._floats import bot_of
from .._keel import RESTARTED, opt_out
from .._rewrites import floating, image_of, rewrites


class Owners(Struct, frozen=True):
    """Who owns the three things, and how that is known."""

    image: str
    tag: str
    pull_policy: str
    evidence: str


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a note for each container, release or manifest with an image; its cells are the answer."""
    if block.type_label == RELEASE:
        owners = Owners("helm", "helm", "helm", "a chart renders it, so what Keel writes lasts until the next upgrade")
        yield _finding(block, context, "", image="", owners=owners)
    elif block.type_label in MANIFESTS:
        yield from _manifest(block, context)
    else:
        why = due(block, context)
        watched = rewrites(block, context).paths
        for container in containers(block):
            reason = why if container.path in watched and block.type_label in RESTARTED else ""
            image = image_of(block, container, context)
            text = str(image) if image else container.image.value.text if container.image else ""
            owners = _with_bot(_owners(block, container, context, reason), container)
            yield _finding(block, context, container.label, image=text, owners=owners)


def _with_bot(owners: Owners, container: Container) -> Owners:
    """The owners of an image, with the bot that a comment on it is for."""
    bot = bot_of(container.image.comments()) if container.image else ""
    return replace(owners, evidence=f"{owners.evidence}. Another bot owns its tag too: {bot}") if bot else owners


def _owners(workload: Block, container: Container, context: Context, why: str) -> Owners:
    has_it = bool(why)
    opted = opt_out(workload) is not None
    ignored = is_ignored(workload, f"{container.path}.image")
    policy, default = _pull_policy(workload, container)
    why = "it opted out" if opted else why or "Keel does not manage it"
    match (has_it and not opted, ignored):
        case _ if setter := setter_of(workload, container, context):
            seen = "Terraform ignores it" if ignored else "Terraform does not ignore it: the next apply reverts it"
            return Owners("ci", "ci", policy, f"{setter}, and {seen}. {_besides(why)}{default}")
        case (True, True):
            return Owners("keel", "keel", policy, f"{why}, and Terraform ignores the image{default}")
        case (True, False) if container in floating(workload, context):
            evidence = f"{why}. The tag floats and Terraform keeps its name, so another tag would be reverted"
            return Owners("terraform", "keel", policy, evidence + default)
        case (True, False):
            evidence = f"{why}, but Terraform does not ignore the image: the next apply reverts what Keel writes"
            return Owners("terraform", "terraform", policy, evidence + default)
        case (False, True):
            return Owners("ci", "ci", policy, f"{why}, and Terraform ignores the image: its CI has to set it{default}")
    return Owners("terraform", "terraform", policy, f"{why}, and Terraform manages the image{default}")


def _besides(why: str) -> str:
    """What is known besides of who may change the image."""
    return f"{why[:1].upper()}{why[1:]}"


def _pull_policy(workload: Block, container: Container) -> tuple[str, str]:
    if is_ignored(workload, f"{container.path}.image_pull_policy") and container.block.attribute("image_pull_policy"):
        return "ci", ". Its pull policy is ignored"
    if container.block.attribute("image_pull_policy"):
        return "terraform", ""
    return "terraform", ". Its pull policy is not set, so it keeps the default of its first tag"


def _entries(value: Value, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every entry of an object, with the keys that lead to it."""
    yield keys, value
    match value:
        case values.Object(found):
            for key, inner in found:
                yield from _entries(inner, (*keys, key or ""))
        case values.List(items) | values.Choice(items) | values.Call(_, items):
            for item in items:
                yield from _entries(item, keys)


def _manifest(block: Block, context: Context) -> Iterator[Finding]:
    attributes = block.attributes.values()
    pairs = [pair for each in attributes for pair in _entries(values.read(each.value), (each.name,))]
    kinds = [
        value.text for keys, value in pairs if keys[-2:] == ("manifest", "kind") and isinstance(value, values.Text)
    ]
    kind = kinds[0] if kinds else "manifest"
    images = [value.text for keys, value in pairs if keys[-1] == "image" and isinstance(value, values.Text)]
    runs = kind in ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod")
    who = "terraform" if runs else "operator"
    evidence = f"a {kind} in a manifest" + ("" if runs else ", whose pods an operator creates")
    for image in dict.fromkeys(images):
        yield _finding(block, context, kind, image=image, owners=Owners(who, who, who, evidence))


def _finding(block: Block, context: Context, container: str, *, image: str, owners: Owners) -> Finding:
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


rule = Rule(check, kinds=(*KINDS, RELEASE, *MANIFESTS), needs={"facts", "origins"}, objects=WORDS)
