"""From a phase's outcomes to plain values: ids that outlive line numbers, nothing of this machine, nothing secret."""

from __future__ import annotations

import traceback

from msgspec.structs import replace

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
from hclmod.reports import model
from hclmod.reports.from_plan import tell
from hclmod.reports.model import Cell, Kind, Section
from hclmod.rulekit.rule import Finding, Level
from hclmod.terraform.stacks import Stack

VERDICT = AsDeclared(("judge 2", "judge 1"))


def reported(
    message: str, line: int = 1, *, fix: bool = False, where: str = "a.b", level: Level = Level.WARNING
) -> Reported:
    made = Fix((), ()) if fix else None
    cells, origins = (("run", "kubectl"),), ("image -> local.x",)
    finding = Finding(
        span=Span(0, 1),
        code="cause",
        message=message,
        fix=made,
        level=level,
        effect="rolls",
        cells=cells,
        origins=origins,
        address="x.a",
    )
    return Reported(rule="some-rule", finding=finding, line=line, where=where, before="old", after="new")


def section(*outcomes: Outcome, hidden: tuple[str, ...] = ()) -> Section:
    stack = Stack("s", "s", tuple(each.path for each in outcomes))
    return tell(PhaseReport(3, "Title", ("some-rule",), (StackReport(stack, outcomes),)), hidden)


CHANGED = Changed(
    path="s/a.tf",
    before=b"1\n",
    after=b"2\n",
    applied=(reported("b", 9, fix=True), reported("a", 2, fix=True, where="c")),
    left=(reported("look"), reported("fine", level=Level.NOTE)),
    verdict=VERDICT,
)


def test_every_outcome_is_reported() -> None:
    told = section(
        CHANGED, Unchanged("s/b.tf"), Skipped("s/c.tf", "generated"),
        Refused("s/d.tf", ("why",), (reported("x", fix=True),)), Failed("s/e.tf", "Traceback"),
    )  # fmt: skip
    assert [each.outcome for each in told.documents] == ["changed", "unchanged", "skipped", "refused", "failed"]
    assert [item.kind for _, item in told.items(*Kind)] == ["change", "change", "person", "left", "tried"]
    assert [item.message for _, item in told.items(Kind.CHANGE)] == ["a", "b"]
    assert told.totals == model.Totals(
        changes=2, files=1, stacks=1, people=1, left=1, skipped=1, refused=2, effects={"rolls": 2}
    )
    assert told.judges == ("judge 1", "judge 2")
    change = next(item for _, item in told.items(Kind.CHANGE))
    assert (change.before, change.after, change.effect) == ("old", "new", "rolls")
    assert change.code == f"{change.rule}/cause"
    assert change.origins == ("image -> local.x",)
    assert change.cells == (Cell("run", "kubectl"),)


def test_an_id_outlives_lines_and_words() -> None:
    moved = replace(CHANGED, applied=(reported("other words", 40, fix=True),))
    (before, after) = ({item.id for _, item in section(each).items(Kind.CHANGE)} for each in (CHANGED, moved))
    assert after < before
    assert len(before) == 2


def test_equals_have_ids_of_their_own() -> None:
    twins = Unchanged("s/a.tf", (reported("one"), reported("two")))
    assert len({item.id for _, item in section(twins).items(Kind.PERSON)}) == 2
    elsewhere = Unchanged("s/b.tf", (reported("one"), reported("two")))
    assert len({item.id for _, item in section(twins, elsewhere).items(Kind.PERSON)}) == 4


def test_what_git_filters_is_not_shown_in_a_report() -> None:
    refused = Refused("s/d.tf", ("why",), (reported("x", fix=True),))
    told = section(CHANGED, refused, hidden=("s/a.tf", "s/d.tf"))
    assert all(each.hidden and not each.hunks for each in told.documents)
    assert not any(item.before or item.after or item.address or item.cells for _, item in told.items(*Kind))
    assert {item.message for _, item in told.items(*Kind)} == {"not shown, because git filters the file"}
    assert told.totals.changes == 2


def test_a_rule_of_ones_own_that_failed_is_reported_in_one_sentence() -> None:
    own, ours = section(
        Failed("s/e.tf", "Traceback\n  x", "rule mine failed at mine.py:3: KeyError: 1"),
        Failed("s/f.tf", "Traceback\n  x"),
    ).documents
    assert (own.why, own.is_bug) == (("rule mine failed at mine.py:3: KeyError: 1",), False)
    assert (ours.why, ours.is_bug) == (("Traceback", "  x"), True)


def test_a_traceback_shows_nothing_of_this_machine() -> None:
    try:
        tell(None)  # type: ignore[arg-type]
    except AttributeError:
        trace = traceback.format_exc()
    (document,) = section(Failed("s/e.tf", trace + '  File "/me/hclmod/x.py", line 1\n')).documents
    files = [line.split('"')[1] for line in document.why if 'File "' in line]
    assert files[0] == "test_from_plan.py"
    assert files[-1] == "x.py"
    assert "hclmod/reports/from_plan.py" in files
    assert not any("/" in each and not each.startswith("hclmod/") for each in files)
