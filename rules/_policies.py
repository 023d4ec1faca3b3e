"""What is wrong with policies that inject Keel's annotations, and so with enrolling anything by them.

Each function says it of one policy in words, or returns an empty text. `obstacle` is what stands against enrolment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hclmod.rulekit import Context, Data, Expression, Namespace, UnknownData, whole_number

from ._cluster import ClusterFacts, facts, fails_open, is_chart
from ._data import dig, items, text_of, walk
from ._keel import MATCH_TAG, POLICY
from ._kyverno import Mutation, Override, Policy
from ._markers import FOLLOWS_TAGS
from ._selection import Term

SEMVER = ("major", "minor", "patch", "all")


def injected(mutation: Mutation) -> Mapping[str, Data]:
    """The map from which Keel takes the policy that a rule injects; empty where it injects none."""
    maps = (mutation.annotations, mutation.labels)  # the annotation comes before the label (docs/facts.md, Keel 3)
    return next((each for each in maps if POLICY in each), {})


def injecting(policy: Policy) -> list[Mutation]:
    """The rules of a policy that inject a policy for Keel other than `never`."""
    return [each for each in policy.mutations if injected(each).get(POLICY, "never") != "never"]


def allowed_names(cluster: ClusterFacts) -> tuple[str, ...]:
    """The namespaces that policies enroll by name, as patterns."""
    every = (mutation for policy in cluster.policies for mutation in injecting(policy))
    return tuple(name for mutation in every for name in mutation.selection.names)


def enrolling_labels(namespace: Namespace, cluster: ClusterFacts) -> tuple[Term, ...]:
    """The labels of a namespace by which a policy enrolls it; none where no policy does."""
    every = (mutation for policy in cluster.policies for mutation in injecting(policy))
    return next((terms for each in every if (terms := each.selection.by_label(namespace.metadata))), ())


def plain_force(policy: Policy, cluster: ClusterFacts) -> str:
    """Whether it injects `force` without `matchTag`, for a Keel that then follows every tag."""
    for mutation in injecting(policy):
        table = injected(mutation)
        if table[POLICY] == "force" and cluster.version >= FOLLOWS_TAGS and not matches_tag(table):
            return f"injects {plain_force_in(cluster, mutation.annotations, mutation.labels)}"
    return ""


def keeps_tags(context: Context) -> bool:
    """Whether all that is injected keeps Keel to the tag of an image, so that it rewrites only what floats."""
    maps = [injected(each) for policy in facts(context).policies for each in injecting(policy)]
    return context.config.keel.floating_only or (bool(maps) and all(matches_tag(each) for each in maps))


def matches_tag(table: Mapping[str, Data]) -> bool:
    """Whether the map of a policy keeps Keel to one tag."""
    return any(table.get(key) == "true" for key in MATCH_TAG)


def plain_force_in(cluster: ClusterFacts, *maps: Mapping[str, Data]) -> str:
    """What is wrong with plain `force`, where one of the maps may have `matchTag` in vain."""
    other = any(matches_tag(each) for each in maps)
    hint = "is in another map than the policy, where Keel does not read it" if other else "is missing"
    return (
        f"plain `force`, which in {cluster.shown} follows every tag of the repository and may downgrade: "
        f'`"{MATCH_TAG[0]}" = "true"` {hint}'
    )


def follows_versions(policy: Policy) -> str:
    """Whether it injects a policy by version, which leaves `latest`."""
    names = [str(table[POLICY]) for table in map(injected, injecting(policy)) if table[POLICY] in SEMVER]
    return f"injects `{names[0]}` everywhere, which jumps from latest to the highest version" if names else ""


def selects_everything(policy: Policy) -> str:
    """Whether a rule that injects selects every namespace."""
    for mutation in injecting(policy):
        if mutation.selection.empty_list:
            return "`namespaces` is empty, which selects every namespace. Match the label keel.sh/enrolled instead"
        if mutation.selection.everywhere and mutation.targets is None:
            return "nothing restricts its namespaces, so it enrolls all of them. Match the label keel.sh/enrolled"
    return ""


def targets_everything(policy: Policy) -> str:
    """Whether a rule has targets that no selector restricts."""
    for mutation in policy.mutations:
        targets = mutation.targets if isinstance(mutation.targets, list) else [mutation.targets]
        for target in targets if mutation.targets is not None else ():
            if not (isinstance(target, dict) and _RESTRICTING & target.keys()):
                name = f"the targets of its rule {mutation.rule}" if mutation.rule else "its targets"
                return f"{name} have no selector, and `match` does not filter them: it changes all objects of the kind"
    return ""


_RESTRICTING = {"selector", "namespaceSelector", "objectSelector", "namespace", "name"}


def unread(policy: Policy) -> str:
    """What of the rules that may inject cannot be read."""
    parts = [part for each in policy.mutations for part in (*each.unread, *_unread_values(each))]
    return f"cannot be read: {', '.join(dict.fromkeys(f'{part.text} ({part.why})' for part in parts))}" if parts else ""


def _unread_values(mutation: Mutation) -> Iterator[UnknownData]:
    tables = (mutation.annotations, mutation.labels)
    yield from (value for table in tables for value in table.values() if isinstance(value, UnknownData))


def contradicts(policy: Policy, cluster: ClusterFacts) -> str:
    """Whether another policy injects other values; which of the two comes first is not certain."""
    mine = _sets(policy)
    for other in cluster.policies:
        theirs = _sets(other)
        if mine and theirs and other.name != policy.name and mine != theirs:
            return f"injects other values than {other.title} ({other.origin.place}), and which one wins is not certain"
    return ""


def _sets(policy: Policy) -> set[tuple[tuple[str, str], ...]]:
    return {tuple(sorted((key, text_of(value)) for key, value in injected(each).items())) for each in injecting(policy)}


def fails_closed(policy: Policy, cluster: ClusterFacts) -> str:
    """Whether it blocks what it annotates while Kyverno is not there."""
    if not injecting(policy) or policy.failure == "Ignore" or fails_open(cluster):
        return ""
    written = "has `failurePolicy: Fail`" if policy.failure else "has no `failurePolicy`, which means `Fail`"
    return f"{written}: while Kyverno is down, nothing that it annotates can be created or changed. Set `Ignore`"


ROLE = "rbac.kyverno.io/aggregate-to-background-controller"


def lacks_role(policy: Policy, cluster: ClusterFacts) -> str:
    """Whether it changes existing objects, and nothing gives Kyverno the right to."""
    if not policy.existing or not policy.mutations:
        return ""
    every = (entry for each in cluster.objects.objects for entry in walk(each.data))
    given = any(ROLE in keys or "background-controller" in text_of(value) for keys, value in every)
    extra = any(dig(each.data, "values", "backgroundController", "rbac") for each in cluster.objects.objects)
    return "" if given or extra else f"changes existing objects, and no ClusterRole has the label {ROLE}"


def overwrites(policy: Policy) -> str:
    """Whether it replaces the policy for Keel that a workload declares."""
    spec = dig(policy.origin.data, "spec")
    if not injecting(policy):
        return ""
    if policy.kind.endswith("MutatingPolicy"):
        texts = [text_of(value) for _, value in walk(dig(spec, "matchConditions"))]
        spared = any(POLICY in each and "annotations" in each for each in texts)
        hint = "Add a match condition that looks for the annotation"
    else:
        spared = not any(_replaces(rule) for rule in items(dig(spec, "rules")))
        hint = f"Write `+({POLICY})`"
    return "" if spared else f"writes over the `{POLICY}` that a workload declares, so `never` has no effect. {hint}"


def _replaces(rule: Data) -> bool:
    """Whether a rule of a ClusterPolicy writes the key without an anchor, and nothing spares who has it."""
    patches = (table for steps, table in walk(dig(rule, "mutate")) if steps[-2:] == ("metadata", "annotations"))
    plain_key = any(isinstance(table, dict) and POLICY in table for table in patches)
    conditions = [*walk(dig(rule, "exclude")), *walk(dig(rule, "preconditions")), *walk(dig(rule, "mutate", "foreach"))]
    return plain_key and not any(POLICY in steps or POLICY in text_of(value) for steps, value in conditions)


NEEDED = 1 << 30
"""The memory in bytes with which Kyverno changes existing objects without being ended (docs/facts.md, Kyverno 10)."""

_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "K": 10**3, "k": 10**3, "M": 10**6, "G": 10**9, "": 1}
_MEMORY = re.compile(r"(\d+)(Ki|Mi|Gi|K|k|M|G|)")


def lacks_memory(policy: Policy, cluster: ClusterFacts) -> str:
    """Whether it changes existing objects, and Kyverno's values give the controller that does so little memory."""
    path = ("values", "backgroundController", "resources", "limits", "memory")
    for each in cluster.objects.objects if policy.existing and policy.mutations else ():
        limit = text_of(dig(each.data, *path)) if is_chart(each, "kyverno") else ""
        match = _MEMORY.fullmatch(limit)
        number = whole_number(match[1]) if match else None
        if match and number is not None and number * _UNITS[match[2]] < NEEDED:
            return (
                f"changes existing objects, and the background controller of Kyverno ({each.place}) has {limit}. Many "
                "requests at once end it. Give it 1Gi, or change namespaces one after another"
            )
    return ""


