"""One screen for phases: numbers, each cause once, and nothing that a terminal would obey."""

from __future__ import annotations

import re

import pytest

from hclmod.reports import overview
from hclmod.reports.causes import causes
from hclmod.reports.model import Document, Hunk, Item, Kind, Outcome, Report, Section, Stack
from hclmod.reports.terminal import Style

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def item(message: str, kind: Kind = Kind.PERSON, line: int = 1, **more: str) -> Item:
    return Item(
        id="0" * 12,
        kind=kind,
        rule="some-rule",
        code=more.get("code", "some-rule/some-cause"),
        address="x.a",
        line=line,
        message=message,
        effect=more.get("effect", ""),
        origins=(),
        before="",
        after="",
        cells=(),
        subject=more.get("subject", ""),
        advice=more.get("advice", ""),
    )


def document(path: str, *items: Item, outcome: Outcome = Outcome.CHANGED, why: tuple[str, ...] = ()) -> Document:
    hunks: tuple[Hunk, ...] = ()
    return Document(path=path, outcome=outcome, why=why, judges=("judge",), items=items, hunks=hunks, hidden=False)


def section(number: int, *documents: Document) -> Section:
    folders = dict.fromkeys(each.path.rpartition("/")[0] for each in documents)
    stacks = (Stack(name, tuple(each for each in documents if each.path.startswith(f"{name}/"))) for name in folders)
    return Section(number, f"Title {number}", ("some-rule",), tuple(stacks))


def text(*sections: Section, style: Style | None = None) -> str:
    return overview.render(Report("0", sections), style or Style())


CHANGE = Kind.CHANGE


def test_several_phases_begin_with_a_table() -> None:
    rolls = item("b", CHANGE, effect="rolls the pods")
    first = section(1, document("a/x.tf", item("a", CHANGE), rolls, item("c")))
    refused = section(12, document("b/x.tf", outcome=Outcome.REFUSED, why=("y was changed",)))
    assert text(first, refused) == (
        "Phase               changes  roll out  need review  refused\n"
        "Phase 1: Title 1          2         1            1        0\n"
        "Phase 12: Title 12        0         0            0        1\n"
        "All                       2         1            1        1\n"
        "\nNeeds review\n"
        "  some-rule: some cause (1 in 1 stack)\n"
        "    c  a/x.tf:1\n"
        "\nChanges\n"
        "  some-rule: some cause (1 in 1 stack)\n"
        "    a  a/x.tf:1\n"
        "  some-rule: some cause (1 in 1 stack) [rolls the pods]\n"
        "    b  a/x.tf:1\n"
        "\nRefused\n"
        "  b/x.tf\n    y was changed\n"
        "\nEvery change proven by judge.\n"
    )


def test_one_phase_begins_with_its_title_and_ends_with_its_totals() -> None:
    lines = text(section(3, document("a/x.tf", item("a", CHANGE)))).splitlines()
    assert lines[0] == "Phase 3: Title 3"
    assert lines[-2] == "1 change in 1 file (1 stack), 0 need review, 0 skipped, 0 refused"


def test_a_cause_is_said_once_with_its_advice_and_places() -> None:
    same = [item("web: it stays", line=n, subject="redis", advice="Ask.") for n in range(1, 6)]
    other = item("db: it stays too", subject="mysql", advice="Ask.")
    shown = text(section(1, document("a/x.tf", *same), document("b/y.tf", other)))
    assert shown.count("Ask.") == 1
    assert "  some-rule: some cause (6 in 2 stacks)\n    Ask.\n" in shown
    assert "    redis  a/x.tf:1, a/x.tf:2, a/x.tf:3 and 2 more\n" in shown
    assert shown.index("redis") < shown.index("mysql")


def test_advice_that_differs_is_not_that_of_the_cause() -> None:
    (cause,) = causes([section(1, document("a/x.tf", item("a", advice="One."), item("b", advice="Two.")))], Kind.PERSON)
    assert not cause.advice


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("web: pulls it", "pulls it"),
        ("init-db: pulls it: now", "pulls it: now"),
        ("`1.2` stays: it is read", "`1.2` stays: it is read"),
        ("it stays: too", "it stays: too"),
        ("plain", "plain"),
    ],
)
def test_the_name_of_a_container_does_not_part_messages(message: str, said: str) -> None:
    (cause,) = causes([section(1, document("a/x.tf", item(message)))], Kind.PERSON)
    assert [row.text for row in cause.rows] == [said]


def test_what_is_too_much_is_counted() -> None:
    many = [item(f"reason {n}", line=n) for n in range(1, 61)]
    shown = text(section(1, document("a/x.tf", *many)))
    assert "    and 10 more (--verbose lists them)\n" in shown
    assert shown.count("reason") == 50


def test_files_that_two_phases_skip_are_counted_once() -> None:
    skipped = document("a/x.tf", outcome=Outcome.SKIPPED, why=("generated",))
    assert "  1 file: generated: a/x.tf\n" in text(section(1, skipped), section(2, skipped))


@pytest.mark.parametrize("evil", ["\x1b[2J", "\r", "\n::error::x", "\u202e", "\x00"])
def test_text_of_the_repository_is_inert(evil: str) -> None:
    bad = f"x{evil}y"
    items = (item(bad, CHANGE, effect=bad), item(bad), item("a", subject=bad, advice=bad))
    skipped = document(f"a/{bad}2", outcome=Outcome.SKIPPED, why=(bad,))
    refused = document(f"a/{bad}3", outcome=Outcome.REFUSED, why=(bad,))
    whole = section(1, document(f"a/{bad}", *items), skipped, refused)
    for style in (Style(), Style(color=True), Style(width=40)):
        shown = COLOUR.sub("", text(whole, style=style))
        assert all(char == "\n" or char.isprintable() for char in shown)
        assert "\n::" not in shown
