"""Let CI deploy the image that it pushes, as it did before Keel (the way back: `hclmod ci apply --model ci`).

Why: Where Keel is taken out of a service, nothing deploys until CI does. The job or step sets the image of the commit
in each workload of the Terraform repository that runs it. `ci-sets-image` does the other half there.

Left alone: Workloads that a pipeline deploys already. Images that no workload runs. Pipelines that also run for other
branches, or push no tag of the commit. The credentials, which a person has to give: the message says which. A build
whose conditions stand elsewhere, because the deploy gets the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from textwrap import indent

from hclmod.rulekit import (
    Block,
    Context,
    Finding,
    Fix,
    Rule,
    UnfixableError,
    YamlFile,
    YamlHooks,
    YamlNode,
    YamlPair,
    change,
    insertion,
    object_name,
    removal,
    warn,
)

from ._defaults import is_default_branch
from ._guard import Row, rows, sets
from ._latest import every_push, pipelines
from ._pipelines import ACTIONS, STAGES, Pipeline, Platform, is_pipeline, pipeline, stage_of
from ._pushes import Push, Pushes, pushes
from ._values import names, table

_STEPS = re.compile(r"\$\{\{\s*(steps\.[\w-]+\.outputs\.[\w-]+)\s*\}\}")

_ELSEWHERE = re.compile(r"\b(?:env|steps|matrix|needs|strategy|job)\.")
"""What an expression reads that another job does not have."""

_FILLED = re.compile(r"\$\{((?:github|steps|needs)\.[\w-]+(?:\.(?!\w*__)[\w-]+)*)\}")
"""An expression as `_shell` has read it in a script."""

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_VARIABLE = re.compile(r"\$\{?([\w.()]+)")
_SHARED = re.compile(r"(?:CI|DRONE|GITHUB|GITEA|FORGEJO)_\w+")
"""The variables that every job and step has."""

_CONDITIONS = ("when", "only", "except", "rules")
"""What says on the platforms of steps and on GitLab when a step or a job runs."""

_ACTION = """\
{job}:
  needs: {needs}
  runs-on: {runner}
  steps:
    - uses: azure/setup-kubectl@v4
    - uses: azure/k8s-set-context@v4
      with:
        method: kubeconfig
        kubeconfig: ${{{{ secrets.KUBE_CONFIG }}}}
    - run: {command}
"""
_STEP = """\
name: {job}
image: bitnami/kubectl:latest
commands:
  - {command}
"""
_MAPPED = """\
{job}:
  image: bitnami/kubectl:latest
  commands:
    - {command}
"""
_GITLAB = """\
{job}:
  stage: {stage}
  image:
    name: bitnami/kubectl:latest
    entrypoint: [""]
  needs: [{needs}]
  script:
    - {command}
"""


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /, *, workloads: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield the deploy of each workload that runs what the pipeline pushes.

    `workloads`: the workloads that get one, as NAMESPACE/NAME. Without it all of them do.
    """
    each = pipeline(file)
    if each is None or each.untouchable:
        return
    files = pipelines(context, each)
    every = every_push(files)
    deployed = [target for other in files for unit in other.units for target in unit.targets]
    for push in pushes(each):
        for running in _running(push, context):
            named = not workloads or f"{running[0].namespace}/{running[0].name}" in workloads
            left = [row for row in running if not any(sets(target, row) for target in deployed)]
            if named and left and push in (chosen := _chosen(left[0].image, each, every)):
                yield _finding(push, left, each, several=len(chosen) > 1)


def _chosen(image: str, each: Pipeline, every: Pushes) -> list[Push]:
    """Which pushes of a pipeline make the image that runs: those of `latest`, or all where no pipeline pushes that."""
    own = [push for push in pushes(each) if image in push.repositories]
    moved = any(image in push.latest for push, _ in every)
    return [push for push in own if image in push.latest or not moved]


def _running(push: Push, context: Context) -> list[list[Row]]:
    """The containers that run a pushed image, by workload."""
    result: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows(context):
        if row.image in push.repositories and row.position and row.name:
            result.setdefault((row.kind, row.namespace, row.name), []).append(row)
    return list(result.values())


def _finding(push: Push, running: list[Row], each: Pipeline, *, several: bool) -> Finding:
    row = running[0]
    if several:
        why = f"several steps push {row.image}, and {row.workload} may run any of these images. Write its deploy"
        return warn(push.unit.span, "several-pushes", why, address=push.unit.name)
    if not is_default_branch(each, push.unit):
        why = f"`{push.unit.name}` pushes what {row.workload} runs, and it does not run for the default branch alone"
        return warn(push.unit.span, "other-branches", why, address=push.unit.name)
    needs = "the secret KUBE_CONFIG" if each.platform in ACTIONS else "an account that may update it"
    message = f"deploys {row.workload} with the image that `{push.unit.name}` pushes. It needs {needs}"
    return change(push.unit.span, "deploy", message, partial(_fix, push, running, each), address=f"deploy {row.name}")


