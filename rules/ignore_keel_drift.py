"""Let Terraform ignore what Kyverno, Keel and others write on a resource.

Why: Kyverno injects `keel.sh/*` annotations at admission, and Keel adds its own. Without entries in `ignore_changes`
every plan shows them as drift, and every apply removes them. `markers` in `[keel]` names groups of entries. The default
is `KYVERNO_LIFECYCLE_V2`, for the types that the policy annotates, with what Keel writes besides, such as its stamp on
the pods. The version of Keel is read from its Helm release or its Deployment, else from `version` in `[keel]`. A Keel
whose version nobody knows is judged as the newest. With `version` in `[keel]` the image of each container is ignored
that Keel may rewrite, in the order of the file. Without it `missing-marker` asks for those entries, because Terraform
has to apply a new tag first. `init_containers` says that Keel updates init containers everywhere. Where every policy
injects `keel.sh/matchTag`, or with `floating_only`, images whose tag does not float stay Terraform's. Adding entries
never causes a diff (docs/facts.md, Terraform 2). Existing entries are recognised by their path, never by a comment.
`comments = true` adds the name of a marker after its last entry where no comment has it.

Left alone: Existing entries in any spelling, lists that cover them (`all`, a whole annotations map), the order and the
comments of other entries, and `lifecycle` blocks of containers. Of workloads that opted out the policy and the images,
because an entry would hide their `never` or their tag. The policy entry of a workload that declares a policy itself.
Images that are pinned (by digest, with a reason in the comment, by `never` in `hclmod.toml`), images of `dynamic`
containers and of a module that callers outside the phase share. The namespace `keel`, namespaces that `[keel]` exempts,
and CronJobs without a policy of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    KINDS,
    Attribute,
    Block,
    Config,
    Context,
    Finding,
    Rule,
    Span,
    change,
    containers,
    dynamic_containers,
    fixes,
    lists,
    note,
    warn,
)

from ._cluster import WORDS
from ._enrolment import is_exempt
from ._keel import CRON_JOBS, POLICY, declared_policy, opt_out, unread_policy
from ._markers import IGNORED_POLICY, Marker, entries, ignoring, is_for, marker, marker_names
from ._rewrites import Rewrites, rewrites
from ._together import MAY_OPT_OUT


def check(
    block: Block,
    context: Context,
    /,
    *,
    comments: bool = False,
) -> Iterator[Finding]:
    """Yield one fix for each marker whose entries are missing.

    `comments`: whether to add the name of a marker behind its last entry where no comment has it.
    """
    names = marker_names(context, early=True)
    chosen = {name: each for name in names if is_for(each := marker(name, context.config), block)}
    if not chosen and block.type_label in KINDS:
        own = ", which Keel only updates with a policy of its own" if block.type_label in CRON_JOBS else ""
        yield note(
            block.title, "marker-of-other-types", f"{', '.join(names)} has no entries for a {block.type_label}{own}"
        )
    elif (home := context.namespace(block.address)) and is_exempt(home.name, context):
        yield note(block.title, "exempt", f"the namespace {home.name} is exempt, so nothing is injected there")
    else:
        for name, each in chosen.items():
            yield from _ignored(block, name, each, context, comments=comments)
        yield from _hidden_policy(block)


def _about_images(block: Block, images: Rewrites) -> str:
    """What a message adds about the images of a resource."""
    counted = images.paths and len(containers(block)) > 1
    order = "; the entries count containers by position, so do not reorder them" if counted else ""
    return f"{images.remarks}{images.warning}{order}"


def _ignored(block: Block, name: str, marker: Marker, context: Context, *, comments: bool) -> Iterator[Finding]:
    place, images = _place(block), Rewrites()
    opted = opt_out(block) if block.type_label in KINDS else None
    if opted is None and any("{container}" in path for path in marker.paths):
        if dynamic := dynamic_containers(block):
            what = "its containers are `dynamic`, so no entry can name their images. Opt it out, or write them out"
            yield warn(dynamic[0].title, "dynamic-containers", what)
            return
        images = rewrites(block, context)
        if images.paths and (unread := unread_policy(block)):
            why = f"does not ignore its images: {MAY_OPT_OUT}, which {name} would hide"
            yield warn(unread, "may-be-opted-out", why)
            return
    items = entries(marker, block, images.paths)
    if opted and not items:
        yield note(opted, "opted-out", f"opted out with `keel.sh/policy = never`, which {name} would hide")
        return
    if not items:
        yield note(place, "nothing-to-ignore", f"{name} has nothing to ignore here{images.remarks}")
        return
    callers = context.shared.get(block.address, ())
    if callers and images.paths:
        what = f"does not ignore its images, because the entries would apply to {', '.join(callers)} too"
        yield warn(place, "shared-module", what)
        return
    message = f"ignores drift of {name}"
    message += ", and hides neither its opt-out nor its images" if opted else ""
    message += f", for {', '.join(callers)} too" if callers else ""
    message += _about_images(block, images)
    make = ignoring(name, block, items, context.config)
    present = note(place, "ignored-already", f"ignores drift of {name} already")
    ignored = change(place, "drift", message, make, otherwise=present)
    if comments and not ignored.is_open:
        named = partial(lists.name_last, block, "ignore_changes", items, name, inside="lifecycle")
        ignored = change(
            place, "marker-comment", f"adds the comment {name} after its entries", named, otherwise=present
        )
    yield ignored


def _place(block: Block) -> Attribute | Span:
    attributes = (inner.attribute("ignore_changes") for inner in block.blocks("lifecycle"))
    return next((each for each in attributes if each), None) or block.title


def _hidden_policy(block: Block) -> Iterator[Finding]:
    """A policy of its own that is ignored already."""
    if block.type_label not in KINDS or (declared := declared_policy(block)) is None:
        return
    try:
        missing = fixes.missing_items(block, "ignore_changes", [IGNORED_POLICY], inside="lifecycle")
    except fixes.UnfixableError:
        return
    if not missing:
        message = f"declares a `{POLICY}` of its own, which `ignore_changes` hides: a change of it here has no effect"
        yield warn(declared, "hidden-policy", message)


def _kinds(config: Config, /) -> tuple[str, ...]:
    """The resource types of the markers that the configuration names, where they own no pods."""
    return tuple(kind for name in config.keel.markers or () for kind in marker(name, config).kinds)


rule = Rule(check, kinds=tuple(KINDS), needs={"origins"}, objects=WORDS, more_kinds=_kinds)
