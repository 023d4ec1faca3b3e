"""Remove a step of Woodpecker or Drone that only deploys an image, where Keel deploys it now.

Why: With two owners of an image, CI sets a commit's tag and Keel no longer sees `latest`. Decision 12 of the design: CI
builds and pushes `latest`, and Keel rolls. A step that notifies people of the deploy goes too.

Left alone: A step that does other work too, that others wait for, or whose workload Keel does not deliver: the finding
says what is missing. A file of which nothing would be left is for `drop-deploy-pipeline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Rule, YamlFile, YamlHooks, change, removal

from ._decisions import goes_whole, says_deployed, stays
from ._pipelines import Pipeline, Platform, Unit, is_pipeline, pipeline
from .drop_deploy_job import removed

STEPS = (Platform.WOODPECKER, Platform.DRONE)
ID = "drop-deploy-step"


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /, *, workloads: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield the removal of each step that only deploys, or why it stays.

    `workloads`: what a pipeline of another repository deploys that a step starts, as NAMESPACE/NAME.
    """
    each = pipeline(file)
    if each is None or each.platform not in STEPS or goes_whole(each):
        return
    gone = any(rule == ID for rule, _ in context.changed)
    deploys = [unit for unit in each.units if unit.deploys]
    all_go = (gone or deploys) and not any(stays(unit, each, context, workloads) for unit in deploys)
    for unit in each.units:
        if finding := removed(unit, each, context, workloads):
            yield finding
        elif all_go and says_deployed(unit):
            yield _notifies(unit, each)


def _notifies(unit: Unit, _each: Pipeline) -> Finding:
    message = f"removes `{unit.name}`, which notifies people of the deploy"
    return change(unit.span, "notify", message, partial(removal.remove, unit.part), address=unit.name)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
