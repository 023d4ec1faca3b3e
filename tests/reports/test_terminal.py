"""What a person sees: the same every time, and nothing of the repository's that a terminal would obey."""

from __future__ import annotations

import re

import pytest

from hclmod.engine.outcomes import (
    Changed,
    Failed,
    Outcome,
    PhaseReport,
    Refused,
    Reported,
    Skipped,
    StackReport,
    Unchanged,
)
from hclmod.hcl.edits import Fix, Span
from hclmod.proof.verdict import AsDeclared
from hclmod.reports.from_plan import tell
from hclmod.reports.terminal import Style
from hclmod.reports.terminal import render as render_section
from hclmod.rulekit.rule import Finding, Level
from hclmod.terraform.stacks import Stack


def render(report: PhaseReport, style: Style) -> str:
    return render_section(tell(report), style)


FIX = Fix((), ())
VERDICT = AsDeclared(("judge 1", "judge 2"))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def reported(
    message: str, line: int = 1, fix: Fix | None = None, level: Level = Level.WARNING, **more: str
) -> Reported:
    finding = Finding(
        address=more.get("address", "x.a"),
        span=Span(0, 1),
        code="cause",
        message=message,
        fix=fix,
        level=level,
        effect=more.get("effect", ""),
    )
    return Reported(more.get("rule", "some-rule"), finding, line)


def report(*outcomes: Outcome, title: str = "Title") -> PhaseReport:
    stack = Stack("s", "s", tuple(each.path for each in outcomes))
    return PhaseReport(3, title, ("some-rule",), (StackReport(stack, outcomes),))


ALL = (
    Changed(
        path="s/a.tf",
        before=b"1",
        after=b"2",
        applied=(reported("second", 9, FIX), reported("first", 2, FIX, effect="rolls")),
        left=(),
        verdict=VERDICT,
    ),
    Unchanged("s/b.tf", (reported("look"), reported("fine", level=Level.NOTE))),
    Skipped("s/c.tf", "generated"),
    Skipped("s/d.tf", "generated"),
    Refused("s/e.tf", ("a was changed",), ()),
    Failed("s/f.tf", "Traceback\n  line\nZeroDivisionError: x"),
)


def test_a_whole_report() -> None:
    assert render(report(*ALL), Style()) == (
        "Phase 3: Title\n"
        "\nChanges\n"
        "  s/a.tf\n"
        "       2  some-rule  x.a\n          first [rolls]\n"
        "       9  some-rule  x.a\n          second\n"
        "\nNeeds review\n"
        "  s/b.tf\n"
        "       1  some-rule  x.a\n          look\n"
        "\nLeft unchanged\n"
        "  1 target left unchanged on purpose (--verbose lists it)\n"
        "\nSkipped\n"
        "  2 files: generated: s/c.tf, s/d.tf\n"
        "\nRefused\n"
        "  s/e.tf\n    a was changed\n"
        "  s/f.tf: hclmod itself failed, please report this:\n"
        "    Traceback\n      line\n    ZeroDivisionError: x\n"
        "\n2 changes in 1 file (1 stack), 1 needs review, 2 skipped, 2 refused\n"
        "Every change proven by judge 1 and judge 2.\n"
    )


def test_verbose_lists_what_is_left_on_purpose() -> None:
    text = render(report(*ALL), Style(verbose=True))
    assert "          fine\n" in text
    assert "--verbose" not in text


def test_an_empty_report_has_no_headings_and_names_no_judges() -> None:
    text = render(report(), Style())
    assert text == "Phase 3: Title\n\n0 changes in 0 files (0 stacks), 0 need review, 0 skipped, 0 refused\n"
    assert render(PhaseReport(None, "", ("a", "b"), ()), Style()).startswith("Rules a, b\n")
    assert render(report(title=""), Style()).startswith("Phase 3\n")


def test_colour_adds_nothing_but_colour() -> None:
    plain, coloured = (render(report(*ALL), Style(color=color, verbose=True)) for color in (False, True))
    assert "\x1b" not in plain
    assert COLOUR.sub("", coloured) == plain
    assert coloured.count("\x1b[0m") * 2 == len(COLOUR.findall(coloured))


def test_the_same_report_is_the_same_text() -> None:
    assert len({render(report(*ALL), Style(color=True)) for _ in range(5)}) == 1


EVIL = ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x08", "\n", "\x9b31m", "\u202e", "\u2028", "\udcff", "\x00", "\x7f"]


@pytest.mark.parametrize("style", [Style(), Style(verbose=True), Style(color=True, verbose=True)])
@pytest.mark.parametrize("evil", EVIL)
def test_control_characters_do_not_reach_the_terminal(evil: str, style: Style) -> None:
    bad = f"x{evil}y"
    found = reported(bad, 1, FIX, address=bad, effect=bad, rule=bad)
    left = (reported(bad, address=bad, rule=bad), reported(bad, level=Level.NOTE, address=bad, rule=bad))
    outcomes = (
        Changed(path=bad, before=b"1", after=b"2", applied=(found,), left=left, verdict=VERDICT),
        Unchanged(bad, left),
        Skipped(bad, bad),
        Refused(bad, (bad,), ()),
        Failed(bad, bad),
    )
    text = COLOUR.sub("", render(report(*outcomes, title=bad), style))
    assert all(char == "\n" or char.isprintable() for char in text)
    plain = render(report(*outcomes, title=bad), Style(verbose=style.verbose))
    assert text == plain
    assert re.search(r"x .*y", text)
    text.encode()
