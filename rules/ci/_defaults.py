"""Whether a pipeline runs for the default branch alone, so that what it pushes may be called `latest`."""

from __future__ import annotations

import re

from ._conditions import DEFAULT
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, events
from ._values import included, listed, names, table

SAFE = frozenset({"push", "pull_request", "workflow_dispatch", "schedule", "release", "merge_group"})
"""The events of a workflow whose ref is that of the commit that is built."""

_OF_BRANCH = frozenset({"push", "manual", "cron", "custom"})
"""The events of Woodpecker and Drone that build the newest commit of a branch."""

_OF_DEFAULT = re.compile(r"\s*\$CI_COMMIT_BRANCH\s*==\s*(?:\$CI_DEFAULT_BRANCH|['\"](?:main|master)['\"])[^|]*")


def events_are_safe(each: Pipeline) -> bool:
    """Whether all events of a workflow name the branch that is built, as `is_default_branch` needs it."""
    return set(events(each)) <= SAFE


def is_default_branch(each: Pipeline, unit: Unit) -> bool:
    """Whether a unit runs for the default branch alone, as far as branches decide it."""
    data = table(each.document(unit))
    if each.platform in ACTIONS:
        push = table(table(data.get("on")).get("push"))
        branches = names(push.get("branches"))
        others = set(events(each)) - {"push", "workflow_dispatch", "schedule"}
        return bool(branches) and set(branches) <= DEFAULT and not others and "tags" not in push
    if each.platform is Platform.GITLAB:
        job = table(unit.data)
        rules = [table(rule) for rule in listed(job.get("rules"))]
        tests = [str(rule.get("if", "")) for rule in rules if rule.get("when") != "never"]
        only = names(job.get("only"))
        by_rule = bool(tests) and all(_OF_DEFAULT.fullmatch(test) for test in tests)
        return by_rule or (bool(only) and set(only) <= DEFAULT)
    levels = [listed(table(unit.data).get("when")), listed(data.get("when") or data.get("trigger"))]
    return _asks(levels, "branch", DEFAULT) and _asks(levels, "event", _OF_BRANCH)


def _asks(levels: list[list[object]], key: str, allowed: frozenset[str]) -> bool:
    """Whether a filter of the pipeline or of the step lets only these names through."""
    every = ([included(table(one).get(key)) for one in some] for some in levels)
    return any(bool(some) and all(given and set(given) <= allowed for given in some) for some in every)
