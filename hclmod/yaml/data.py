"""A YAML text as plain data: maps, lists and texts, without a type for numbers and booleans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1 << 20
"""Larger texts are not read."""

VALUES = 200_000
"""Nor are those with more values, which a small text may have by aliases of aliases."""

DEPTH = 100
"""Nor is what is nested deeper, such as an alias in what it stands for."""


def documents(text: str) -> list[Any] | str:
    """The documents of a text, each as plain data, or why it cannot be read. Every scalar is a text."""
    import yaml

    if len(text) > LIMIT:
        return f"it is larger than {LIMIT // 1024} KiB"
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        result = list(yaml.load_all(text, Loader=loader))
        for count, (depth, _) in enumerate(_values(result)):
            if count > VALUES or depth > DEPTH:
                return f"it has more than {VALUES} values or {DEPTH} levels, its aliases written out"
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return f"it is not YAML: {' '.join(str(error).split())}"
    return result


def _values(whole: object) -> Iterator[tuple[int, object]]:
    """Every value with its depth; what an alias stands for comes at each place."""
    todo: list[tuple[int, object]] = [(0, whole)]
    while todo:
        depth, value = todo.pop()
        yield depth, value
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        todo += [(depth + 1, each) for each in inside]
