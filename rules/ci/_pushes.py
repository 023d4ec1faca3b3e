"""The images that pipelines push, and where their tags stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from hclmod.rulekit import Context, Fix, Struct, UnfixableError, YamlFile, YamlNode, insertion, replace

from . import _metadata
from ._acts import Kind
from ._conditions import ANY, HAND, TAGS, by_hand, runs_for
from ._defaults import events_are_safe, is_default_branch
from ._guard import repository, rows
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, pipeline
from ._plugins import plain
from ._scripts import pushed_by
from ._shell import commands, filled, texts, variables
from ._values import split, table

_RAW = "type=raw,value=latest,enable={{is_default_branch}}"
_BUILD = "docker/build-push-action"
_MADE = re.compile(r"steps[._](\w[\w-]*)[._]outputs[._](tags)")
_UNKNOWN = re.compile(r"\$\{[^{}]*\}|\$\w+")
_PUT_TOGETHER = re.compile(r"imagetools create.*(?:METADATA_OUTPUT|outputs\.(?:tags|json))", re.DOTALL)
"""What names images of several platforms together, as docker/metadata-action has made the tags."""

_FOR_TAGS = re.compile(r"^.*(?:\bif\b|\bcase\b|\[).*(?:CI_COMMIT_TAG|DRONE_TAG|refs/tags).*$", re.MULTILINE)
_FILE = re.compile(r"^.*>\s*\.tags\b.*$", re.MULTILINE)
_SUPPRESSED = re.compile(rb"hclmod:\s*ignore\[[^\]\n]*\bpush-latest\b")
"""A person's word that `latest` is not to be added somewhere in a file."""


class Push(Struct, frozen=True, kw_only=True):
    """One step that pushes: its repositories as `name`, the node that has its tags, how they are written.

    `unread` are names of repositories of which a part is filled in when it runs. `conditions` are those of `latest`.
    """

    unit: Unit
    repositories: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    node: YamlNode | None = None
    form: str  # `lines`, `list`, `text`, `metadata`, `auto`, or `script`
    latest: frozenset[str]  # those of all its names that get the tag `latest`
    tags: tuple[str, ...] = ()  # as they are written
    lines: tuple[tuple[str, str], ...] = ()  # the repository of each whole image that is written there, and its text
    conditions: tuple[str, ...] = ()
    affixed: bool = False  # every tag gets a prefix or a suffix

    def is_of(self, image: str, names: Iterable[str]) -> bool:
        """Whether one of some of its names is this image, or may turn out to be it when it runs."""
        short = image.removeprefix("docker.io/").removeprefix("library/")
        unread = (".+".join(map(re.escape, _UNKNOWN.split(each))) for each in names if "$" in each)
        return image in names or any(re.fullmatch(each, name) for each in unread for name in (image, short))


Pushes = Sequence[tuple[Push, Pipeline]]


def pushes(each: Pipeline) -> tuple[Push, ...]:
    """All steps that push an image."""
    return _pushes(each.file)


@lru_cache(maxsize=256)
def _pushes(file: YamlFile) -> tuple[Push, ...]:
    each = pipeline(file)
    return tuple(push for unit in each.units for push in _of_unit(unit, each)) if each else ()


def _of_unit(unit: Unit, each: Pipeline) -> Iterator[Push]:
    yield from _of_actions(unit, each) if each.platform in ACTIONS else _of_step(unit, each)
    yield from _of_script(unit, each)


def pushed(each: Pipeline) -> set[str]:
    """The repositories that a pipeline pushes to, those whose name can be read."""
    return {name for push in pushes(each) for name in push.repositories}


def run_by(push: Push, context: Context) -> tuple[str, ...]:
    """Those of its repositories whose `latest` a workload of the Terraform repository runs."""
    at_latest = {row.image for row in rows(context) if "not at latest" not in row.missing and row.image}
    return tuple(each for each in push.repositories if each in at_latest)


def latest_for(push: Push, each: Pipeline) -> frozenset[str]:
    """The branches for which it pushes `latest`, or would."""
    if by_hand(push.unit, each):
        return frozenset({HAND})
    return runs_for(push.unit, each, *push.conditions) or frozenset({ANY})


def may_push_latest(push: Push, each: Pipeline, every: Pushes) -> frozenset[str]:
    """The names of which a step pushes `latest`, or the rule `push-latest` can add it."""
    if push.node is None or each.untouchable or _SUPPRESSED.search(each.file.data):
        return push.latest
    return push.latest | {name for name in push.repositories if not cannot_add(push, name, each, every)}


