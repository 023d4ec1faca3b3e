from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl.document import Document
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span, apply, excerpt, lines_before, select

DATA = b"0123456789"


def edit(start: int, end: int, text: bytes = b"x") -> Edit:
    return Edit(Span(start, end), text)


def fix(*edits: Edit) -> Fix:
    return Fix(edits, ())


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ((), b"0123456789"),
        ((edit(0, 0, b"a"),), b"a0123456789"),
        ((edit(10, 10, b"z"),), b"0123456789z"),
        ((edit(8, 9, b""), edit(1, 2, b"")), b"02345679"),
        ((edit(2, 4, b"a"), edit(4, 6, b"b")), b"01ab6789"),
        ((edit(0, 10, b""),), b""),
    ],
)
def test_apply(edits: tuple[Edit, ...], after: bytes) -> None:
    assert apply(DATA, edits) == after


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param((edit(2, 5), edit(4, 6)), id="overlap"),
        pytest.param((edit(2, 6), edit(3, 4)), id="one inside the other"),
        pytest.param((edit(2, 4), edit(2, 4)), id="twice the same"),
        pytest.param((edit(9, 11),), id="behind the end"),
    ],
)
def test_apply_refuses(edits: tuple[Edit, ...]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        apply(DATA, edits)


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (3, 2)])
def test_no_span(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@pytest.mark.parametrize(
    ("fixes", "taken"),
    [
        pytest.param([fix(edit(0, 1)), fix(edit(2, 3))], [0, 1], id="apart"),
        pytest.param([fix(edit(0, 1)), fix(edit(0, 1))], [0, 1], id="the same merges"),
        pytest.param([fix(edit(0, 1), edit(5, 6)), fix(edit(0, 1), edit(8, 9))], [0, 1], id="the same in part"),
        pytest.param([fix(edit(0, 1)), fix(edit(0, 1, b"y"))], [0], id="other text waits"),
        pytest.param([fix(edit(0, 2)), fix(edit(2, 4))], [0], id="at one point waits"),
        pytest.param([fix(edit(3, 3)), fix(edit(3, 3, b"y"))], [0], id="two insertions at one point"),
        pytest.param([fix(edit(0, 1)), fix(edit(4, 5), edit(0, 3)), fix(edit(4, 5))], [0, 2], id="all or none"),
        pytest.param([fix(edit(4, 8)), fix(edit(5, 6)), fix(edit(0, 1))], [0, 2], id="inside waits"),
        pytest.param([], [], id="none"),
    ],
)
def test_select(fixes: list[Fix], taken: list[int]) -> None:
    assert select(fixes)[0] == taken


def test_fixes_add_up() -> None:
    one = Fix((edit(0, 1),), (Declared("a", Effect.REMOVED),), (b"# c",))
    both = one + fix(edit(2, 3))
    assert both == Fix((edit(0, 1), edit(2, 3)), (Declared("a", Effect.REMOVED),), (b"# c",))


@st.composite
def fixes(draw: st.DrawFn) -> Fix:
    """One to three edits that do not touch each other."""
    points = sorted(draw(st.sets(st.integers(0, 10), min_size=2, max_size=6)))
    pairs = zip(points[::2], points[1::2], strict=False)
    return fix(*(edit(start, end, draw(st.sampled_from((b"", b"x", b"yy")))) for start, end in pairs))


@given(st.lists(fixes(), max_size=6))
def test_what_is_selected_holds_together(drawn: list[Fix]) -> None:
    taken, edits = select(drawn)
    assert edits == sorted({each for index in taken for each in drawn[index].edits})
    assert not drawn or taken[0] == 0
    for left, right in itertools.pairwise(edits):
        assert not left.span.touches(right.span)
    waiting = [each for index, each in enumerate(drawn) if index not in taken]
    for each in waiting:
        assert any(one not in edits and one.span.touches(other.span) for one in each.edits for other in edits)
    grown = sum(len(each.text) - (each.span.end - each.span.start) for each in edits)
    assert len(apply(DATA, edits)) == len(DATA) + grown


@given(fixes(), st.integers(2, 4))
def test_the_same_fix_any_number_of_times(one: Fix, times: int) -> None:
    taken, edits = select([one] * times)
    assert taken == list(range(times))
    assert apply(DATA, edits) == apply(DATA, one.edits)


# The lines that a fix touches


TEXT = b"one\ntwo\nthree\nfour\nfive\n"


def changes(*edits: tuple[int, int, bytes]) -> Fix:
    return Fix(tuple(Edit(Span(start, end), text) for start, end, text in edits), ())


@pytest.mark.parametrize(
    ("made", "before", "after"),
    [
        (changes((4, 7, b"2")), "two", "2"),
        (changes((4, 5, b"T"), (6, 7, b"O")), "two", "TwO"),
        (changes((0, 1, b"O"), (4, 5, b"T")), "one\ntwo", "One\nTwo"),
        (changes((0, 1, b"O"), (14, 15, b"F")), "one\n...\nfour", "One\n...\nFour"),
        (changes((14, 15, b"F"), (0, 1, b"O")), "one\n...\nfour", "One\n...\nFour"),
        (changes((4, 8, b"")), "two\nthree", "three"),
        (changes((4, 4, b"new\n")), "two", "new\ntwo"),
        (changes((24, 24, b"!")), "", "!"),
        (changes(), "", ""),
    ],
)
def test_the_lines_that_a_fix_touches(made: Fix, before: str, after: str) -> None:
    assert excerpt(Document("a.tf", TEXT), made) == (before, after)


def test_line_ends_and_other_letters() -> None:
    document = Document("a.tf", "é = 1\r\nb = 2\r\n".encode())
    assert excerpt(document, changes((5, 6, b"3"))) == ("é = 1", "é = 3")


TEN = Document("m.tf", b"".join(b"line %02d\n" % number for number in range(1, 11)))


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from((b"", b"new\n", b"new\nnew\n"))), max_size=4
    )
)
def test_a_line_that_edits_only_move_is_found_where_it_was(drawn: list[tuple[int, int, bytes]]) -> None:
    starts = [each * 8 for each in range(11)]
    ends = [min(10, at + length) for at, length, _ in drawn]
    made = [Fix((Edit(Span(starts[at], starts[to]), text),), ()) for (at, _, text), to in zip(drawn, ends, strict=True)]
    _, edits = select(made)
    after = apply(TEN.data, edits).splitlines()
    for number, line in enumerate(after, 1):
        old = lines_before(TEN, edits)(number)
        assert 1 <= old <= 11
        if line != b"new":
            assert TEN.data.splitlines()[old - 1] == line


def test_a_line_that_an_edit_brings_is_where_the_edit_begins() -> None:
    made = [Edit(Span(7, 7), b"\nnew\nnew")]
    assert [lines_before(TEN, made)(number) for number in (1, 2, 3, 4)] == [1, 1, 1, 2]
