"""Let Terraform ignore what Kyverno, Keel and others write on a resource.

Why: Kyverno injects `keel.sh/*` annotations at admission and Keel adds its own; without an entry in
`ignore_changes` every plan shows them as drift and every apply takes them away. The `markers` option names the
groups of entries; the default is `KYVERNO_LIFECYCLE_V2`, for the types which the policy
annotates. `keel_version` adds what that Keel writes besides: its stamp on the pods and, in the order of the
file, the image of each container that it may rewrite (`init_containers` tells that it looks at init containers
everywhere). Adding entries never causes a diff (docs/facts.md, Terraform 2). What is there is told by its path and
never by a comment; `comments = true` writes the name of a marker behind its last entry where no comment says it.

Left alone: entries that are there already in whatever spelling, lists that cover them (`all`, a whole annotations
map), the order and the comments of other entries, workloads that opted out (ignoring the policy would hide a
declared `never`), the entry of a policy that a workload declares itself, images that are pinned (by digest, with a
reason in the comment, by `never` in `hclmod.toml`), images of `dynamic` containers and of a module that callers
outside the phase share, the namespace `keel` and those of the option `exempt`, CronJobs without a policy of their
own, and `lifecycle` blocks of containers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod.rulekit import (
    KINDS,
    Attribute,
    Block,
    Config,
    Context,
    Finding,
    Option,
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

from ._enrolment import EXEMPT, is_among
from ._keel import CRON_JOBS, POLICY, declared_policy, opt_out
from ._markers import IGNORED_POLICY, Marker, entries, is_for, marker, needed_by
from ._rewrites import Rewrites, rewrites

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def check(
    block: Block,
    context: Context,
    /,
    *,
    markers: tuple[str, ...] = ("KYVERNO_LIFECYCLE_V2",),
    keel_version: str = "",
    init_containers: bool = False,
    comments: bool = False,
    exempt: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Yield one fix for each marker whose entries are missing."""
    names = tuple(dict.fromkeys((*markers, *needed_by(keel_version))))
    wanted = {name: found for name in names if is_for(found := marker(name, context.config), block)}
    if not wanted and block.type_label in KINDS:
        own = ", which Keel updates only with a policy of its own" if block.type_label in CRON_JOBS else ""
        yield note(
            block.title, "marker-of-other-types", f"nothing of {', '.join(names)} is for a {block.type_label}{own}"
        )
    elif block.type_label in KINDS and (opted := opt_out(block)):
        yield note(opted, "opted-out", "opted out with `keel.sh/policy = never`, which an ignored policy would hide")
    elif (home := context.namespace(block.address)) and is_among(home.name or "", (*EXEMPT, *exempt)):
        yield note(block.title, "exempt", f"the namespace {home.name} is exempt, so nothing is injected there")
    else:
        for name, each in wanted.items():
            yield from _ignored(block, name, each, context, keel_version, init=init_containers, comments=comments)
        yield from _hidden_policy(block)


def _ignored(
    block: Block, name: str, marker: Marker, context: Context, keel_version: str, *, init: bool, comments: bool
) -> Iterator[Finding]:
    place, message, images = _place(block), f"drift of {name} is ignored", Rewrites()
    if any("{container}" in path for path in marker.paths):
        if dynamic := dynamic_containers(block):
            what = "its containers are `dynamic`, so no entry can name their images; opt it out, or write them out"
            yield warn(dynamic[0].title, "dynamic-containers", what)
            return
        images = rewrites(block, context, keel_version=keel_version, init=init)
    wanted = entries(marker, block, images.paths)
    if not wanted:
        yield note(place, "nothing-to-ignore", f"nothing of {name} is to ignore here{images.told}")
        return
    callers = context.shared.get(block.address, ())
    if callers and images.paths:
        what = f"its images are not ignored: the entries would hold for {', '.join(callers)} too"
        yield warn(place, "shared-module", what)
        return
    message += (f", for {', '.join(callers)} too" if callers else "") + images.told + images.warning
    if images.paths and len(containers(block)) > 1:
        message += "; its entries count containers by position, so never reorder them"
    make = partial(fixes.ensure_items, block, "ignore_changes", wanted, name, inside="lifecycle")
    present = note(place, "ignored-already", f"drift of {name} is ignored already")
    ignored = change(place, "drift", message, make, otherwise=present)
    if comments and not ignored.is_open:
        named = partial(lists.name_last, block, "ignore_changes", wanted, name, inside="lifecycle")
        ignored = change(place, "marker-comment", f"{name} is written behind its entries", named, otherwise=present)
    yield ignored


def _place(block: Block) -> Attribute | Span:
    found = (inner.attribute("ignore_changes") for inner in block.blocks("lifecycle"))
    return next((each for each in found if each), None) or block.title


def _hidden_policy(block: Block) -> Iterator[Finding]:
    """A policy of its own that is ignored already."""
    if block.type_label not in KINDS or (declared := declared_policy(block)) is None:
        return
    try:
        missing = fixes.missing_items(block, "ignore_changes", [IGNORED_POLICY], inside="lifecycle")
    except fixes.UnfixableError:
        return
    if not missing:
        message = f"it declares a `{POLICY}` of its own, which `ignore_changes` hides: changing it here has no effect"
        yield warn(declared, "hidden-policy", message)


def _kinds(config: Config, options: Mapping[str, Option], /) -> tuple[str, ...]:
    """The resource types of the markers that the options name, where they own no pods."""
    names = options.get("markers", ())
    return tuple(kind for name in names for kind in marker(name, config).kinds) if isinstance(names, tuple) else ()


rule = Rule(check, kinds=tuple(KINDS), needs={"origins"}, more_kinds=_kinds)
