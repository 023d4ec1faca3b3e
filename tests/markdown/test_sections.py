"""A section is written where it belongs, no other byte changes, and markdown-it-py sees the rest as before."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hclmod.hcl import edits
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Edit, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.hcl.source import unreadable
from hclmod.markdown import sections, syntax
from hclmod.markdown.page import Page
from hclmod.markdown.sections import SectionText

DRAFT = SectionText("Tags", "Words.\n\n```hcl\n# a comment\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")

LINES = st.sampled_from(
    ["", "# A", "## B", "### C", "A", "===", "---", "* one", "  two", "1. one", "> quote", "text", "`code`", "```",
     "````md", "~~~", "<div>", "</div>", "<!--", "-->", "<!-- c -->", "    code", "\tcode", "| a |", "|---|", "| b |",
     "[x]: y", "[x]", "***", "\\", "&amp;", "a: b", "+++", "<pre>", "</pre>", "\u00e9", "- [ ] x", "  * deep", "> ## Q",
     "<!-- hclmod:begin conventions -->", "<!-- hclmod:end conventions -->"]
)  # fmt: skip
TEXTS = st.builds(
    lambda lines, newline, last: (newline.join(lines) + newline * last).encode(),
    st.lists(LINES, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def page(data: bytes) -> Page:
    return Page(document=Document("AGENTS.md", data))


def written(data: bytes, after: str = "") -> tuple[bytes, Fix | None]:
    fix = sections.write(page(data), DRAFT, after=after)
    return (edits.apply(data, fix.edits), fix) if fix else (data, None)


@given(TEXTS, st.sampled_from(["", "A", "B", "C"]))
def test_all_else_stays_and_a_second_time_nothing_is_to_do(data: bytes, after: str) -> None:
    assume(unreadable(data) is None)
    try:
        new, fix = written(data, after)
    except UnfixableError:
        return
    assert fix is not None
    assert sections.undeclared(Document("a", data), Document("a", new), [fix]) == ""
    (edit,) = fix.edits
    assert new.startswith(data[: edit.span.start])
    assert new.endswith(data[edit.span.end :])
    assert written(new, after) == (new, None)
    section = page(new).section
    assert section is not None
    assert not section.is_edited
    assert data.endswith(b"\n") == new.endswith(b"\n") or not data


@given(TEXTS)
def test_a_section_written_by_hand_is_replaced_alone(data: bytes) -> None:
    assume(unreadable(data) is None)
    old = page(data)
    try:
        assume(not (old.section and old.section.is_edited) and old.headings)
        heading = old.headings[len(data) % len(old.headings)]
        fix = sections.adopt(old, DRAFT, heading)
    except UnfixableError:
        return
    new = edits.apply(data, sorted(fix.edits))
    wrong = sections.undeclared(Document("a", data), Document("a", new), [fix])
    assert not wrong or b"[x]: y" in data, "only a reference that goes with the section changes what is elsewhere"
    assert new.startswith(data[: min(each.span.start for each in fix.edits)])
    assert new.endswith(data[max(each.span.end for each in fix.edits) :])


@given(TEXTS, st.data())
def test_the_judge_sees_what_is_changed_elsewhere(data: bytes, drawn: st.DataObject) -> None:
    """A letter in a line of words outside of the section is a difference, whatever is around."""
    assume(unreadable(data) is None)
    try:
        new, fix = written(b"words\n\n" + data)
    except UnfixableError:
        return
    at = drawn.draw(st.integers(0, 4))
    worse = edits.apply(new, [Edit(Span(at, at + 1), b"X")])
    assert fix is not None
    assert "outside of the section" in sections.undeclared(
        Document("a", b"words\n\n" + data), Document("a", worse), [fix]
    )


@pytest.mark.parametrize(
    ("text", "after", "level"),
    [
        ("", "", 2),
        ("words\n", "", 2),
        ("# A\n", "", 2),
        ("# A\n\n# B\n", "", 1),
        ("# A\n\n### B\n", "", 3),
        ("## A\n\n### B\n", "", 2),
        ("# A\n\n## B\n\n### C\n\n## D\n", "B", 2),
        ("# A\n\n## B\n\n### C\n\n#### E\n\n## D\n", "C", 3),
        ("# A\n\n## B\n\n### C\n\n## D\n", "A", 1),
    ],
)
def test_the_level_follows_the_place(text: str, after: str, level: int) -> None:
    section = page(written(text.encode(), after)[0]).section
    assert section is not None
    assert section.level == level


@pytest.mark.parametrize("text", ["```\n", "~~~~\n", "<!--\n", "<pre>\n", "<script>\n"])
def test_nothing_is_written_where_it_would_not_be_seen(text: str) -> None:
    with pytest.raises(UnfixableError, match="not closed"):
        written(text.encode())


def test_the_judge_has_a_name() -> None:
    assert syntax.judge().startswith("markdown-it-py ")
