"""What becomes of each unit of a pipeline: a deploy that Keel does now goes, or why it stays.

A decision looks at all pipelines of the repository as they were when the run began, so all rules decide alike.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from hclmod.rulekit import Context, Struct, UnfixableError, removal

from ._acts import Kind, Target
from ._conditions import ANY, TAGS, runs_for
from ._guard import images, objections
from ._needs import waiting, without
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, all_of, events
from ._pushes import DEFAULT, Push, may_push_latest, pushed, pushes
from ._values import names, table

FALLBACKS = ("build-fallback",)
"""The names of pipelines that build the same image a second time, if a person starts them."""

_WATCHES = re.compile(r"kubectl|/apis/apps/|rollout|\bdeployment", re.IGNORECASE)
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
    if not goes_whole(each) and "workflow_call" in events(each):
        return Stays("awaited", "other repositories may call the workflow")
    if why := _awaited(unit, each) or _awaited_elsewhere(unit, each, context):
        return Stays("awaited", why)
    if not goes_whole(each) and (why := _not_removable(unit, each)):
        return Stays("not-removable", why)
    targets = targets_of(unit, each, context, workloads)
    return _deploys_less(targets, unit, each, context) or _undelivered(targets, each, context)


def _undelivered(targets: Sequence[Target], each: Pipeline, context: Context) -> Stays | None:
    if not targets:
        started = "no pipeline of this repository deploys a workload when it is started"
        return Stays("unknown-workload", f"{started}. Name the workload with --workload")
    built = frozenset(name for other in pipelines(context, each) for name in pushed(other))
    missing = [why for target in targets for why in objections(target, context, built)]
    if not missing:
        name = _unpushed(targets, each, context)
        why = f"no pipeline pushes {name}:latest, which Keel watches. Push it for the default branch first"
        return Stays("latest-not-pushed", why) if name else None
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


def _deploys_less(targets: Sequence[Target], unit: Unit, each: Pipeline, context: Context) -> Stays | None:
    """Why Keel would deploy more than a unit does, which runs for releases or for some branches alone."""
    own = runs_for(unit, each)
    run = images(targets, context)
    every = _of(targets, each, context)
    pushing = [(push.unit, other) for push, other in every if may_push_latest(push, other) & run]
    latest = {branch for builder, other in pushing for branch in runs_for(builder, other) or {ANY}}
    if own == {TAGS} and latest != {TAGS}:
        return Stays("for-releases", "it deploys releases alone, and Keel would deploy each push of `latest`")
    if own and not own & {ANY, TAGS, *DEFAULT, *latest}:
        branches = ", ".join(f"`{name}`" for name in sorted(own))
        why = f"it deploys the branch {branches} alone, and Keel would deploy each push of `latest`"
        return Stays("other-branch", why)
    return None


def _of(targets: Sequence[Target], each: Pipeline, context: Context) -> list[tuple[Push, Pipeline]]:
    """What the pipelines of the repository push that workloads run."""
    run = images(targets, context)
    every = ((push, other) for other in pipelines(context, each) for push in pushes(other))
    return [(push, other) for push, other in every if run & set(push.repositories)]


def _unpushed(targets: Sequence[Target], each: Pipeline, context: Context) -> str:
    """The image of which every pipeline that pushes it leaves `latest` out; empty for none."""
    every = _of(targets, each, context)
    known = {name for push, _ in every for name in push.repositories} & images(targets, context)
    moved = {name for push, other in every for name in may_push_latest(push, other)}
    return min(known - moved, default="")


def advice(targets: Sequence[Target], each: Pipeline, context: Context) -> str:
    """What to check of images that no pipeline of the repository pushes by a name that can be read; empty for none."""
    named = {name for other in pipelines(context, each) for name in pushed(other)}
    unread = sorted(images(targets, context) - named)
    latest = ", ".join(f"{name}:latest" for name in unread)
    return f". No pipeline here says that it pushes {latest}, so check that one does" if unread else ""


def _not_removable(unit: Unit, each: Pipeline) -> str:
    """Why a unit, or its name in the lists of others, cannot be taken out of the file."""
    try:
        removal.remove(unit.part)
    except UnfixableError as error:
        return str(error)
    for other in each.beside(unit):
        for pair, name, more in waiting(other, {unit.name}, each):
            try:
                without(pair, name, more)
            except UnfixableError as error:
                return f"it cannot be taken out of `{pair.key}` of `{other.name}`: {error}"
    return ""


def _awaited_elsewhere(unit: Unit, each: Pipeline, context: Context) -> str:
    """Which job of another file of GitLab, or of this one, needs it or is made from it."""
    if each.platform is not Platform.GITLAB:
        return ""
    reference = rf"!reference\s*\[\s*['\"]?{re.escape(unit.name)}['\"]?\s*,"
    for other in pipelines(context, each):
        if other.platform is Platform.GITLAB and re.search(reference, _code(other)):
            return f"{other.path} refers to it"
        for job in other.units if other.platform is Platform.GITLAB else ():
            if table(table(job.data).get("environment")).get("on_stop") == unit.name:
                return f"`{job.name}` in {other.path} names it in `on_stop`"
            if unit.name in names(table(job.data).get("extends")):
                return f"`{job.name}` in {other.path} extends it"
            if other.path != each.path and unit.name in job.needs:
                return f"`{job.name}` in {other.path} waits for it"
    return ""


def checks_deploy(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> bool:
    """Whether a unit only watches what a deploy does that goes: without it, it would wait in vain."""
    notifies = any(act.kind is Kind.NOTIFY for act in unit.acts)
    if notifies or not unit.is_idle or unit.deploys or not _WATCHES.search(unit.text):
        return False
    gone = {name for rule, name in context.changed if rule in ("drop-deploy-job", "drop-deploy-step")}
    before = (each.unit(name) for name in unit.needs)
    going = (other for other in before if other and other.deploys and not stays(other, each, context, workloads))
    return bool(gone & set(unit.needs)) or any(True for _ in going)


def _awaited(unit: Unit, each: Pipeline) -> str:
    """Which other unit needs it to have run."""
    name = re.escape(unit.name)
    if each.platform in ACTIONS and re.search(rf"\bjobs\s*(?:\.\s*{name}\b|\[\s*['\"]{name}['\"])", _code(each)):
        return "the workflow gives its outputs to its callers"
    for other in each.beside(unit):
        read = rf"\bneeds\s*(?:\.\s*{re.escape(unit.name)}\b|\[\s*['\"]{re.escape(unit.name)}['\"]\s*\])"
        if re.search(read, other.text):
            return f"`{other.name}` reads its result"
        waits = unit.name in other.needs and not (other.is_idle or (other.deploys and not other.others))
        acts = any(act.kind in (Kind.OTHER, Kind.UNKNOWN) for act in other.acts)
        if waits or (acts and other.name in each.behind(unit)):
            return f"`{other.name}` waits for it and does more than to notify. Without a deploy it would run too early"
    return ""


def goes_whole(each: Pipeline) -> bool:
    """Whether nothing would be left in a file without its deploys but what looks and notifies."""
    if each.platform is Platform.GITLAB and "include" in table(each.data):
        return False
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
    if "workflow_call" in events(each):
        return "other repositories may call it"
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
