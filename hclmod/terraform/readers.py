"""Who else reads a local or a variable: a literal may make an image and a chart's version, a label or an output too.

Which reads make images is known by their place in the document; every other mention of the name, found in the text,
belongs to another reader, so that none is missed. Comments do not count. A mention in a string or another syntax does.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import defaultdict
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from hclmod.hcl import syntax
from hclmod.hcl.document import Document, row
from hclmod.hcl.source import with_errors
from hclmod.hcl.views import top_level
from hclmod.lazy import lazily
from hclmod.terraform.code import CODE, JSON, NATIVE
from hclmod.terraform.origins import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Read, Site, Walk
    from hclmod.terraform.programs import Program
    from hclmod.terraform.resources import ImageUse

_STEP = lazily(rb"""\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*"([^"\\]*)"\s*\]|\[\s*(\d+)\s*\]|\.(\d+))""")
_SOURCE = lazily(rb'"?\bsource"?\s*[=:]\s*"(\.\.?/[^"\n]*)"')
_LOCAL = lazily(r"locals\[\d+\]\.([\w-]+)")
_RESOURCE = lazily(r"resource\.([\w-]+\.[\w-]+)\[")
_INDEX = lazily(rb"\s*\[[^\]\n]*\]")
_NO_TEXT = lazily(rb"^[ \t]*type\s*=\s*((?:(?:list|set|map)\()*(?:number|bool)\)*)[\s}]*$", re.MULTILINE)
"""A type of which no value is a tag, or no entry; Terraform takes `"12"` for a number."""


_LIMITS = (b"validation", b"number", b"bool")
"""What a variable's block may say against another text."""


