"""Texts that configure something, whatever file they stand in: files, heredocs of HCL, YAML blocks, shell scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.caches import shell
from hclmod.hcl import source
from hclmod.hcl.document import Document
from hclmod.hcl.heredocs import heredocs
from hclmod.hcl.source import unreadable
from hclmod.hcl.views import top_level
from hclmod.scan.owners import attributes
from hclmod.terraform.code import CODE
from hclmod.yaml import located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

UNKNOWN = "\ufffc"
"""A letter in the place of what something else fills in."""

_IN_CODE = (b"proxy_pass", b"proxy_cache", b"remoteurl", b"[host.", b"hosts.toml", b"services:")
WORDS = (*_IN_CODE, b"REMOTEURL", b"registry", b"server")
"""A file without any of these configures no cache of images, and one of HCL without the first of them."""

_ENDINGS = (
    ".conf", ".cfg", ".toml", ".yaml", ".yml", ".sh", ".bash", ".tpl", ".tftpl", ".tmpl", ".template", ".j2", ".in",
    ".hcl", *CODE,
)  # fmt: skip
_TEMPLATES = (".tpl", ".tftpl", ".tmpl", ".template", ".j2", ".in")
_CONTROL = re.compile(r"%\{~?\s*(?:if|for|else|endif|endfor)\b|\{%-?\s*(?:if|for)\b|\{\{-?\s*(?:if|range|with)\b")
_FILLED = re.compile(r"(?<!\$)\$\{(?>(?:[^{}]|\{[^{}]*\})*)\}|(?<!%)%\{[^}\n]*\}|\{\{(?:(?!\{\{|\}\})[^\n])*\}\}")
_ESCAPED = re.compile(r"([$%])\1\{")
DEPTH = 3
"""A script in a text in a text is read, and no more."""


class Text(Struct, frozen=True, kw_only=True):
    """A text with the line of the file for each of its lines.

    `target` is the path that a script writes it to, empty where none is known. A `whole` text is a file as it is, so
    that its offsets are those of the file. `is_template` says that something fills it in before it is used.
    """

    path: str
    text: str
    lines: tuple[int, ...]
    target: str = ""
    whole: bool = False
    is_template: bool = False

    def line(self, number: int) -> int:
        """The line of the file for a line of the text, counted from 1."""
        return self.lines[min(max(number, 1), len(self.lines)) - 1] if self.lines else 1

    @property
    def name(self) -> str:
        """The name of the file that it is, or is written to."""
        return (self.target or self.path).rpartition("/")[2]

    @property
    def has_control_flow(self) -> bool:
        """Whether conditions or loops of a template decide what it says."""
        return _CONTROL.search(self.text) is not None

    @property
    def plain(self) -> str:
        """The text with `UNKNOWN` for each letter that a template fills in, on the same lines."""
        if not self.is_template:
            return self.text
        return _ESCAPED.sub(r"\1{", _FILLED.sub(_covered, self.text))


def _covered(match: re.Match[str]) -> str:
    return "".join(each if each == "\n" else UNKNOWN for each in match[0])


def is_candidate(path: str) -> bool:
    """Whether a file may hold such a text, by its name."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(_ENDINGS) or name.startswith("nginx")


def texts(path: str, data: bytes, *, filled: bool = False) -> Iterator[Text]:
    """The texts of one file, itself first; `filled` says that `templatefile` reads it."""
    is_code = path.endswith((*CODE, ".hcl"))
    if not any(word in data for word in (_IN_CODE if is_code else WORDS)) or unreadable(data):
        return
    if is_code:
        for each in _heredocs(path, data):
            yield each
            yield from _inside(each, DEPTH)
        return
    outer = whole(path, data, filled=filled)
    yield outer
    yield from _inside(outer, DEPTH)


def whole(path: str, data: bytes, *, filled: bool = False) -> Text:
    """A file as a text."""
    text = data.decode(errors="replace")
    lines = tuple(range(1, text.count("\n") + 2))
    return Text(path=path, text=text, lines=lines, whole=True, is_template=filled or path.endswith(_TEMPLATES))


def _heredocs(path: str, data: bytes) -> Iterator[Text]:
    read = source.parse(Document(path, data))
    if isinstance(read, source.Unread):
        return
    for block in top_level(read)[1]:
        for attribute in attributes(block):
            for each in heredocs(attribute.value):
                first = read.document.line(each.start)
                body = each.body.decode(errors="replace")
                lines = tuple(range(first, first + body.count("\n") + 1))
                yield Text(path=path, text=body, lines=lines, is_template=True)


def _inside(outer: Text, depth: int) -> Iterator[Text]:
    """The texts in a text: what a script writes, and the blocks of YAML."""
    if not depth:
        return
    readers: Sequence[Callable[[Text], Iterator[Text]]] = (_written, _blocks)
    for reader in readers:
        for each in reader(outer):
            yield each
            yield from _inside(each, depth - 1)


def _written(outer: Text) -> Iterator[Text]:
    for each in shell.written(outer.text):
        lines = tuple(outer.line(number) for number in each.lines)
        text = shell.filled(each, UNKNOWN)
        yield Text(path=outer.path, text=text, lines=lines, target=each.target, is_template=outer.is_template)


def _blocks(outer: Text) -> Iterator[Text]:
    name = outer.name.removesuffix(".tpl").removesuffix(".tftpl").removesuffix(".tmpl").removesuffix(".j2")
    is_yaml = name.endswith((".yaml", ".yml")) if outer.whole else "kind:" in outer.text
    if not is_yaml or outer.has_control_flow:
        return
    for key, text, number in located.blocks(outer.plain):
        lines = tuple(outer.line(number + index) for index in range(text.count("\n") + 1))
        yield Text(path=outer.path, text=text, lines=lines, target=key)
