"""Policies of Kyverno as values: which namespaces a rule selects, what it injects, what of Terraform it overrules.

Source: docs/facts.md, Kyverno 1 to Kyverno 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hclmod.rulekit import COMPUTED, ClusterObject, Data, Struct, UnknownData

from . import _cel

KINDS = ("ClusterPolicy", "Policy", "MutatingPolicy", "NamespacedMutatingPolicy")
_SAME = re.compile(r"\{\{\s*element\.name\s*\}\}|[*?]+")
"""A name by which a patch means each container."""

_CEL_KINDS = ("MutatingPolicy", "NamespacedMutatingPolicy")
_ANCHOR = re.compile(r"[+=^<X]?\((.*)\)")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "deployments", "statefulsets", "daemonsets", "*")


class Selection(Struct, frozen=True, kw_only=True):
    """The namespaces that a rule selects: by name, by label (the value is empty for any), or all of them."""

    names: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    everywhere: bool = False
    empty_list: bool = False
    unread: tuple[UnknownData, ...] = ()


class Override(Struct, frozen=True):
    """A value that a rule sets on pods, whatever Terraform says, and for which tags (`latest`, `others` or `all`)."""

    name: str
    value: str
    tags: str = "all"


class Mutation(Struct, frozen=True, kw_only=True):
    """What one rule of a policy does to workloads."""

    rule: str
    selection: Selection
    annotations: Mapping[str, Data]
    labels: Mapping[str, Data]
    overrides: tuple[Override, ...] = ()
    targets: Data = None
    unread: tuple[UnknownData, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """One policy, with those of its rules that mutate something."""

    origin: ClusterObject
    name: str
    kind: str
    api: str
    mutations: tuple[Mutation, ...]
    failure: Data = None
    existing: bool = False

    @property
    def title(self) -> str:
        """How a person names it."""
        return f"the {self.kind} {self.name}"


def policy(origin: ClusterObject) -> Policy | None:
    """The policy that an object is, or None."""
    data = origin.data
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(kind, str) or kind not in KINDS:
        return None
    spec, api, name = data.get("spec"), data.get("apiVersion"), dig(data, "metadata", "name")
    read = _of_cel if kind in _CEL_KINDS else _of_rules
    return Policy(
        origin=origin,
        name=name if isinstance(name, str) else "without a name",
        kind=kind,
        api=api if isinstance(api, str) else "",
        mutations=tuple(read(spec)),
        failure=dig(spec, "failurePolicy"),
        existing=_touches_existing(spec),
    )


def dig(data: Data, *keys: str) -> Data:
    """What lies below these keys; None where there is nothing, and what cannot be read where that is on the way."""
    for key in keys:
        if isinstance(data, UnknownData):
            return data
        data = data.get(key) if isinstance(data, dict) else None
    return data


def items(data: Data) -> Sequence[Data]:
    """The items of a list; what is not a list is its only item."""
    return data if isinstance(data, list) else [] if data is None else [data]


def _touches_existing(spec: Data) -> bool:
    written = (dig(spec, "mutateExistingOnPolicyUpdate"), dig(spec, "evaluation", "mutateExisting", "enabled"))
    return "true" in written or any(dig(rule, "mutate", "targets") for rule in items(dig(spec, "rules")))


def _of_rules(spec: Data) -> Iterator[Mutation]:
    """The rules of a ClusterPolicy that mutate something."""
    for rule in items(dig(spec, "rules")):
        if isinstance(rule, UnknownData):
            yield _unread(rule)
        elif isinstance(mutate := dig(rule, "mutate"), UnknownData):
            yield _unread(mutate)
        elif mutate is not None and _is_for_workloads(_kinds(rule)):
            yield _mutation(rule, mutate)


def _unread(part: UnknownData) -> Mutation:
    return Mutation(rule="", selection=Selection(), annotations={}, labels={}, unread=(part,))


def _mutation(rule: Data, mutate: Data) -> Mutation:
    name, selection = dig(rule, "name"), _selection(rule)
    each = [entry for entry in items(dig(mutate, "foreach")) if isinstance(entry, dict)]
    patches = [(mutate, rule), *((entry, entry) for entry in each)]
    merged = [dig(patch, "patchStrategicMerge") for patch, _ in patches]
    texts = [patch for holder, _ in patches if (patch := dig(holder, "patchesJson6902")) is not None]
    maps = [_cel.patched(text_of(text)) for text in texts]
    return Mutation(
        rule=name if isinstance(name, str) else "",
        selection=selection,
        annotations=_maps(merged, "annotations") | {k: v for each in maps for k, v in each["annotations"].items()},
        labels=_maps(merged, "labels") | {k: v for each in maps for k, v in each["labels"].items()},
        overrides=tuple(
            override
            for (holder, conditions), patch in zip(patches, merged, strict=True)
            for override in _overrides(patch, _tags(dig(conditions, "preconditions"), holder))
        )
        + tuple(Override(name, value) for text in texts for name, value in _cel.replaced(text_of(text))),
        targets=dig(mutate, "targets"),
        unread=(*selection.unread, *_unread_in(merged), *(each for each in texts if isinstance(each, UnknownData))),
    )


def text_of(data: Data) -> str:
    """A text as a person reads it, or what stands in its place."""
    return data if isinstance(data, str) else data.text if isinstance(data, UnknownData) else ""


def plain(key: str) -> str:
    """A key of a patch without its anchor: `+(keel.sh/policy)` is `keel.sh/policy`."""
    anchored = _ANCHOR.fullmatch(key)
    return anchored[1] if anchored else key


def walk(data: Data, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Data]]:
    """Every value of a patch, with the keys that lead to it, without anchors."""
    yield keys, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*keys, plain(key)))
    for item in data if isinstance(data, list) else ():
        yield from walk(item, keys)


def _maps(patches: Sequence[Data], name: str) -> dict[str, Data]:
    """The entries of the map that patches write on the workload's own metadata."""
    tables = _below(_below(patches, "metadata"), name)
    return {plain(key): value for table in tables if isinstance(table, dict) for key, value in table.items()}


