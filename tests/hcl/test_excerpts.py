from __future__ import annotations

import pytest

from hclmod.hcl.document import Document
from hclmod.hcl.edits import Edit, Fix, Span, excerpt

TEXT = b"one\ntwo\nthree\nfour\nfive\n"


def fix(*edits: tuple[int, int, bytes]) -> Fix:
    return Fix(tuple(Edit(Span(start, end), text) for start, end, text in edits), ())


@pytest.mark.parametrize(
    ("made", "before", "after"),
    [
        (fix((4, 7, b"2")), "two", "2"),
        (fix((4, 5, b"T"), (6, 7, b"O")), "two", "TwO"),
        (fix((0, 1, b"O"), (4, 5, b"T")), "one\ntwo", "One\nTwo"),
        (fix((0, 1, b"O"), (14, 15, b"F")), "one\n...\nfour", "One\n...\nFour"),
        (fix((14, 15, b"F"), (0, 1, b"O")), "one\n...\nfour", "One\n...\nFour"),
        (fix((4, 8, b"")), "two\nthree", "three"),
        (fix((4, 4, b"new\n")), "two", "new\ntwo"),
        (fix((24, 24, b"!")), "", "!"),
        (fix(), "", ""),
    ],
)
def test_the_lines_that_a_fix_touches(made: Fix, before: str, after: str) -> None:
    assert excerpt(Document("a.tf", TEXT), made) == (before, after)


def test_line_ends_and_other_letters() -> None:
    document = Document("a.tf", "é = 1\r\nb = 2\r\n".encode())
    assert excerpt(document, fix((5, 6, b"3"))) == ("é = 1", "é = 3")
