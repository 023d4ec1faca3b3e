"""For which tags and branches a unit of a pipeline runs, as far as its pipeline says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hclmod.rulekit import patterns

from ._pipelines import ACTIONS, BY_HAND, Pipeline, Platform, Unit, events
from ._values import events_of, included, listed, names, table

TAGS = "refs/tags/"
"""Stands for tags and releases among the names of branches."""

PULLS, CLOCK, HAND = "pull requests", "set times", "what a person starts"
"""Stand for pull requests, for what a clock starts, and for what a person does."""

ANY = ""
"""Stands for anything that is not a tag or a named branch."""

OF_DEFAULT = "${CI_REPO_DEFAULT_BRANCH}"
"""Stands for the default branch where a condition asks for it without its name."""

DEFAULT = frozenset({"main", "master", "trunk", OF_DEFAULT})
"""What a default branch is called."""

_NEGATED = re.compile(r"!\s*(?:startsWith|contains|endsWith)\s*\([^()]*\)")
_TAG = re.compile(
    r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'release'|github\.event\.release"
    r"|\$CI_COMMIT_TAG(?!\w)(?!\s*(?:==\s*(?:null|\"\"|'')|!~))"
    r"|CI_COMMIT_TAG\s*!=\s*(?:\"\"|'')|CI_PIPELINE_EVENT\s*==\s*[\"'](?:tag|release)[\"']"
    r"|outputs\S*releas(?:e_created|es_created|ed\b|e_published)"
)
_PULL = re.compile(
    r"event_name\s*==\s*'pull_request|\$CI_PIPELINE_SOURCE\s*==\s*[\"']merge_request|\$CI_MERGE_REQUEST_I?ID(?!\s*==)"
    r"|CI_PIPELINE_EVENT\s*==\s*[\"']pull_request"
)
_CLOCK = re.compile(
    r"event_name\s*==\s*'schedule'|\$CI_PIPELINE_SOURCE\s*==\s*[\"']schedule|CI_PIPELINE_EVENT\s*==\s*[\"']cron"
)
_REF = (
    r"(?:github\.ref(?:_name)?|github\.event\.workflow_run\.head_branch|\$CI_COMMIT_(?:BRANCH|REF_NAME)"
    r"|\bCI_COMMIT_BRANCH)"
)
_BRANCH = re.compile(
    rf"{_REF}\s*==\s*[\"'](?:refs/heads/)?([^\"']+)[\"']"
    rf"|(?:startsWith|endsWith|contains)\(\s*{_REF}\s*,\s*'(?:refs/heads/)?([^']+)'"
)
_DEFAULT = re.compile(
    rf"{_REF}\s*==\s*(?:\$?CI_(?:REPO_)?DEFAULT_BRANCH|github\.event\.repository\.default_branch|format)"
)
_MATCHING = re.compile(rf"{_REF}\s*=~\s*/(.+?)/")
_BY_A_PERSON = re.compile(r"event_name\s*==\s*'workflow_dispatch'|\$CI_PIPELINE_SOURCE\s*==\s*[\"']web")
_KINDS = {
    TAGS: frozenset({"tag", "release"}),
    CLOCK: frozenset({"cron"}),
    PULLS: frozenset({"pull_request", "pull_request_closed"}),
}
_WORDS_OF_GITLAB = {
    "tags": TAGS, "branches": ANY, "merge_requests": PULLS, "pushes": ANY, "web": ANY, "schedules": CLOCK,
}  # fmt: skip


def runs_for(unit: Unit, each: Pipeline, *more: str) -> frozenset[str]:
    """The branches for which a unit runs, `TAGS`, `PULLS`, `CLOCK` and `ANY` among them; empty where nothing says it.

    `more` are conditions of a step of it, as they are written.
    """
    result: frozenset[str] = frozenset()
    for by in (*_levels(unit, each), *map(_of_text, more)):
        result = _narrowed(result, frozenset(by))
    return result


def _levels(unit: Unit, each: Pipeline) -> Iterator[Iterable[str]]:
    """What the pipeline asks for, and then what the unit does."""
    data, whole = table(unit.data), table(each.document(unit))
    if each.platform in ACTIONS:
        yield _of_events(each)
        yield _of_text(str(data.get("if", "")))
    elif each.platform is Platform.GITLAB:
        yield _of_rules(table(whole.get("workflow")))
        yield (*_of_rules(data), *_of_only(data))
    else:
        yield _of_when(whole.get("when") or whole.get("trigger"))
        yield _of_when(data.get("when"))


def _narrowed(have: frozenset[str], by: frozenset[str]) -> frozenset[str]:
    """What is left of some branches by a condition."""
    if not by or ANY in by:
        return have
    if OF_DEFAULT in by:
        named = (have & DEFAULT) or (have - {ANY, TAGS, PULLS, CLOCK}) or {OF_DEFAULT}
        by = (by - {OF_DEFAULT}) | named
    return by if not have or ANY in have else (have & by) or by


def by_hand(unit: Unit, each: Pipeline) -> bool:
    """Whether nothing but a person, or a request, starts a unit."""
    data = table(unit.data)
    own = () if each.platform in (*ACTIONS, Platform.GITLAB) else events_of(data.get("when"))
    started = set(own or events(each))
    return data.get("when") == "manual" or (bool(started) and started <= BY_HAND)


def approval(unit: Unit, each: Pipeline) -> str:
    """What a person may have to do before a unit runs; empty where nothing says so."""
    data = table(unit.data)
    given = data.get("environment") if each.platform in (*ACTIONS, Platform.GITLAB) else None
    name = table(given).get("name") if isinstance(given, dict) else given
    if by_hand(unit, each):
        return "A person starts it today, and Keel waits for nobody"
    return f"Keel asks for no approval of the environment `{name}`" if isinstance(name, str) else ""


def _of_text(condition: str) -> Iterator[str]:
    """What each alternative of a condition asks for; one that a person starts says nothing of branches."""
    for part in _NEGATED.sub("", condition).split("||") if condition else ():
        if _TAG.search(part):
            yield TAGS
        elif _PULL.search(part) and "merged" not in part:
            yield PULLS
        elif _CLOCK.search(part):
            yield CLOCK
        elif (branch := _branch(part)) or not _BY_A_PERSON.search(part):
            yield branch


def _branch(condition: str) -> str:
    """The branch for which a condition asks; `ANY` for none."""
    if match := _BRANCH.search(condition):
        name = match[1] or match[2]
        return ANY if name == "refs/heads/" else name
    if _DEFAULT.search(condition):
        return OF_DEFAULT
    if match := _MATCHING.search(condition):
        known = sorted(name for name in DEFAULT if patterns.search(match[1], name))
        return known[0] if known else f"/{match[1]}/"
    return ANY


def _of_events(each: Pipeline) -> Iterator[str]:
    """What the events of a workflow are about; a pull request, and what a person starts, say nothing of it."""
    on = table(each.data).get("on")
    for event in on if isinstance(on, dict) else names(on):
        given = table(table(on).get(event))
        branches = names(given.get("branches"))
        if event == "release" or (event == "push" and "tags" in given and not branches):
            yield TAGS
        elif event in ("push", "workflow_run") and branches:
            yield from map(_named, branches)
            yield from (TAGS for _ in names(given.get("tags"))[:1])
        elif event == "schedule":
            yield CLOCK
        elif event == "pull_request" and names(given.get("types")) == ("closed",):
            yield from map(_named, branches or ("**",))
        elif event == "pull_request" and set(events(each)) <= {event, "workflow_dispatch"}:
            yield PULLS
        elif event not in ("workflow_dispatch", "pull_request"):
            yield ANY


def _named(branch: str) -> str:
    return ANY if branch.startswith("!") or not branch.strip("*") else branch


def _of_rules(job: dict[str, object]) -> Iterator[str]:
    rules = job.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        if table(rule).get("when") != "never":
            yield from _of_text(str(table(rule).get("if", ""))) if table(rule).get("if") else (ANY,)


def _of_only(job: dict[str, object]) -> Iterator[str]:
    only = job.get("only")
    given = str(table(table(only).get("variables")) or table(only).get("variables", ""))
    for name in names(table(only).get("refs") if isinstance(only, dict) else only):
        yield TAGS if "refs/tags" in name else _WORDS_OF_GITLAB.get(name, name)
    yield from (TAGS for _ in _TAG.findall(given)[:1])


def _of_when(when: object) -> Iterator[str]:
    """What each entry of a filter of Woodpecker or Drone lets through; one that a person starts says nothing of it."""
    for one in listed(when):
        entry = table(one)
        started, refs = set(included(entry.get("event"))), included(entry.get("ref"))
        kinds = [kind for kind, some in _KINDS.items() if started and started <= some]
        if kinds or (refs and all(name.startswith(TAGS) for name in refs)):
            yield kinds[0] if kinds else TAGS
        elif branches := included(entry.get("branch")):
            yield from map(_named, branches)
        elif refs and all(name.startswith("refs/heads/") for name in refs):
            yield from (_named(name.removeprefix("refs/heads/")) for name in refs)
        elif not started or not started <= BY_HAND:
            yield from _of_text(tests) if (tests := str(entry.get("evaluate", ""))) else (ANY,)
