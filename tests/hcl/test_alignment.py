from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hclmod.hcl.alignment import columns, line_at, realign
from hclmod.hcl.edits import Edit, Span
from tests.support.hcl import edited, formatted, needs_terraform, source


def realigned(before: str, old: str, new: str) -> str:
    """`before` with the one `old` in it put as `new`, aligned again."""
    assert before.count(old) == 1
    start = before.encode().index(old.encode())
    made = [Edit(Span(start, start + len(old.encode())), new.encode())]
    first = source(before)
    after = edited(first, made)
    return edited(after, realign(first, made, after)).data.decode()


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param("a = 1\nb = 2\n", "b", "long", "a    = 1\nlong = 2\n", id="a longer name moves the chain"),
        pytest.param("a    = 1\nlong = 2\n", "long = 2\n", "", "a = 1\n", id="a removed one too"),
        pytest.param("a = 1\n\nb = 2\n", "\n\n", "\nlong = 3\n\n", "a    = 1\nlong = 3\n\nb = 2\n", id="a new line"),
        pytest.param("a = 1\n\nlong = 2\n", "\n\n", "\n", "a    = 1\nlong = 2\n", id="two chains become one"),
        pytest.param(
            "a    = 1\nlong = [2]\nb    = 3\n",
            "[2]",
            "[\n  2,\n]",
            "a = 1\nlong = [\n  2,\n]\nb = 3\n",
            id="an opened list parts its neighbours",
        ),
        pytest.param("a    = [2]\nlong = 1\n", "[2]", "[\n]", "a = [\n]\nlong = 1\n", id="and stands by itself"),
        pytest.param(
            "a    = [2] # c\nlong = 1   # d\n",
            "[2]",
            "[ # o\n]",
            "a = [    # o\n]        # c\nlong = 1 # d\n",
            id="comments align across a closing bracket",
        ),
        pytest.param("a = 1 # x\nb = 2 # y\n", "1", "100", "a = 100 # x\nb = 2   # y\n", id="comments"),
        pytest.param("a = 1 # x\nb = 2 // y\n", "a", "abc", "abc = 1 # x\nb   = 2 // y\n", id="both cells"),
        pytest.param("a = 1 /* x */\nb = 2\n", "1", "100", "a = 100 /* x */\nb = 2\n", id="not block comments"),
        pytest.param(
            "a = 1 # x\nb = 2 /* y */", "1", "100", "a = 100 # x\nb = 2   /* y */", id="but as the last token"
        ),
        pytest.param('a = "é" # x\nb = "e" # y\n', "é", "👩‍👩‍👧", 'a = "👩‍👩‍👧" # x\nb = "e" # y\n', id="clusters"),
        pytest.param('a = "é" # x\nb = "e" # y\n', "é", "e\u0301s", 'a = "e\u0301s" # x\nb = "e"  # y\n', id="accents"),
        pytest.param("a = <<E\nx\nE\nb = 1\n", "b", "bb", "a  = <<E\nx\nE\nbb = 1\n", id="a heredoc is one line"),
        pytest.param(
            "a = <<E\n${f(\n  1)}\nE\nb = 1\n",
            "b",
            "bb",
            "a = <<E\n${f(\n  1)}\nE\nbb = 1\n",
            id="but not with a line end in its interpolation",
        ),
        pytest.param("a = 1\r\nb = 2\r\n", "b", "bb", "a  = 1\r\nbb = 2\r\n", id="CRLF"),
        pytest.param("m = {\n  a = 1\n  b = 2\n}\n", "b", "bb", "m = {\n  a  = 1\n  bb = 2\n}\n", id="entries"),
        pytest.param("a = 1\nb = 2", "b", "bb", "a  = 1\nbb = 2", id="no last newline"),
    ],
)
def test_chain_of_the_edit_is_aligned(before: str, old: str, new: str, after: str) -> None:
    assert realigned(before, old, new) == after


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        pytest.param("a   = 1\nlong = 2\n", "2", "3", id="a chain that was not aligned"),
        pytest.param("a   = 1\n", "1", "3", id="a chain of one that was not"),
        pytest.param("a   = [1]\nlong = 2\n", "[1]", "[\n]", id="also where its list is opened"),
        pytest.param("a\t= 1\nb\t= 2\n", "2", "3", id="tabs"),
        pytest.param("a\t= [1]\n", "[1]", "[\n]", id="tabs before a list that is opened"),
        pytest.param("a = 1 # x\nbb = 2  # y\n", "1", "3", id="comments that were not"),
        pytest.param("a = 1\n\nx   = 1\nyy = 2\n", "1\n\n", "3\n\n", id="a chain that the edit did not touch"),
        pytest.param("a = 1\n# c\nlong = 2\n", "1", "3", id="a comment line parts chains"),
        pytest.param("a = 1\nb {\n}\nlong = 2\n", "1", "3", id="a block parts chains"),
        pytest.param('m = {\n  "a" : 1\n  long = 2\n}\n', "1", "3", id="a colon parts chains"),
        pytest.param("a = [\n]\nlong = 2\n", "2", "3", id="a list over lines parts chains"),
        pytest.param("a = <<E\nb   = 1\nE\n", "1", "3", id="inside a heredoc"),
        pytest.param("a = 1 /* b   = 2\nc = 3 */\n", "3", "4", id="inside a comment"),
        pytest.param("", "", "", id="nothing at all"),
    ],
)
def test_left_as_it_was(before: str, old: str, new: str) -> None:
    after = before.replace(old, new, 1) if old else before
    first = source(before)
    start = before.index(old)
    made = [Edit(Span(start, start + len(old)), new.encode())]
    assert edited(first, made).data.decode() == after
    assert realign(first, made, edited(first, made)) == []


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("👍🏽", 1), ("👩‍👩‍👧x", 2), ("\t", 1)]
)
def test_columns(text: str, count: int) -> None:
    assert columns(text.encode()) == count