class Mentions:
    """The mentions of names in a repository, from what makes the images `uses`.

    `stacks` are all stacks, also those that are not followed. A mention in the value of a map entry whose key is among
    `coupled` does not count.
    """

    def __init__(
        self, model: Model, uses: Sequence[ImageUse], stacks: Sequence[str] = (), coupled: Iterable[str] = ()
    ) -> None:
        self.uses = tuple(uses)
        self._model = model
        self._coupled = _entries(coupled)
        self._known: dict[str, set[tuple[int, int]]] = defaultdict(set)
        self._with_word: dict[tuple[str, bytes], dict[str, bytes]] = {}
        for step in _walks(uses):
            if step.read is not None:
                self._known[step.read.document].add((step.read.start, step.read.end))
        self._text = cache(self._blanked)
        self._spans = cache(self._known_spans)
        self._layered = cache(lambda: model.layered(stacks or model.stacks))
        self._unread: dict[str, tuple[str, ...]] | None = None

    def callers(self, folder: str) -> tuple[str, ...]:
        """The documents that call a folder as a module and were not followed: of no stack, unreadable, in JSON."""
        if self._unread is None:
            self._unread = _unread_callers(self._model)
        return self._unread.get(folder, ())

    def others(self, piece: Piece) -> tuple[str, ...]:
        """The places, as words, that read a name of the piece's chain and make no image; also what a variable says."""
        result: list[str] = []
        for step in piece.walked:
            result += self._readers(step)
        if piece.site is not None:
            result += self._readers_of_locals(piece.site)
            result += self.of_resource(piece.site)
        return tuple(dict.fromkeys(result))

    def of_resource(self, site: Site) -> tuple[str, ...]:
        """The lines that read the image of the resource in which a literal stands (`kubernetes_job.x...image`)."""
        match = _RESOURCE.match(site.path)
        if match is None:
            return ()
        texts = list(self._texts_with(posixpath.dirname(site.document), b".image", match[1].encode()))
        if not texts:
            return ()
        pattern = re.compile(rb"(?<![\w.-])" + re.escape(match[1]).encode() + rb'(?![\w-])[\w\[\]."-]*\.image\b')
        lines = ((path, row(text, each.start()) + 1) for path, text in texts for each in pattern.finditer(text))
        return tuple(f"{path}:{line}" for path, line in lines)

    def _texts_with(self, folder: str, *words: bytes, either: Sequence[bytes] = (b"",)) -> Iterator[tuple[str, bytes]]:
        """The documents of a folder that hold all these words, without their comments; others are not parsed.

        They hold one of `either` too.
        """
        for document, data in self._holding(folder, words[0]).items():
            if all(word in data for word in words) and any(word in data for word in either):
                yield document, self._text(document)

    def _holding(self, folder: str, word: bytes) -> dict[str, bytes]:
        """The documents of a folder that hold a word for which others are asked, too."""
        if (folder, word) not in self._with_word:
            texts = self._model.texts(folder)
            self._with_word[folder, word] = {path: data for path, data in texts.items() if word in data}
        return self._with_word[folder, word]

    def _readers(self, step: Walk) -> Iterator[str]:
        head = step.name.partition(".")[0]
        if program := self._model.programs.of(step.folder):
            yield from self._in_program(program, step)
        elif head == "module":
            for folder, call in sorted(self._model.callers(step.home)):
                yield from self._in_folder(folder, f"module.{call}", step.path)
        elif head == "var":
            yield from self.of_variable(step)
            yield from self._limits(step.folder, step.name)
        elif head == "local":
            yield from self._in_folder(step.folder, step.name, step.path)
        elif step.name and step.read is not None:
            span = self._block_around(step.read, head)
            yield from self._in_document(step.read.document, step.name, step.path, span)

    def _in_program(self, program: Program, step: Walk) -> Iterator[str]:
        """The lines of a Python program that read a name."""
        head, _, name = step.name.partition(".")
        key = program.canonical(name) if head == "local" else ""
        if head == "var" and step.read is not None:
            key = program.variable_at(step.read.document, step.read.start)
        for document, offset in program.reads(key) if key else ():
            if not self._is_known(document, offset):
                yield f"{document}:{row(self._model.text(document), offset) + 1}"

    def of_variable(self, step: Walk) -> Iterator[str]:
        """The places that read a variable (`var.x`) and make no image."""
        name = step.name.removeprefix("var.")
        for folder in sorted({step.folder, *self._layered().get((step.definition.document, name), ())}):
            yield from self._in_folder(folder, step.name, step.path)

    def _readers_of_locals(self, site: Site) -> Iterator[str]:
        """Who reads a local of a terragrunt file, which files in other folders may include or read."""
        result = _LOCAL.match(site.path) if site.document.endswith(".hcl") else None
        if result is not None:
            for document in self._model.texts_of(".hcl"):
                yield from self._in_document(document, f"locals.{result[1]}", ())

    def _in_folder(self, folder: str, name: str, path: Sequence[str]) -> Iterator[str]:
        for document in self._model.texts(folder):
            yield from self._in_document(document, name, path)

    def _in_document(
        self, document: str, name: str, path: Sequence[str], span: tuple[int, int] | None = None
    ) -> Iterator[str]:
        """The lines on which a document reads this name, or a part of it that holds the end of the path."""
        data, within = self._model.text(document), span or (0, -1)
        if all(self._is_known(document, at) for at in _whole_words(data, name.encode(), *within)):
            return  # nor is there one without the comments
        text = self._text(document)
        for at in _whole_words(text, name.encode(), *within):
            after = at + len(name.encode())
            if name.startswith("module.") and (index := _INDEX.match(text, after)):
                after = index.end()
            if not self._is_known(document, at) and _may_reach(text, after, path):
                yield f"{document}:{row(text, at) + 1}"

    def _is_known(self, document: str, offset: int) -> bool:
        starts, ends = self._spans(document)
        before = bisect_right(starts, offset)
        return before > 0 and offset < ends[before - 1]

    def _known_spans(self, document: str) -> tuple[list[int], list[int]]:
        """Where the known reads of a document begin, in order, and how far those up to each one reach."""
        spans = sorted(self._known[document])
        return [start for start, _ in spans], [*accumulate((end for _, end in spans), max)]

    def _limits(self, folder: str, name: str) -> Iterator[str]:
        """What a variable's block says against another text; types of an object's entries are not looked at."""
        label = name.removeprefix("var.").encode()
        name_of = re.escape(label)
        head = re.compile(rb'\bvariable\s*"?' + name_of + rb'"?\s*\{([^\n]+\}|.*?^\})', re.DOTALL | re.MULTILINE)
        texts = self._texts_with(folder, b"variable", label, either=_LIMITS)
        for block in (match[1] for _, text in texts for match in head.finditer(text)):
            if re.search(rb"\bvalidation\b", block):
                yield f"the `validation` of {name}"
            if typed := _NO_TEXT.search(block):
                yield f"the type of {name}, `{typed[1].decode()}`"

    def _block_around(self, read: Read, iterator: str) -> tuple[int, int] | None:
        """The bytes of the block that an iterator stands for: the top-level one, or the `dynamic` one that names it."""
        source = with_errors(Document(read.document, self._model.text(read.document)))
        blocks = top_level(source)[1] if source else ()
        result: tuple[int, int] | None = None
        while inner := next((each for each in blocks if each.span.start <= read.start < each.span.end), None):
            named = inner.attribute("iterator")
            runs = inner.type == "dynamic" and iterator in ((named.value.text,) if named else inner.labels)
            result = (inner.span.start, inner.span.end) if result is None or runs else result
            blocks = inner.blocks()
        return result

    def _blanked(self, document: str) -> bytes:
        """The text of a document with its comments and coupled entries as blanks."""
        data = self._model.text(document)
        source = with_errors(Document(document, data)) if document.endswith(NATIVE) else None
        spans = [syntax.span(each) for each in syntax.comments(source.tree.root_node)] if source else []
        text = bytearray(data)
        for start, end in [
            *((each.start, each.end) for each in spans),
            *((each.span() for each in self._coupled.finditer(data)) if self._coupled else ()),
        ]:
            text[start:end] = re.sub(rb"[^\n]", b" ", text[start:end])
        return bytes(text)


