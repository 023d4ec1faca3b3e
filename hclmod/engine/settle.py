"""One document until it is settled: check, apply, check again, and prove the result."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.outcomes import Changed, Refused, Reported, Skipped, Unchanged
from hclmod.hcl import edits
from hclmod.proof import verdict
from hclmod.rulekit.rule import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.engine.texts import Text
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.rule import Context

ROUNDS = 10
"""Rules that have not settled after so many rounds fight each other."""


def settle(text: Text, rules: Sequence[Loaded], context: Context) -> Unchanged | Changed | Skipped | Refused:
    """Run `rules` on a document until a round finds no fix, then judge the whole change."""
    before = text
    first: tuple[Reported, ...] = ()
    applied: list[Reported] = []
    fixes: list[edits.Fix] = []
    late: set[str] = set()
    rounds: list[Callable[[int], int]] = []
    for number in range(ROUNDS):
        changed = frozenset((each.rule, each.finding.address) for each in applied)
        places = frozenset((each.rule, each.where) for each in applied)
        result = text.check(rules, replace(context, changed=changed, changed_at=places))
        result = tuple(replace(each, line=_line(each.line, rounds)) for each in result) if rounds else result
        first = first if number else result
        fixable = [(each, fix) for each in result if (fix := each.finding.fix) is not None]
        if not fixable:
            return _judged(before, text, fixes, applied=tuple(applied), left=_left(first, result, applied))
        taken, made = edits.select([fix for _, fix in fixable])
        applied += [fixable[index][0] for index in taken]
        late.update(fixable[index][0].rule for index in taken if number >= ROUNDS // 2)  # two that fight take turns
        fixes += [fixable[index][1] for index in taken]
        rounds.append(edits.lines_before(text.document, made))
        text = text.edited(made, [fixable[index][1] for index in taken])
    fighting = ", ".join(sorted(late))
    why = f"not settled after {ROUNDS} rounds; these rules undo each other or themselves: {fighting}"
    return Refused(before.document.path, (why,), tuple(applied))


def _line(line: int, rounds: Sequence[Callable[[int], int]]) -> int:
    """The line of the document as it was, of one as the edits of these rounds have left it."""
    for before in reversed(rounds):
        line = before(line)
    return line


def _left(first: Sequence[Reported], last: Sequence[Reported], applied: Sequence[Reported]) -> tuple[Reported, ...]:
    """What the last round still says, on the lines of the document as it was where the first round said it too.

    A note that only says what this run's own fix has made true is left out.
    """
    lines: dict[tuple[str, str, str], deque[Reported]] = defaultdict(deque)
    for each in first:
        lines[_identity(each)].append(each)
    fixed = {(each.rule, each.finding.address) for each in applied}
    return tuple(
        lines[_identity(each)].popleft() if lines[_identity(each)] else each
        for each in last
        if lines[_identity(each)] or each.finding.level is not Level.NOTE or _identity(each)[:2] not in fixed
    )


def _identity(reported: Reported) -> tuple[str, str, str]:
    return reported.rule, reported.finding.address, reported.finding.message


def _judged(
    before: Text, after: Text, fixes: Sequence[edits.Fix], *, applied: tuple[Reported, ...], left: tuple[Reported, ...]
) -> Unchanged | Changed | Skipped | Refused:
    old, new = before.document, after.document
    judged = after.judged(before, fixes)
    proven = after if isinstance(judged, verdict.AsDeclared) else None
    if new.data != old.data and (why := before.rejected(proven)):
        return Skipped(old.path, why)
    match judged:
        case verdict.Same():
            return Unchanged(old.path, left)
        case verdict.AsDeclared():
            return Changed(path=old.path, before=old.data, after=new.data, applied=applied, left=left, verdict=judged)
        case verdict.Broken(paths):
            return Refused(old.path, paths, applied)
        case verdict.Unverifiable(why):
            return Refused(old.path, (why,), applied)
