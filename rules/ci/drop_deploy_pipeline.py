"""Delete a pipeline file in which nothing is left but deploys that Keel does now.

Why: `.woodpecker/deploy.yml` and `.woodpecker/build-fallback.yml` are obsolete in the uniform model. A file of steps
that check variables and notify people does nothing. A second build under another name is only reported.

Left alone: A file that another one depends on, names or starts, unless what starts it goes in the same run. A file with
a deploy that stays. A fallback that builds an image which no other pipeline pushes.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Edit, Finding, Fix, Rule, Span, YamlFile, YamlHooks, change, replace, warn

from ._conditions import approval
from ._decisions import advice, goes_whole, is_fallback, needed_by, stays, targets_of
from ._guard import commands
from ._latest import pipelines
from ._pipelines import ACTIONS, Pipeline, Platform, events, is_pipeline, pipeline
from ._pushes import pushed


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /, *, workloads: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield the deletion of a file, or why it stays.

    `workloads`: what a pipeline of another repository deploys that a job starts, as NAMESPACE/NAME.
    """
    each = pipeline(file)
    if each is None or not goes_whole(each):
        yield from _second(each, context) if each else ()
        return
    for unit in each.units:
        if unit.deploys and (why := stays(unit, each, context, workloads)):
            yield warn(unit.span, why.code, f"`{unit.name}` stays, because {why.why}", address=unit.name)
            return
    if needed := _needed(each, context, workloads):
        yield warn(each.units[0].span, "still-needed", f"only deploys, and stays: {needed}", address=each.stem)
        return
    targets = [target for unit in each.units if unit.deploys for target in targets_of(unit, each, context, workloads)]
    asked = {approval(unit, each) for unit in each.units if unit.deploys and each.platform in ACTIONS} - {""}
    notes = "".join(f". {note}" for note in sorted(asked)) + advice(targets, each, context)
    message = f"deletes the file, because Keel rolls the image{notes}"
    whole = Span(0, len(file.data))
    made = change(whole, "deploy", message, lambda: Fix((Edit(whole, b""),), (), deletes=True), address=each.stem)
    once = commands(targets, context)
    yield replace(made, cells=tuple(("run", command) for command in once)) if once else made


def _second(each: Pipeline, context: Context) -> Iterator[Finding]:
    """A warning for a pipeline that builds by hand what another one builds too, under a name that is not known."""
    own = pushed(each)
    only_builds = bool(each.units) and all(unit.builds or unit.is_idle for unit in each.units)
    if own and only_builds and each.platform is Platform.WOODPECKER and set(events(each)) <= {"manual", "deployment"}:
        elsewhere = {image for other in pipelines(context, each) if other.path != each.path for image in pushed(other)}
        if events(each) and own <= elsewhere:
            message = f"builds {min(own)} only when it is started, and another pipeline builds it too. Delete it"
            yield warn(each.units[0].span, "second-build", f"{message} if nobody starts it", address=each.stem)


def _needed(each: Pipeline, context: Context, workloads: tuple[str, ...]) -> str:
    if why := needed_by(each, context, workloads):
        return why
    if not is_fallback(each):
        return ""
    elsewhere = {image for other in pipelines(context, each) if other.path != each.path for image in pushed(other)}
    own = pushed(each)
    if missing := sorted(own - elsewhere):
        return f"no other pipeline pushes {missing[0]}"
    return "" if own else "which image it builds cannot be read"


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
