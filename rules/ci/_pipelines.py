"""Pipelines as units: the jobs of GitHub, Forgejo and GitLab, the steps of Woodpecker and Drone, and what each does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from hclmod.rulekit import Span, Struct, YamlFile, YamlItem, YamlNode, YamlPair, replace

from ._acts import CAUSE, ROLLBACK, Act, Kind, Target, at_home
from ._commands import act
from ._plugins import action, plugin
from ._shell import commands, filled, texts, variables
from ._values import events_of, merged, names, table


class Platform(Enum):
    """Whose pipeline it is."""

    GITHUB = "GitHub"
    FORGEJO = "Forgejo Actions"
    WOODPECKER = "Woodpecker"
    DRONE = "Drone"
    GITLAB = "GitLab"


_PATHS = {
    Platform.GITHUB: (".github/workflows/*.yml", ".github/workflows/*.yaml"),
    Platform.FORGEJO: (
        ".forgejo/workflows/*.yml", ".forgejo/workflows/*.yaml", ".gitea/workflows/*.yml", ".gitea/workflows/*.yaml",
    ),
    Platform.WOODPECKER: (".woodpecker.yml", ".woodpecker.yaml", ".woodpecker/*.yml", ".woodpecker/*.yaml"),
    Platform.DRONE: (".drone.yml", ".drone.yaml"),
    Platform.GITLAB: (".gitlab-ci.yml", ".gitlab-ci.yaml", ".gitlab/ci/*.yml", ".gitlab-ci/*.yml"),
}  # fmt: skip
STAGES = ("build", "test", "deploy")
"""The stages of GitLab where a file names none."""

ACTIONS = (Platform.GITHUB, Platform.FORGEJO)

_RESERVED = frozenset((
    "stages", "variables", "include", "default", "workflow", "image", "services", "cache", "before_script",
    "after_script", "spec",
))  # fmt: skip
_GENERATED = re.compile(r"^#.*\b(generated (?:by|from)|do not edit|managed by)\b.*$", re.IGNORECASE | re.MULTILINE)
_MIRROR = re.compile(r"overwritten by the next sync|one-way mirror|mirrored from|this is a mirror", re.IGNORECASE)
BY_HAND = frozenset({"manual", "deployment", "custom", "promote", "rollback", "workflow_dispatch"})
"""The events that a person or a request makes."""

Part = YamlPair | YamlItem


def platform_of(path: str) -> Platform | None:
    """Whose pipeline a file is by its path; None for any other file."""
    return next((each for each, globs in _PATHS.items() if any(fnmatchcase(path, glob) for glob in globs)), None)


def is_pipeline(path: str) -> bool:
    """Whether a file is a pipeline that these rules know."""
    return platform_of(path) is not None


class Unit(Struct, frozen=True, kw_only=True):
    """What can be taken out alone: a job or a step; `needs` are the others that it waits for, by name."""

    name: str
    part: Part
    acts: tuple[Act, ...]
    needs: tuple[str, ...] = ()
    data: Any = None

    @property
    def document(self) -> int:
        """The number of the document of its file in which it stands."""
        return int(self.part.keys[0])

    @property
    def span(self) -> Span:
        """Its bytes."""
        return self.part.span

    @property
    def node(self) -> YamlNode | None:
        """Its map."""
        return self.part.value

    @property
    def text(self) -> str:
        """It as it is written."""
        return self.part.file.text(self.span)

    @property
    def deploys(self) -> tuple[Act, ...]:
        """What sets an image, or starts a pipeline that does."""
        return tuple(each for each in self.acts if each.kind in (Kind.IMAGE, Kind.TRIGGER))

    @property
    def others(self) -> tuple[Act, ...]:
        """What is neither a deploy of an image nor harmless."""
        beside = (ROLLBACK, CAUSE) if any(each.kind is Kind.IMAGE for each in self.acts) else ()
        every = (each for each in self.acts if each.words not in beside)
        return tuple(each for each in every if each.kind in (Kind.OTHER, Kind.BUILD, Kind.UNKNOWN))

    @property
    def builds(self) -> bool:
        """Whether it builds images, and does nothing else that matters."""
        kinds = {each.kind for each in self.acts}
        return Kind.BUILD in kinds and kinds <= {Kind.BUILD, Kind.NEUTRAL, Kind.NOTIFY}

    @property
    def is_idle(self) -> bool:
        """Whether it only looks, notifies, or checks variables."""
        return all(each.kind in (Kind.NEUTRAL, Kind.NOTIFY) for each in self.acts)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The workloads that it names."""
        return tuple(each.target for each in self.acts if each.target is not None)


