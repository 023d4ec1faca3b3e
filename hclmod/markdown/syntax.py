"""What markdown-it-py sees in a text, with lines: headings, prose, HTML, and all of it for comparing.

Lines are counted from 0. Front matter is read as blank lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(
    r"\A(?:---[ \t]*\n(?=(?:[ \t]*(?:#[^\n]*)?\n)*[\w\"'$-]+[ \t]*:).*?^(?:---|\.\.\.)[ \t]*$"
    r"|\+\+\+[ \t]*\n.*?^\+\+\+[ \t]*$)",
    re.DOTALL | re.MULTILINE,
)
_DIAGRAMS = ("mermaid", "plantuml", "dot")
"""Languages of fences whose text is for people: what a diagram says is prose."""


class Heading(Struct, frozen=True):
    """A heading that stands in no list and no quote: its level, its text as written, its lines (half-open)."""

    level: int
    text: str
    line: int
    end: int


class Html(Struct, frozen=True):
    """A block of HTML with its first line; `nested` in a list or a quote."""

    line: int
    text: str
    nested: bool


class Prose(Struct, frozen=True, dict=True):
    """A paragraph, heading, item, cell or line of a diagram as written, without what opens the block."""

    line: int
    text: str

    def line_of(self, offset: int) -> int:
        """The line of the page that a character of the text stands on."""
        return self.line + bisect_left(self._ends, offset)

    @cached_property
    def _ends(self) -> list[int]:
        return [each.start() for each in re.finditer("\n", self.text)]


class Node(Struct, frozen=True):
    """One token for comparing: its line, and all that says how it is shown."""

    line: int
    shown: tuple[Any, ...]


class Tree(Struct, frozen=True):
    """What a text holds."""

    headings: tuple[Heading, ...]
    html: tuple[Html, ...]
    prose: tuple[Prose, ...]
    nodes: tuple[Node, ...]


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def judge() -> str:
    """The name under which markdown-it-py sits in the report."""
    from importlib.metadata import version

    return f"markdown-it-py {version('markdown-it-py')}"


@lru_cache(maxsize=8)
def read(data: bytes) -> Tree:
    """What a text of UTF-8 without lone carriage returns holds."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    tokens = _parser().parse(_FRONT.sub(lambda match: "\n" * match[0].count("\n"), text))
    return Tree(
        headings=tuple(_headings(tokens)),
        html=tuple(Html(_line(each), each.content, each.level > 0) for each in tokens if each.type == "html_block"),
        prose=tuple(_prose(tokens)),
        nodes=tuple(_nodes(tokens)),
    )


def _line(token: Token) -> int:
    return token.map[0] if token.map else 0


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            yield Heading(int(opening.tag[1:]), inline.content, *opening.map)


def _prose(tokens: Sequence[Token]) -> Iterator[Prose]:
    for token in tokens:
        shown = token.type == "html_block" and not token.content.lstrip().startswith("<!--")
        if shown or token.type == "inline":
            yield Prose(_line(token), token.content)
        elif token.type == "fence" and token.info.split()[:1] and token.info.split()[0] in _DIAGRAMS:
            yield from (Prose(_line(token) + 1 + at, each) for at, each in enumerate(token.content.splitlines()))


def _nodes(tokens: Sequence[Token]) -> Iterator[Node]:
    """Every token; one that closes a block is on the line of the one that opens it, one without a line on the last."""
    opened: list[int] = []
    line = 0
    for token in tokens:
        if token.nesting < 0:
            line = opened.pop()
        else:
            line = token.map[0] if token.map else line
            opened += [line] * token.nesting
        yield Node(line, _shown(token))


def _shown(token: Token) -> tuple[Any, ...]:
    inner = tuple(_shown(each) for each in token.children or ())
    attributes = tuple(sorted((name, str(value)) for name, value in token.attrs.items()))
    content = token.content.rstrip("\n")  # whether the last line has an end is no difference
    words = (token.type, token.tag, token.nesting, token.level, token.markup, token.info, content, token.hidden)
    return (*words, attributes, inner)
