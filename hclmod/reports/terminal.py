"""A phase for a person at a terminal, or for a log: what changes, what needs a person, what is left alone, totals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hclmod.engine import Changed, Failed, Refused, Reported, Skipped, Unchanged
from hclmod.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.plan import PhaseReport

_SHOWN = 3
_PLAIN, _BOLD, _DIM, _RED, _GREEN, _YELLOW = "", "1", "2", "31", "32", "33"


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: with ANSI colours or without, and whether targets that rightly stay are told one by one."""

    color: bool = False
    verbose: bool = False

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text


def render(report: PhaseReport, style: Style) -> str:
    """The whole report, ending in a newline."""
    lines = [style.paint(_one_line(_title(report)), _BOLD)]
    for heading, body in (
        ("Changes", list(_changes(report, style))),
        ("Needs a person", list(_findings(report, Level.WARNING, style, _YELLOW))),
        ("Left alone", list(_left_alone(report, style))),
        ("Skipped", list(_skipped(report))),
        ("Refused", list(_refused(report, style))),
    ):
        if body:
            lines += ["", style.paint(heading, _BOLD), *body]
    return "\n".join([*lines, "", *_totals(report, style)]) + "\n"


def _title(report: PhaseReport) -> str:
    if report.number is None:
        return report.title or f"Rules {', '.join(report.rules)}"
    return f"Phase {report.number}: {report.title}" if report.title else f"Phase {report.number}"


def _changes(report: PhaseReport, style: Style) -> Iterator[str]:
    for outcome in report.outcomes:
        if isinstance(outcome, Changed):
            yield f"  {style.paint(_one_line(outcome.path), _GREEN)}"
            yield from (_line(found, style, _PLAIN) for found in _in_order(outcome.applied))


def _findings(report: PhaseReport, level: Level, style: Style, code: str) -> Iterator[str]:
    for path, found in _left(report):
        told = _in_order(tuple(each for each in found if each.finding.fix is None and each.finding.level is level))
        if told:
            yield f"  {_one_line(path)}"
            yield from (_line(each, style, code) for each in told)


def _left(report: PhaseReport) -> Iterator[tuple[str, tuple[Reported, ...]]]:
    for outcome in report.outcomes:
        if isinstance(outcome, Changed | Unchanged):
            yield outcome.path, outcome.left


def _in_order(found: tuple[Reported, ...]) -> list[Reported]:
    return sorted(found, key=lambda each: (each.line, each.rule))


def _line(found: Reported, style: Style, code: str) -> str:
    finding = found.finding
    effect = _one_line(f" [{finding.effect}]") if finding.effect else ""
    head = _one_line(f"    {found.line:>4}  {found.rule}  {finding.address}")
    return f"{style.paint(head, code)}\n          {_one_line(finding.message)}{style.paint(effect, _DIM)}"


def _one_line(text: str) -> str:
    """Text from the repository, without what would move a terminal's cursor or break the line."""
    return "".join(char if char.isprintable() else " " for char in text)


def _left_alone(report: PhaseReport, style: Style) -> Iterator[str]:
    if style.verbose:
        yield from _findings(report, Level.NOTE, style, _DIM)
        return
    count = sum(each.finding.level is Level.NOTE for _, found in _left(report) for each in found)
    if count:
        yield f"  {_count(count, 'target')} rightly so; --verbose tells which and why"


def _skipped(report: PhaseReport) -> Iterator[str]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in report.outcomes:
        if isinstance(outcome, Skipped):
            reasons[outcome.reason].append(outcome.path)
    for reason, paths in sorted(reasons.items()):
        shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
        yield _one_line(f"  {_count(len(paths), 'file')}: {reason}: {shown}")


def _refused(report: PhaseReport, style: Style) -> Iterator[str]:
    for outcome in report.outcomes:
        if isinstance(outcome, Refused):
            yield f"  {style.paint(_one_line(outcome.path), _RED)}"
            yield from (_one_line(f"    {why}") for why in outcome.why)
        elif isinstance(outcome, Failed):
            yield f"  {style.paint(_one_line(outcome.path), _RED)}: hclmod itself failed; please report this:"
            yield from (_one_line(f"    {line}") for line in outcome.traceback.splitlines())


def _totals(report: PhaseReport, style: Style) -> Iterator[str]:
    changed = [each for each in report.outcomes if isinstance(each, Changed)]
    stacks = sum(any(isinstance(each, Changed) for each in stack.outcomes) for stack in report.stacks)
    fixes = sum(len(each.applied) for each in changed)
    people = sum(_needs_person(each) for _, found in _left(report) for each in found)
    skipped = sum(isinstance(each, Skipped) for each in report.outcomes)
    refused = sum(isinstance(each, Refused | Failed) for each in report.outcomes)
    text = f"{_count(fixes, 'change')} in {_count(len(changed), 'file')} of {_count(stacks, 'stack')}"
    text += f"; {people} for a person; {skipped} skipped; {refused} refused"
    yield style.paint(text, _RED if refused else _BOLD)
    judges = sorted({judge for each in changed for judge in each.verdict.judges})
    if judges:
        yield f"Every change proven by {' and '.join(judges)}."


def _needs_person(found: Reported) -> bool:
    return found.finding.fix is None and found.finding.level is Level.WARNING


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
