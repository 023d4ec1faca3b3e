"""Remove a job that only deploys an image, where Keel deploys it now.

Why: With two owners of an image, CI sets a commit's tag and Keel no longer sees `latest`. Decision 12 of the design: CI
builds and pushes `latest`, and Keel rolls.

Left alone: A job that does other work too, that others wait for, that waits for tests for which the push of `latest`
does not, or whose workload Keel does not deliver: the finding says what is missing. A job that runs for other branches
or at other times than `latest` is pushed. Jobs that deploy with manifests, Helm, Argo CD or over SSH, and a POST that
deploys no image. Generated files and mirrors. `rules/ci/_decisions.py` has all reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Rule, YamlFile, YamlHooks, change, note, removal, replace, warn

from ._acts import Kind
from ._conditions import approval
from ._decisions import advice, checks_deploy, goes_whole, stays, targets_of
from ._guard import commands
from ._pipelines import Pipeline, Platform, Unit, is_pipeline, pipeline

JOBS = (Platform.GITHUB, Platform.FORGEJO, Platform.GITLAB)


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /, *, workloads: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield the removal of each job that only deploys, or why it stays.

    `workloads`: what a pipeline of another repository deploys that a job starts, as NAMESPACE/NAME.
    """
    each = pipeline(file)
    if each is None or each.platform not in JOBS or goes_whole(each):
        return
    for unit in each.units:
        if finding := removed(unit, each, context, workloads):
            yield finding


def removed(unit: Unit, each: Pipeline, context: Context, workloads: tuple[str, ...]) -> Finding | None:
    """The removal of a unit that deploys, why it stays, or a note on one that deploys otherwise."""
    if checks_deploy(unit, each, context, workloads):
        message = f"removes `{unit.name}`, which only watches a deploy that goes"
        return change(unit.span, "watch", message, partial(removal.remove, unit.part), address=unit.name)
    if not unit.deploys:
        return _otherwise(unit)
    if why := stays(unit, each, context, workloads):
        return warn(unit.span, why.code, f"`{unit.name}` stays, because {why.why}", address=unit.name)
    how = unit.deploys[0].words
    message = f"removes `{unit.name}` ({how}), because Keel rolls the image"
    if asked := approval(unit, each):
        message += f". {asked}"
    targets = targets_of(unit, each, context, workloads)
    message += advice(targets, each, context)
    made = change(unit.span, "deploy", message, partial(removal.remove, unit.part), address=unit.name)
    once = commands(targets, context)
    if not once:
        return made
    hint = "Terraform ignores the image, so its tag is still the one that CI has set. Set it once: " + "; ".join(once)
    return replace(made, message=f"{message}. {hint}", cells=tuple(("run", each_command) for each_command in once))


def _otherwise(unit: Unit) -> Finding | None:
    """A note on what deploys in a way that Keel does not replace."""
    every = [act for act in unit.acts if act.kind is Kind.OTHER]
    if not every:
        return None
    other = next((act for act in every if any(word in act.words for word in ("helm", "apply", "argocd"))), every[0])
    message = f"`{unit.name}` deploys with {other.words}, which Keel does not replace"
    return note(unit.span, "other-deploy", message, address=unit.name)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
