"""The keys of phase 0 that hclmod owns: in Keel's release and in the policy that injects.

Each is found where it is written in HCL. What stands in other files is named for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from hclmod.rulekit import Attribute, Block, Expression, Fix, Span, Struct, UnfixableError, fixes, objects

from ._data import plain
from ._keel import MATCH_TAG, POLICY, SCHEDULE

TRIGGER = "keel.sh/trigger"
_CEL = re.compile(r"""(?P<indent>[ \t]*)["'](?P<key>keel\.sh/[\w.-]+)["']\s*:\s*(?P<value>["'][^"'\n]*["'])""")


class Key(Struct, frozen=True, kw_only=True):
    """One owned key: its place among the data of its object, its value, and how to set it."""

    path: tuple[str, ...]
    value: str
    place: Attribute | Block
    make: Callable[[], Fix | None]
    effect: str = ""
    """What it does besides, if that is not what it does at every release."""

    @property
    def name(self) -> str:
        """How a person names it: a value of a release by its path, without `values`."""
        return ".".join(self.path[1:] or self.path)


def injected_set(schedule: str) -> dict[str, str]:
    """What is injected: all four in one map, because plain `force` follows every tag (docs/facts.md, Keel 1)."""
    return {POLICY: "force", MATCH_TAG[0]: "true", TRIGGER: "poll", SCHEDULE: schedule}


def release_keys(block: Block, chart: str, values: Mapping[tuple[str, ...], str]) -> Iterator[Key]:
    """The keys of Keel's release: the version of the chart, and values by their path, as HCL writes them."""
    make = partial(fixes.ensure_attribute, block, "version", f'"{chart}"'.encode(), after="chart")
    yield Key(path=("version",), value=chart, place=block.attribute("version") or block, make=make)
    place = block.attribute("values") or block
    for path, value in values.items():
        make = partial(_set_value, block, path, value)
        yield Key(path=("values", *path), value=value.strip('"'), place=place, make=make)


def _set_value(block: Block, path: Sequence[str], value: str) -> Fix | None:
    """A value where it is set: by name if one does so, which Helm puts above `values`, else in `values`."""
    if (by_name := next(_settings(block, ".".join(path)), None)) is not None:
        setting, entry = by_name
        if entry is not None:
            return objects.set_entry(setting, entry, "value", value.encode())
        return None if setting.value.text == value else fixes.replace(setting.value, value.encode())
    attribute = block.attribute("values")
    table = next(iter(_encoded(attribute.value)), None) if attribute else None
    if attribute is None or table is None:
        raise UnfixableError("its `values` are not an object written here. Set it where they are written")
    return _set_below(attribute, table, path, value)


def _settings(block: Block, name: str) -> Iterator[tuple[Attribute, Expression | None]]:
    """What sets a value by its name: the attribute of a block `set`, or an object in a list `set`."""
    for each in block.blocks("set"):
        key, value = each.attribute("name"), each.attribute("value")
        if key and value and key.value.string() == name:
            yield value, None
    listed = block.attribute("set")
    for table in (listed.value.elements() or ()) if listed else ():
        if listed and (key_of := table.entry("name")) and key_of.string() == name:
            yield listed, table


def _encoded(values: Expression) -> Iterator[Expression]:
    """The objects that items of a list are made of."""
    for item in values.elements() or ():
        yield from (each for each in item.arguments("yamlencode", "jsonencode") if each.entries() is not None)


def _set_below(attribute: Attribute, table: Expression, path: Sequence[str], value: str) -> Fix | None:
    """Set a value at a path of objects; those that are not there are made."""
    first, *rest = path
    inner = table.entry(first)
    if rest and inner is not None:
        return _set_below(attribute, inner, rest, value)
    for step in reversed(rest):
        value = f"{{ {step} = {value} }}"
    return objects.set_entry(attribute, table, first, value.encode())


def annotation_keys(block: Block, target: Mapping[str, str]) -> Iterator[Key]:
    """The annotations that a policy injects."""
    for key, value in target.items():
        yield Key(path=(key,), value=value, place=block, make=partial(_annotate, block, key, value))


def body(block: Block) -> tuple[Attribute, Expression] | None:
    """The object that a manifest gives to the cluster, with its attribute; None where it is not written in HCL."""
    if (manifest := block.attribute("manifest")) and manifest.value.entries() is not None:
        return manifest, manifest.value
    text = block.attribute("yaml_body")
    inner = next(iter(text.value.arguments("yamlencode")), None) if text else None
    return (text, inner) if text and inner is not None and inner.entries() is not None else None


_ELSEWHERE = "it is not an object written here. Change it where it is written"


def fail_open(block: Block) -> Fix | None:
    """`failurePolicy = "Ignore"` for a policy."""
    parts = body(block)
    spec = parts[1].entry("spec") if parts else None
    if parts is None or spec is None:
        raise UnfixableError(_ELSEWHERE)
    return objects.set_entry(parts[0], spec, "failurePolicy", b'"Ignore"')


def _annotate(block: Block, key: str, value: str) -> Fix | None:
    """One annotation more, or another value for it, in the map or the expression that injects the policy."""
    if (parts := body(block)) is None:
        raise UnfixableError(_ELSEWHERE)
    attribute, whole = parts
    for steps, each in walk(whole):
        if steps[-3:] == ("patchStrategicMerge", "metadata", "annotations") and _named(each, POLICY):
            return _in_map(attribute, each, key, value)
        if steps[-2:] == ("applyConfiguration", "expression") and POLICY in each.text:
            return _in_expression(attribute, each, key, value)
    raise UnfixableError("the annotations that it writes are not found in its text")


def walk(value: Expression, steps: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Expression]]:
    """Every value of an object, with the keys that lead to it, without anchors."""
    yield steps, value
    for entry in value.entries() or ():
        yield from walk(entry.value, (*steps, plain(entry.key or "")))
    for element in value.elements() or ():
        yield from walk(element, steps)


def _named(table: Expression, key: str) -> str:
    """A key as an object writes it, perhaps with an anchor; empty where it is not there."""
    return next((each.key for each in table.entries() or () if each.key and plain(each.key) == key), "")


def _in_map(attribute: Attribute, table: Expression, key: str, value: str) -> Fix | None:
    present = _named(table, key)
    name = present or _named(table, POLICY).replace(POLICY, key)
    return objects.set_entry(attribute, table, present or f'"{name}"', f'"{value}"'.encode())


def _in_expression(attribute: Attribute, expression: Expression, key: str, value: str) -> Fix | None:
    """The same in the text of CEL: in the place of the old value, else on a line before the policy."""
    entries = {
        each["key"]: each for each in _CEL.finditer(expression.source.data.decode("latin-1"), *_bounds(expression))
    }
    old, policy = entries.get(key), entries.get(POLICY)
    if policy is None or expression.quoted:
        raise UnfixableError("its expression is not a heredoc with one annotation on each line")
    if old is not None and old["value"].strip("\"'") == value:
        return None
    if old is not None:
        quote = old["value"][0]
        fix = fixes.replace(expression, f"{quote}{value}{quote}".encode(), Span(*old.span("value")))
    else:
        line = f'{policy["indent"]}"{key}": "{value}",\n'
        fix = fixes.replace(expression, line.encode(), Span(policy.start(), policy.start()))
    return objects.within(attribute, fix)


def _bounds(expression: Expression) -> tuple[int, int]:
    return expression.span.start, expression.span.end
