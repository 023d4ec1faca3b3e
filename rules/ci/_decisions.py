"""What becomes of each unit of a pipeline: a deploy that Keel does now goes, or why it stays.

A decision looks at all pipelines of the repository as they were when the run began, so all rules decide alike.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from hclmod.rulekit import Context, Struct, UnfixableError, removal

from ._commands import Kind, Target
from ._guard import objections
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, all_of, merged, names, table

FALLBACKS = ("build-fallback",)
"""The names of pipelines that build the same image a second time, if a person starts them."""

_SAYS_DEPLOYED = re.compile(r"deploy|rolled out|rollout|live\b", re.IGNORECASE)


class Stays(Struct, frozen=True):
    """Why a deploy stays: the code of the cause, and what to say."""

    code: str
    why: str


def pipelines(context: Context, now: Pipeline) -> tuple[Pipeline, ...]:
    """All pipelines, this one as it is now."""
    return tuple(now if each.path == now.path else each for each in all_of(context.yaml))


def stays(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> Stays | None:
    """Why a unit that deploys stays; None for one that goes."""
    if unit.others:
        does = ", ".join(dict.fromkeys(other.words or "builds an image" for other in unit.others))
        return Stays("mixed", f"it also does other work ({does}). Move the deploy into a job of its own")
    if why := each.untouchable:
        return Stays("not-edited-here", why)
    if why := _awaited(unit, each):
        return Stays("awaited", why)
    if not goes_whole(each) and (why := _not_removable(unit)):
        return Stays("not-removable", why)
    return _undelivered(unit, each, context, workloads)


def _undelivered(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...]) -> Stays | None:
    targets = targets_of(unit, each, context, workloads)
    if not targets:
        started = "no pipeline of this repository deploys a workload when it is started"
        return Stays("unknown-workload", f"{started}. Name the workload with the option `workloads`")
    missing = [why for target in targets for why in objections(target, context)]
    if not missing:
        return None
    return Stays("not-delivered", f"Keel would not deploy instead. {'. '.join(dict.fromkeys(missing))}")


def targets_of(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> tuple[Target, ...]:
    """The workloads that a unit deploys, also those of the pipelines that it starts."""
    if not any(act.kind is Kind.TRIGGER for act in unit.acts):
        return unit.targets
    named = (name.partition("/") for name in workloads)
    given = [Target(kind="", name=name, namespace=home) for home, _, name in named]
    started = (other for other in pipelines(context, each) if other.starts_by_hand and other.path != each.path)
    started_targets = (target for other in started for inner in other.units for target in inner.targets)
    return tuple(dict.fromkeys((*unit.targets, *given, *started_targets)))


def _not_removable(unit: Unit) -> str:
    try:
        removal.remove(unit.part)
    except UnfixableError as error:
        return str(error)
    return ""


def _awaited(unit: Unit, each: Pipeline) -> str:
    """Which other unit needs it to have run."""
    for other in each.units:
        if other.name == unit.name:
            continue
        read = rf"\bneeds\s*(?:\.\s*{re.escape(unit.name)}\b|\[\s*['\"]{re.escape(unit.name)}['\"]\s*\])"
        if re.search(read, other.text):
            return f"`{other.name}` reads its result"
        if unit.name in other.needs and not (other.is_idle or (other.deploys and not other.others)):
            return f"`{other.name}` waits for it and does more than to notify. Without a deploy it would run too early"
    return ""


def goes_whole(each: Pipeline) -> bool:
    """Whether nothing would be left in a file without its deploys but what looks and notifies."""
    deploys = any(unit.deploys for unit in each.units)
    rest = (unit for unit in each.units if not unit.deploys)
    return deploys and all(unit.is_idle or (is_fallback(each) and unit.builds) for unit in rest)


def is_fallback(each: Pipeline) -> bool:
    """Whether a file is a second way to build, which only a person or a request starts."""
    return each.platform is Platform.WOODPECKER and each.stem in FALLBACKS


def says_deployed(unit: Unit) -> bool:
    """Whether a unit notifies people that something was deployed."""
    notifies = any(act.kind is Kind.NOTIFY for act in unit.acts)
    own = {key: value for key, value in table(unit.data).items() if key not in ("depends_on", "needs", "when")}
    return notifies and unit.is_idle and bool(_SAYS_DEPLOYED.search(str(own)))


def needed_by(each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> str:
    """What else of the repository needs a file; empty where nothing does."""
    for other in pipelines(context, each):
        if other.path == each.path:
            continue
        if why := _refers(other, each):
            return why
        for unit in other.units:
            starts = any(act.kind is Kind.TRIGGER for act in unit.acts)
            if starts and each.starts_by_hand and stays(unit, other, context, workloads):
                return f"`{unit.name}` in {other.path} may start it, and stays"
    return ""


def _refers(other: Pipeline, each: Pipeline) -> str:
    data = table(other.data)
    if other.platform is Platform.WOODPECKER and each.stem in names(data.get("depends_on")):
        return f"{other.path} depends on it"
    name = posixpath.basename(each.path)
    if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", _code(other)):
        return f"{other.path} names it"
    title = table(each.data).get("name")
    on = table(data.get("on")) if other.platform in ACTIONS else {}
    if title and title in names(table(on.get("workflow_run")).get("workflows")):
        return f"{other.path} runs after it"
    return ""


def _code(each: Pipeline) -> str:
    """The text of a pipeline without lines that are comments."""
    lines = each.file.data.decode(errors="replace").split("\n")
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def inherited(unit: Unit) -> dict[str, object]:
    """The data of a unit with what merge keys bring."""
    return merged(unit.data)


def others(unit: Unit, each: Pipeline) -> Iterator[Unit]:
    """The other units of a file."""
    return (other for other in each.units if other.name != unit.name)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether a path is one of some globs."""
    return any(fnmatchcase(path, glob) for glob in globs)
