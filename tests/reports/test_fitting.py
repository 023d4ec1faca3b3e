from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hclmod.reports.markdown import Form, Part, fit

FORMS = st.lists(st.tuples(st.integers(0, 3), st.text("ab", max_size=9)), max_size=3).map(
    lambda found: tuple(Form(rank, text) for rank, text in sorted(found, key=lambda each: each[0]))
)


@given(st.lists(FORMS, max_size=6), st.integers(0, 40))
def test_it_never_exceeds_the_limit(parts: list[Part], limit: int) -> None:
    assert len("".join(fit(parts, limit).texts)) <= limit
    assert fit(parts, None).whole
    assert fit(parts, 10_000).texts == fit(parts, None).texts


def test_lower_ranks_grow_first_in_all_parts() -> None:
    parts = [(Form(0, "a"), Form(2, "aaaa")), (Form(0, "b"), Form(1, "bbb"))]
    assert fit(parts, 4).texts == ("a", "bbb")
    assert not fit(parts, 4).whole
    assert fit(parts, 7) == fit(parts, None)


def test_what_has_no_room_is_left_out_and_others_are_tried() -> None:
    fitted = fit([(Form(0, "aaaaa"),), (Form(0, "b"),)], 3)
    assert (fitted.texts, fitted.whole) == (("b",), False)


def test_a_form_may_shrink() -> None:
    assert fit([(Form(0, "aaa"), Form(1, "a")), (Form(2, "bb"),)], 3).texts == ("a", "bb")


def test_size_is_asked() -> None:
    assert fit([(Form(0, "é"),), (Form(0, "b"),)], 2, lambda text: len(text.encode())).texts == ("é",)
