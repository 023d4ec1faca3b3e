"""The proof of a change of YAML: PyYAML reads the same data before and after but for the declared paths.

Nothing is converted, so `on:` is a text as it is written, and `yes` differs from `true`.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.hcl.edits import Effect
from hclmod.yaml import scalars
from hclmod.yaml.fixes import DEPTH, LEAVES
from hclmod.yaml.views import pointer, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hclmod.hcl.edits import Fix
    from hclmod.yaml.views import Keys

_BOOL = "tag:yaml.org,2002:bool"


class Leaf(Struct, frozen=True):
    """A scalar: its tag and its text."""

    tag: str
    text: str


class Table(Struct, frozen=True):
    """A map: its tag, and its keys and values in order."""

    tag: str
    entries: tuple[tuple[Value, Value], ...]


class Row(Struct, frozen=True):
    """A list: its tag and its items."""

    tag: str
    items: tuple[Value, ...]


Value = Leaf | Table | Row | None
_EMPTY = (Leaf("tag:yaml.org,2002:null", ""),)


def undeclared(before: bytes, after: bytes, fixes: Sequence[Fix]) -> str:
    """Why two texts differ in something else than what fixes declare; empty if they do not.

    A path is that of the text before, of something added that of the text after. No comment may be lost that no fix
    names, and every declaration has to come true.
    """
    declared = {each.path: each.effect for fix in fixes for each in fix.declares}
    try:
        old, new = _read(before), _read(after)
    except _errors() as error:
        return f"PyYAML does not read it: {' '.join(str(error).split())}"
    comparison = _Comparison(declared)
    comparison.rows(old, new, ())
    if comparison.wrong:
        return f"{', '.join(comparison.wrong)} would change too"
    if idle := sorted(declared.keys() - comparison.used):
        return f"nothing would change at {', '.join(idle)}"
    lost = comments(before) - comments(after) - Counter(each for fix in fixes for each in fix.drops)
    return f"the comment {min(lost).decode(errors='replace')} would be lost" if lost else ""


def comments(data: bytes) -> Counter[bytes]:
    """The comments of a text, each as often as it stands there."""
    root = scalars.tree(data).root_node
    return Counter(data[each.start_byte : each.end_byte].strip() for each in within(root, ("comment",)))


class _Comparison:
    """What differs between two texts, with what was declared."""

    def __init__(self, declared: Mapping[str, Effect]) -> None:
        self.declared = declared
        self.used: set[str] = set()
        self.wrong: list[str] = []

    def values(self, old: Value, new: Value, keys: Keys) -> None:
        """Compare what stands at a path."""
        if old == new:
            return
        effect = self._takes(keys, Effect.CHANGED, Effect.EXTENDED)
        if effect is Effect.CHANGED:
            return
        match old, new:
            case Table(tag=tag), Table(tag=other) if tag == other:
                self.tables(old, new, keys)
            case Row(tag=tag), Row(tag=other) if tag == other:
                self.rows(old.items, new.items, keys)
            case Leaf(tag=tag), Leaf(tag=other) if tag == other and effect is Effect.EXTENDED:
                if not _is_within(old.text.splitlines(), new.text.splitlines()):
                    self.wrong.append(pointer(keys))
            case _:
                self.wrong.append(pointer(keys))

    def tables(self, old: Table, new: Table, keys: Keys) -> None:
        """Compare two maps."""
        was = [pair for pair in old.entries if not self._takes((*keys, _name(pair[0])), Effect.REMOVED)]
        now = [pair for pair in new.entries if not self._takes((*keys, _name(pair[0])), Effect.ADDED)]
        if [key for key, _ in was] != [key for key, _ in now]:
            self.wrong.append(pointer(keys))
            return
        for (key, value), (_, other) in zip(was, now, strict=True):
            self.values(value, other, (*keys, _name(key)))

    def rows(self, old: Sequence[Value], new: Sequence[Value], keys: Keys) -> None:
        """Compare two lists."""
        was = [(at, each) for at, each in enumerate(old) if not self._takes((*keys, at), Effect.REMOVED)]
        now = [each for at, each in enumerate(new) if not self._takes((*keys, at), Effect.ADDED)]
        if len(was) != len(now):
            self.wrong.append(pointer(keys) or "the number of its documents")
            return
        for (at, value), other in zip(was, now, strict=True):
            self.values(value, other, (*keys, at))

    def _takes(self, keys: Keys, *effects: Effect) -> Effect | None:
        path = pointer(keys)
        effect = self.declared.get(path)
        if effect not in effects:
            return None
        self.used.add(path)
        return effect


def _is_within(old: Iterable[str], new: Iterable[str]) -> bool:
    """Whether all lines of a text stand in another one, in their order."""
    rest = iter(new)
    return all(any(line == other for other in rest) for line in old)


def _name(key: Value) -> str:
    return key.text if isinstance(key, Leaf) else repr(key)


def _errors() -> tuple[type[Exception], ...]:
    import yaml

    return (yaml.YAMLError, RecursionError, ValueError)


@cache
def _loader() -> Any:
    """A loader of PyYAML for which `on` and `yes` are texts."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [pair for pair in pairs if pair[0] != _BOOL] for first, pairs in base.yaml_implicit_resolvers.items()
    }
    return type("Loader", (base,), {"yaml_implicit_resolvers": resolvers})


def _read(data: bytes) -> tuple[Value, ...]:
    """Every document that is not empty as values; an alias is what it stands for."""
    import yaml

    reader = _Reader()
    values = (reader.value(each, 0) for each in yaml.compose_all(data, Loader=_loader()) if each is not None)
    return tuple(each for each in values if each not in _EMPTY)


class _Reader:
    def __init__(self) -> None:
        self.left = LEAVES

    def value(self, node: Any, depth: int) -> Value:
        self.left -= 1
        if self.left < 0 or depth > DEPTH:
            raise ValueError(f"it has more than {LEAVES} values or {DEPTH} levels, its aliases written out")
        if node.id == "scalar":
            return Leaf(node.tag, node.value)
        if node.id == "sequence":
            return Row(node.tag, tuple(self.value(each, depth + 1) for each in node.value))
        pairs = ((self.value(key, depth + 1), self.value(value, depth + 1)) for key, value in node.value)
        return Table(node.tag, tuple(pairs))