def _unread_in(patches: Sequence[Data]) -> Iterator[UnknownData]:
    """The patches, metadata and maps of metadata that cannot be read; what is computed in a map is of its entry."""
    metadata = _below(patches, "metadata")
    tables = [table for name in ("annotations", "labels") for table in _below(metadata, name)]
    computed = (each.get(COMPUTED) for each in (*patches, *metadata, *tables) if isinstance(each, dict))
    yield from (each for each in (*patches, *metadata, *tables, *computed) if isinstance(each, UnknownData))


def _below(tables: Sequence[Data], name: str) -> list[Data]:
    """What stands under a key, with an anchor or without."""
    entries = (entry for table in tables if isinstance(table, dict) for entry in table.items())
    return [value for key, value in entries if plain(key) == name]


def _overrides(patch: Data, tags: str) -> Iterator[Override]:
    for keys, value in walk(patch):
        if keys and keys[-1] == "dnsConfig":
            yield Override("dnsConfig", "", tags)
        elif isinstance(value, dict) and keys and keys[-1] in ("containers", "initContainers"):
            yield from (Override(name, text, tags) for name, text in _of_container(value))


def _of_container(entry: Mapping[str, Data]) -> Iterator[tuple[str, str]]:
    """What the entry of a container sets; one with a name of its own is another container."""
    name = entry.get("name")
    if isinstance(name, str) and not _SAME.fullmatch(name):
        return
    for key, value in entry.items():
        if key in ("image", "imagePullPolicy"):  # with an anchor it is a condition
            yield key, value if isinstance(value, str) else ""


def _tags(conditions: Data, patch: Data) -> str:
    """The tags for which a rule is, as far as its conditions or the patterns of its patch speak of `latest`."""
    for entry in (each for _, each in walk(conditions) if isinstance(each, dict) and "key" in each):
        key, result, operator = (text_of(entry.get(name)) for name in ("key", "value", "operator"))
        if "latest" in key or "latest" in result:
            negative = result == "false" or operator.startswith(("Not", "AnyNot", "AllNot"))
            return "others" if negative else "latest"
    patterns = [each for keys, each in walk(patch) if keys and keys[-1] == "image" and isinstance(each, str)]
    if any("latest" in each for each in patterns):
        return "others" if any(each.startswith("!") for each in patterns) else "latest"
    return "all"


def _filters(rule: Data, name: str = "match") -> tuple[list[Data], list[Data]]:
    """The filters of a `match` of which one has to fit, and those of which all have to."""
    match = dig(rule, name)
    single = [dig(match, "resources")] if dig(match, "resources") is not None else []
    anyone = [dig(each, "resources") for each in items(dig(match, "any"))]
    return anyone, single + [dig(each, "resources") for each in items(dig(match, "all"))]


def _kinds(rule: Data) -> list[str] | None:
    """The kinds that a rule is for; None where that cannot be read."""
    anyone, every = _filters(rule)
    kinds = [kind for each in (*anyone, *every) for kind in items(dig(each, "kinds"))]
    return [kind for kind in kinds if isinstance(kind, str)] if all(isinstance(each, str) for each in kinds) else None


