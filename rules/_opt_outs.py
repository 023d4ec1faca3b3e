"""Where a rule of a policy looks for the opt-out `keel.sh/policy: never`: in annotations, in labels, or nowhere.

Source: docs/facts.md, Keel 3, Kyverno 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from hclmod.rulekit import Data

from ._data import dig, items, text_of, walk
from ._keel import POLICY
from ._selection import filters

_MAPS = ("annotations", "labels")
_NEVER = "never"


def of_rule(rule: Data) -> frozenset[str]:
    """The maps in which a rule of a ClusterPolicy looks for the opt-out."""
    excluded = (each for some in filters(rule, "exclude") for each in some)
    chosen = (each for some in filters(rule) for each in some)
    return frozenset(
        (
            *(name for each in excluded for name in _of_filter(each)),
            *("labels" for each in chosen if _is_not_in(dig(each, "selector"))),
            *_of_texts(text_of(value) for _, value in walk(dig(rule, "preconditions"))),
        )
    )


def of_conditions(spec: Data) -> frozenset[str]:
    """The same for a MutatingPolicy, whose conditions are expressions."""
    selector = dig(spec, "matchConstraints", "objectSelector")
    expressions = (text_of(dig(each, "expression")) for each in items(dig(spec, "matchConditions")))
    return frozenset((*(["labels"] if _is_not_in(selector) else []), *_of_texts(expressions)))


def _of_filter(resources: Data) -> Iterator[str]:
    """The maps by which a filter of `exclude` means the opt-out."""
    if _means_never(dig(resources, "annotations", POLICY)):
        yield "annotations"
    selector = dig(resources, "selector")
    if _means_never(dig(selector, "matchLabels", POLICY)) or _asks(selector, "In"):
        yield "labels"


def _means_never(pattern: Data) -> bool:
    return fnmatchcase(_NEVER, text_of(pattern))


def _is_not_in(selector: Data) -> bool:
    """Whether a selector of what is chosen leaves out what has the label."""
    return _asks(selector, "NotIn") or any(
        (dig(each, "key"), dig(each, "operator")) == (POLICY, "DoesNotExist")
        for each in items(dig(selector, "matchExpressions"))
    )


def _asks(selector: Data, operator: str) -> bool:
    return any(
        (dig(each, "key"), dig(each, "operator")) == (POLICY, operator) and _NEVER in items(dig(each, "values"))
        for each in items(dig(selector, "matchExpressions"))
    )


def _of_texts(texts: Iterator[str]) -> Iterator[str]:
    """The maps of which conditions speak together with the key."""
    for text in texts:
        if POLICY in text:
            yield from (name for name in _MAPS if name in text)
