"""Old findings that a repository starts with, kept in a file so that CI tells new ones only.

An id is made of rule, path, address and message, and of no line: moving code makes no finding new.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.engine.outcomes import Changed, Unchanged
from hclmod.errors import ConfigError
from hclmod.rulekit.rule import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.engine.outcomes import Outcome, PhaseReport, Reported

_VERSION = 1
_ANEW = "Make it anew with --write-baseline."


def identity(path: str, found: Reported) -> str:
    """The id of a finding: stable while rule, file, resource and words are."""
    told = (found.rule, path, found.finding.address, found.finding.message)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def write(report: PhaseReport) -> bytes:
    """The findings of a report as the bytes of a baseline, one a line, sorted."""
    rows = [
        {
            "id": identity(path, found),
            "rule": found.rule,
            "path": path,
            "address": found.finding.address,
            "message": found.finding.message,
        }
        for path, found in _told(report)
    ]
    rows.sort(key=lambda row: (row["path"], row["rule"], row["address"], row["message"]))
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return f'{{\n  "version": {_VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n'.encode()


def read(data: bytes, path: str) -> Counter[str]:
    """How often a baseline holds each id; `path` is for messages."""
    try:
        told = json.loads(data)
        found, form = Counter(str(row["id"]) for row in told["findings"]), told["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a baseline: {error}", hint=_ANEW) from error
    if form != _VERSION:
        raise ConfigError(f"{path}: a baseline of version {form}, and not {_VERSION}", hint=_ANEW)
    return found


def without(report: PhaseReport, known: Counter[str]) -> PhaseReport:
    """The report without the findings that a baseline holds, each as often as it does."""
    rest = Counter(known)
    stacks = [
        replace(stack, outcomes=tuple(_rest(outcome, rest) for outcome in stack.outcomes)) for stack in report.stacks
    ]
    return replace(report, stacks=tuple(stacks))


def _told(report: PhaseReport) -> Iterator[tuple[str, Reported]]:
    for outcome in report.outcomes:
        if isinstance(outcome, Changed):
            yield from ((outcome.path, found) for found in outcome.applied)
        if isinstance(outcome, Changed | Unchanged):
            yield from ((outcome.path, found) for found in outcome.left if found.finding.level is Level.WARNING)


def _rest(outcome: Outcome, rest: Counter[str]) -> Outcome:
    match outcome:
        case Changed(path=path):
            applied, left = _new(path, outcome.applied, rest), _new(path, outcome.left, rest)
            return replace(outcome, applied=applied, left=left) if applied else Unchanged(path, left)
        case Unchanged(path=path):
            return replace(outcome, left=_new(path, outcome.left, rest))
    return outcome


def _new(path: str, found: Sequence[Reported], rest: Counter[str]) -> tuple[Reported, ...]:
    new = []
    for each in found:
        name = identity(path, each)
        if rest[name] > 0 and (each.finding.fix is not None or each.finding.level is Level.WARNING):
            rest[name] -= 1
        else:
            new.append(each)
    return tuple(new)
