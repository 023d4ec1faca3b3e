"""The section of a page is found where markdown-it-py sees it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from hclmod.hcl.document import Document
from hclmod.hcl.indentation import UnfixableError
from hclmod.markdown import syntax, text
from hclmod.markdown.page import Page, digest
from hclmod.markdown.sections import SectionText

DRAFT = SectionText("Tags", "Words.\n\n```hcl\n# a comment\n```")


def page(content: str | bytes) -> Page:
    data = content.encode() if isinstance(content, str) else content
    return Page(document=Document("AGENTS.md", data))


def test_what_is_written_is_read_back() -> None:
    section = page(f"# R\n\n{DRAFT.at(3)}\n\n## B\n").section
    assert section is not None
    assert (section.line, section.end, section.level, section.is_edited) == (2, 13, 3, False)
    assert digest(section.inside) == section.digest


@pytest.mark.parametrize("old", ["Words.", "### Tags", "# a comment"])
def test_each_change_between_the_comments_is_seen(old: str) -> None:
    section = page(DRAFT.at(3).replace(old, f"{old} more")).section
    assert section is not None
    assert section.is_edited


def test_line_ends_are_no_change() -> None:
    section = page(DRAFT.at(2).replace("\n", "\r\n")).section
    assert section is not None
    assert not section.is_edited


@pytest.mark.parametrize(
    "content",
    ["", "Text.\n", "```\n<!-- hclmod:begin conventions -->\n```\n", "`<!-- hclmod:begin conventions -->`\n",
     "    <!-- hclmod:end conventions -->\n", "<!-- hclmod -->\n", "---\na: <!-- hclmod:begin conventions -->\n---\n"],
)  # fmt: skip
def test_a_page_without_a_section(content: str) -> None:
    assert page(content).section is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<!-- hclmod:begin conventions -->\n", "has no `hclmod:end`"),
        ("\n<!-- hclmod:end conventions -->\n", "`hclmod:end` on line 2 has no"),
        ("<!-- hclmod:begin other -->\n", "is not written as"),
        ("* <!-- hclmod:begin conventions -->\n", "a list or a quote"),
        ("<p>\n<!-- hclmod:begin conventions -->\n</p>\n", "other HTML"),
        ("<!-- hclmod:begin conventions v9 -->\n<!-- hclmod:end conventions -->\n", "a later hclmod"),
        (f"{DRAFT.at(2)}\n{DRAFT.at(2)}\n", "Leave one"),
    ],
)
def test_comments_that_are_not_one_pair_are_refused(content: str, why: str) -> None:
    with pytest.raises(UnfixableError, match=why):
        _ = page(content).section


def test_lines_of_headings_and_prose() -> None:
    read = page("\ufeff---\na: b\n---\r\n# A *b*\r\n\r\nTwo\n---\n\n> quoted\n> more\n\n| a |\n|---|\n| c |\n")
    assert [(each.level, each.text, each.line, each.end) for each in read.headings] == [
        (1, "A *b*", 3, 4),
        (2, "Two", 5, 7),
    ]
    assert [(each.line, each.text) for each in read.prose()] == [
        (3, "A *b*"), (5, "Two"), (8, "quoted\nmore"), (11, "a"), (13, "c"),
    ]  # fmt: skip


def test_a_token_without_a_line_is_on_the_last_one() -> None:
    lines = [each.line for each in syntax.read(b"a\n\n| a |\n|---|\n| b |\n").nodes]
    assert min(lines[3:]) == 2, "no token of the table is on the first line"


@pytest.mark.parametrize("code", ["a", "`", "``", " a", "a`b", "a``` b", ""])
def test_code_says_what_it_says(code: str) -> None:
    (token,) = (each for each in _inline(text.span(code)) if each[0] == "code_inline")
    assert token[6] == code or not code.strip()
    (fence,) = (each.shown for each in syntax.read(text.fence(code, "hcl").encode()).nodes)
    assert (fence[0], fence[5], fence[6].rstrip("\n")) == ("fence", "hcl", code)


@pytest.mark.parametrize("words", ["a | b", "`x` *y* _z_", "<b>&amp;[x](y)", "a\\b ~~c~~", "two\n  lines"])
def test_plain_words_are_no_markup(words: str) -> None:
    inner = _inline(text.plain(words))
    assert {each[0] for each in inner} <= {"text", "text_special"}
    assert "".join(each[6] for each in inner) == " ".join(words.split())


def _inline(markdown: str) -> list[tuple[Any, ...]]:
    (token,) = (each.shown for each in syntax.read(markdown.encode()).nodes if each.shown[0] == "inline")
    return list(token[-1])


class Counted(bytes):
    """A line that counts how often its length was asked for."""

    asked = 0

    def __len__(self) -> int:
        Counted.asked += 1
        return super().__len__()


def test_offsets_are_counted_once() -> None:
    of = page("".join(f"Line {number}\n" for number in range(50)))
    of.lines[:] = [Counted(line) for line in of.lines]
    Counted.asked = 0
    assert [of.offset(line) for line in (0, 1, 11, 49, 50, 99)] == [0, 7, 78, 382, 390, 390]
    assert Counted.asked == 50


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_line_has_its_offset_and_its_heading(newline: str) -> None:
    content = newline.join(["words", "# One", "a", "", "Two", "---", "* # no", "b", "", "### Three  x", "c"])
    of = page(content)
    data = content.encode()
    starts = [0, *(at + len(newline) for at in range(len(data)) if data.startswith(newline.encode(), at))]
    assert [of.offset(line) for line in range(11)] == starts
    headings = ["", *["One"] * 3, *["Two"] * 5, *["Three x"] * 2]
    assert [of.heading_of(line) for line in range(11)] == headings


def test_each_character_of_prose_has_its_line() -> None:
    (prose,) = page("\n\none\ntwo\n\n").prose()
    assert [prose.line_of(at) for at in range(len(prose.text))] == [2, 2, 2, 2, 3, 3, 3]
