"""Who else reads a local or a variable: a literal may make an image and a chart's version, a label or an output too.

What makes images is known by value; everything else is told from the text, so that no mention of a name is missed.
Lines that are comments do not count; a mention behind code, in a string or in a file of another syntax does.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from hclmod.pieces import Piece
from hclmod.values import Call, Choice, Definition, List, Object, Reference, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hclmod.estate import Use
    from hclmod.values import Value

_NO_TEXT = re.compile(
    rb"^\s*type\s*=\s*((?:(?:list|set|map)\()*(?:number|bool)\)*)[\s}]*(?:(?:#|//).*)?$", re.MULTILINE
)
"""A type of which no value is a tag, or no entry; Terraform takes `"12"` for a number."""

_COMMENT = re.compile(rb"^[ \t]*(?:#|//).*$", re.MULTILINE)


class Mentions:
    """Counts mentions of names; `texts` gives the documents of a folder, `uses` are the images that are known.

    A mention in the value of a map entry whose key is among `coupled` does not count.
    """

    def __init__(
        self, uses: Iterable[Use], texts: Callable[[str], Mapping[str, bytes]], coupled: Iterable[str] = ()
    ) -> None:
        self._coupled = _entries(coupled)
        self._texts, self._cache = texts, dict[str, dict[str, bytes]]()
        known: dict[tuple[str, str, str, int], tuple[str, Definition]] = {}
        for folder, definition in _definitions(uses):
            known[folder, definition.document, definition.path, definition.line] = folder, definition
        self._known = Counter((folder, name) for folder, each in known.values() for name in _names(each.value))
        self._lines = {(each.document, each.line) for _, each in known.values()}

    def others(self, piece: Piece) -> tuple[str, ...]:
        """The places, as words, that read a name of the piece's chain and make no image; also what a variable says."""
        found: list[str] = []
        for step in piece.walked:
            found += self._readers(step.folder, step.name)
            if step.name.startswith("var."):
                found += self._limits(step.folder, step.name)
        return tuple(dict.fromkeys(found))

    def _readers(self, folder: str, name: str) -> Iterator[str]:
        pattern = re.compile(rb"(?<![\w.-])" + re.escape(name).encode() + rb"(?![\w-])")
        places = [
            (document, text.count(b"\n", 0, match.start()) + 1)
            for document, text in self._documents(folder).items()
            for match in pattern.finditer(text)
        ]
        if len(places) > self._known[folder, name]:
            other = [place for place in places if place not in self._lines] or places
            yield from (f"{document}:{line}" for document, line in other)

    def _limits(self, folder: str, name: str) -> Iterator[str]:
        """What a variable's block says against another text; types of an object's entries are not looked at."""
        label = re.escape(name.removeprefix("var.")).encode()
        head = re.compile(rb'\bvariable\s*"?' + label + rb'"?\s*\{([^\n]+\}|.*?^\})', re.DOTALL | re.MULTILINE)
        for block in (match[1] for text in self._documents(folder).values() for match in head.finditer(text)):
            if re.search(rb"\bvalidation\b", block):
                yield f"the `validation` of {name}"
            if typed := _NO_TEXT.search(block):
                yield f"the type of {name}, `{typed[1].decode()}`"

    def _documents(self, folder: str) -> dict[str, bytes]:
        if folder not in self._cache:
            self._cache[folder] = {path: self._blanked(text) for path, text in self._texts(folder).items()}
        return self._cache[folder]

    def _blanked(self, text: bytes) -> bytes:
        code = _COMMENT.sub(b"", text)
        return self._coupled.sub(b"", code) if self._coupled else code


def _entries(keys: Iterable[str]) -> re.Pattern[bytes] | None:
    """What finds map entries with one of these keys and a quoted value."""
    names = b"|".join(sorted(re.escape(key).encode() for key in keys))
    return re.compile(rb'"(?:' + names + rb')"[ \t]*[=:][ \t]*"[^"\n]*"') if names else None


def _definitions(uses: Iterable[Use]) -> Iterator[tuple[str, Definition]]:
    for use in uses:
        runs = (use.image.image, use.image.each, use.image.dynamic[1] if use.image.dynamic else None)
        yield from ((use.folder, each) for each in runs if each is not None)
        for origin in use.origins:
            for part in origin:
                for step in part.walked if isinstance(part, Piece) else ():
                    yield step.home, step.definition


def _names(value: Value) -> Iterator[str]:
    """The names that a value reads, as often as it does: `local.x`, `var.x`, `module.a.out`."""
    match value:
        case Reference(steps):
            count = 3 if steps[:1] == ("module",) else 2
            if all(isinstance(step, str) for step in steps[:count]):
                yield ".".join(str(step) for step in steps[:count])
            yield from (name for step in steps if not isinstance(step, str | int) for name in _names(step))
        case Template(parts) | Choice(parts) | List(parts) | Call(_, parts):
            yield from (name for part in parts for name in _names(part))
        case Object(entries):
            yield from (name for _, each in entries for name in _names(each))
        case Definition(value=inner):
            yield from _names(inner)
