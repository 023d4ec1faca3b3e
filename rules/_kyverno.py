"""Policies of Kyverno as values: which namespaces a rule selects, what it injects, what of Terraform it overrules.

Source: docs/facts.md, Kyverno 1 to Kyverno 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hclmod.rulekit import COMPUTED, ClusterObject, Data, Struct, UnknownData

from . import _cel
from . import _opt_outs as opt_outs
from ._data import dig, items, plain, text_of, walk
from ._selection import (
    AUTOGEN,
    Selection,
    excluded_names,
    groups,
    is_for_workloads,
    kinds_of,
    selection,
    split,
    with_controllers,
)

KINDS = ("ClusterPolicy", "Policy", "MutatingPolicy", "NamespacedMutatingPolicy")
_SAME = re.compile(r"\{\{\s*element\.name\s*\}\}|[*?]+")
"""A name by which a patch means each container."""

_CEL_KINDS = ("MutatingPolicy", "NamespacedMutatingPolicy")


class Override(Struct, frozen=True):
    """A value that a rule sets on pods, whatever Terraform says, and for which tags (`latest`, `others` or `all`)."""

    name: str
    value: str
    tags: str = "all"


class Mutation(Struct, frozen=True, kw_only=True):
    """What one rule of a policy does to workloads.

    `kinds` are the kinds of objects that it changes, those for which Kyverno makes rules of its own among them, empty
    for all, and `excluded` the namespaces that it leaves out by name. `heeds` are the maps (`annotations`, `labels`) in
    which it looks for an opt-out.
    """

    rule: str
    selection: Selection
    annotations: Mapping[str, Data]
    labels: Mapping[str, Data]
    overrides: tuple[Override, ...] = ()
    targets: Data = None
    kinds: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    heeds: frozenset[str] = frozenset()
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
        mutations=tuple(read(spec, data.get("metadata"))),
        failure=dig(spec, "failurePolicy"),
        existing=_touches_existing(spec),
    )


def _touches_existing(spec: Data) -> bool:
    written = (dig(spec, "mutateExistingOnPolicyUpdate"), dig(spec, "evaluation", "mutateExisting", "enabled"))
    return "true" in written or any(dig(rule, "mutate", "targets") for rule in items(dig(spec, "rules")))


def _of_rules(spec: Data, metadata: Data) -> Iterator[Mutation]:
    """The rules of a ClusterPolicy that mutate something."""
    written = dig(metadata, "annotations", AUTOGEN)
    autogen = written if isinstance(written, str) else None
    for rule in items(dig(spec, "rules")):
        if isinstance(rule, UnknownData):
            yield _unread(rule)
        elif isinstance(mutate := dig(rule, "mutate"), UnknownData):
            yield _unread(mutate)
        elif mutate is not None and is_for_workloads(kinds_of(rule)):
            yield _mutation(rule, mutate, autogen)


def _unread(part: UnknownData) -> Mutation:
    return Mutation(rule="", selection=Selection(), annotations={}, labels={}, unread=(part,))


def _mutation(rule: Data, mutate: Data, autogen: str | None) -> Mutation:
    name, chosen = dig(rule, "name"), selection(rule)
    each = [entry for entry in items(dig(mutate, "foreach")) if isinstance(entry, dict)]
    patches = [(mutate, rule), *((entry, entry) for entry in each)]
    merged = [dig(patch, "patchStrategicMerge") for patch, _ in patches]
    texts = [patch for holder, _ in patches if (patch := dig(holder, "patchesJson6902")) is not None]
    maps = [_cel.patched(text_of(text)) for text in texts]
    return Mutation(
        rule=name if isinstance(name, str) else "",
        selection=chosen,
        annotations=_maps(merged, "annotations") | {k: v for each in maps for k, v in each["annotations"].items()},
        labels=_maps(merged, "labels") | {k: v for each in maps for k, v in each["labels"].items()},
        overrides=tuple(
            override
            for (holder, conditions), patch in zip(patches, merged, strict=True)
            for override in _overrides(patch, _tags(dig(conditions, "preconditions"), holder))
        )
        + tuple(Override(name, value) for text in texts for name, value in _cel.replaced(text_of(text))),
        targets=dig(mutate, "targets"),
        kinds=with_controllers(rule, mutate, autogen),
        excluded=excluded_names(rule),
        heeds=opt_outs.of_rule(rule),
        unread=(*chosen.unread, *_unread_in(merged), *(each for each in texts if isinstance(each, UnknownData))),
    )


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


def _of_cel(spec: Data, _metadata: Data) -> Iterator[Mutation]:
    """The mutations of a MutatingPolicy, whose rules are written in CEL."""
    if isinstance(spec, UnknownData):
        yield _unread(spec)
        return
    resources = items(dig(spec, "matchConstraints", "resourceRules"))
    kinds = [kind for each in resources for kind in items(dig(each, "resources")) if isinstance(kind, str)]
    if not is_for_workloads(kinds):
        return
    selector = dig(spec, "matchConstraints", "namespaceSelector")
    chosen, labels = split(selector)
    unread = (selector,) if isinstance(selector, UnknownData) else ()
    by_name = (*chosen, *_names_of_conditions(spec))
    free = not labels and not unread and not by_name and not dig(selector, "matchExpressions")
    where = Selection(names=by_name, labels=labels, groups=groups(selector), everywhere=free, unread=unread)
    targets = dig(spec, "targetMatchConstraints")
    for mutation in items(dig(spec, "mutations")):
        yield _of_expression(spec, mutation, where, targets, kinds)


def _names_of_conditions(spec: Data) -> tuple[str, ...]:
    """The namespaces that match conditions allow by name."""
    texts = (text_of(dig(each, "expression")) for each in items(dig(spec, "matchConditions")))
    return tuple(name for text in texts for name in _cel.namespaces(text))


def _of_expression(spec: Data, mutation: Data, selection: Selection, targets: Data, kinds: Sequence[str]) -> Mutation:
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
        kinds=tuple(kinds),
        heeds=opt_outs.of_conditions(spec),
        unread=(*selection.unread, *(each for each in expressions if isinstance(each, UnknownData))),
    )