def _is_for_workloads(kinds: Sequence[str] | None) -> bool:
    """Whether one of the kinds is a workload, or a pod, from whose rule Kyverno makes those for workloads."""
    return not kinds or any(kind.rpartition("/")[2] in (*_WORKLOADS, "Pod", "pods") for kind in kinds)


def _selection(rule: Data) -> Selection:
    """The namespaces that a rule selects; one of several alternatives, or what all filters say together."""
    anyone, every = _filters(rule)
    parts = [_by_filter(each) for each in (*anyone, *every)]
    among, together = parts[: len(anyone)], parts[len(anyone) :]
    free = any(each.everywhere for each in among) if among else not parts or all(each.everywhere for each in together)
    return Selection(
        names=tuple(name for each in parts for name in each.names),
        labels=tuple(label for each in parts for label in each.labels),
        everywhere=free and not any(not each.everywhere for each in together),
        empty_list=any(each.empty_list for each in parts),
        unread=tuple(part for each in parts for part in each.unread),
    )


def _by_filter(resources: Data) -> Selection:
    if isinstance(resources, UnknownData):
        return Selection(unread=(resources,))
    names, selector = dig(resources, "namespaces"), dig(resources, "namespaceSelector")
    by_name, labels = _split(selector)
    unread = tuple(each for each in (names, selector, *items(names)) if isinstance(each, UnknownData))
    return Selection(
        names=(*(each for each in items(names) if isinstance(each, str)), *by_name),
        labels=labels,
        everywhere=not unread and not items(names) and not selector,
        empty_list=names == [],
        unread=unread,
    )


NAME = "kubernetes.io/metadata.name"
"""The label by which a selector chooses namespaces by name (docs/facts.md, Kyverno 8)."""


def _split(selector: Data) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The names and the labels that a namespace selector asks for."""
    pairs = tuple(_labels(selector))
    return tuple(value for key, value in pairs if key == NAME), tuple(pair for pair in pairs if pair[0] != NAME)


def _labels(selector: Data) -> Iterator[tuple[str, str]]:
    """What a namespace selector asks for; the value is empty where any will do."""
    table = dig(selector, "matchLabels")
    yield from ((key, text_of(value)) for key, value in (table.items() if isinstance(table, dict) else ()))
    for each in items(dig(selector, "matchExpressions")):
        name, operator = dig(each, "key"), dig(each, "operator")
        if isinstance(name, str) and operator == "In":
            yield from ((name, text_of(value)) for value in items(dig(each, "values")))
        elif isinstance(name, str) and operator == "Exists":
            yield name, ""


def _of_cel(spec: Data) -> Iterator[Mutation]:
    """The mutations of a MutatingPolicy, whose rules are written in CEL."""
    if isinstance(spec, UnknownData):
        yield _unread(spec)
        return
    resources = items(dig(spec, "matchConstraints", "resourceRules"))
    kinds = [kind for each in resources for kind in items(dig(each, "resources")) if isinstance(kind, str)]
    if not _is_for_workloads(kinds):
        return
    selector = dig(spec, "matchConstraints", "namespaceSelector")
    chosen, labels = _split(selector)
    unread = (selector,) if isinstance(selector, UnknownData) else ()
    by_name = (*chosen, *_names_of_conditions(spec))
    free = not labels and not unread and not by_name and not dig(selector, "matchExpressions")
    selection = Selection(names=by_name, labels=labels, everywhere=free, unread=unread)
    targets = dig(spec, "targetMatchConstraints")
    for mutation in items(dig(spec, "mutations")):
        yield _of_expression(spec, mutation, selection, targets)


def _names_of_conditions(spec: Data) -> tuple[str, ...]:
    """The namespaces that match conditions allow by name."""
    texts = (text_of(dig(each, "expression")) for each in items(dig(spec, "matchConditions")))
    return tuple(name for text in texts for name in _cel.namespaces(text))


def _of_expression(spec: Data, mutation: Data, selection: Selection, targets: Data) -> Mutation:
    written = [dig(mutation, name, "expression") for name in ("applyConfiguration", "jsonPatch")]
    expressions = [each for each in written if each is not None]
    maps = [_cel.applied(text_of(each)) for each in expressions] + [_cel.patched(text_of(each)) for each in expressions]
    conditions = " ".join(text_of(dig(each, "expression")) for each in items(dig(spec, "matchConditions")))
    return Mutation(
        rule="",
        selection=selection,
        annotations={key: value for each in maps for key, value in each["annotations"].items()},
        labels={key: value for each in maps for key, value in each["labels"].items()},
        overrides=tuple(
            Override(name, value, _cel.tags(conditions))
            for each in expressions
            for name, value in _cel.overrides(text_of(each))
        ),
        targets=targets,
        unread=(*selection.unread, *(each for each in expressions if isinstance(each, UnknownData))),
    )
