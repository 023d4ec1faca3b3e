"""Take a job or a step that this run has removed out of the `needs` and `depends_on` of others.

Why: A pipeline that waits for what is not there does not start. Who waited for the removed one waits for what that one
waited for, so the order of all others stays.

Left alone: Names that were unknown before this run, which `dead-pipeline` reports.
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
    YamlItem,
    YamlNode,
    YamlPair,
    change,
    insertion,
    removal,
)

from ._pipelines import Unit, is_pipeline, pipeline

_KEYS = ("needs", "depends_on", "dependencies")
REMOVING = ("drop-deploy-job", "drop-deploy-step")


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield what takes each name that is gone out of each list."""
    each, before = pipeline(file), pipeline(context.yaml[file.path])
    if each is None or before is None:
        return
    there = {unit.name for unit in each.units}
    gone = {name for rule, name in context.changed if rule in REMOVING and name not in there}
    for unit in each.units:
        for key in _KEYS:
            pair = unit.node.pair(key) if unit.node else None
            for name in sorted(gone) if pair else ():
                if pair and name in _names(pair):
                    instead = _instead(before.unit(name), gone, before.units)
                    yield _taken_out(unit, pair, name, instead)


def _instead(unit: Unit | None, gone: set[str], units: tuple[Unit, ...], depth: int = 0) -> list[str]:
    """What a removed unit waited for, also through other removed ones."""
    result: list[str] = []
    for name in unit.needs if unit and depth < len(units) else ():
        inner = next((each for each in units if each.name == name), None)
        result += _instead(inner, gone, units, depth + 1) if name in gone else [name]
    return list(dict.fromkeys(result))


def _names(pair: YamlPair) -> list[str]:
    value = pair.value
    if value is None:
        return []
    return [_name(each) for each in value.items] or ([value.text] if value.text else [])


def _name(item: YamlItem) -> str:
    value = item.value
    job = value.get("job") if value else None
    return (job.text if job else value.text) if value else ""


def _taken_out(unit: Unit, pair: YamlPair, name: str, instead: list[str]) -> Finding:
    message = f"takes `{name}` out of `{pair.key}` of `{unit.name}`"
    if more := [each for each in instead if each not in _names(pair)]:
        message += f", and waits for {', '.join(f'`{each}`' for each in more)} instead"
    address = f"{unit.name}.{pair.key}.{name}"
    return change(pair.span, "removed-need", message, partial(_fix, pair, name, more), address=address)


def _fix(pair: YamlPair, name: str, more: list[str]) -> Fix:
    value = pair.value
    if value is None:
        raise UnfixableError("it is empty")
    if not value.items:
        return _of_text(pair, value, more)
    item = next(each for each in value.items if _name(each) == name)
    if not more:
        return removal.remove(item) if len(value.items) > 1 else removal.remove(pair)
    inner = item.value.get("job") if item.value else None
    place = inner or item.value
    if len(more) > 1 or place is None:
        raise UnfixableError(f"it has to wait for {', '.join(more)}. Write them in the place of `{name}`")
    return insertion.set_text(place, more[0])


def _of_text(pair: YamlPair, value: YamlNode, more: list[str]) -> Fix:
    if not more:
        return removal.remove(pair)
    return insertion.set_text(value, more[0]) if len(more) == 1 else insertion.set_list(value, more)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
