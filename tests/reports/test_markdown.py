"""Markdown that stays whole whatever stands in a repository, and that fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from hclmod.reports import markdown
from hclmod.reports.diff import hunks
from hclmod.reports.escape import code, fence, no_command, plain, prose, unlinked, visible
from hclmod.reports.markdown import Form, Part, fit
from hclmod.reports.model import Commit, Kind, Outcome, Report, Section, Stack
from tests.support.markup import Page
from tests.support.reports import EVIL, big, document, full, hostile, item, reports

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = {"h2", "h3", "p", "strong", "em", "ul", "li", "code", "pre", "details", "summary", "hr"} | {
    *("table", "thead", "tbody", "tr", "th", "td")
}
REFERENCE = re.compile(r"[@#!%~$&]\w|://|www\.|GH-\d", re.IGNORECASE)


def page(text: str) -> Page:
    return Page(READER.render(text))


def check(text: str) -> Page:
    read = page(text)
    assert not read.problems, (read.problems, text)
    assert set(read.names()) <= ALLOWED
    assert not REFERENCE.search(read.text()), read.text()
    assert all(char.isprintable() or char in "\n\t\u200b" for char in text)
    text.encode()
    return read


@given(reports())
def test_nothing_of_a_repository_breaks_out(report: Report) -> None:
    plainly = check(markdown.render(full()))
    read = check(markdown.render(report))
    assert [tag for tag, _ in read.tags if tag in ("h2", "h3", "details", "summary", "pre")] == [
        tag for tag, _ in plainly.tags if tag in ("h2", "h3", "details", "summary", "pre")
    ]


@pytest.mark.sampled(10)
@pytest.mark.parametrize("evil", EVIL)
def test_every_evil_text_everywhere(evil: str) -> None:
    check(markdown.render(full(lambda plain: f"{plain}{evil}")))
    check(markdown.render(full(lambda plain: f"{evil}{plain}")))
    check(markdown.render(full(lambda _plain: evil)))


@given(hostile)
def test_the_parts_say_what_they_are_given(text: str) -> None:
    told = visible(re.sub(r"[\r\n\t]+", " ", text))
    spaced = page(f"x{code(text)}x")
    assert [each.strip() for each in spaced.codes] == [told.strip()]
    assert page(f"x{plain(text)}x").text().strip() == f"x{told}x".replace("\u200b", "") or "\u200b" in plain(text)
    assert page(f"x{plain(text)}x").text().replace("\u200b", "").strip() == f"x{told}x"
    assert check(f"- x {prose(text)}").names() in (["li", "ul"], ["code", "li", "ul"])


@given(hostile)
def test_a_fence_holds_all_that_it_is_given(text: str) -> None:
    read = page(f"before\n\n{fence(text, 'diff')}\nafter\n")
    assert read.names() == ["code", "p", "pre"]
    shown = no_command(visible(text.replace("\r\n", "\n"), keep="\n\t"))
    assert read.codes[-1].strip("\n") == shown.strip("\n")
    assert read.text().strip().endswith("after")


def test_a_rule_of_ones_own_that_failed_is_nothing_to_report() -> None:
    stack = Stack("s", (document("s/m.tf", Outcome.FAILED, why=("rule mine failed at mine.py:3: KeyError: 1",)),))
    text = markdown.render(Report("0.1.0", (Section(None, "", (), (stack,)),)))
    assert "- `s/m.tf`: rule mine failed at mine.py:3: KeyError: 1\n" in text
    assert "report this" not in text


def test_what_it_says() -> None:
    text = markdown.render(full())
    assert text.startswith(
        "## Phase 3: Title\n\n**1 change in 1 file (1 stack), 1 needs review, 1 skipped, 2 refused**\n"
    )
    for words in (
        "On the running cluster: rolls the pods (1).",
        (
            "### Refused (2)\n\n- `s/main.tf2`: x was changed\n"
            "- `s/main.tf3`: hclmod itself failed, please report this: `Traceback | ZeroDivisionError: x`\n"
        ),
        "### Needs review (1)\n\n- some-rule: cause (1 in 1 stack)\n  - look at it (`s/main.tf:7`)\n",
        (
            "<details><summary><code>s</code>: 1 change</summary>\n\n"
            "- `s/main.tf:2` some-rule `x.a`: is done — *rolls the pods* (`image -> var.tag`)\n"
        ),
        "- 1 file: generated: `s/main.tf1`\n",
        "<details><summary>2 targets left unchanged on purpose</summary>",
        "## Rules other\n",
    ):
        assert words in text, words
    assert "Shortened" not in text
    assert "```diff\ndiff --git a/s/main.tf b/s/main.tf\n" in text


COMMIT = Commit(
    id="0" * 40, date="2026-12-01", repository="o/r",
    lines=f"https://git.example.net/o/r/blob/{'0' * 40}/{{path}}#L{{line}}",
)  # fmt: skip


def test_what_needs_review_leads_to_its_line() -> None:
    text = markdown.render(replace(full(), commit=COMMIT))
    assert f"  - look at it ([`s/main.tf:7`](<https://git.example.net/o/r/blob/{'0' * 40}/s/main.tf#L7>))\n" in text
    assert text.replace(f"[`s/main.tf:7`](<{COMMIT.address('s/main.tf:7')}>)", "`s/main.tf:7`") == markdown.render(
        full()
    )
    assert markdown.render(replace(full(), commit=replace(COMMIT, lines=""))) == markdown.render(full())


@given(reports(), st.none() | st.integers(700, 4000))
def test_no_text_of_a_repository_breaks_out_of_a_link(report: Report, limit: int | None) -> None:
    text = markdown.render(replace(report, commit=COMMIT), limit=limit)
    read = page(text)
    assert not read.problems
    assert set(read.names()) <= ALLOWED | {"a"}
    addresses = [attributes["href"] or "" for tag, attributes in read.tags if tag == "a"]
    assert all(re.fullmatch(r"https://git\.example\.net/o/r/blob/0{40}/[\w./~%-]+#L7", each) for each in addresses)
    assert limit is None or len(text) <= limit


def test_back_ticks_of_a_message_become_code() -> None:
    assert prose("`3.0.1` floats on `a_b`: @x") == "`3.0.1` floats on `a_b`: @\u200bx"


def test_nothing_is_said_of_nothing() -> None:
    assert markdown.render(Report("1", ())) == "Nothing to report.\n"


@pytest.mark.parametrize("limit", [700, 1_000, 5_000, 20_000, 65_000, 200_000, 10_000_000])
def test_it_fits_and_cuts_diffs_first(limit: int) -> None:
    text = markdown.render(big(), limit=limit, whole="the artifact hclmod-report")
    assert len(text) <= limit
    check(text)
    assert "**200 changes in 40 files (40 stacks), 200 need review, 0 skipped, 40 refused**" in text
    cut = limit < 10_000_000
    assert ("Shortened to fit" in text) == cut == ("Full report: the artifact hclmod-report." in text)
    if limit >= 65_000:
        assert all(f"refusal of s{number}" in text for number in range(40))
        assert all(f"person {each} of s{number}" in text for number in range(40) for each in range(5))
    if limit >= 200_000:
        assert all(f"change {each} of s{number}" in text for number in range(40) for each in range(5))
        assert "```diff" in text


def size(text: str) -> int:
    return len(text.encode())


def test_a_limit_counts_as_the_forge_counts() -> None:
    report = full(lambda plain: f"{plain}{'é' * 200}")
    whole = markdown.render(report)
    assert len(whole) < size(whole) - 1000
    assert size(markdown.render(report, limit=3_000, size=size)) <= 3_000


@pytest.mark.slow
def test_a_diff_of_ten_megabytes_is_left_out_and_named() -> None:
    before = b"".join(b"line %d ```\n" % number for number in range(400_000))
    lines = hunks(before[:5_000_000], b"")
    huge = document("s/huge.tf", Outcome.CHANGED, item(Kind.CHANGE), lines=lines)
    small = document("s/small.tf", Outcome.CHANGED, item(Kind.CHANGE), lines=hunks(b"a", b"b"))
    report = Report("1", (Section(1, "", (), (Stack("s", (small, huge)), Stack("t", (small,)))),))
    assert len(markdown.render(report)) > 5_000_000
    text = markdown.render(report, limit=65_000)
    assert "Diff left out: `s/huge.tf`" in text
    assert text.count("```diff") == 2


def test_a_long_refusal_is_short_before_others_are_lost() -> None:
    documents = [document(f"s/{name}.tf", Outcome.REFUSED, why=(f"{name} " + "x" * 3000,)) for name in "abcdefghij"]
    text = markdown.render(Report("1", (Section(1, "", (), (Stack("s", tuple(documents)),)),)), limit=8_000)
    assert all(f"s/{name}.tf" in text for name in "abcdefghij")
    assert text.count("x" * 3000) == 1
    check(text)


@given(reports(), st.integers(700, 4000))
def test_shortened_reports_stay_intact(report: Report, limit: int) -> None:
    text = markdown.render(report, limit=limit)
    assert len(text) <= limit
    check(text)


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        ("", "then lists."),
        ("the artifact a_b", r"then lists. Full report: the artifact a\_b."),
        (
            "https://git.example.net:3000/a/b?c=d#e",
            "then lists. [Full report](<https://git.example.net:3000/a/b?c=d#e>).",
        ),
        ("https://x/>) @team", "Full report: https:\u200b//x/&gt;) @\u200bteam."),
        ("javascript:alert(1)", "Full report: javascript:alert(1)."),
    ],
)
def test_where_the_rest_can_be_had(whole: str, told: str) -> None:
    assert told in markdown.render(big(), limit=5000, whole=whole)


def test_what_git_filters_is_said_not_shown() -> None:
    hidden = document("s/a.tf", Outcome.CHANGED, item(Kind.CHANGE))
    text = markdown.render(Report("1", (Section(1, "", (), (Stack("s", (hidden,)),)),)))
    assert "`s/a.tf`: git filters this file" in text


# Parts that fit into a limit


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


def test_several_phases_begin_with_a_table() -> None:
    (first, *_) = full().sections
    text = markdown.render(Report("0", (first, replace(first, number=4, title="a | b"))))
    assert text.startswith(
        "| Phase | changes | roll out | need review | refused |\n| --- | --: | --: | --: | --: |\n"
        "| Phase 3: Title | 1 | 1 | 1 | 2 |\n| Phase 4: a "
    )
    assert [tag for tag, _ in check(text).tags if tag == "tr"] == ["tr"] * 3
    assert len([tag for tag, _ in check(text).tags if tag == "td"]) == 10


def test_one_phase_has_no_table() -> None:
    assert "| Phase" not in markdown.render(full())


@pytest.mark.parametrize("text", ["a/[skip ci]", "[CI SKIP]", "x [no ci] y", "[skip actions]", "[skip-ci]"])
def test_no_name_keeps_ci_from_a_commit(text: str) -> None:
    assert text not in unlinked(text)
    assert unlinked("a[0] [skipped]") == "a[0] [skipped]"
