"""A Markdown document as rules see it, and the one section of it that hclmod writes.

The section stands between two comments, of which the first has a digest of what is between them.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl.edits import Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.markdown import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.document import Document
    from hclmod.markdown.syntax import Heading, Prose, Tree

VERSION = 1
"""Of the form of the section; one of a later version is not written."""

_MARK = re.compile(r"hclmod:(begin|end)\b")
_BEGIN = re.compile(r" {0,3}<!-- *hclmod:begin +conventions(?: +v(\d{1,9}))?(?: +sha256:([0-9a-f]+))? *--> *")
_END = re.compile(r" {0,3}<!-- *hclmod:end +conventions *--> *")
_LEVEL = re.compile(r"^(#{1,6}) ", re.MULTILINE)


class Section(Struct, frozen=True, kw_only=True):
    """The section that stands in a page: its lines (half-open, with both comments), and what is between those.

    `inside` has plain newlines, and `digest` is what the first comment says of it, empty where it says nothing.
    """

    line: int
    end: int
    inside: str
    digest: str

    @property
    def is_edited(self) -> bool:
        """Whether a person has changed what is between the comments, or written it."""
        return bool(self.inside.strip()) and digest(self.inside) != self.digest

    @property
    def level(self) -> int:
        """The level of its heading, 0 without one."""
        match = _LEVEL.search(self.inside)
        return len(match[1]) if match else 0


class Page(Struct, frozen=True, kw_only=True, dict=True):
    """One Markdown document.

    `managed` says that the config names it for the section, `follows` the page that it consists of a reference to.
    """

    document: Document
    managed: bool = False
    follows: str = ""

    @cached_property
    def tree(self) -> Tree:
        """What markdown-it-py sees in it."""
        return syntax.read(self.document.data)

    @cached_property
    def section(self) -> Section | None:
        """The section, None without one; `UnfixableError` where its comments are not one pair that can be read."""
        return _section(self)

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings that stand in no list, no quote and not in the section."""
        return tuple(each for each in self.tree.headings if not self._is_inside(each.line))

    def prose(self) -> Iterator[Prose]:
        """What people have written."""
        return (each for each in self.tree.prose if not self._is_inside(each.line))

    def _is_inside(self, line: int) -> bool:
        try:
            section = self.section
        except UnfixableError:
            return False
        return section is not None and section.line <= line < section.end

    @cached_property
    def lines(self) -> list[bytes]:
        """Its lines with their ends."""
        return self.document.data.splitlines(keepends=True) if self.document.data else []

    @cached_property
    def _offsets(self) -> list[int]:
        return list(accumulate(map(len, self.lines), initial=0))

    def offset(self, line: int) -> int:
        """The offset at which a line begins; that of the end for the one behind the last."""
        return self._offsets[min(line, len(self.lines))]

    def span(self, line: int) -> Span:
        """The bytes of a line, without its end."""
        start = self.offset(line)
        return Span(start, self.document.line_end(start))

    def heading_of(self, line: int) -> str:
        """The heading that a line stands under, empty above the first one."""
        above = bisect_right(self.tree.headings, line, key=lambda each: each.line)
        return " ".join(self.tree.headings[above - 1].text.split()) if above else ""


def digest(inside: str) -> str:
    """What the first comment says of the text between the comments."""
    return hashlib.sha256(inside.encode()).hexdigest()[:16]


def _section(page: Page) -> Section | None:
    marks = list(_marks(page))
    match marks:
        case []:
            return None
        case [("begin", first, begin), ("end", last, _)]:
            if int(begin[1] or VERSION) > VERSION:
                raise UnfixableError(f"a later hclmod has written the section on line {first + 1}. Install that one")
            inside = b"".join(page.lines[first + 1 : last]).decode().replace("\r\n", "\n")
            return Section(line=first, end=last + 1, inside=inside, digest=begin[2] or "")
        case [("begin", first, _)]:
            raise UnfixableError(f"`hclmod:begin` on line {first + 1} has no `hclmod:end`. Write it, or remove both")
        case [("end", last, _)]:
            raise UnfixableError(f"`hclmod:end` on line {last + 1} has no `hclmod:begin`. Write it, or remove both")
    lines = ", ".join(str(line + 1) for _, line, _ in marks)
    raise UnfixableError(f"the comments of the section stand on lines {lines}. Leave one `hclmod:begin` and one end")


def _marks(page: Page) -> Iterator[tuple[str, int, re.Match[str]]]:
    """The comments that begin and end a section, with their lines; those in code are none."""
    for block in page.tree.html:
        texts = block.text.rstrip("\n").split("\n")
        for at, text in enumerate(texts):
            if not (kind := _MARK.search(text)):
                continue
            line = block.line + at
            match = (_BEGIN if kind[1] == "begin" else _END).fullmatch(text)
            if match is None:
                raise UnfixableError(f"`hclmod:{kind[1]}` on line {line + 1} is not written as hclmod writes it")
            if block.nested or len(texts) > 1:
                where = "a list or a quote" if block.nested else "other HTML"
                raise UnfixableError(f"`hclmod:{kind[1]}` on line {line + 1} stands in {where}. Move it out of there")
            yield kind[1], line, match
