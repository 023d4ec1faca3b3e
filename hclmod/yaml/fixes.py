"""Write one value into YAML text: its bytes are replaced, and PyYAML has to read the same data but for that value.

YAML round-trip libraries print what they read and lose line ends and spacing (docs/facts.md, Forges 4), so nothing is
printed here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hclmod.hcl import edits
from hclmod.hcl.edits import Edit, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml import scalars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.yaml.scalars import Scalar

_TEXT = "tag:yaml.org,2002:str"


def judge() -> str:
    """The name under which PyYAML sits in the report."""
    from importlib.metadata import version

    return f"PyYAML {version('pyyaml')}"


def write(data: bytes, scalar: Scalar, text: str, holes: Sequence[Span] = ()) -> Edit:
    """The edit that puts `text` in the place of a scalar, in quotes where YAML would take it for a number.

    `holes` are what a template fills in; they and other templates are the same plain words before and after. A text
    that PyYAML cannot read, or in which more than this value would change, is an `UnfixableError`.
    """
    if not scalar.sound:
        raise UnfixableError("the text around it is not valid YAML")
    if any(hole.start < scalar.end and scalar.start < hole.end for hole in holes):
        raise UnfixableError("a template fills in a part of it")
    edit = Edit(Span(scalar.start, scalar.end), _written(data, scalar, text))
    before = scalars.covered(data, holes)
    wrong = _unread(before) or ("" if _is_harmless(before, scalar, text) else _alone(before, edit, text))
    if wrong:
        raise UnfixableError(wrong)
    return edit


_WORD = re.compile(r"[A-Za-z0-9](?:[\w./:@-]*\w)?")


def _is_harmless(before: bytes, scalar: Scalar, text: str) -> bool:
    """Whether words take the place of a word, where no alias repeats it: the judge of the whole text is enough then.

    To read a text of many images again for each of them would cost the square of its size.
    """
    return b"&" not in before and all(map(_WORD.fullmatch, (scalar.text, text)))


def _alone(before: bytes, edit: Edit, text: str) -> str:
    return undeclared(before, edits.apply(before, [edit]), [text])


@lru_cache(maxsize=4)
def _unread(data: bytes) -> str:
    """Why PyYAML does not read a text; empty if it does."""
    return undeclared(data, data, [])


def undeclared(before: bytes, after: bytes, declared: Sequence[str]) -> str:
    """Why the data of two texts differ in more than values that are now one of `declared`; empty if they do not."""
    try:
        old, new = list(_leaves(before)), list(_leaves(after))
    except _errors() as error:
        return f"{judge()} does not read it: {' '.join(str(error).split())}"
    if [path for path, _, _ in old] != [path for path, _, _ in new]:
        return "its structure would change"
    changed = [now for was, now in zip(old, new, strict=True) if was != now]
    wrong = [path for path, _, value in changed if value not in declared]
    if wrong:
        return f"{', '.join(wrong)} would change too"
    return "" if len(changed) == len(declared) else f"{len(changed)} values would change, and {len(declared)} should"


def _written(data: bytes, scalar: Scalar, text: str) -> bytes:
    quoted = data[scalar.start - 1 : scalar.start] in (b'"', b"'")
    both_whole = text.isdecimal() and scalar.text.isdecimal()
    return text.encode() if quoted or both_whole or is_text(text) else f'"{text}"'.encode()


def is_text(text: str) -> bool:
    """Whether a plain scalar is a string to YAML 1.1 and to the parsers that are looser about numbers (`12e3`)."""
    try:
        float(text.replace("_", ""))
    except ValueError:
        return [tag for _, tag, _ in _leaves(text.encode())] == [_TEXT]
    return False


def _errors() -> tuple[type[Exception], ...]:
    import yaml

    return (yaml.YAMLError, RecursionError, ValueError)


LEAVES = 200_000
"""A text with more values, which a small one may have by aliases of aliases, is not judged."""

DEPTH = 500
"""Nor is one that is nested deeper, such as an alias in what it stands for."""


def _leaves(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Path, tag and value of every node in order, those of keys too; what an alias stands for is seen at each place."""
    import yaml

    result = 0
    nodes: list[tuple[int, str, Any]] = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for number, document in enumerate(yaml.compose_all(data, Loader=loader)):
        nodes.append((0, f"document {number + 1}", document))
        while nodes:
            depth, path, node = nodes.pop()
            result += 1
            if result > LEAVES or depth > DEPTH:
                raise ValueError(f"it has more than {LEAVES} values or {DEPTH} levels, its aliases written out")
            if node is None:
                yield path, "", ""
            elif isinstance(node, yaml.ScalarNode):
                yield path, node.tag, node.value
            else:
                yield path, node.tag, ""
                nodes += [(depth + 1, *each) for each in reversed(list(_inside(path, node)))]


def _inside(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    for index, entry in enumerate(node.value):
        if isinstance(entry, tuple):
            key, value = entry
            yield f"key {index + 1} of {path}", key
            yield f"{path}.{getattr(key, 'value', index)}", value
        else:
            yield f"{path}[{index}]", entry