def overriding(policy: Policy) -> list[Override]:
    """What it sets on pods that Terraform may say otherwise, each once."""
    every = (override for each in policy.mutations for override in each.overrides)
    return list(dict.fromkeys(each for each in every if each.value != "Always"))


def tags_in_words(tags: str) -> str:
    """For which tags an override is."""
    return {"all": "every tag", "others": "every tag but latest", "latest": "latest"}[tags]


def pull_policy(context: Context, tag: str | None, namespace: str | None) -> tuple[str, str]:
    """The pull policy that a policy of the cluster sets for a tag, with which one does; empty texts for none."""
    latest, result = tag in (None, "latest"), ("", "")
    for policy in facts(context).policies:
        for mutation in policy.mutations:
            everywhere = mutation.selection.everywhere or namespace in mutation.selection.names
            for each in mutation.overrides if everywhere else ():
                applies = each.tags in ("all", "latest" if latest else "others")
                if each.name == "imagePullPolicy" and each.value and applies:
                    where = tags_in_words(each.tags)
                    result = each.value, f"{policy.title} ({policy.origin.place}) sets {each.value} on {where}"
    return result


def errors(policy: Policy, cluster: ClusterFacts) -> Iterator[str]:
    """What must be put right in a policy before anything is enrolled by it."""
    yield from filter(
        None,
        (
            plain_force(policy, cluster),
            follows_versions(policy),
            selects_everything(policy),
            targets_everything(policy),
            unread(policy),
            contradicts(policy, cluster),
        ),
    )


