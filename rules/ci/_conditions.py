"""For which tags and branches a unit of a pipeline runs, as far as its pipeline says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._pipelines import ACTIONS, Pipeline, Platform, Unit, events
from ._values import names, table

TAGS = "refs/tags/"
"""Stands for tags and releases among the names of branches."""

ANY = ""
"""Stands for anything that is not a tag or a named branch."""

_NEGATED = re.compile(r"!\s*(?:startsWith|contains|endsWith)\s*\([^()]*\)")
_TAG = re.compile(
    r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'release'|github\.event\.release"
    r"|\$CI_COMMIT_TAG(?!\w)(?!\s*(?:==\s*(?:null|\"\"|'')|!~))"
    r"|CI_COMMIT_TAG\s*!=\s*(?:\"\"|'')|CI_PIPELINE_EVENT\s*==\s*[\"'](?:tag|release)[\"']"
)
_BRANCH = re.compile(
    r"(?:github\.ref(?:_name)?|\$CI_COMMIT_(?:BRANCH|REF_NAME)|\bCI_COMMIT_BRANCH)\s*==\s*[\"'](?:refs/heads/)?([^\"']+)[\"']"
)
_BY_HAND = re.compile(r"event_name\s*==\s*'workflow_dispatch'|\$CI_PIPELINE_SOURCE\s*==\s*[\"']web")
_RELEASING = {"tag", "release"}
_WORDS_OF_GITLAB = {"tags": TAGS, "branches": ANY, "merge_requests": ANY, "pushes": ANY, "web": ANY, "schedules": ANY}


def runs_for(unit: Unit, each: Pipeline) -> frozenset[str]:
    """The branches for which a unit runs, with `TAGS` and `ANY` among them; empty where nothing says it."""
    if each.platform in ACTIONS:
        own = frozenset(_of_text(str(table(unit.data).get("if", ""))))
        return own if own and ANY not in own else frozenset(_of_events(each))
    if each.platform is Platform.GITLAB:
        job = table(unit.data)
        whole = table(table(each.data).get("workflow"))
        return frozenset((*_of_rules(job), *_of_only(job))) or frozenset(_of_rules(whole))
    own = frozenset(_of_when(table(unit.data).get("when")))
    document = table(each.document(unit))
    return own if own and ANY not in own else frozenset(_of_when(document.get("when") or document.get("trigger")))


def approval(unit: Unit, each: Pipeline) -> str:
    """What a person may have to do before a unit runs; empty where nothing says so."""
    data = table(unit.data)
    if each.platform not in (*ACTIONS, Platform.GITLAB):
        return ""
    given = data.get("environment")
    name = table(given).get("name") if isinstance(given, dict) else given
    if data.get("when") == "manual" or set(events(each)) == {"workflow_dispatch"}:
        return "A person starts it today, and Keel waits for nobody"
    return f"Keel asks for no approval of the environment `{name}`" if isinstance(name, str) else ""


def _of_text(condition: str) -> Iterator[str]:
    """What each alternative of a condition asks for; one that a person starts says nothing of branches."""
    for part in _NEGATED.sub("", condition).split("||") if condition else ():
        branch, tag = _BRANCH.search(part), _TAG.search(part)
        if branch or tag or not _BY_HAND.search(part):
            yield TAGS if tag else branch[1] if branch else ANY


def _of_events(each: Pipeline) -> Iterator[str]:
    """What the events of a workflow are about; a pull request, and what a person starts, say nothing of it."""
    on = table(each.data).get("on")
    for event in on if isinstance(on, dict) else names(on):
        given = table(table(on).get(event))
        branches = names(given.get("branches"))
        if event == "release" or (event == "push" and "tags" in given and not branches):
            yield TAGS
        elif event == "push" and branches:
            yield from (ANY if name.startswith("!") else name for name in branches)
            yield from (TAGS for _ in names(given.get("tags"))[:1])
        elif event not in ("workflow_dispatch", "pull_request"):
            yield ANY


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
    """What each entry of a filter of Woodpecker or Drone lets through."""
    for one in when if isinstance(when, list) else [when] if when else ():
        entry = table(one)
        events, refs = _included(entry.get("event")), _included(entry.get("ref"))
        tests = str(entry.get("evaluate", ""))
        if (events and set(events) <= _RELEASING) or (refs and all(name.startswith(TAGS) for name in refs)):
            yield TAGS
        elif branches := _included(entry.get("branch")):
            yield from branches
        else:
            yield from _of_text(tests) if tests else (ANY,)


def _included(value: object) -> tuple[str, ...]:
    return names(table(value).get("include") if isinstance(value, dict) else value)
