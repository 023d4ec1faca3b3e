"""Positions and edits of a text as a client counts them: applied by its units, they give the other text."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls", reason="NO `pygls`: nobody tried the language server")

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from hclmod.lsp import messages
from hclmod.lsp.text import EditorText, Position
from tests.support.editor import ENCODINGS, applied

LINES = st.sampled_from(("", "a", "  n = 1", "é = 😀", "\U0001f980\U0001f980 # x", "e\u0301", "\u2028", "\x0b", "# a"))
TEXTS = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(LINES, max_size=8), st.sampled_from(("\n", "\r\n")), st.booleans(),
)  # fmt: skip


def text(data: str, encoding: str = "utf-16") -> EditorText:
    return EditorText(data.encode(), PositionCodec(types.PositionEncodingKind(encoding)).client_num_units)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(TEXTS, TEXTS)
def test_the_edits_lead_to_the_other_text(encoding: str, old: str, new: str) -> None:
    made = messages.edit("file:///m.tf", 1, text(old, encoding), new.encode(), versioned=False)
    edits = (made.changes or {})["file:///m.tf"]
    assert applied(old, edits, encoding) == new
    assert bool(edits) == (old != new)


def test_an_edit_is_as_small_as_its_line_allows() -> None:
    (change,) = text('# 🦀\n  image = "🦀/a:1.2.3" # 🦀\n').changes('# 🦀\n  image = "🦀/a:latest" # 🦀\n'.encode())
    assert (change.start, change.end, change.text) == (Position(1, 16), Position(1, 21), "latest")


@pytest.mark.parametrize(("old", "new"), [("a\r\n", "a\r\nb\r\n"), ("a\r\n", "a\n"), ("a\r\nb", "ab")])
def test_a_line_end_is_never_parted(old: str, new: str) -> None:
    for change in text(old).changes(new.encode()):
        line = old.split("\n")[change.start.line]
        assert change.start.column <= len(line.rstrip("\r"))


@pytest.mark.parametrize(
    ("data", "number", "expected"),
    [
        ("a\n  🦀 = 1 \r\n", 2, (Position(1, 2), Position(1, 8))),
        ("a\n\n", 2, (Position(1, 0), Position(1, 0))),
        ("a\n", 9, (Position(1, 0), Position(1, 0))),
        ("", 1, (Position(0, 0), Position(0, 0))),
        ("   \n", 1, (Position(0, 3), Position(0, 0))),
    ],
)
def test_the_text_of_a_line(data: str, number: int, expected: tuple[Position, Position]) -> None:
    assert text(data).line(number) == expected
