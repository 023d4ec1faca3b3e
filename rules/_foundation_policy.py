"""The file of the policy that injects: a template, filled in for one repository."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from hclmod.rulekit import (
    Attribute,
    Block,
    Draft,
    Expression,
    Fix,
    draft,
    fill,
    fixes,
    lists,
    objects,
    template,
)

from ._foundation_keys import annotation_keys, body, walk
from ._foundation_style import Step
from ._foundation_wish import ALLOWLIST, LABEL, NONE, Home, Wish


def policy(home: Home, wish: Wish, exempt: Sequence[str], more: str = "") -> Draft:
    """The policy that injects."""
    kubectl = "_kubectl" if home.manifest == "kubectl_manifest" else ""
    steps = [*_policy_steps(home, wish, exempt), *_annotation_steps(wish)]
    data = fill(template(f"foundation/{home.policy}_policy{kubectl}.tf"), home.path, steps, newline=home.newline)
    how = 'the label "keel.sh/enrolled" = "true"' if not wish.by_list else "a list of names"
    message = (
        f"injects Keel's annotations into namespaces that are enrolled by {how}, and none is. Its plan needs the CRDs "
        f"of Kyverno, so Kyverno has to be applied before{more}"
    )
    return draft(home.path, data, "policy", message)


def _annotation_steps(wish: Wish) -> list[Step]:
    target = wish.annotations()

    def step(number: int, blocks: Mapping[str, Block]) -> Fix | None:
        return list(annotation_keys(_only(blocks), target))[number].make()

    return [partial(step, number) for number in range(len(target))]


def _only(blocks: Mapping[str, Block]) -> Block:
    (block,) = blocks.values()
    return block


def _policy_steps(home: Home, wish: Wish, exempt: Sequence[str]) -> list[Step]:
    """The fixes of a policy's template besides its annotations."""

    def depends(blocks: Mapping[str, Block]) -> Fix | None:
        attribute = _only(blocks).attribute("depends_on")
        if attribute is None:
            return None
        (release,) = attribute.value.elements() or ()
        same = release.text == home.release
        return (
            None if same else fixes.replace(release, home.release.encode()) if home.release else fixes.remove(attribute)
        )

    def spared(blocks: Mapping[str, Block]) -> Fix | None:
        attribute, names = _list(_only(blocks), "keel")
        first, kyverno_own, *_ = names.elements() or ()
        del first
        same = kyverno_own.string() == home.namespace
        return (
            None if same else objects.within(attribute, fixes.replace(kyverno_own, json.dumps(home.namespace).encode()))
        )

    def more(blocks: Mapping[str, Block]) -> Fix | None:
        attribute, names = _list(_only(blocks), "keel")
        known = {each.string() for each in names.elements() or ()}
        fix = fixes.append_strings(names, [name for name in exempt if name not in known])
        return objects.within(attribute, fix) if fix else None

    return [depends, spared, more, partial(_enrolled_by, wish.enrol or LABEL)]


def _enrolled_by(enrol: str, blocks: Mapping[str, Block]) -> Fix | None:
    """Takes the other way of enrolment out of a template, which shows both."""
    attribute, whole = _body(_only(blocks))
    for steps, each in walk(whole):
        if steps == ("spec", "rules", "match", "any", "resources"):
            return objects.drop_entry(attribute, each, "namespaces" if enrol == LABEL else "namespaceSelector")
        if steps == ("spec", "matchConstraints", "namespaceSelector"):
            return _in_selector(attribute, each, enrol)
    return None


def _in_selector(attribute: Attribute, selector: Expression, enrol: str) -> Fix | None:
    if enrol == ALLOWLIST:
        return objects.drop_entry(attribute, selector, "matchLabels")
    expressions = selector.entry("matchExpressions")
    listed = [each for each in (expressions.elements() or () if expressions else ()) if f'"{NONE}"' in each.text]
    return objects.within(attribute, lists.without(expressions, listed)) if expressions and listed else None


def _body(block: Block) -> tuple[Attribute, Expression]:
    if (parts := body(block)) is None:
        raise ValueError("a template holds its object")
    return parts


def _list(block: Block, name: str) -> tuple[Attribute, Expression]:
    """The list in a template that has this name in it."""
    attribute, whole = _body(block)
    every = (each for _, each in walk(whole) if any(item.string() == name for item in each.elements() or ()))
    return attribute, next(every)
