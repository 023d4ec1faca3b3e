"""What a person asks `hclmod foundation` for, and what is there already has otherwise.

Keel and the policy are never moved or written again, so such a wish is named in place of passed over.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from hclmod.rulekit import NAMESPACES, Context, Draft, Siblings, objection

from ._cluster import Keel, facts
from ._foundation_style import has_tier
from ._foundation_wish import MUTATING, Wish
from ._kyverno import Policy
from ._policies import injecting

_KEPT = "It is there already and stays as it is. Leave out the option, or change it by hand"


def unmet(siblings: Siblings, context: Context, wish: Wish) -> Iterator[Draft]:
    """The wishes that hclmod does not fulfil, because what they are about is there and is another."""
    cluster = facts(context)
    policies = [each for each in cluster.policies if injecting(each)]
    if cluster.keels:
        yield from _of_keels(siblings, cluster.keels, wish)
    if policies:
        yield from _of_policies(policies, wish)
    elif where := context.config.keel.injected:
        for option, value in (("policy", wish.policy), ("enrol", wish.enrol), ("policy-file", wish.policy_file)):
            if value:
                yield _other("hclmod.toml", option, value, f"`injected` in [keel] says that the policy is {where}")


def _other(path: str, option: str, value: str, there: str) -> Draft:
    return objection(path, "not-as-asked", f"nothing was changed for --{option} {value}: {there}. {_KEPT}")


def _of_keels(siblings: Siblings, keels: Sequence[Keel], wish: Wish) -> Iterator[Draft]:
    first = keels[0].origin
    folders = {posixpath.dirname(each.origin.file) for each in keels}
    folders |= {each.origin.block.folder for each in keels if each.origin.block}
    if wish.out and wish.out not in folders | {siblings.owner(each) for each in folders}:
        yield _other(first.file, "out", wish.out, f"Keel is installed at {first.place}")
    namespaces = [each for folder in sorted(folders) for each in siblings.blocks(*NAMESPACES, folder=folder)]
    if wish.tier and not any(has_tier(each, wish.tier) for each in namespaces):
        yield _other(first.file, "set", f"tier={wish.tier}", f"the namespace of Keel ({first.place}) has not this tier")


def _of_policies(policies: Sequence[Policy], wish: Wish) -> Iterator[Draft]:
    first = policies[0]
    there = f"{first.title} ({first.origin.place}) injects"
    mutating = {each.kind.endswith("MutatingPolicy") for each in policies}
    if wish.policy and (wish.policy == MUTATING) not in mutating:
        yield _other(first.origin.file, "policy", wish.policy, there)
    if wish.enrol and wish.by_list not in _by_list(policies):
        how = "a list of names" if not wish.by_list else "labels"
        yield _other(first.origin.file, "enrol", wish.enrol, f"{there} by {how}")
    if wish.policy_file and wish.policy_file not in {each.origin.file for each in policies}:
        yield _other(first.origin.file, "policy-file", wish.policy_file, there)


def _by_list(policies: Sequence[Policy]) -> set[bool]:
    """Whether they select namespaces by a list: both for one that is not read or selects all, which `audit` names."""
    result: set[bool] = set()
    for selection in (mutation.selection for policy in policies for mutation in injecting(policy)):
        open_ended = selection.everywhere or selection.empty_list or selection.unread
        result |= {each for each, is_so in ((True, selection.names), (False, selection.labels)) if is_so or open_ended}
    return result
