"""Let workflows that push `latest` run one after another.

Why: Two pushes in a row build at the same time. If the older build ends last, it moves `latest` back, and Keel rolls
back to it.

Left alone: Workflows with a `concurrency` of their own, and those that others call, which belong to the group of the
caller. Images that no workload of the Terraform repository runs at `latest`. Other platforms than GitHub, whose
settings do this elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Fix, Rule, YamlFile, YamlHooks, YamlPair, change, insertion

from ._pipelines import Platform, events, is_pipeline, pipeline
from ._pushes import pushes, run_by
from ._values import table

TEXT = """\
concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: false
"""


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
    if (
        not mine
        or "workflow_call" in events(each)
        or "concurrency" in data
        or any("concurrency" in table(push.unit.data) for push in mine)
    ):
        return
    message = f"lets runs that push {run_by(mine[0], context)[0]} wait for each other"
    yield change(jobs.span, "no-group", message, partial(_fix, jobs), address=each.stem)


def _fix(jobs: YamlPair) -> Fix:
    return insertion.add_before(jobs, "concurrency", TEXT)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
