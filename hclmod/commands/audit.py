"""`hclmod audit`: every rule of `rules/audit` on the working tree, with what all stacks together say.

A baseline keeps the findings that a repository starts with, so that CI reports new ones only. It knows them by path,
address and code, and by no line and no message: neither moving code nor other words make a finding new.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hclmod import files
from hclmod.engine import tree
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Unchanged, findings
from hclmod.errors import ConfigError, GitError
from hclmod.reports.model import AUDIT
from hclmod.rulekit import folders
from hclmod.terraform.code import ENDINGS, YAML

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hclmod.engine.outcomes import Outcome, PhaseReport, Reported
    from hclmod.engine.project import Project
    from hclmod.terraform.model import Model

GROUP = "audit"
NOW = "HEAD"
_READ = (*ENDINGS, *YAML)


def audit(
    project: Project,
    paths: Sequence[Path] = (),
    rules: Sequence[str] = (),
    *,
    base: str = NOW,
    watch: Callable[[str], None] = lambda _path: None,
    begin: Callable[[int], None] | None = None,
) -> PhaseReport:
    """What the audit (or those `rules`) finds in the whole repository, or in the files and folders that are named.

    `base` is the commit against which edits are compared; nothing is written.
    """
    only = frozenset(project.name_of(path) for path in files.find(paths, _READ)) if paths else None
    return project.plan(
        Job(
            rules=tuple(rules) or folders.group(GROUP),
            title=AUDIT,
            options=project.options_of(None),
            only=only,
            earlier=_before(project, base),
        ),
        watch,
        begin,
    )


def _before(project: Project, base: str) -> Model | None:
    """The model of the repository at a commit; None where there is none yet, or nothing has changed since."""
    code = frozenset(project.tree.ending(ENDINGS))
    try:
        old = project.git.read([entry for entry in project.git.entries(base) if entry.path in code], base)
    except GitError:
        if base != NOW:
            raise
        return None
    changed = any(old[path] != project.tree.get(path) for path in old)
    return project.over(tree.in_memory(old)).model if changed else None


_VERSION = 2
_AGAIN = "Make it again with --write-baseline."

Identity = tuple[str, str, str]
"""Path, address and code of a finding."""


def _identity(path: str, reported: Reported) -> Identity:
    return path, reported.finding.address, reported.code


def write_baseline(report: PhaseReport) -> bytes:
    """The findings of a report as the bytes of a baseline, one a line, sorted."""
    rows = [
        {
            "path": outcome.path,
            "address": result.finding.address,
            "code": result.code,
            "message": result.finding.message,
        }
        for outcome in report.outcomes
        for result in findings(outcome)
        if result.is_open
    ]
    rows.sort(key=lambda row: (row["path"], row["code"], row["address"], row["message"]))
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return f'{{\n  "version": {_VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n'.encode()


class _Row(Struct, frozen=True):
    path: str
    address: str
    code: str


class _Baseline(Struct, frozen=True):
    findings: tuple[_Row, ...]


class _Version(Struct, frozen=True):
    version: int


def _read(data: bytes, path: str) -> Counter[Identity]:
    """How often a baseline holds each finding; `path` is for messages."""
    try:
        form = msgspec.json.decode(data, type=_Version).version
        rows = msgspec.json.decode(data, type=_Baseline).findings if form == _VERSION else ()
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: not a baseline: {error}", hint=_AGAIN) from error
    if form != _VERSION:
        raise ConfigError(f"{path}: a baseline of version {form}, and not {_VERSION}", hint=_AGAIN)
    return Counter((row.path, row.address, row.code) for row in rows)


def without_baseline(report: PhaseReport, path: Path) -> PhaseReport:
    """The report without the findings that the baseline at `path` holds, each as often as it does."""
    try:
        data = files.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint="Make it with --write-baseline.") from error
    rest = _read(data, str(path))
    stacks = [
        replace(stack, outcomes=tuple(_rest(outcome, rest) for outcome in stack.outcomes)) for stack in report.stacks
    ]
    return replace(report, stacks=tuple(stacks))


def _rest(outcome: Outcome, rest: Counter[Identity]) -> Outcome:
    match outcome:
        case Changed(path=path):
            applied, left = _new(path, outcome.applied, rest), _new(path, outcome.left, rest)
            return replace(outcome, applied=applied, left=left) if applied else Unchanged(path, left)
        case Unchanged(path=path):
            return replace(outcome, left=_new(path, outcome.left, rest))
    return outcome


def _new(path: str, findings_of: Sequence[Reported], rest: Counter[Identity]) -> tuple[Reported, ...]:
    new = []
    for each in findings_of:
        name = _identity(path, each)
        if rest[name] > 0 and each.is_open:
            rest[name] -= 1
        else:
            new.append(each)
    return tuple(new)
