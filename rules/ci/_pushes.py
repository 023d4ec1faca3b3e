"""The images that pipelines push, and where their tags stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Context, Struct, YamlNode

from ._acts import Kind
from ._guard import repository, rows
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, events
from ._shell import commands, filled, texts
from ._values import literals, names, split, table

_BUILD = "docker/build-push-action"
_META = "docker/metadata-action"
DEFAULT = frozenset({"main", "master", "trunk", "${CI_REPO_DEFAULT_BRANCH}"})
_OF_DEFAULT = re.compile(r"\$CI_COMMIT_BRANCH\s*==\s*(?:\$CI_DEFAULT_BRANCH|['\"](?:main|master)['\"])")
_MADE = re.compile(r"steps[._](\w[\w-]*)[._]outputs[._](tags)")


class Push(Struct, frozen=True, kw_only=True):
    """One step that pushes: its repositories as `name`, the node that has its tags, how they are written."""

    unit: Unit
    repositories: tuple[str, ...]
    node: YamlNode | None
    form: str  # `lines`, `list`, `text`, `metadata`, `auto`, or `script`
    latest: frozenset[str]  # those of its repositories that get the tag `latest`
    tags: tuple[str, ...] = ()  # as they are written
    lines: tuple[tuple[str, str], ...] = ()  # the repository of each whole image that is written there, and its text


def pushes(each: Pipeline) -> Iterator[Push]:
    """All steps that push an image whose name can be read."""
    for unit in each.units:
        yield from _of_actions(unit, each) if each.platform in ACTIONS else _of_step(unit, each)
        yield from _of_script(unit, each)


def pushed(each: Pipeline) -> set[str]:
    """The repositories that a pipeline pushes to."""
    return {name for push in pushes(each) for name in push.repositories}


def run_by(push: Push, context: Context) -> tuple[str, ...]:
    """Those of its repositories whose `latest` a workload of the Terraform repository runs."""
    at_latest = {row.image for row in rows(context) if "not at latest" not in row.missing and row.image}
    return tuple(each for each in push.repositories if each in at_latest)


def may_push_latest(push: Push, each: Pipeline) -> frozenset[str]:
    """The repositories of which a step pushes `latest`, or the rule `push-latest` can add it."""
    if push.node is None or each.untouchable:
        return push.latest
    can = push.form == "metadata" or is_default_branch(each, push.unit)
    return frozenset(push.repositories) if can else push.latest


def is_default_branch(each: Pipeline, unit: Unit) -> bool:
    """Whether a unit runs for the default branch alone, as far as branches decide it."""
    data = table(each.document(unit))
    if each.platform in ACTIONS:
        on = table(data.get("on"))
        push = table(on.get("push"))
        branches = names(push.get("branches"))
        others = set(events(each)) - {"push", "workflow_dispatch", "schedule"}
        return bool(branches) and set(branches) <= DEFAULT and not others and "tags" not in push
    if each.platform is Platform.GITLAB:
        job = table(unit.data)
        rules = [str(table(rule).get("if", "")) for rule in _listed(job.get("rules"))]
        only = names(job.get("only"))
        by_rule = bool(rules) and all(_OF_DEFAULT.search(rule) for rule in rules)
        return by_rule or (bool(only) and set(only) <= DEFAULT)
    own = [table(one) for one in _listed(table(unit.data).get("when"))]
    whole = [table(one) for one in _listed(data.get("when") or data.get("trigger"))]
    return any(bool(some) and all(_is_on_default(one) for one in some) for some in (own, whole))


def _is_on_default(when: dict[str, object]) -> bool:
    branch = when.get("branch")
    given = names(table(branch).get("include") if isinstance(branch, dict) else branch)
    event = names(when.get("event"))
    return bool(given) and set(given) <= DEFAULT and not set(event) & {"tag", "pull_request"}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _tag(image: str) -> str:
    return split(image)[1] or "latest"


def _variables(unit: Unit, each: Pipeline) -> dict[str, str]:
    return {**literals(table(each.data).get("env")), **literals(table(unit.data).get("env"))}


def _of_actions(unit: Unit, each: Pipeline) -> Iterator[Push]:
    steps = table(unit.data).get("steps")
    known = _variables(unit, each)
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        inputs = table(table(step).get("with"))
        if not str(table(step).get("uses", "")).startswith(_BUILD) or inputs.get("push", "false") == "false":
            continue
        node = unit.node.get("steps", number, "with", "tags") if unit.node else None
        value = inputs.get("tags")
        if isinstance(value, str):
            yield _of_tags(unit, node, value, known, steps if isinstance(steps, list) else [])


def _of_tags(unit: Unit, node: YamlNode | None, value: str, known: dict[str, str], steps: list[object]) -> Push:
    if made := _MADE.search(filled(value, known)):
        return _of_metadata(unit, made[1], known, steps)
    lines = [line for each in value.splitlines() for line in each.split(",") if line.strip()]
    full = [filled(line, known).strip() for line in lines]
    repositories = tuple(dict.fromkeys(name for each in full if (name := repository(each))))
    latest = frozenset(repository(each) for each in full if _tag(each) == "latest")
    tags = tuple(_tag(line) for line in lines)
    form = "lines" if "\n" in value.strip() or (node is not None and node.inner.type == "block_scalar") else "text"
    return Push(
        unit=unit,
        repositories=repositories,
        node=node,
        form=form,
        latest=latest & frozenset(repositories),
        tags=tags,
        lines=tuple(zip(map(repository, full), lines, strict=True)),
    )


def _of_metadata(unit: Unit, name: str, known: dict[str, str], steps: list[object]) -> Push:
    at = next((number for number, step in enumerate(steps) if table(step).get("id") == name), None)
    inputs = table(table(steps[at]).get("with")) if at is not None else {}
    is_known = at is not None and str(table(steps[at]).get("uses", "")).startswith(_META)
    images = [filled(line, known) for line in str(inputs.get("images", "")).splitlines()]
    repositories = tuple(dict.fromkeys(name for each in images if (name := repository(each))))
    tags = str(inputs.get("tags", ""))
    latest = bool(re.search(r"value=latest|type=raw,\s*latest|^[ \t]*latest[ \t\r]*$", tags, re.MULTILINE))
    latest = latest or "latest=true" in str(inputs.get("flavor", ""))
    node = unit.node.get("steps", at, "with", "tags") if unit.node and at is not None and is_known else None
    return Push(
        unit=unit,
        repositories=repositories,
        node=node,
        form="metadata",
        latest=frozenset(repositories if latest else ()),
    )


def _of_step(unit: Unit, each: Pipeline) -> Iterator[Push]:
    if each.platform is Platform.GITLAB or not any(act.kind is Kind.BUILD for act in unit.acts):
        return
    data = table(unit.data)
    inside = "settings" if "settings" in data else ""
    settings = table(data.get("settings")) or data
    images = [image for text in texts(settings.get("repo")) for image in text.split(",")]
    repositories = tuple(dict.fromkeys(name for each in images if (name := repository(each))))
    if not repositories or settings.get("dry_run") == "true":
        return
    key = next((each_key for each_key in ("tags", "tag") if each_key in settings), "")
    node = unit.node.get(*([inside] if inside else []), key) if unit.node and key else None
    given = settings.get(key) if key else "latest"
    tags = [tag.strip() for text in texts(given) for tag in text.split(",")]
    auto = str(settings.get("auto_tag", settings.get("auto_latest", ""))) == "true"
    form = "auto" if auto or not key else "list" if isinstance(given, list) else "text"
    yield Push(
        unit=unit,
        repositories=repositories,
        node=node,
        form=form,
        latest=frozenset(repositories if auto or not key or "latest" in tags else ()),
        tags=tuple(tags),
    )


def _of_script(unit: Unit, each: Pipeline) -> Iterator[Push]:
    data = table(unit.data)
    known = {**_variables(unit, each), **literals(data.get("environment")), **literals(data.get("variables"))}
    scripts = [*texts(data.get("commands")), *texts(data.get("script"))]
    scripts += [run for step in _listed(data.get("steps")) if isinstance(run := table(step).get("run"), str)]
    for words in (words for script in scripts for words in commands(script, known)):
        if words[:2] == ("docker", "push") and len(words) > 2 and (name := repository(words[-1])):
            is_latest = _tag(words[-1]) == "latest" or "--all-tags" in words
            yield Push(
                unit=unit,
                repositories=(name,),
                node=None,
                form="script",
                latest=frozenset((name,) if is_latest else ()),
                tags=(_tag(words[-1]),),
            )
