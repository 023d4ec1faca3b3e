"""Let workflows that push `latest` run one after another.

Why: Two pushes in a row build at the same time. If the older build ends last, it moves `latest` back, and Keel rolls
back to it.

Left alone: Workflows with a `concurrency` of their own, and those that others call, which belong to the group of the
caller. Images that no workload of the Terraform repository runs at `latest`. Workflows of which a group would cancel
runs that have to take place: the finding says why. `latest` that moves with releases alone, because each one has a ref
of its own. Other platforms than GitHub, whose settings do this elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Fix, Rule, YamlFile, YamlHooks, YamlPair, change, insertion, warn

from ._conditions import TAGS
from ._defaults import SAFE
from ._latest import pipelines
from ._pipelines import Pipeline, Platform, events, is_pipeline, pipeline
from ._pushes import latest_for, pushes, run_by
from ._values import table

_SINCE = re.compile(r"paths-filter|changed-files|HEAD~1|HEAD\^|github\.event\.before|nx affected|has-changed-path")
"""What builds only what the last push has changed."""

TEXT = """\
concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ {ref} }}}}
  cancel-in-progress: false
"""
_OF_PULLS = "github.head_ref && github.run_id || github.ref"
"""A group of its own for each run of a pull request, which pushes nothing."""


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield the group for a workflow that pushes what a workload runs."""
    each = pipeline(file)
    jobs = file.top.pair("jobs") if file.top else None
    if each is None or jobs is None or each.platform is not Platform.GITHUB or each.untouchable:
        return
    data = table(each.data)
    mine = [push for push in pushes(each) if push.latest & set(run_by(push, context))]
    moved = [push for push in mine if latest_for(push, each) != {TAGS}]  # each release has a ref of its own
    if (
        not moved
        or "workflow_call" in events(each)
        or "concurrency" in data
        or any("concurrency" in table(push.unit.data) for push in mine)
    ):
        return
    name = run_by(moved[0], context)[0]
    if why := _loses_runs(each, context):
        message = (
            f"runs that push {name} do not wait for each other. {why}. Write a `concurrency` for the job that pushes"
        )
        yield warn(jobs.span, "other-runs", message, address=each.stem)
        return
    message = f"lets runs that push {name} wait for each other"
    yield change(jobs.span, "no-group", message, partial(_fix, jobs, each), address=each.stem)


def _loses_runs(each: Pipeline, context: Context) -> str:
    """Why a group would cancel a run that has to take place: GitHub lets only the newest run of a group wait."""
    on = table(table(each.data).get("on"))
    foreign = sorted(set(events(each)) - SAFE)
    if foreign:
        return f"In a group, a run of `{foreign[0]}` would cancel one that waits to build the default branch"
    if table(on.get("workflow_dispatch")).get("inputs"):
        return "In a group, a run with other inputs would cancel one that waits"
    if event := _apart(each):
        return f"In a group, a run of `{event}`, in which other jobs run, would cancel one that waits to build"
    if match := _SINCE.search(each.file.data.decode(errors="replace")):
        return f"In a group, what `{match[0]}` has found in a cancelled run would never be built"
    title = table(each.data).get("name")
    for other in pipelines(context, each):
        if title and other.path != each.path and table(other.data).get("name") == title:
            return f"{other.path} has the same name, so it would be in the group too"
    return ""


def _apart(each: Pipeline) -> str:
    """An event of the default branch for which not all jobs run; empty for none."""
    asks = any("github.event_name" in str(table(unit.data).get("if", "")) for unit in each.units)
    return next((event for event in ("schedule", "workflow_dispatch") if asks and event in events(each)), "")


def _fix(jobs: YamlPair, each: Pipeline) -> Fix:
    ref = _OF_PULLS if "pull_request" in events(each) else "github.ref"
    return insertion.add_before(jobs, "concurrency", TEXT.format(ref=ref))


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
