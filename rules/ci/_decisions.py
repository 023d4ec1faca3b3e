"""What becomes of each unit of a pipeline: a deploy that Keel does now goes, or why it stays.

A decision looks at all pipelines of the repository as they were when the run began, so all rules decide alike.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from hclmod.rulekit import Context, Struct, UnfixableError, removal

from ._acts import Kind, Target
from ._clusters import several_clusters
from ._conditions import ANY, CLOCK, DEFAULT, HAND, OF_DEFAULT, PULLS, TAGS, by_hand, runs_for
from ._guard import images, objections, unreadable
from ._latest import every_push, moved_for, moving, pipelines, pushes_of, unpushed
from ._needs import waiting, without
from ._order import documents_behind, follows, gate, works
from ._pipelines import ACTIONS, Pipeline, Platform, Unit, events, is_pipeline
from ._pushes import Pushes, pushed
from ._values import names, table

FALLBACKS = ("build-fallback",)
"""The names of pipelines that build the same image a second time, if a person starts them."""

_WATCHES = re.compile(r"kubectl|/apis/apps/|rollout|\bdeployment", re.IGNORECASE)
_WORDS = {PULLS: PULLS, CLOCK: CLOCK, OF_DEFAULT: "the default branch", TAGS: "releases"}
_ASKS = re.compile(
    r"^\s*(?:-\s+)?(?:run:\s*)?(?:if|elif|case|test|\[)[ \t\[].*"
    r"(?:\$\{?(?:GITHUB_REF|CI_COMMIT_(?:BRANCH|TAG|REF)|DRONE_(?:BRANCH|TAG))|\{\{\s*github\.ref)"
)
_SAYS_DEPLOYED = re.compile(r"deploy|rolled out|rollout|live\b", re.IGNORECASE)


class Stays(Struct, frozen=True):
    """Why a deploy stays: the code of the cause, and what to say."""

    code: str
    why: str


def stays(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> Stays | None:
    """Why a unit that deploys stays; None for one that goes."""
    if unit.others:
        does = ", ".join(dict.fromkeys(other.words or "builds an image" for other in unit.others))
        return Stays("mixed", f"it also does other work ({does}). Move the deploy into a job of its own")
    if why := each.untouchable:
        return Stays("not-edited-here", why)
    targets = targets_of(unit, each, context, workloads)
    return (
        _needed_as_it_is(unit, each, context)
        or _deploys_less(targets, unit, each, context)
        or _undelivered(targets, unit, each, context)
    )


def _needed_as_it_is(unit: Unit, each: Pipeline, context: Context) -> Stays | None:
    if not goes_whole(each) and "workflow_call" in events(each):
        return Stays("awaited", "other repositories may call the workflow")
    if why := _awaited(unit, each) or _awaited_elsewhere(unit, each, context) or _used_in_gitlab(unit, each, context):
        return Stays("awaited", why)
    if each.platform in ACTIONS and events(each) == ("workflow_dispatch",) and (what := _chosen(unit)):
        return Stays("by-hand", f"a person starts it to {what}, which Keel does not. Delete it if nobody does")
    if not goes_whole(each) and (why := _not_removable(unit, each)):
        return Stays("not-removable", why)
    return None


def _chosen(unit: Unit) -> str:
    """What a person chooses who starts a unit: a restart, or a tag; empty for neither."""
    if any("inputs" in image for target in unit.targets for _, image in target.images):
        return "choose a tag"
    return "restart the workload" if unit.targets and not any(target.images for target in unit.targets) else ""


def _undelivered(targets: Sequence[Target], unit: Unit, each: Pipeline, context: Context) -> Stays | None:
    if not targets:
        started = "no pipeline of this repository deploys a workload when it is started"
        return Stays("unknown-workload", f"{started}. Name the workload with --workload")
    files, run = pipelines(context, each), images(targets, context)
    every = every_push(files)
    built = frozenset(name for push, _ in every for name in push.repositories)
    missing = [why for target in targets for why in objections(target, context, built)]
    if missing := missing or list(_of_other_images(targets, run, built, every)):
        return Stays("not-delivered", f"Keel would not deploy instead. {'. '.join(dict.fromkeys(missing))}")
    if name := unpushed(run, every):
        why = f"no pipeline pushes {name}:latest, which Keel watches. Push it for the default branch first"
        return Stays("latest-not-pushed", why)
    if name := gate(run, unit, each, files):
        why = f"it waits for `{name}`, and the push of `latest` does not. Let the push wait for it first"
        return Stays("waits-for-more", why)
    if why := several_clusters(unit, each, files, context):
        return Stays("several-clusters", why)
    return None


def _of_other_images(targets: Sequence[Target], run: set[str], built: frozenset[str], every: Pushes) -> Iterator[str]:
    """What containers run whose new image cannot be read, where the pipelines push other images by name."""
    for image in sorted(run) if built and unreadable(targets) else ():
        if not pushes_of(image, every):
            yield f"The workload runs {image}, and the pipelines here push {', '.join(sorted(built))}"


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
    """Why Keel would deploy at other times than a unit does, which runs for releases or for some branches alone."""
    own = _alike(name for act in unit.deploys for name in runs_for(unit, each, act.condition))
    files = pipelines(context, each)
    every = every_push(files)
    moved = [one for image in sorted(images(targets, context)) for one in moving(image, every)]
    latest = _alike(name for push, other in moved for name in moved_for(push, other, files)) or {OF_DEFAULT}
    if latest == {HAND} and not by_hand(unit, each):
        return Stays(
            "latest-not-pushed", "`latest` is pushed only when a person starts it. Push it for each deploy first"
        )
    latest = (latest - {HAND}) or own
    if own == {TAGS} and latest != own:
        return Stays("for-releases", "it deploys releases alone, and Keel would deploy each push of `latest`")
    if latest == {TAGS} and own != latest:
        why = "it deploys more than releases, and `latest` is pushed for releases alone. Push it for each deploy first"
        return Stays("latest-not-pushed", why)
    known = (latest | {OF_DEFAULT}) - {ANY} if ANY in latest else latest
    more = latest - {TAGS, CLOCK, ANY} - own or (own <= {PULLS, CLOCK} and latest - own)
    if own and ANY not in own and (not own & known or more):
        only = ", ".join(_WORDS.get(name, f"the branch `{name}`") for name in sorted(own))
        return Stays("other-branch", f"it deploys for {only} alone, and Keel would deploy each push of `latest`")
    if any(_ASKS.search(line) for line in unit.text.splitlines()):
        return Stays(
            "other-branch", "its script asks for a branch or a tag, and Keel would deploy each push of `latest`"
        )
    return None


def _alike(branches: Iterable[str]) -> set[str]:
    """Branches, with one name for what a default branch is called."""
    return {OF_DEFAULT if name in DEFAULT else name for name in branches}


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
        lists = [*waiting(other, {unit.name}, each)]
        if unit.name in other.needs and not lists:
            return f"`{other.name}` waits for it by what it extends or merges"
        for pair, name, more in lists:
            try:
                without(pair, name, more)
            except UnfixableError as error:
                return f"it cannot be taken out of `{pair.key}` of `{other.name}`: {error}"
    return ""


def _awaited_elsewhere(unit: Unit, each: Pipeline, context: Context) -> str:
    """Which file, or document of a file, runs after its own and needs it to have run."""
    for other in () if goes_whole(each) else pipelines(context, each):
        if other.path != each.path and follows(other, each) and any(map(works, other.units)):
            return f"{other.path} runs after {each.path} and does more than to notify"
    behind = next(documents_behind(unit, each), "")
    return f"the pipeline `{behind}` runs after it and does more than to notify" if behind else ""


def _used_in_gitlab(unit: Unit, each: Pipeline, context: Context) -> str:
    """Which job of GitLab, of another file or of this one, needs it or is made from it."""
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
    waiting_for = _followers(unit, each)
    read = "|".join(re.escape(name) for name in sorted(waiting_for))
    for other in each.beside(unit):
        if re.search(rf"\bneeds\s*(?:\.\s*(?:{read})\b(?!-)|\[\s*['\"](?:{read})['\"]\s*\])", other.text):
            return f"`{other.name}` reads its result"
        waits = waiting_for & set(other.needs) and not (other.is_idle or (other.deploys and not other.others))
        acts = any(act.kind in (Kind.OTHER, Kind.UNKNOWN) for act in other.acts)
        if waits or (acts and other.name in each.behind(unit)):
            return f"`{other.name}` waits for it and does more than to notify. Without a deploy it would run too early"
    return ""


def _followers(unit: Unit, each: Pipeline) -> set[str]:
    """A unit, and those that only watch or deploy after it: who waits for them waits for it."""
    result = {unit.name}
    while more := {
        other.name
        for other in each.beside(unit)
        if other.name not in result and result & set(other.needs) and _only_watches(other)
    }:
        result |= more
    return result


def _only_watches(unit: Unit) -> bool:
    notifies = any(act.kind is Kind.NOTIFY for act in unit.acts)
    return not notifies and (unit.is_idle or (bool(unit.deploys) and not unit.others))


def goes_whole(each: Pipeline) -> bool:
    """Whether nothing would be left in a file without its deploys but what looks and notifies."""
    if each.platform is Platform.GITLAB and _gives_more(each):
        return False
    deploys = any(unit.deploys for unit in each.units)
    rest = (unit for unit in each.units if not unit.deploys)
    return deploys and all(unit.is_idle or (is_fallback(each) and unit.builds) for unit in rest)


def _gives_more(each: Pipeline) -> bool:
    """Whether a file of GitLab includes others, or has what others that include it may use."""
    keys = set(table(each.data))
    own = {unit.name for unit in each.units}
    return "include" in keys or (not each.path.startswith(".gitlab-ci.y") and bool(keys - own))


def is_fallback(each: Pipeline) -> bool:
    """Whether a file is a second way to build, which only a person or a request starts."""
    return each.platform is Platform.WOODPECKER and each.stem in FALLBACKS


def says_deployed(unit: Unit) -> bool:
    """Whether a unit notifies people that something was deployed."""
    notifies = any(act.kind is Kind.NOTIFY for act in unit.acts)
    own = {key: value for key, value in table(unit.data).items() if key not in ("depends_on", "needs", "when")}
    return notifies and unit.is_idle and bool(_SAYS_DEPLOYED.search(str(own)))


def _unread(context: Context) -> str:
    """A pipeline that cannot be read, so that nobody knows what it needs; empty for none."""
    return next((path for path, file in sorted(context.yaml.items()) if is_pipeline(path) and file.problem), "")


def needed_by(each: Pipeline, context: Context, workloads: tuple[str, ...] = ()) -> str:
    """What else of the repository needs a file; empty where nothing does."""
    if "workflow_call" in events(each):
        return "other repositories may call it"
    if unread := _unread(context):
        return f"{unread} cannot be read, and may need it"
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
    return f"{other.path} runs after it" if follows(other, each) else ""


def _code(each: Pipeline) -> str:
    """The text of a pipeline without lines that are comments."""
    lines = each.file.data.decode(errors="replace").split("\n")
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))
