"""The lists of what a unit waits for: `needs`, `depends_on` and `dependencies`, and what takes a name out of them."""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Fix, UnfixableError, YamlItem, YamlNode, YamlPair, insertion, removal

from ._pipelines import Pipeline, Unit

_KEYS = ("needs", "depends_on", "dependencies")


def waiting(unit: Unit, gone: set[str], before: Pipeline) -> Iterator[tuple[YamlPair, str, list[str]]]:
    """Each list of a unit with a name in it that is gone, and what it has to wait for instead.

    `before` is the pipeline in which the names are still there.
    """
    others = {each.name: each for each in before.units if each.document == unit.document}
    for pair in (unit.node.pair(key) for key in _KEYS if unit.node):
        listed = _names(pair) if pair else []
        for name in sorted(gone & set(listed)):
            instead = _instead(others.get(name), gone, others)
            if pair:
                yield pair, name, [each for each in instead if each not in listed]


def _instead(unit: Unit | None, gone: set[str], others: dict[str, Unit], depth: int = 0) -> list[str]:
    """What a removed unit waited for, also through other removed ones."""
    result: list[str] = []
    for name in unit.needs if unit and depth < len(others) else ():
        result += _instead(others.get(name), gone, others, depth + 1) if name in gone else [name]
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


def without(pair: YamlPair, name: str, more: list[str]) -> Fix:
    """The fix that takes a name out of a list, with `more` in its place; `UnfixableError` where that cannot be done."""
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
    if place is None or (inner and len(more) > 1):
        raise UnfixableError(f"it has to wait for {', '.join(more)}. Write them in the place of `{name}`")
    fix = insertion.set_text(place, more[0])
    return fix + insertion.append_text(value, *more[1:]) if len(more) > 1 else fix


def _of_text(pair: YamlPair, value: YamlNode, more: list[str]) -> Fix:
    if not more:
        return removal.remove(pair)
    return insertion.set_text(value, more[0]) if len(more) == 1 else insertion.set_list(value, more)
