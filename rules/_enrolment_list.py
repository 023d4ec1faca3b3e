"""Where a policy that injects says by name which namespaces it enrolls."""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Data

from ._data import dig, items, text_of, walk
from ._keel import POLICY
from ._kyverno import KINDS
from ._selection import NAME

Keys = tuple[str | int, ...]


def enrolling_lists(data: Data) -> Iterator[Keys]:
    """The keys that lead to the lists of names by which a policy enrolls namespaces."""
    kind, spec = dig(data, "kind"), dig(data, "spec")
    if isinstance(data, dict) and kind in KINDS:
        if kind.endswith("MutatingPolicy") if isinstance(kind, str) else False:
            constraints = dig(spec, "matchConstraints") if _injects(dig(spec, "mutations")) else None
            yield from _in_selector(constraints, ("spec", "matchConstraints"))
        for number, rule in enumerate(items(dig(spec, "rules"))):
            if _injects(dig(rule, "mutate")):
                yield from _in_match(dig(rule, "match"), ("spec", "rules", number, "match"))


def _injects(mutate: Data) -> bool:
    """Whether a part of a policy writes Keel's policy."""
    return any(POLICY in keys or POLICY in text_of(value).replace("~1", "/") for keys, value in walk(mutate))


def _in_match(match: Data, keys: Keys) -> Iterator[Keys]:
    yield from _in_resources(match, keys)
    for name in ("any", "all"):
        for number, each in enumerate(items(dig(match, name))):
            yield from _in_resources(each, (*keys, name, number))


def _in_resources(filter_: Data, keys: Keys) -> Iterator[Keys]:
    resources = dig(filter_, "resources")
    if dig(resources, "namespaces") is not None:
        yield (*keys, "resources", "namespaces")
    yield from _in_selector(resources, (*keys, "resources"))


def _in_selector(holder: Data, keys: Keys) -> Iterator[Keys]:
    """The lists of a selector that chooses namespaces by the label that holds their name."""
    path = ("namespaceSelector", "matchExpressions")
    for number, each in enumerate(items(dig(holder, *path))):
        if (dig(each, "key"), dig(each, "operator")) == (NAME, "In"):
            yield (*keys, *path, number, "values")
