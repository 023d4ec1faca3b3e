"""Take a job or a step that this run has removed out of the `needs` and `depends_on` of others.

Why: A pipeline that waits for what is not there does not start. Who waited for the removed one waits for what that one
waited for, so the order of all others stays.

Left alone: Names that were unknown before this run, which `dead-pipeline` reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Rule, YamlFile, YamlHooks, YamlPair, change

from ._needs import waiting, without
from ._pipelines import Unit, is_pipeline, pipeline

REMOVING = ("drop-deploy-job", "drop-deploy-step")


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield what takes each name that is gone out of each list."""
    each, before = pipeline(file), pipeline(context.yaml[file.path])
    if each is None or before is None:
        return
    removed = {name for rule, name in context.changed if rule in REMOVING}
    for unit in each.units:
        there = {unit.name, *(other.name for other in each.beside(unit))}
        gone = removed - there
        for pair, name, more in waiting(unit, gone, before):
            yield _taken_out(unit, pair, name, more)


def _taken_out(unit: Unit, pair: YamlPair, name: str, more: list[str]) -> Finding:
    message = f"takes `{name}` out of `{pair.key}` of `{unit.name}`"
    if more:
        message += f", and waits for {', '.join(f'`{each}`' for each in more)} instead"
    address = f"{unit.name}.{pair.key}.{name}"
    return change(pair.span, "removed-need", message, partial(without, pair, name, more), address=address)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
