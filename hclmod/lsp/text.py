"""The text of an editor: where its bytes stand as the protocol counts, and small edits that lead to another text.

Lines count from 0, columns in the units that client and server agreed on: UTF-16 unless the client has others.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl.document import Document
from hclmod.reports.diff import hunks, replacements

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.reports.diff import Replacement

    Units = Callable[[str], int]


class Position(Struct, frozen=True, order=True):
    """A place between two characters: `column` units behind the start of a line."""

    line: int
    column: int


class TextChange(Struct, frozen=True):
    """Put `text` in the place of what stands between two positions of the text as it is."""

    start: Position
    end: Position
    text: str


class EditorText(Struct, frozen=True):
    """The bytes of a text, and how many units a piece of it has for the client."""

    data: bytes
    units: Units

    def position(self, offset: int) -> Position:
        """Where a byte stands."""
        document = Document("", self.data)
        start = document.line_start(offset)
        return Position(document.line(offset) - 1, self.units(self.data[start:offset].decode(errors="replace")))

    def line(self, number: int) -> tuple[Position, Position]:
        """Where the text of a line, counted from 1, begins and ends: without the blanks around it."""
        lines = self.data.split(b"\n")
        at = min(max(number, 1), len(lines)) - 1
        text = lines[at].decode(errors="replace")
        indent = len(text) - len(text.lstrip())
        return Position(at, self.units(text[:indent])), Position(at, self.units(text.rstrip()))

    def changes(self, after: bytes) -> tuple[TextChange, ...]:
        """The edits from this text to another one, from top to bottom: each as small as its lines allow."""
        return tuple(self._change(each) for each in replacements(hunks(self.data, after)))

    def _change(self, made: Replacement) -> TextChange:
        start = self._line_start(made.line)
        old = self.data[start : self._line_start(made.line + made.removed)]
        new = made.text.encode(errors="surrogateescape")
        head, tail = _shared(old.decode(errors="replace"), new.decode(errors="replace"))
        first, last = len(head.encode()), len(tail.encode())
        text = new[first : len(new) - last].decode(errors="replace")
        return TextChange(self.position(start + first), self.position(start + len(old) - last), text)

    def _line_start(self, number: int) -> int:
        """The offset at which a line, counted from 1, starts; the end of the text for the one behind the last."""
        at = 0
        for _ in range(number - 1):
            end = self.data.find(b"\n", at)
            if end < 0:
                return len(self.data)
            at = end + 1
        return at


def _shared(old: str, new: str) -> tuple[str, str]:
    """What two texts begin and end with together; a carriage return stays with its newline."""
    head = _common(old, new).removesuffix("\r")
    rest, other = old[len(head) :], new[len(head) :]
    tail = _common(rest[::-1], other[::-1])[::-1]
    ends_parted = tail.startswith("\n") and "\r" in (rest.removesuffix(tail)[-1:], other.removesuffix(tail)[-1:])
    return head, tail[1:] if ends_parted else tail


def _common(one: str, other: str) -> str:
    """What both texts begin with."""
    return one[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))]
