"""Write phase 0: the stack that installs Keel and the policy that injects its annotations (run by `hclmod foundation`).

Why: Nothing can be enrolled before both are there, and both have traps: a chart whose version does not say which Keel
it installs (docs/facts.md, Keel 8), plain `force` that follows every tag (docs/facts.md, Keel 1), an empty list that
enrolls everything (docs/facts.md, Kyverno 2), a policy that blocks workloads while Kyverno is down (docs/facts.md,
Kyverno 7). The files come from templates and are like those of the other stacks. The policy is a `MutatingPolicy` from
Kyverno 1.17 on and a `ClusterPolicy` before (docs/facts.md, Kyverno 5). It enrolls nothing yet.

Where Keel or the policy is there already, only these keys are compared: the version of the chart, `image.tag`,
`helmProvider.enabled`, the four annotations, `failurePolicy`. With `update` they are set.

Left alone: All other keys of what is there. A newer version, unless you name the older one. A policy that lives in
another repository, as `injected` in `[keel]` says. A table `[keel]` that hclmod.toml has. A Keel that is installed
without its chart. Repositories in which nothing installs Kyverno, or in which a policy cannot be read that may inject
already.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    RELEASE,
    Block,
    Context,
    Draft,
    Finding,
    Rule,
    Siblings,
    change,
    note,
    replace,
    warn,
)

from .._cluster import MANIFESTS, WORDS, facts, here, version_of
from .._data import dig, text_of
from .._foundation import drafts as begin
from .._foundation_keys import Key, annotation_keys, fail_open, release_keys
from .._foundation_wish import Wish
from .._keel import MUTATED, SCHEDULE
from .._policies import fails_closed, injected, injecting


def drafts(
    siblings: Siblings,
    context: Context,
    /,
    *,
    version: str = "",
    chart: str = "",
    schedule: str = "",
    policy: str = "",
    enrol: str = "",
    out: str = "",
    policy_file: str = "",
    tier: str = "",
) -> Iterator[Draft]:
    """Yield the files that are not there yet.

    `version`: the version of Keel. Default: the newest one that the chart was published with.
    `chart`: the version of the chart. Default: 1.2.0.
    `schedule`: how often Keel asks the registries, as `@every 1h`.
    `policy`: the kind of policy, `mutating` or `cluster`. Default: by the version of Kyverno.
    `enrol`: how namespaces are enrolled, `label` or `allowlist`. Default: label.
    `out`: the folder of Keel's stack. Default: stacks/keel.
    `policy_file`: the file of the policy. Default: keel-annotations.tf beside Kyverno's release.
    `tier`: the label `tier` of Keel's namespace. Default: that of most namespaces, if at least half have one.
    """
    wish = Wish(
        version=version,
        chart=chart,
        schedule=schedule,
        policy=policy,
        enrol=enrol,
        out=out.rstrip("/") or out,
        policy_file=policy_file,
        tier=tier,
    )
    return begin(siblings, context, wish)


def check(
    block: Block,
    context: Context,
    /,
    *,
    version: str = "",
    chart: str = "",
    schedule: str = "",
    update: bool = False,
) -> Iterator[Finding]:
    """Yield the owned keys of what is there that differ.

    `update`: whether to set those keys.
    """
    wish = Wish(version=version, chart=chart, schedule=schedule)
    if any(wish.wrong_versions()):
        return  # `drafts` says what is wrong
    keys = [*_of_release(block, context, wish), *_of_policies(block, context, wish)]
    for key in keys:
        if update:
            effect = key.effect or ("upgrades the release" if block.type_label == RELEASE else "")
            yield change(key.place, "outdated", f"sets `{key.name}` to `{key.value}`", key.make, effect=effect)
        else:
            message = f"`{key.name}` is not `{key.value}`, as hclmod writes it. --update sets it"
            yield warn(key.place, "differs", message)
    cluster = facts(context)
    mine = [each.origin for each in cluster.keels] + [each.origin for each in cluster.policies if injecting(each)]
    places = [each for each in mine if here(block, context, each)]
    if places and not keys and not (block.type_label == RELEASE or block.type_label in MANIFESTS):
        yield note(block.title, "without-chart", "installs Keel without its chart, so nothing is compared")
    elif places and not keys:
        yield note(block.title, "up-to-date", "has what hclmod writes")


def _of_release(block: Block, context: Context, wish: Wish) -> Iterator[Key]:
    for keel in facts(context).keels:
        if here(block, context, keel.origin) and keel.origin.type == RELEASE:
            for key in release_keys(block, wish.chart_version, wish.values(whole=False)):
                present = dig(keel.origin.data, *key.path)
                asked = wish.chart if key.path == ("version",) else wish.version
                newer = _is_newer(text_of(present), key.value)
                if present != key.value and (asked or not newer):
                    yield replace(key, effect="downgrades the release" if newer else "")


def _is_newer(present: str, target: str) -> bool:
    """Whether a version is above another one."""
    one, other = version_of(present), version_of(target)
    return bool(one and other and one > other)


def _of_policies(block: Block, context: Context, wish: Wish) -> Iterator[Key]:
    cluster = facts(context)
    for policy in (each for each in cluster.policies if here(block, context, each.origin)):
        for mutation in injecting(policy):
            table = injected(mutation)
            for key in annotation_keys(block, wish.annotations()):
                (name,) = key.path
                if table.get(name) != key.value and (name != SCHEDULE or wish.schedule or name not in table):
                    yield key  # a schedule of its own is a person's choice
        if fails_closed(policy, cluster):
            yield Key(path=("failurePolicy",), value="Ignore", place=block, make=partial(fail_open, block))


_KYVERNO = 'kyverno"'
"""How the name of Kyverno's chart ends, wherever the chart comes from."""

rule = Rule(check, kinds=(RELEASE, *MANIFESTS, *MUTATED), objects=(*WORDS, _KYVERNO), drafts=drafts)