def cannot_add(push: Push, name: str, each: Pipeline, every: Pushes) -> str:
    """Why `latest` cannot be added to what a step pushes, in a word; `every` are the pushes of all pipelines."""
    same = [(one, other) for one, other in every if name in one.repositories]
    reasons = {
        "pushed": any(name in one.latest for one, _ in same),
        "script": push.form == "script",
        "affix": push.affixed,
        "branches": not _is_addable(push, each),
        "matrix": has_matrix(push.unit, each),
        "unwritten": not _is_written(push, name),
        "several": sum(_is_addable(one, other) for one, other in same) > 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_written(push: Push, name: str) -> bool:
    """Whether the tags stand where `latest` can be put beside them."""
    try:
        with_latest(push, name)
    except UnfixableError:
        return False
    return True


def _is_addable(push: Push, each: Pipeline) -> bool:
    if push.form != "metadata":
        return is_default_branch(each, push.unit)
    return not push.affixed and events_are_safe(each)


def has_matrix(unit: Unit, each: Pipeline) -> bool:
    """Whether a unit runs once for each entry of a matrix."""
    data = table(unit.data)
    inner = (table(data.get(key)).get("matrix") for key in ("strategy", "parallel"))
    return any(inner) or (each.platform is Platform.WOODPECKER and "matrix" in table(each.document(unit)))


def _tag(image: str) -> str:
    return split(image)[1] or "latest"


def _variables(unit: Unit, each: Pipeline) -> dict[str, str]:
    return variables(table(each.data).get("env"), table(unit.data).get("env"))


def _of_images(unit: Unit, images: Sequence[str], form: str, *conditions: str) -> Iterator[Push]:
    """A push for each repository among some images with their tags."""
    tags: dict[str, list[str]] = {}
    for image in images:
        tags.setdefault(split(image)[0], []).append(_tag(image))
    for written, own in tags.items():
        name = repository(written)
        unread = () if name or "$" not in written else (written,)
        if name or unread:
            yield Push(
                unit=unit,
                repositories=(name,) if name else (),
                unread=unread,
                form=form,
                latest=frozenset((name,) if name else unread) if "latest" in own else frozenset(),
                tags=tuple(own),
                conditions=conditions,
            )


def _of_actions(unit: Unit, each: Pipeline) -> Iterator[Push]:
    given = table(unit.data).get("steps")
    steps: list[object] = given if isinstance(given, list) else []
    known = _variables(unit, each)
    for number, step in enumerate(steps):
        inputs = table(table(step).get("with"))
        uses, conditions = plain(str(table(step).get("uses", ""))), [str(table(step).get("if", ""))]
        value = inputs.get("tags")
        if not isinstance(value, str):
            continue
        if uses == _BUILD and inputs.get("push", "false") != "false":
            node = unit.node.get("steps", number, "with", "tags") if unit.node else None
            conditions.append(str(inputs["push"]).removeprefix("true"))
            yield from _of_tags(unit, each, node, value, known, *conditions)
        elif uses != _BUILD and {"image", "registry"} <= inputs.keys():  # as redhat-actions/push-to-registry
            name = filled(f"{inputs['registry']}/{inputs['image']}", known)
            tags = re.split(r"[\s,]+", filled(value, known).strip())
            yield from _of_images(unit, [f"{name}:{tag}" for tag in tags], "script", *conditions)
    if _PUT_TOGETHER.search(unit.text):
        for number in _metadata_steps(unit):
            yield from _of_metadata(unit, each, number, known)


def _metadata_steps(unit: Unit, name: str = "") -> list[int]:
    """The numbers of the steps of a job that are docker/metadata-action, or of the one with this id."""
    every = enumerate(table(unit.data)["steps"])
    made = [(number, step) for number, step in every if plain(str(table(step).get("uses", ""))) == _metadata.NAME]
    return [number for number, step in made if not name or table(step).get("id") == name]


def _of_tags(
    unit: Unit, each: Pipeline, node: YamlNode | None, value: str, known: dict[str, str], *conditions: str
) -> Iterator[Push]:
    if made := _MADE.search(filled(value, known)):
        for number in _metadata_steps(unit, made[1]):
            yield from _of_metadata(unit, each, number, known, *conditions)
        return
    lines = [line for each in value.splitlines() for line in each.split(",") if line.strip()]
    full = [filled(line, known).strip() for line in lines]
    yield from _of_images(unit, [each for each in full if not repository(each)], "script", *conditions)
    repositories = tuple(dict.fromkeys(name for each in full if (name := repository(each))))
    latest = frozenset(repository(each) for each in full if _tag(each) == "latest")
    tags = tuple(_tag(line) for line in lines)
    form = "lines" if "\n" in value.strip() or (node is not None and node.inner.type == "block_scalar") else "text"
    yield Push(
        unit=unit,
        repositories=repositories,
        node=node,
        form=form,
        latest=latest & frozenset(repositories),
        tags=tags,
        lines=tuple(zip(map(repository, full), lines, strict=True)),
        conditions=conditions,
    )


def _of_metadata(unit: Unit, each: Pipeline, number: int, known: dict[str, str], *conditions: str) -> Iterator[Push]:
    inputs = table(table(table(unit.data)["steps"][number]).get("with"))
    images = [filled(line, known).strip() for line in re.split(r"[\n,]", str(inputs.get("images", "")))]
    latest = _metadata.latest(inputs)
    if latest == TAGS and not runs_for(unit, each, *conditions) & {TAGS, ANY}:
        latest = None
    repositories = tuple(dict.fromkeys(name for each in images if (name := repository(each))))
    unread = tuple(each for each in images if "$" in each)
    yield Push(
        unit=unit,
        repositories=repositories,
        unread=unread,
        node=unit.node.get("steps", number, "with", "tags") if unit.node else None,
        form="metadata",
        latest=frozenset(() if latest is None else (*repositories, *unread)),
        affixed=_metadata.has_affix(inputs),
        conditions=(*conditions, _metadata.IS_DEFAULT if latest is None else latest),
    )


def _of_step(unit: Unit, each: Pipeline) -> Iterator[Push]:
    if each.platform is Platform.GITLAB or not any(act.kind is Kind.BUILD for act in unit.acts):
        return
    data = table(unit.data)
    inside = "settings" if "settings" in data else ""
    settings = table(data.get("settings")) or data
    names = _named(settings)
    repositories = tuple(dict.fromkeys(name for each_name in names if (name := repository(each_name))))
    unread = tuple(name for name in names if "$" in name)
    if not names or settings.get("dry_run") == "true":
        return
    key = next((each_key for each_key in ("tags", "tag") if each_key in settings), "")
    node = unit.node.get(*([inside] if inside else []), key) if unit.node and key else None
    tags = [tag.strip() for text in texts(settings.get(key)) for tag in text.split(",")]
    auto = str(settings.get("auto_tag", settings.get("auto_latest", ""))) == "true"
    written = "\n".join(_FILE.findall(each.file.data.decode(errors="replace")))  # tags in the file `.tags`
    implied = "auto_tag_suffix" not in settings if auto else "latest" in written if written else not key
    yield Push(
        unit=unit,
        repositories=repositories,
        unread=unread,
        node=node,
        form="auto" if auto or not key else "list" if isinstance(settings[key], list) else "text",
        latest=frozenset((*repositories, *unread) if "latest" in tags or implied else ()),
        tags=tuple(tags),
        conditions=(_metadata.IS_DEFAULT,) if auto else (),
    )


def _named(settings: dict[str, object]) -> tuple[str, ...]:
    """The repository of a plugin; some plugins put the registry before it, others want it there."""
    host = re.sub(r"^https?://|/(?:v\d/?)?$", "", str(settings.get("registry", "")))
    every = [image for text in texts(settings.get("repo")) for image in text.split(",")]
    joined = [f"{host}/{name}" for name in every if host and not name.startswith(host)]
    return (*every, *joined)


def _of_script(unit: Unit, each: Pipeline) -> Iterator[Push]:
    data = table(unit.data)
    outer = table(each.data).get("variables") if each.platform is Platform.GITLAB else None
    known = variables(outer, _variables(unit, each), data.get("environment"), data.get("variables"))
    scripts = [*texts(data.get("commands")), *texts(data.get("script"))]
    yield from _of_commands(unit, "\n".join(scripts), known)
    steps = data.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(run := table(step).get("run"), str):
            inner = variables(known, table(step).get("env"))
            yield from _of_commands(unit, run, inner, str(table(step).get("if", "")))


def _of_commands(unit: Unit, script: str, known: dict[str, str], condition: str = "") -> Iterator[Push]:
    every = commands(script, known)
    images = [image for words in every for image in pushed_by(words)]
    all_tags = any(words[:2] == ("docker", "push") and {"-a", "--all-tags"} & set(words) for words in every)
    for_tags = [line for line in _FOR_TAGS.findall(script) if "-z" not in line]
    for push in _of_images(unit, images, "script", condition, *(TAGS for _ in for_tags[:1])):
        yield replace(push, latest=frozenset((*push.repositories, *push.unread))) if all_tags else push


def with_latest(push: Push, name: str) -> Fix:
    """The fix that pushes `latest` too; `UnfixableError` where it cannot be written there."""
    node = push.node
    if node is None:
        raise UnfixableError("its tags are not written there")
    if push.form == "list":
        return insertion.append_text(node, "latest")
    if push.form == "metadata":
        return _line(node, _RAW)
    image = next((line for repository, line in push.lines if repository == name), "")
    if push.form == "lines":
        return _line(node, _beside(image))
    return insertion.set_text(node, f"{node.text},{_beside(image) if image else 'latest'}")


def _line(node: YamlNode, line: str) -> Fix:
    if not node.text.strip():
        raise UnfixableError("its tags are empty")
    return insertion.add_line(node, line, len(node.text.rstrip("\n").split("\n")) - 1)


def _beside(image: str) -> str:
    """The image at `latest`, written as its neighbour is."""
    name, tag = split(image)
    if not tag:
        raise UnfixableError(f"`{image.strip()}` has no tag")
    return f"{name}:latest"
