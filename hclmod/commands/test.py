"""Run rules on `fixtures/<rule-id>/<case>/before/**` and compare with `after/**`; without `after` nothing may change.

`case.toml` may hold `says` (texts that the report must contain), `silent = true` (nothing needs a person), `phase`,
`refused = true` and `[options]` of the rule. `hclmod.toml` and `hclmod.tags.json` inside `before` are read as in a
repository; `earlier/**` is the repository as it was, for rules that look at edits.
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hclmod.engine import tree
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Failed, Refused, Skipped, Unchanged, findings
from hclmod.engine.project import in_memory
from hclmod.errors import HclmodError
from hclmod.reports.diff import unified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.engine.outcomes import Outcome

_KEYS = {"says", "silent", "phase", "refused", "options"}


@dataclass(frozen=True, slots=True)
class Case:
    """One folder of fixtures: a rule, files before, files after (None: as before), what must be said."""

    rule: str
    folder: Path
    says: tuple[str, ...] = ()
    phase: int | None = None
    refused: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    silent: bool = False

    @property
    def name(self) -> str:
        """`rule-id/case`."""
        return f"{self.rule}/{self.folder.name}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case: no problems when it passed; `diff` leads from what was wanted to what came out."""

    name: str
    problems: tuple[str, ...]
    diff: bytes
    unchanged: bool


def cases(root: Path, rule: str | None = None) -> Iterator[Case]:
    """The cases below `root` (of one rule), sorted; folders without `before` are not cases."""
    if not root.is_dir():
        raise HclmodError(f"there is no folder {root}", hint="Run in a checkout, or name the folder with --fixtures.")
    for folder in sorted(root.glob(f"{rule or '*'}/*")):
        if (folder / "before").is_dir():
            yield _case(folder)


def _case(folder: Path) -> Case:
    path = folder / "case.toml"
    told: dict[str, Any] = tomllib.loads(path.read_text()) if path.is_file() else {}
    if unknown := set(told) - _KEYS:
        raise HclmodError(f"{path}: unknown key {min(unknown)}", hint=f"Known: {', '.join(sorted(_KEYS))}.")
    return Case(
        folder.parent.name, folder, tuple(told.get("says", ())), told.get("phase"), told.get("refused", False),
        told.get("options", {}), told.get("silent", False),
    )  # fmt: skip


def run(case: Case, folders: Sequence[Path | None] = (None,), *, accept: bool = False) -> Result:
    """Run a case; with `accept`, write what came out as what is wanted."""
    before = _read(case.folder / "before")
    outcomes = _outcomes(case, before, folders)
    after = before | {each.path: each.after for each in outcomes if isinstance(each, Changed)}
    if accept:
        _accept(case, before, after)
    wanted = _read(case.folder / "after") if (case.folder / "after").is_dir() else before
    problems = [
        *_problems(case, outcomes),
        *(f"{name} is not as wanted" for name in sorted(wanted) if wanted[name] != after.get(name)),
    ]
    problems += [f"{name} is not wanted" for name in sorted(after.keys() - wanted.keys())]
    diff = b"".join(unified(name, wanted[name], after.get(name, b"")) for name in sorted(wanted))
    return Result(case.name, tuple(problems), diff, unchanged=wanted == before)


def wanted(case: Case) -> bytes:
    """The diff from what a case has to what it wants; empty where nothing may change."""
    if not (case.folder / "after").is_dir():
        return b""
    before, after = _read(case.folder / "before"), _read(case.folder / "after")
    return b"".join(unified(name, before.get(name, b""), after[name]) for name in sorted(after))


def shown(case: Case) -> bytes:
    """The first `.tf` file of a case, for rules that only look; empty where it has none."""
    return next((data for name, data in _read(case.folder / "before").items() if name.endswith(".tf")), b"")


def _read(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def _outcomes(case: Case, before: Mapping[str, bytes], folders: Sequence[Path | None]) -> list[Outcome]:
    project = in_memory(before, rule_folders=folders)
    phases, through = project.config.phases, project.config.through
    project.require_names()
    earlier = _read(case.folder / "earlier")
    job = Job(
        rules=(case.rule,),
        phase=case.phase,
        options={case.rule: case.options},
        done=tuple(number for number in phases if through is not None and number <= through),
        earlier=project.over(tree.in_memory(earlier)).model if earlier else None,
    )
    return list(project.plan(job).outcomes)


def _problems(case: Case, outcomes: Sequence[Outcome]) -> Iterator[str]:
    said = "\n".join(_said(outcomes))
    for text in case.says:
        if text not in said:
            yield f"nothing said {text!r}; what was said:\n{said or '(nothing)'}"
    if case.silent and (loud := [each.finding.message for each in findings(*outcomes) if each.is_open]):
        yield f"something needs a person: {'; '.join(loud)}"
    bad = [each for each in outcomes if isinstance(each, Refused | Failed)]
    if bool(bad) != case.refused:
        yield "\n".join(map(str, bad)) or "nothing was refused"


def _said(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        match outcome:
            case Changed() | Unchanged():
                yield from (f"{each.finding.address}: {each.finding.message}" for each in findings(outcome))
            case Skipped(path=path, reason=reason):
                yield f"{path}: {reason}"
            case Refused(path=path, why=why):
                yield f"{path}: {'; '.join(why)}"
            case Failed(path=path, traceback=traceback, blamed=blamed):
                yield f"{path}: {blamed or traceback}"


def _accept(case: Case, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    folder = case.folder / "after"
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in after.items() if after != before else ():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
