"""What a Python program synthesises before and after a change, compared with what the change declares.

This runs the repository's own code, as `cdktf synth` does. So it is done only where a person asks for it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod import scratch
from hclmod.engine.outcomes import Changed
from hclmod.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.terraform.apps import App

OUTPUT = "cdktf.out"
LIMIT = 600
"""A program that has not ended after so many seconds is stopped."""

_SHOWN = 4
"""So many of the last lines of a program that failed are shown."""

_RESOURCE = re.compile(r"resource\.([\w-]+)\.[\w-]+\[\d+\]\.(.+)")
_INDEX = re.compile(r"\[\d+\]")
_HINT = "Nothing was written. Without --prove-by-synth the change is proven by Python's own parser alone."


class Difference(Struct, frozen=True):
    """One value of the synthesised JSON that is another one: its stack, the steps to it, and both values."""

    stack: str
    path: tuple[str | int, ...]
    old: Any
    new: Any

    @property
    def kind(self) -> str:
        """The resource type, empty for what is in no resource."""
        return str(self.path[1]) if self.path[:1] == ("resource",) and len(self.path) > 3 else ""

    @property
    def inside(self) -> str:
        """The names that lead to it inside of its resource."""
        return ".".join(str(step) for step in self.path[3:] if isinstance(step, str))

    def is_below(self, named: str) -> bool:
        """Whether it is what a resource type and the names inside lead to, or a part of that."""
        return f"{self.kind} {self.inside}.".startswith(f"{named}.")

    @property
    def shown(self) -> str:
        """The difference for a person."""
        where = ".".join(map(str, self.path))
        return f"{self.stack}: {where}: {json.dumps(self.old)} -> {json.dumps(self.new)}"


def prove(project: Project, reports: Sequence[PhaseReport]) -> tuple[int, int]:
    """How many programs were run, and in how many values their JSON differs; `RefusedError` where that is undeclared.

    Reports build on each other, as those of `fix` do.
    """
    programs = values = 0
    outcomes = [each for report in reports for each in report.outcomes if isinstance(each, Changed)]
    for home, app in project.apps.items():
        mine = [each for each in outcomes if each.path in app.documents]
        if mine:
            values += _proven(project, home, app, mine)
            programs += 1
    return programs, values


def _proven(project: Project, home: str, app: App, changed: Sequence[Changed]) -> int:
    old = {path: data for path in app.documents if (data := project.tree.get(path)) is not None}
    for each in reversed(changed):
        old[each.path] = each.before
    new = old | {each.path: each.after for each in changed}
    source = project.root / home
    with scratch.folder() as folder:
        target = folder / "program"  # of both, because what is synthesised may name it
        before = _synthesised(source, target, home, app, texts=old)
        shutil.rmtree(target)
        after = _synthesised(source, target, home, app, texts=new)
    different = [each for stack in sorted({*before, *after}) for each in differences(stack, before, after)]
    if why := undeclared(different, changed):
        raise RefusedError(f"what {home or 'the program'} synthesises is not what is declared: {why}", hint=_HINT)
    return len(different)


def _synthesised(source: Path, target: Path, home: str, app: App, *, texts: Mapping[str, bytes]) -> dict[str, Any]:
    """The JSON of each stack that a program writes with these documents."""
    inner = {path.removeprefix(f"{home}/" if home else ""): data for path, data in texts.items()}
    _mirror(source, target, inner)
    environment = {**os.environ, "CDKTF_OUTDIR": OUTPUT, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            shlex.split(app.command),
            cwd=target,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RefusedError(f"`{app.command}` in {home or '.'} did not run: {error}", hint=_HINT) from error
    if done.returncode:
        last = " ".join(done.stderr.decode(errors="replace").split("\n")[-_SHOWN:]).strip()
        raise RefusedError(f"`{app.command}` in {home or '.'} ended with {done.returncode}: {last}", hint=_HINT)
    written = sorted((target / OUTPUT / "stacks").glob("*/cdk.tf.json"))
    return {path.parent.name: json.loads(path.read_bytes()) for path in written}


def _mirror(source: Path, target: Path, texts: Mapping[str, bytes]) -> None:
    """Make a folder with these documents; all else in it are links to what is there."""
    target.mkdir(parents=True)
    below: dict[str, dict[str, bytes]] = {}
    for path, data in texts.items():
        first, slash, rest = path.partition("/")
        if slash:
            below.setdefault(first, {})[rest] = data
        else:
            (target / first).write_bytes(data)
    for name, inner in below.items():
        _mirror(source / name, target / name, inner)
    for entry in sorted(source.iterdir()) if source.is_dir() else ():
        if entry.name not in (*texts, *below, OUTPUT, ".git", "__pycache__"):
            (target / entry.name).symlink_to(entry.absolute())


def differences(stack: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """The values in which the JSON of a stack differs, without the notes that the library writes for itself."""
    yield from (Difference(stack, *each) for each in _differing((), before.get(stack), after.get(stack)))


def _differing(path: tuple[str | int, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (key for key in {**old, **new} if key != "//"):
            yield from _differing((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from _differing((*path, index), *pair)
    elif old != new:
        yield path, old, new


def undeclared(different: Sequence[Difference], changed: Sequence[Changed]) -> str:
    """What differs and is not declared, or is declared and does not differ; empty for nothing."""
    findings = [each.finding for outcome in changed for each in outcome.applied]
    images = {text for each in findings for name, text in each.cells if name == "image"}
    paths = {named for each in findings if each.fix for item in each.fix.declares if (named := _named(item.path))}
    written = b"\n".join(edit.text for each in findings if each.fix for edit in each.fix.edits).decode()
    unseen = images | {each for each in paths if not each.endswith("image")}
    for each in different:
        if each.inside.endswith("image"):
            known = images & {f"{each.old} -> {each.new}"}
        else:
            known = {path for path in paths if each.is_below(path) and _is_written(each, written)}
        if not known:
            return f"{each.shown}, which nothing declares"
        unseen -= known
    return f"{min(unseen)} is declared and is not there" if unseen else ""


def _named(path: str) -> str:
    """The resource type and the names that a declared path leads to; empty for a path outside of resources."""
    match = _RESOURCE.fullmatch(path)
    if match is None:
        return ""
    inside = _INDEX.sub("", match[2])
    return f"{match[1]} {inside.replace('override.', 'lifecycle.', 1) if inside.startswith('override.') else inside}"


def _is_written(each: Difference, written: str) -> bool:
    """Whether the new values are among the texts that were written."""
    return all(text in written for text in set(_leaves(each.new)) - set(_leaves(each.old)))


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, each in value.items():
                yield key
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case str():
            yield value