_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def _whole_words(text: bytes, name: bytes, start: int, end: int) -> Iterator[int]:
    """Where a name stands as a whole, and not as a step of another one; `locals.x` may follow a dot."""
    before = _WORD if name.startswith(b"locals.") else _WORD | {ord(".")}
    end = len(text) if end < 0 else end
    at = text.find(name, start, end)
    while at >= 0:
        after = at + len(name)
        if (at == 0 or text[at - 1] not in before) and (after >= end or text[after] not in _WORD):
            yield at
        at = text.find(name, after, end)


def _unread_callers(model: Model) -> dict[str, tuple[str, ...]]:
    by_key: dict[str, set[str]] = defaultdict(set)
    for path, data in model.texts_of(*CODE, *JSON, ".hcl").items():
        if b"source" in data and not (path.endswith((*CODE, ".hcl")) and model.is_read(path)):
            for source in _SOURCE.findall(data):
                by_key[posixpath.normpath(posixpath.join(posixpath.dirname(path), source.decode()))].add(path)
    return {folder: tuple(sorted(paths)) for folder, paths in by_key.items()}


def _may_reach(text: bytes, at: int, path: Sequence[str]) -> bool:
    """Whether the steps behind a name lead to the end of the path, to a part of it, or to what holds it."""
    for target in path:
        step = _STEP.match(text, at)
        if step is None:
            return True
        if next(each for each in step.groups() if each is not None).decode(errors="replace") != target:
            return False
        at = step.end()
    return True


def _entries(keys: Iterable[str]) -> re.Pattern[bytes] | None:
    """What finds map entries with one of these keys and a quoted value."""
    names = b"|".join(sorted(re.escape(key).encode() for key in keys))
    return re.compile(rb'"(?:' + names + rb')"[ \t]*[=:][ \t]*"[^"\n]*"') if names else None


def _walks(uses: Iterable[ImageUse]) -> Iterator[Walk]:
    for use in uses:
        for origin in use.origins:
            for part in origin:
                yield from part.walked if isinstance(part, Piece) else ()
