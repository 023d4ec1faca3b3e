"""Push `latest` beside the tag of the commit, for an image whose `latest` a workload runs.

Why: Keel watches `latest`. A pipeline that pushes only the tag of a commit never reaches the cluster.

Left alone: Images that no workload of the Terraform repository runs at `latest`, and those of which another step pushes
`latest` already, for releases too. Pipelines that also run for other branches, for tags or for pull requests, unless
docker/metadata-action says which branch is the default one. Steps of a matrix, and several steps that push one image,
because the last one would win.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    Block,
    Context,
    Finding,
    Rule,
    Struct,
    YamlFile,
    YamlHooks,
    change,
    warn,
)

from ._latest import every_push, pipelines
from ._pipelines import Pipeline, is_pipeline, pipeline
from ._pushes import Push, Pushes, cannot_add, pushes, run_by, with_latest


class Left(Struct, frozen=True):
    """Why `latest` is left out: the code of the cause, and what to say."""

    code: str
    why: str


_LEFT = {
    "script": Left("in-a-script", "which Keel watches. Push it in the script"),
    "affix": Left("prefix-or-suffix", "because each of its tags gets a prefix or a suffix"),
    "branches": Left("other-branches", "and it does not run for the default branch alone"),
    "matrix": Left("in-a-matrix", "and it pushes for each entry of a matrix. Push it where they are put together"),
    "several": Left("several-pushes", "and other steps push this image too. Push it in the step whose image is to run"),
}


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield the tag for each step that does not push it."""
    each = pipeline(file)
    if each is None or each.untouchable:
        return
    every = every_push(pipelines(context, each))
    latest = {name for push, _ in every for name in push.latest}
    seen: set[tuple[str, str]] = set()
    for push in pushes(each):
        missing = [name for name in run_by(push, context) if name not in latest]
        if missing and (push.unit.name, missing[0]) not in seen:
            seen.add((push.unit.name, missing[0]))
            yield _finding(push, each, missing[0], every)


def _finding(push: Push, each: Pipeline, name: str, every: Pushes) -> Finding:
    address = push.unit.name
    if left := _LEFT.get(cannot_add(push, name, each, every)):
        message = f"`{address}` does not push {name}:latest, {left.why}"
        return warn(push.unit.span, left.code, message, address=address)
    message = f"pushes {name}:latest too"
    return change(push.unit.span, "latest", message, partial(with_latest, push, name), address=address)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