class Pipeline(Struct, frozen=True, kw_only=True):
    """A file of pipelines, with its units in order."""

    file: YamlFile
    platform: Platform
    units: tuple[Unit, ...]

    @property
    def path(self) -> str:
        """Its path."""
        return self.file.path

    @property
    def stem(self) -> str:
        """Its name, by which others of Woodpecker refer to it."""
        return posixpath.basename(self.path).rpartition(".")[0].removeprefix(".")

    @property
    def data(self) -> Any:
        """Its first document as plain data."""
        return self.file.contents[0] if self.file.contents else None

    def document(self, unit: Unit) -> Any:
        """The document of one of its units as plain data."""
        return self.file.contents[unit.document]

    def beside(self, unit: Unit) -> tuple[Unit, ...]:
        """The other units of the same document."""
        every = (each for each in self.units if each.document == unit.document)
        return tuple(each for each in every if each.part.keys != unit.part.keys)

    def behind(self, unit: Unit) -> tuple[str, ...]:
        """The units that run after one without saying so: later steps, and jobs of later stages."""
        others = self.beside(unit)
        if self.platform is Platform.GITLAB:
            stages = names(table(self.data).get("stages")) or STAGES
            later = stages[stages.index(stage) + 1 :] if (stage := stage_of(unit)) in stages else ()
            return tuple(each.name for each in others if stage_of(each) in later and "needs" not in table(each.data))
        if self.platform in ACTIONS or any(each.needs for each in (unit, *others)):
            return ()
        return tuple(each.name for each in others if each.span.start > unit.span.start)

    def before(self, unit: Unit) -> set[str]:
        """The units that have to end before one starts."""
        direct = {
            each.name: {*each.needs, *(other.name for other in self.beside(each) if each.name in self.behind(other))}
            for each in (unit, *self.beside(unit))
        }
        result = set(direct[unit.name])
        while more := {name for each in result for name in direct.get(each, ())} - result:
            result |= more
        return result

    @property
    def starts_by_hand(self) -> bool:
        """Whether a person or a request may start it."""
        return bool(BY_HAND & set(events(self)))

    @property
    def untouchable(self) -> str:
        """Why the file may not be edited here; empty if it may."""
        head = "\n".join(self.file.data.decode(errors="replace").split("\n")[:12])
        if mirror := _MIRROR.search(self.file.data.decode(errors="replace")):
            return f"the file says `{mirror[0]}`, so edit it where it comes from"
        if generated := _GENERATED.search(head):
            return f"the file is generated (`{generated[0].lstrip('# ').strip()}`), so change what generates it"
        if any(table(each).get("kind") == "signature" for each in self.file.contents):
            return "the file is signed. Change it by hand and sign it again with `drone sign`"
        return ""

    def unit(self, name: str) -> Unit | None:
        """The unit of this name."""
        return next((each for each in self.units if each.name == name), None)


def all_of(files: Mapping[str, YamlFile]) -> tuple[Pipeline, ...]:
    """The pipelines among some files, those that can be read."""
    return tuple(each for file in files.values() if (each := pipeline(file)))


@lru_cache(maxsize=256)
def pipeline(file: YamlFile) -> Pipeline | None:
    """A file as a pipeline; None for any other file, and for one that cannot be read."""
    platform = platform_of(file.path)
    if platform is None or file.problem:
        return None
    return Pipeline(file=file, platform=platform, units=tuple(_UNITS[platform](file, platform)))


def _of_actions(file: YamlFile, _platform: Platform) -> Iterator[Unit]:
    top, jobs = file.top, file.top.get("jobs") if file.top else None
    if top is None or jobs is None:
        return
    outer = table(top.data).get("env")
    for pair in jobs.pairs:
        data = merged(pair.value.data) if pair.value else {}
        known = variables(outer, data.get("env"))
        text = file.text(pair.span)
        steps = data.get("steps")
        acts = (
            [
                replace(each, condition=str(step.get("if", "")))
                for step in steps
                if isinstance(step, dict)
                for each in _step(step, known, text)
            ]
            if isinstance(steps, list)
            else []
        )
        if isinstance(uses := data.get("uses"), str):
            deploys = "deploy" in uses.lower()
            acts.append(Act(kind=Kind.OTHER if deploys else Kind.UNKNOWN, words=f"the workflow `{uses}`"))
        yield Unit(name=pair.key, part=pair, acts=tuple(at_home(acts)), needs=names(data.get("needs")), data=data)


