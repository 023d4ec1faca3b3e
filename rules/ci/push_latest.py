"""Push `latest` beside the tag of the commit, for an image whose `latest` a workload runs.

Why: Keel watches `latest`. A pipeline that pushes only the tag of a commit never reaches the cluster.

Left alone: Images that no workload of the Terraform repository runs at `latest`. Pipelines that also run for other
branches, for tags or for pull requests, unless docker/metadata-action says which branch is the default one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

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
    change,
    insertion,
    warn,
)

from ._pipelines import Pipeline, is_pipeline, pipeline
from ._pushes import Push, is_default_branch, pushes, run_by

RAW = "type=raw,value=latest,enable={{is_default_branch}}"


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield the tag for each step that does not push it."""
    each = pipeline(file)
    if each is None or each.untouchable:
        return
    latest = {name for push in pushes(each) if push.has_latest for name in push.repositories}
    seen: set[tuple[str, str]] = set()
    for push in pushes(each):
        missing = [name for name in run_by(push, context) if name not in latest]
        if missing and not push.has_latest and (push.unit.name, missing[0]) not in seen:
            seen.add((push.unit.name, missing[0]))
            yield _finding(push, each, missing[0])


def _finding(push: Push, each: Pipeline, name: str) -> Finding:
    message = f"pushes {name}:latest too"
    address = push.unit.name
    if push.form == "script":
        message = f"`{address}` does not push {name}:latest, which Keel watches. Push it in the script"
        return warn(push.unit.span, "in-a-script", message, address=address)
    if push.form != "metadata" and not is_default_branch(each, push.unit):
        message = f"`{address}` does not push {name}:latest, and it does not run for the default branch alone"
        return warn(push.unit.span, "other-branches", message, address=address)
    return change(push.unit.span, "latest", message, partial(_fix, push), address=address)


def _fix(push: Push) -> Fix:
    node = push.node
    if node is None:
        raise UnfixableError("its tags are not written there")
    if push.form == "list":
        return insertion.append_text(node, "latest")
    if push.form == "metadata":
        return _line(node, RAW)
    if push.form == "lines":
        return _line(node, _beside(node.text.splitlines()[-1]))
    last = node.text.split(",")[-1]
    is_image = "/" in last or ":" in last
    added = _beside(last) if is_image else "latest"
    return insertion.set_text(node, f"{node.text},{added.strip()}")


def _line(node: YamlNode, line: str) -> Fix:
    if not node.text.strip():
        raise UnfixableError("its tags are empty")
    return insertion.add_line(node, line, len(node.text.rstrip("\n").split("\n")) - 1)


def _beside(image: str) -> str:
    """The image at `latest`, written as its neighbour is."""
    repository, colon, tag = image.strip().rpartition(":")
    if not colon or "/" in tag:
        raise UnfixableError(f"`{image.strip()}` has no tag")
    return f"{repository}:latest"


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
