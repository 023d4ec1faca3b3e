"""Run rules on the cases below `fixtures/<rule-id>/` and compare what comes out with what is wanted."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod import caches, files, txtar
from hclmod.engine.cases import chosen, outcomes
from hclmod.engine.outcomes import Changed, Failed, Refused, Skipped, Unchanged, findings
from hclmod.reports.diff import unified
from hclmod.rulekit.folders import find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.engine.cases import Case
    from hclmod.engine.outcomes import Outcome


class Result(Struct, frozen=True, kw_only=True):
    """What became of a case: no problems when it passed; `diff` leads from what was wanted to what came out."""

    name: str
    problems: tuple[str, ...]
    diff: bytes
    unchanged: bool
    codes: tuple[str, ...] = ()
    """What was reported."""


def run_all(
    root: Path, which: str | None = None, folders: Sequence[Path] = (), *, accept: bool = False
) -> tuple[Result, ...]:
    """Run the cases below `root`: all, or those of a rule, of a topic, or one by its name `rule-id/topic/case`."""
    if which is not None and which.partition("/")[0] != caches.RULE:
        find(which.partition("/")[0], (None, *folders))
    return tuple(run(case, (None, *folders), accept=accept) for case in chosen(root, which))


def run(case: Case, folders: Sequence[Path | None] = (None,), *, accept: bool = False) -> Result:
    """Run a case; with `accept`, write what came out as what is wanted."""
    results = outcomes(case, folders)
    changed = {each.path: each for each in results if isinstance(each, Changed)}
    after = case.before | {path: each.after for path, each in changed.items()}
    after = {path: data for path, data in after.items() if path not in changed or not changed[path].gone}
    if accept:
        case = _accepted(case, after)
    target = case.after
    problems = [
        *_problems(case, results),
        *(f"{name} is not as wanted" for name in sorted(target | after) if target.get(name) != after.get(name)),
    ]
    names = sorted(target | after)
    diff = b"".join(unified(name, target.get(name, b""), after.get(name, b"")) for name in names)
    codes = tuple(each.code for each in findings(*results))
    return Result(name=case.name, problems=tuple(problems), diff=diff, unchanged=target == case.before, codes=codes)


def _problems(case: Case, results: Sequence[Outcome]) -> Iterator[str]:
    codes = [each.code for each in findings(*results)]
    for code in (Counter(case.codes) - Counter(codes)).elements():
        yield f"nothing reported {code}; what was reported:\n{chr(10).join(codes) or '(nothing)'}"
    words = "\n".join(_messages(results))
    for text in case.says:
        if text not in words:
            yield f"nothing said {text!r}; what was said:\n{words or '(nothing)'}"
    if case.silent and (loud := [each.finding.message for each in findings(*results) if each.is_open]):
        yield f"something needs a person: {'; '.join(loud)}"
    bad = [each for each in results if isinstance(each, Refused | Failed)]
    if bool(bad) != case.refused:
        yield "\n".join(map(str, bad)) or "nothing was refused"


def _messages(results: Sequence[Outcome]) -> Iterator[str]:
    for outcome in results:
        match outcome:
            case Changed() | Unchanged():
                yield from (f"{each.finding.address}: {each.finding.message}" for each in findings(outcome))
            case Skipped(path=path, reason=reason):
                yield f"{path}: {reason}"
            case Refused(path=path, why=why):
                yield f"{path}: {'; '.join(why)}"
            case Failed(path=path, traceback=traceback, blamed=blamed):
                yield f"{path}: {blamed or traceback}"


def _accepted(case: Case, after: Mapping[str, bytes]) -> Case:
    """The case that wants what came out, written as one text file where that fits, else as a folder."""
    before = case.before
    kept = {name: data for name, data in case.files.items() if not name.startswith("after/")}
    changed = {f"after/{name}": data for name, data in after.items() if data != before.get(name)}
    accepted = replace(case, files=kept | changed)
    folder = case.path.with_name(case.name.rpartition("/")[2])
    file = folder.with_name(folder.name + txtar.SUFFIX)
    if txtar.fits(accepted.files):
        files.save(file, txtar.write(accepted.files))
        if case.path == folder:
            _clear(folder)
    else:
        shutil.rmtree(folder / "after", ignore_errors=True)
        for name, data in accepted.files.items():
            files.save(folder / name, data)
        if case.path == file:
            file.unlink()
    return accepted


def _clear(folder: Path) -> None:
    """Take a case out of its folder, and the folder away where nothing else lies in it."""
    (folder / "case.toml").unlink(missing_ok=True)
    for part in txtar.PARTS[1:]:
        shutil.rmtree(folder / part, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
