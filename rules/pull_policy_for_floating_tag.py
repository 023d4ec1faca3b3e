"""Make the node pull a floating tag again.

Why: Without `image_pull_policy` only `latest` and a missing tag default to `Always`. `:16`, `:v4` and `7-alpine`
default to `IfNotPresent`, so Keel restarts the pod on the image that the node has cached (docs/facts.md, Terraform 10).
The rule writes `Always` there. It also replaces an `IfNotPresent` that contradicts a floating tag, and it writes
`Always` where the same run switches a pinned tag to `latest`: the attribute is optional and computed, so Terraform
keeps the `IfNotPresent` that the pin was given. For the same reason removing a line does not reach a running workload.
With `drop = true` the line is removed on `latest` for workloads that are created later.

Where a policy of the cluster sets the pull policy of the tag, nothing is written, because it would have no effect
(docs/facts.md, Kyverno 6). With `owned = true` a policy of the cluster sets `imagePullPolicy` on every pod, so the line
has no effect. It is removed where the tag floats, also `Always`, and written nowhere. That rolls nothing, because
Terraform keeps what is there.

Left alone: Pinned tags, `latest` that was `latest` before, `Never`, values that are not plain strings, and workloads
that opted out. Jobs and bare pods, which Keel does not restart and Terraform would replace.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import (
    KINDS,
    Block,
    Container,
    Context,
    Finding,
    Float,
    Keep,
    Reference,
    Rule,
    change,
    containers,
    fixes,
    note,
    reference,
    replace,
    warn,
)

from ._cluster import WORDS
from ._floats import decision, has_switched_in, parsed, switches_tags
from ._keel import RESTARTED, opt_out
from ._policies import pull_policy


def check(workload: Block, context: Context, /, *, drop: bool = False, owned: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with the pull policy of each container whose tag floats.

    `drop`: whether to remove an `IfNotPresent` on `latest` in place of writing `Always`.
    `owned`: whether a policy of the cluster sets the pull policy of pods, so that the line goes.
    """
    if opt_out(workload):
        return
    for container in containers(workload):
        image, floats, switched = _image(workload, container, context)
        if image and floats:
            latest = image.tag in (None, "latest") and not switched
            settled = None if owned or drop else _set_by_policy(workload, container, context, image.tag)
            own = _policy(workload, container, context, latest=latest, drop=drop, owned=owned)
            yield from own if settled is None else [settled]


def _image(workload: Block, container: Container, context: Context) -> tuple[Reference | None, bool, bool]:
    """The image, whether it floats once this run is done, and whether this run makes it so."""
    followed = context.followed.get((workload.address, container.path))
    if followed is not None:
        image = reference.parse(followed.image or "")
        verdict = decision(image, context, context.id_of(workload)) if image else None
        blocked = (context.folder, workload.address, container.path) in context.blocked
        image = replace(image, tag=verdict.tag) if image and isinstance(verdict, Float) else image
        switched = isinstance(verdict, Float) and followed.writable and not blocked and switches_tags(context)
        return image, switched or (isinstance(verdict, Keep) and verdict.floating), switched
    image = parsed(container.image) if container.image else None
    verdict = decision(image, context, context.id_of(workload)) if image else None
    floats = isinstance(verdict, Keep) and verdict.floating
    return image, floats, has_switched_in(container, context)


def _policy(
    workload: Block, container: Container, context: Context, *, latest: bool, drop: bool, owned: bool
) -> Iterator[Finding]:
    policy = container.block.attribute("image_pull_policy")
    value = policy.value.string() if policy else None
    if (policy is None and (latest or owned)) or (value == "Always" and not owned):
        return
    if callers := context.shared.get(workload.address):
        message = f"{container.label}: the node may keep an old image, but a fix would roll {', '.join(callers)} too"
        yield warn(policy or container.block.title, "shared-module", message)
        return
    if policy is not None and owned and value in ("Always", "IfNotPresent"):
        message = f"{container.label}: removes `{value}`, because a policy of the cluster sets it on the pods"
        yield change(policy, "owned-by-policy", message, lambda: fixes.remove(policy))
    elif policy is not None and value != "IfNotPresent":
        message = f"{container.label}: the tag floats and `image_pull_policy` is {policy.value.text}"
        yield warn(policy, "other-policy", message)
    elif policy is not None and latest and drop:
        message = f"{container.label}: removes `IfNotPresent`, which contradicts the tag. Running pods keep it"
        yield change(policy, "needless-policy", message, lambda: fixes.remove(policy))
    else:
        yield from _always(workload, container)


def _set_by_policy(workload: Block, container: Container, context: Context, tag: str | None) -> Finding | None:
    """What a policy of the cluster makes of the pull policy, whatever Terraform says; None where none sets it."""
    value, why = pull_policy(context, tag, _namespace(workload, context))
    place = container.block.attribute("image_pull_policy") or container.image or container.block.title
    if value == "Always":
        message = f"{container.label}: {why}, so the node pulls it each time the pod starts"
        return note(place, "set-by-policy", message)
    if value:
        message = f"{container.label}: {why}, so `Always` has no effect here, and the node keeps an old image"
        return warn(place, "overruled", message)
    return None


def _namespace(workload: Block, context: Context) -> str | None:
    namespace = context.namespace(workload.address)
    return namespace.name if namespace else None


def _always(workload: Block, container: Container) -> Iterator[Finding]:
    yield change(
        container.block.attribute("image_pull_policy") or container.image or container.block.title,
        "cached-image",
        f"{container.label}: pulls the floating tag each time the pod starts",
        lambda: fixes.ensure_attribute(container.block, "image_pull_policy", b'"Always"', after="image"),
        effect=KINDS[workload.type_label].rollout,
    )


rule = Rule(check, kinds=RESTARTED, objects=WORDS)