def _fix(push: Push, running: list[Row], each: Pipeline) -> Fix:
    row = running[0]
    tag = next((tag for tag in push.tags if tag and tag != "latest" and "cache" not in tag), "")
    if not tag:
        raise UnfixableError("it pushes no tag of the commit. Push one beside `latest`")
    _require_names(running)
    longer = (row.name, f"{row.namespace}-{row.name}", f"{row.namespace}-{row.name}-{row.container}")
    wished = ("deploy", *(f"deploy-{ending}" for ending in longer))
    job = next((name for name in wished if each.unit(name) is None), wished[-1])
    output: Fix | None = None
    if each.platform in ACTIONS:
        tag, output = _readable(push, _FILLED.sub(r"${{ \1 }}", tag))
    if own := next((name for name in _VARIABLE.findall(_EXPRESSION.sub("", tag)) if not _SHARED.fullmatch(name)), ""):
        raise UnfixableError(f"another job cannot read `{own}` of the tag `{tag}`")
    images = " ".join(f"{one.container}={one.image.removeprefix('docker.io/')}:{tag}" for one in running)
    kind = row.kind.replace("_", "")
    command = f"kubectl -n {row.namespace} set image {kind}/{row.name} {images}"
    fix = _placed(push, each, job, command)
    return fix + output if output else fix


def _require_names(running: list[Row]) -> None:
    """Raise where a name of the Terraform repository is none: it would stand in a command."""
    every = [("namespace", running[0].namespace), ("name", running[0].name)]
    for what, text in (*every, *(("container", one.container) for one in running)):
        if not object_name(text):
            why = f"`{text}` is not one that Kubernetes takes" if text else "is not known"
            raise UnfixableError(f"its {what} {why}, so no command can name it")


def _readable(push: Push, tag: str) -> tuple[str, Fix | None]:
    """The tag as another job can read it, and the output that gives it to that job."""
    if not (step := _STEPS.fullmatch(tag)):
        if _ELSEWHERE.search(tag):
            raise UnfixableError(f"another job cannot read the tag `{tag}`")
        return tag, None
    node = push.unit.node
    outputs = table(table(push.unit.data).get("outputs"))
    name = next((key for key, text in outputs.items() if _STEPS.fullmatch(str(text)) and step[1] in str(text)), "")
    if not name and outputs:
        raise UnfixableError("its job has other outputs. Add the tag to them")
    read = f"${{{{ needs.{push.unit.name}.outputs.{name or 'image_tag'} }}}}"
    steps = node.pair("steps") if node else None
    if name or steps is None:
        return read, None
    return read, insertion.add_before(steps, "outputs", f"outputs:\n  image_tag: {tag}\n")


def _placed(push: Push, each: Pipeline, job: str, command: str) -> Fix:
    holder: YamlNode = push.unit.part.holder
    runner = table(push.unit.data).get("runs-on", "ubuntu-latest")
    if each.platform in ACTIONS and _ELSEWHERE.search(str(runner)):
        raise UnfixableError(f"another job cannot run on `{runner}`. Give the job of the build a runner by name")
    words = {"job": job, "needs": push.unit.name, "command": command, "runner": runner}
    if each.platform in ACTIONS:
        return insertion.append_pair(holder, job, _ACTION.format(**words))
    when = _conditions(push)
    if each.platform is Platform.GITLAB:
        text = _GITLAB.format(**words, stage=_stage(push, each))
        return insertion.append_pair(holder, job, text + indent(when, "  "))
    waits = f"depends_on: [{push.unit.name}]\n" if any(unit.needs for unit in each.units) else ""
    if holder.items:
        return insertion.append_block(holder, _STEP.format(**words) + waits + when)
    return insertion.append_pair(holder, job, _MAPPED.format(**words) + indent(waits + when, "  "))


def _stage(push: Push, each: Pipeline) -> str:
    """A stage that GitLab knows: `deploy` where that is behind the build, else that of the build."""
    data, own = table(each.data), stage_of(push.unit)
    stages = names(data.get("stages")) or (() if "include" in data else STAGES)
    return "deploy" if own in stages and "deploy" in stages[stages.index(own) :] else own


def _conditions(push: Push) -> str:
    """The conditions of a build as they are written, so that its deploy runs whenever it does, and never without it."""
    written = [_copied(pair) for pair in (push.unit.node.pairs if push.unit.node else ()) if pair.key in _CONDITIONS]
    if len(written) < len(set(_CONDITIONS) & set(table(push.unit.data))):
        raise UnfixableError(f"the conditions of `{push.unit.name}` stand elsewhere, and a deploy needs the same")
    return "".join(written)


def _copied(pair: YamlPair) -> str:
    file = pair.file
    if pair.map.is_flow:
        raise UnfixableError("the build stands in braces")
    removal.check_anchors(file, pair.node)
    start = file.document.line_start(pair.span.start)
    margin = " " * (pair.span.start - start)
    lines = (margin + file.text(pair.span)).splitlines()
    return "".join(f"{line.removeprefix(margin)}\n" for line in lines)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
