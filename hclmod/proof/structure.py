"""Where two documents differ, as small as it can be said, and what a second parser reads there.

Bytes outside the windows are identical. A path is written as `views.Block.path` writes it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod.hcl.edits import Effect
from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.hcl.source import Source

Item = Attribute | Block


class Window(Struct, frozen=True, kw_only=True):
    """Items of one body before and after, and the lines on which both begin.

    `ordinals` counts the blocks of each key that stand before it there.
    """

    prefix: str
    before: bytes
    after: bytes
    lines: tuple[int, int] = (1, 1)
    ordinals: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How to name it to a person."""
        return self.prefix.removesuffix(".") or "the document"


def changed_items(before: Source, after: Source) -> list[tuple[Item, Item]] | None:
    """The top-level items that differ, in pairs; None where they, or the text between them, do not pair up."""
    old, new = (_ordered(*top_level(source)) for source in (before, after))
    if list(map(_head, old)) != list(map(_head, new)) or _between(before, old) != _between(after, new):
        return None
    return [(a, b) for a, b in zip(old, new, strict=True) if _text(a) != _text(b)]


def windows(old: Item, new: Item) -> Iterator[Window]:
    """The smallest windows on the difference between two items of one key."""
    if isinstance(old, Attribute) or isinstance(new, Attribute):
        prefix = old.path.removesuffix(_key(old))
        yield Window(prefix=prefix, before=_text(old), after=_text(new), lines=(_line([old]), _line([new])))
        return
    before, after = _inside(old), _inside(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    if list(map(_head, left)) == list(map(_head, right)):
        for a, b in zip(left, right, strict=True):
            if _text(a) != _text(b):
                yield from windows(a, b)
        return
    ordinals = Counter(_key(item) for item in before[:head])
    lines, prefix = (_line(left), _line(right)), f"{old.path}."
    yield Window(prefix=prefix, before=_joined(left), after=_joined(right), lines=lines, ordinals=ordinals)


def moved(before: Source, after: Source) -> Iterator[str]:
    """The items that changed places with others of their body.

    python-hcl2 keeps no order between blocks of two types, and there is one: a `dynamic "container"` that changes
    places with a `container` gives the containers other numbers.
    """
    yield from _moved(_ordered(*top_level(before)), _ordered(*top_level(after)))


def _moved(before: Sequence[Item], after: Sequence[Item]) -> Iterator[str]:
    new = {item.path: item for item in after}
    kept = {item.path: item for item in before if item.path in new}
    order = [path for path in new if path in kept]
    yield from (path for path, now in zip(kept, order, strict=True) if path != now)
    for path, item in kept.items():
        now = new[path]
        if isinstance(item, Block) and isinstance(now, Block) and _text(item) != _text(now):
            yield from _moved(_inside(item), _inside(now))


def differences(before: dict[str, Any], after: dict[str, Any], window: Window) -> dict[str, Effect]:
    """What became of each path between two structures that python-hcl2 read in a window."""
    old, new = (dict(_flat(body, window.prefix, Counter(window.ordinals))) for body in (before, after))
    by_key: dict[str, Effect] = {}
    for path in sorted(old.keys() | new.keys(), key=lambda path: (path.count("."), path)):
        if path not in new or path not in old:
            effect = Effect.REMOVED if path in old else Effect.ADDED
            if not any(path.startswith(f"{place}.") and current is effect for place, current in by_key.items()):
                by_key[path] = effect
        elif old[path] != new[path]:
            by_key.update(_refined(path, old[path], new[path]))
    return by_key


def _ordered(attributes: Mapping[str, Attribute], blocks: Iterable[Block]) -> list[Item]:
    items: list[Item] = [*attributes.values(), *blocks]
    return sorted(items, key=lambda item: item.node.start_byte)


def _inside(block: Block) -> list[Item]:
    return _ordered(block.attributes, block.blocks())


def _head(item: Item) -> tuple[str, ...]:
    return (item.name,) if isinstance(item, Attribute) else (item.type, *item.labels)


def _key(item: Item) -> str:
    return ".".join(_head(item))


def _text(item: Item) -> bytes:
    return item.source.text(item.node)


def _between(source: Source, items: Sequence[Item]) -> list[bytes]:
    ends = [0, *(item.node.end_byte for item in items)]
    starts = [*(item.node.start_byte for item in items), len(source.data)]
    return [source.data[end:start] for end, start in zip(ends, starts, strict=True)]


def _common(left: Sequence[Item], right: Sequence[Item]) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if _text(a) != _text(b):
            break
        count += 1
    return count


def _line(items: Sequence[Item]) -> int:
    return items[0].node.start_point[0] + 1 if items else 1


def _joined(items: Sequence[Item]) -> bytes:
    """The items' bytes and what stands between them."""
    if not items:
        return b""
    return items[0].source.data[items[0].node.start_byte : items[-1].node.end_byte] + b"\n"


BLOCK = "__is_block__"
"""What marks a dictionary of python-hcl2 as a block."""


def _flat(body: Mapping[str, Any], prefix: str, counts: Counter[str]) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if name == BLOCK:
            continue
        blocks = [result for each in value if (result := _labelled(each))] if isinstance(value, list) else []
        if not blocks:
            yield prefix + name, value
        for labels, inner in blocks:
            key = ".".join((name, *labels))
            path = f"{prefix}{key}[{counts[key]}]"
            counts[key] += 1
            yield path, labels
            yield from _flat(inner, f"{path}.", Counter())


def _labelled(value: object) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """The labels and the body of a block as python-hcl2 gives it, or None if `value` is something else."""
    labels: tuple[str, ...] = ()
    while isinstance(value, dict) and BLOCK not in value and len(value) == 1:
        label, value = next(iter(value.items()))
        labels += (str(label).strip('"'),)
    return (labels, value) if isinstance(value, dict) and BLOCK in value else None


def _refined(path: str, old: object, new: object) -> dict[str, Effect]:
    """The deepest places at which two values differ."""
    if isinstance(old, list) and isinstance(new, list):
        return _refined_list(path, old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        return _refined_map(path, old, new)
    return {path: Effect.CHANGED}


def _refined_list(path: str, old: Sequence[object], new: Sequence[object]) -> dict[str, Effect]:
    if new[: len(old)] == old:
        return {path: Effect.EXTENDED}
    if len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return _merged(_refined(f"{path}[{index}]", a, b) for index, (a, b) in pairs if a != b)
    if _is_within(old, new):
        return {path: Effect.REFILLED}
    return {path: Effect.REDUCED if _is_within(new, old) else Effect.REARRANGED}


def _refined_map(path: str, old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, Effect]:
    if all(key in new and new[key] == value for key, value in old.items()):
        return {path: Effect.EXTENDED}
    if all(key in old and old[key] == value for key, value in new.items()):
        return {path: Effect.REDUCED}
    if old.keys() == new.keys():
        return _merged(_refined(f"{path}.{_bare(key)}", old[key], new[key]) for key in old if old[key] != new[key])
    return {path: Effect.CHANGED}


def _is_within(short: Sequence[object], long: Sequence[object]) -> bool:
    rest = iter(long)
    return all(item in rest for item in short)


def _bare(key: object) -> str:
    return str(key).strip('"')


def _merged(parts: Iterable[dict[str, Effect]]) -> dict[str, Effect]:
    return {path: effect for part in parts for path, effect in part.items()}