def obstacle(context: Context, label: tuple[str, str] | None) -> str:
    """Why nothing may be enrolled yet: no policy injects by this label (None: by an allowlist), or it has an error."""
    if context.config.keel.injected:
        return ""
    cluster = facts(context)
    mine = [policy for policy in cluster.policies if any(_is_by(each, label) for each in injecting(policy))]
    problems = [f"{policy.title} ({policy.origin.place}) {why}" for policy in mine for why in errors(policy, cluster)]
    if problems:
        return "; ".join(problems)
    return "" if mine else _nobody(cluster, label)


def nobody_injects(context: Context, label: tuple[str, str]) -> str:
    """Why a label enrolls nothing: no policy injects by it. Empty where one does, or may in another repository."""
    cluster = facts(context)
    some = any(_is_by(each, label) for policy in cluster.policies for each in injecting(policy))
    return "" if some or context.config.keel.injected else _nobody(cluster, label)


def _is_by(mutation: Mutation, label: tuple[str, str] | None) -> bool:
    """Whether a rule injects by a label, or by a list of names; one of every namespace does both."""
    selection = mutation.selection
    by_label = label and any(key == label[0] and value in ("", label[1]) for key, value in selection.labels)
    return bool(by_label) or selection.everywhere or selection.empty_list or (label is None and bool(selection.names))


def _nobody(cluster: ClusterFacts, label: tuple[str, str] | None) -> str:
    """What to say where no policy injects."""
    how = f"the label {label[0]} = {label[1]}" if label else "a list of namespaces"
    hidden = [each for each in cluster.policies if unread(each)]
    beside = [f"{each.title} ({each.origin.place}) {unread(each)}" for each in hidden]
    beside += [f"{each.place} cannot be read" for each in cluster.objects.objects if isinstance(each.data, UnknownData)]
    more = f" ({'; '.join(beside)})" if beside else ""
    return (
        f"no policy of the repository injects annotations of Keel by {how}{more}. Add one (`hclmod foundation`), or "
        'say in hclmod.toml where it is: [keel] injected = "elsewhere: ..."'
    )


def namespace_lists(value: Expression, *, matching: bool) -> Iterator[Expression]:
    """The list literals called `namespaces` below a `match`, at any depth of an object."""
    for element in value.elements() or ():
        yield from namespace_lists(element, matching=matching)
    for entry in value.entries() or ():
        if matching and entry.key == "namespaces" and entry.value.elements() is not None:
            yield entry.value
        elif entry.key != "exclude":
            yield from namespace_lists(entry.value, matching=matching or entry.key == "match")
