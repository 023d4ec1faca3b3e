"""Which objects a rule of a policy is for: kinds, and namespaces by name and by label.

Source: docs/facts.md, Kyverno 2, Kyverno 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hclmod.rulekit import Data, Struct, UnknownData

from ._data import dig, items, text_of

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "deployments", "statefulsets", "daemonsets", "*")


class Term(Struct, frozen=True):
    """A label that a selector asks for, with the values that it may have; any without values."""

    key: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Sequence[tuple[str, str]]) -> bool:
        """Whether labels have it."""
        return any(key == self.key and (not self.values or value in self.values) for key, value in labels)


class Selection(Struct, frozen=True, kw_only=True):
    """The namespaces that a rule selects: by name, by label (the value is empty for any), or all of them.

    `groups` are the labels by alternative: all terms of one of them have to hold.
    """

    names: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[Term, ...], ...] = ()
    everywhere: bool = False
    empty_list: bool = False
    unread: tuple[UnknownData, ...] = ()

    def by_label(self, labels: Sequence[tuple[str, str]]) -> tuple[Term, ...]:
        """The terms by which a namespace with these labels is selected; none where it is not, or not by labels."""
        return next((group for group in self.groups if all(term.holds(labels) for term in group)), ())


def filters(rule: Data, name: str = "match") -> tuple[list[Data], list[Data]]:
    """The filters of a `match` of which one has to fit, and those of which all have to."""
    match = dig(rule, name)
    single = [dig(match, "resources")] if dig(match, "resources") is not None else []
    anyone = [dig(each, "resources") for each in items(dig(match, "any"))]
    return anyone, single + [dig(each, "resources") for each in items(dig(match, "all"))]


def kinds_of(rule: Data) -> list[str] | None:
    """The kinds that a rule is for; None where that cannot be read."""
    anyone, every = filters(rule)
    kinds = [kind for each in (*anyone, *every) for kind in items(dig(each, "kinds"))]
    return [kind for kind in kinds if isinstance(kind, str)] if all(isinstance(each, str) for each in kinds) else None


AUTOGEN = "pod-policies.kyverno.io/autogen-controllers"
"""The annotation by which a policy says for which controllers Kyverno makes rules of a rule for pods."""

_CONTROLLERS = ("DaemonSet", "Deployment", "Job", "StatefulSet", "ReplicaSet", "ReplicationController", "CronJob")
_NOT_ON_CONTROLLERS = ("name", "names", "selector", "annotations")


def with_controllers(rule: Data, mutate: Data, autogen: str | None) -> tuple[str, ...]:
    """The kinds that a rule is for, with the controllers of pods for which Kyverno repeats it; empty for all kinds.

    Source: docs/facts.md, Kyverno 11.
    """
    written = kinds_of(rule)
    kinds = tuple(each.rpartition("/")[2] for each in written or ())
    if kinds != ("Pod",) or dig(mutate, "patchesJson6902") is not None:
        return kinds
    every = [each for name in ("match", "exclude") for some in filters(rule, name) for each in some]
    if any(isinstance(each, dict) and each.keys() & set(_NOT_ON_CONTROLLERS) for each in every):
        return kinds
    chosen = _CONTROLLERS if autogen is None else tuple(each.strip() for each in autogen.split(","))
    return (*kinds, *(each for each in chosen if each in _CONTROLLERS))


def is_for_workloads(kinds: Sequence[str] | None) -> bool:
    """Whether one of the kinds is a workload, or a pod, from whose rule Kyverno makes those for workloads."""
    return not kinds or any(kind.rpartition("/")[2] in (*_WORKLOADS, "Pod", "pods") for kind in kinds)


def selection(rule: Data) -> Selection:
    """The namespaces that a rule selects; one of several alternatives, or what all filters say together."""
    anyone, every = filters(rule)
    parts = [_by_filter(each) for each in (*anyone, *every)]
    among, together = parts[: len(anyone)], parts[len(anyone) :]
    free = any(each.everywhere for each in among) if among else not parts or all(each.everywhere for each in together)
    shared = tuple(term for each in together for group in each.groups for term in group)
    return Selection(
        names=tuple(name for each in parts for name in each.names),
        labels=tuple(label for each in parts for label in each.labels),
        groups=_grouped(shared, among),
        everywhere=free and not any(not each.everywhere for each in together),
        empty_list=any(each.empty_list for each in parts),
        unread=tuple(part for each in parts for part in each.unread),
    )


def excluded_names(rule: Data) -> tuple[str, ...]:
    """The namespaces that a rule leaves out by name alone."""
    alone = (each for each in filters(rule, "exclude")[0] if isinstance(each, dict) and each.keys() == {"namespaces"})
    return tuple(name for each in alone for name in items(each["namespaces"]) if isinstance(name, str))


def _grouped(shared: tuple[Term, ...], among: Sequence[Selection]) -> tuple[tuple[Term, ...], ...]:
    """The alternatives, each with what all filters ask for; those that ask for no label are none."""
    groups = [group for each in among for group in each.groups] if among else [()]
    return tuple(whole for group in groups if (whole := (*shared, *group)))


def _by_filter(resources: Data) -> Selection:
    if isinstance(resources, UnknownData):
        return Selection(unread=(resources,))
    names, selector = dig(resources, "namespaces"), dig(resources, "namespaceSelector")
    by_name, labels = split(selector)
    unread = tuple(each for each in (names, selector, *items(names)) if isinstance(each, UnknownData))
    return Selection(
        names=(*(each for each in items(names) if isinstance(each, str)), *by_name),
        labels=labels,
        groups=groups(selector),
        everywhere=not unread and not items(names) and not selector,
        empty_list=names == [],
        unread=unread,
    )


NAME = "kubernetes.io/metadata.name"
"""The label by which a selector chooses namespaces by name (docs/facts.md, Kyverno 8)."""


def split(selector: Data) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The names and the labels that a namespace selector asks for."""
    pairs = tuple(_labels(selector))
    return tuple(value for key, value in pairs if key == NAME), tuple(pair for pair in pairs if pair[0] != NAME)


def groups(selector: Data) -> tuple[tuple[Term, ...], ...]:
    """What a selector asks for, as the only alternative; the names of namespaces are not among its labels."""
    table = dig(selector, "matchLabels")
    terms = [Term(key, (text_of(value),)) for key, value in (table.items() if isinstance(table, dict) else ())]
    for each in items(dig(selector, "matchExpressions")):
        name, operator = dig(each, "key"), dig(each, "operator")
        if isinstance(name, str) and operator in ("In", "Exists"):
            values = tuple(map(text_of, items(dig(each, "values")))) if operator == "In" else ()
            terms.append(Term(name, values))
    kept = tuple(term for term in terms if term.key != NAME)
    return (kept,) if kept else ()


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