def _step(step: dict[str, Any], known: Mapping[str, str], text: str) -> Iterator[Act]:
    data = merged(step)
    known = variables(known, data.get("env"))
    if isinstance(run := data.get("run"), str):
        yield from (act(each, text) for each in commands(run, known))
    elif isinstance(uses := data.get("uses"), str):
        inputs = {
            key: filled(each, known) if isinstance(each, str) else each for key, each in table(data.get("with")).items()
        }
        yield action(uses, inputs)


def _of_woodpecker(file: YamlFile, _platform: Platform) -> Iterator[Unit]:
    top = file.top
    if top is not None:
        steps = top.get("steps") or top.get("pipeline")
        yield from _of_steps(file, steps)


def _of_drone(file: YamlFile, _platform: Platform) -> Iterator[Unit]:
    for root in file.roots:
        if table(root.data).get("kind", "pipeline") == "pipeline":
            yield from _of_steps(file, root.get("steps"))


def _of_steps(file: YamlFile, steps: YamlNode | None) -> Iterator[Unit]:
    if steps is None:
        return
    parts: list[Part] = [*steps.pairs, *steps.items]
    for part in parts:
        data = merged(part.value.data) if part.value else {}
        name = part.key if isinstance(part, YamlPair) else str(data.get("name", f"step {part.number + 1}"))
        known = variables(data.get("environment"))
        orders = "\n".join(texts(data.get("commands")))
        image = data.get("image")
        if orders:
            acts = [act(each, file.text(part.span)) for each in commands(orders, known)]
        else:
            settings = table(data.get("settings")) or data
            acts = [plugin(image if isinstance(image, str) else "", settings)]
        yield Unit(name=name, part=part, acts=tuple(at_home(acts)), needs=names(data.get("depends_on")), data=data)


def _of_gitlab(file: YamlFile, _platform: Platform) -> Iterator[Unit]:
    top = file.top
    if top is None:
        return
    outer = table(top.data).get("variables")
    whole = table(top.data)
    for pair in top.pairs:
        data = _extended(pair.key, whole)
        if pair.key in _RESERVED or pair.key.startswith(".") or not ({"script", "trigger", "extends"} & data.keys()):
            continue
        known = variables(outer, data.get("variables"))
        orders = "\n".join(each for key in ("before_script", "script", "after_script") for each in texts(data.get(key)))
        acts = [act(each, file.text(pair.span)) for each in commands(orders, known)]
        if "trigger" in data or "script" not in data:
            acts.append(Act(kind=Kind.UNKNOWN, words="another pipeline"))
        needs = dict.fromkeys((*names(data.get("needs")), *names(data.get("dependencies"))))
        yield Unit(name=pair.key, part=pair, acts=tuple(at_home(acts)), needs=tuple(needs), data=data)


def _extended(key: str, whole: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """A job of GitLab with what it extends, as far as that stands in the same file."""
    own = merged(whole.get(key))
    base: dict[str, Any] = {}
    for name in names(own.get("extends")) if depth < 8 else ():
        base |= _extended(name, whole, depth + 1)
    return {**base, **own}


_UNITS = {
    Platform.GITHUB: _of_actions,
    Platform.FORGEJO: _of_actions,
    Platform.WOODPECKER: _of_woodpecker,
    Platform.DRONE: _of_drone,
    Platform.GITLAB: _of_gitlab,
}


def stage_of(unit: Unit) -> str:
    """The stage of a job of GitLab."""
    return str(table(unit.data).get("stage", "test"))


def events(each: Pipeline) -> tuple[str, ...]:
    """The events that start a pipeline, as it names them; empty where it names none."""
    data = table(each.data)
    if each.platform in ACTIONS:
        on = data.get("on")
        return tuple(on) if isinstance(on, dict) else names(on)
    return events_of(data.get("when") if each.platform is Platform.WOODPECKER else data.get("trigger"))
