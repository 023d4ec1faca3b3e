"""What becomes of each unit of a pipeline: a deploy that Keel does now goes, or why it stays.

A decision looks at all pipelines of the repository as they were when the run began, so all rules decide alike.
"""

from __future__ import annotations

import posixpath
import re

from hclmod.rulekit import Context, Struct, UnfixableError, removal

from ._commands import Kind, Target
from ._guard import objections
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, all_of, events, names, table

FALLBACKS = ("build-fallback",)
"""The names of pipelines that build the same image a second time, if a person starts them."""

_RELEASES = re.compile(
    r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'release'|github\.event\.release|\$CI_COMMIT_TAG"
)
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
    if why := _awaited(unit, each) or _awaited_elsewhere(unit, each, context):
        return Stays("awaited", why)
    if _is_for_releases(unit, each):
        return Stays("for-releases", "it deploys releases alone, and Keel would deploy each push of `latest`")
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


def _is_for_releases(unit: Unit, each: Pipeline) -> bool:
    """Whether a unit runs for tags and releases alone."""
    data, whole = table(unit.data), table(each.data)
    if _RELEASES.search(str(data.get("if", ""))) or "refs/tags" in str(data.get("only", "")):
        return True
    if "tags" in names(data.get("only")) or any(_RELEASES.search(str(rule)) for rule in _rules(data)):
        return True
    if each.platform in ACTIONS:
        on = table(whole.get("on"))
        push = table(on.get("push"))
        by_tag = "push" in on and "tags" in push and "branches" not in push
        starting = set(events(each)) - {"workflow_dispatch"} - ({"push"} if by_tag else set())
        return (by_tag or "release" in starting) and starting <= {"release"}
    own = set(names(table(data.get("when")).get("event")))
    return bool(own) and own <= {"tag", "release"}


def _rules(data: dict[str, object]) -> list[object]:
    rules = data.get("rules")
    return rules if isinstance(rules, list) else []


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
