"""One file of a stack: its bytes and its lines."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import accumulate

from msgspec import Struct


class Document(Struct, frozen=True, dict=True):
    """The bytes of one file; `path` is relative to the repository, with forward slashes."""

    path: str
    data: bytes

    @cached_property
    def newline(self) -> bytes:
        """How the first line ends: CRLF, or LF (also where there is no line end yet)."""
        end = self.data.find(b"\n")
        return b"\r\n" if end > 0 and self.data[end - 1 : end] == b"\r" else b"\n"

    def line_start(self, offset: int) -> int:
        """The offset of the first byte of the line that holds `offset`."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The offset just behind the line's text, before its line end."""
        end = self.data.find(b"\n", offset)
        if end < 0:
            return len(self.data)
        return end - 1 if end > offset and self.data[end - 1 : end] == b"\r" else end

    def next_line(self, offset: int) -> int:
        """The offset at which the following line starts, or the end of the document."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end + 1

    def indent(self, offset: int) -> bytes:
        """The blanks that the line of `offset` starts with."""
        start = self.line_start(offset)
        line = self.data[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(b" \t"))]

    def line(self, offset: int) -> int:
        """The number of the line that holds `offset`, counted from 1."""
        return row(self.data, offset) + 1


def row(data: bytes, offset: int) -> int:
    """How many lines end before an offset; one that is asked again and again costs no walk over the text."""
    return bisect_right(_line_starts(data), offset)


@lru_cache(maxsize=8)
def _line_starts(data: bytes) -> array[int]:
    """Where the lines after the first one begin."""
    lines = BytesIO(data).readlines()
    if not data.endswith(b"\n"):
        lines = lines[:-1]
    return array("Q", accumulate(map(len, lines)))