@pytest.mark.parametrize(
    ("text", "at", "cells"),
    [
        ("a = 1 # c\n", 0, (2, None, 6)),
        ("a = [ # c\n]\n", 0, (None, 2, 6)),
        ("# c\n", 0, (None, None, None)),
        ("a = 1 /* c */\n", 0, (2, None, None)),
        ("a = b == c\n", 0, (2, None, None)),
        ("a { b = 1 }\n", 0, (None, 6, None)),
        ("a = <<E\nx = 1\nE\n", 10, (2, None, None)),
        ("\n", 0, (None, None, None)),
    ],
)
def test_cells_of_a_line(text: str, at: int, cells: tuple[int | None, ...]) -> None:
    line = line_at(source(text), at)
    assert (line.assign, line.opens, line.comment) == cells


@dataclass(frozen=True)
class Change:
    """A body in lines, and a part of it (units from `start` to `end`) that becomes other units."""

    head: str
    units: tuple[str, ...]
    replaced: tuple[tuple[int, int, tuple[str, ...]], ...]

    def text(self) -> bytes:
        return f"{self.head}{{\n{''.join(_lines(self.units))}}}\n".encode()

    def made(self, clean: bytes) -> list[Edit]:
        lines = clean.split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        rows = [1]
        for unit in self.units:
            rows.append(rows[-1] + unit.count("\n") + 1)
        return [
            Edit(Span(starts[rows[start]], starts[rows[end]]), "".join(_lines(new)).encode())
            for start, end, new in self.replaced
        ]


def _lines(units: tuple[str, ...]) -> list[str]:
    return ["\n".join(f"  {line}".rstrip(" ") for line in unit.split("\n")) + "\n" for unit in units]


NAMES = st.sampled_from(("a@", "bb@", "image@", "naïve@", "replicas_of_it@", "e\u0301t\u00e9@"))  # `@`: see _numbered
VALUES = st.sampled_from(
    (
        "1",
        '"x"',
        '"é👩‍👩‍👧"',
        "[1, 2]",
        "{ a = 1 }",
        '"${var.x}-y"',
        'f("=", x)',
        "a == b",
        "x ? 1 : 2",
        "[for k, v in m : k if v == 1]",
        "[\n  1,\n  2\n]",
        "[ # open\n  1, # one\n]",
        "{\n  a   = 1\n  bbb = 2 # b\n}",
        "f(1, [\n  2,\n])",
        "[{\n  a = 1\n}]",
    )
)
HEREDOCS = st.sampled_from(
    ("<<E\nx   = 1 # no\n  E1\nE", "<<-E\n  a = ${f(1)}\n  E", "<<E\nE", "<<E\n%{if a}\n  x\n%{endif}\nE")
)
COMMENTS = st.sampled_from(("", "", "", " # c", " // é", " /* c */"))
OWN = st.sampled_from(("", "# own", "// own", "/* own */", "/* own\n  two = 2 */"))
BLOCKS = st.sampled_from(("x {}", "x {\n  a   = 1\n  bbb = 2\n}", "x { a = 1 }", "x {} # c"))
ATTRIBUTES = st.builds("{} = {}{}".format, NAMES, VALUES, COMMENTS)
HERE = st.builds("{} = {}".format, NAMES, HEREDOCS)
ENTRIES = st.builds(
    "{}{}{}{}{}".format, NAMES, st.sampled_from((" = ", " : ")), VALUES, st.sampled_from(("", ",")), COMMENTS
)


def _numbered(units: tuple[str, ...], first: int) -> tuple[str, ...]:
    """An attribute may not stand twice in a block, so each name ends with a number of its own."""
    return tuple(unit.replace("@", str(first + number)) for number, unit in enumerate(units))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    head, unit = draw(
        st.sampled_from(
            (("x ", ATTRIBUTES | ATTRIBUTES | HERE | OWN | BLOCKS), ("x = ", ENTRIES | ENTRIES | HERE | OWN))
        )
    )
    units = draw(st.lists(unit, max_size=9).map(tuple))
    cuts = sorted(draw(st.sets(st.integers(0, len(units)), min_size=1, max_size=4)))
    pairs = [(cuts[at], cuts[min(at + 1, len(cuts) - 1)]) for at in range(0, len(cuts), 2)]
    news = st.lists(unit, max_size=3).map(tuple)
    replaced = tuple((start, end, _numbered(draw(news), 10 * (end + 1))) for start, end in pairs)
    return Change(head, _numbered(units, 0), replaced)


@needs_terraform
def test_agrees_with_terraform_on_what_was_clean() -> None:
    drawn: list[Change] = []

    @settings(database=None)
    @given(changes())
    def collect(change: Change) -> None:
        drawn.append(change)

    collect()
    found: list[bytes] = []
    for change, clean in zip(drawn, formatted([change.text() for change in drawn]), strict=True):
        assert clean is not None, change.text().decode()
        made = change.made(clean)
        first = source(clean)
        after = edited(first, made)
        found.append(edited(after, realign(first, made, after)).data)
    for ours, theirs in zip(found, formatted(found), strict=True):
        assert theirs is not None, ours.decode()
        assert ours.decode() == theirs.decode()
