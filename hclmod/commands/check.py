"""Run rules on files of the working tree: those that are named, or the rules of the phases that are done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod import files
from hclmod.engine.job import Job
from hclmod.python import ENDING
from hclmod.terraform.code import CODE, JSON, YAML

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project


_READ = (*CODE, *JSON, ".hcl", ".tfvars", *YAML, ENDING)
"""What a named folder is searched for: where resources stand, and where their values may."""


def check(
    project: Project,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
    begin: Callable[[int], None] | None = None,
    unsaved: Mapping[str, bytes] | None = None,
    around: Mapping[str, bytes] | None = None,
) -> tuple[PhaseReport, ...]:
    """What rules have to say about files of the working tree; writes nothing.

    With `rules`, those on everything in the files; without, the rules of each phase that is done on its workloads.
    `unsaved` are documents by their name from the root, looked at instead of what is on disk. Those `around` are read
    so too, and not reported.
    """
    project, jobs = _prepared(project, paths, rules, unsaved or {}, around or {})
    return tuple(map(project.on_disk, project.plan_all(jobs, watch, begin)))


def plan_fix(
    project: Project,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
    begin: Callable[[int], None] | None = None,
    unsaved: Mapping[str, bytes] | None = None,
    around: Mapping[str, bytes] | None = None,
    alone: str = "",
) -> tuple[PhaseReport, ...]:
    """What `fix` would write: as `check`, each phase on what the one before it made of a file.

    Of the rules only the one called `alone` runs, where that is given.
    """
    project, jobs = _prepared(project, paths, rules, unsaved or {}, around or {})
    reports = []
    for job in (replace(each, rules=(alone,)) for each in jobs if alone in each.rules) if alone else jobs:
        reports.append(project.on_disk(project.plan(job, watch, begin)))
        if reports[-1].changes:
            project = project.over(project.tree.changed(reports[-1].changes))
    return tuple(reports)


def nothing_to_check(project: Project) -> str:
    """What to say where no rule is named and no phase is done."""
    what = "Set `through` in hclmod.toml, or name a rule" if project.config.phases else "Name a rule"
    return f"No phase is done yet, so there is nothing to check. {what} with --rule."


def folder_around(path: Path, here: Path) -> Path:
    """The folder to look for the repository of a path from: one that is there, and that no link below `here` leads to.

    Such a link may lead out of the repository.
    """
    return next(each for each in (path, *path.parents) if each.is_dir() and not _is_linked(each, here))


def _is_linked(folder: Path, here: Path) -> bool:
    return any(each.is_symlink() for each in (folder, *folder.parents) if each != here and each.is_relative_to(here))


def _away(project: Project, paths: Sequence[Path]) -> list[str]:
    """The files of a sparse checkout that are named, or lie below a named folder, and are not on disk."""
    names = [project.name_of(each) for each in paths]
    inside = tuple(f"{name}/" for name in names if name != ".")
    return [
        path
        for path in sorted(project.tree.away)
        if path in names or (path.endswith(_READ) and ("." in names or path.startswith(inside)))
    ]


def _of_no_program(project: Project, names: Iterable[str]) -> frozenset[str]:
    """The documents in Python that belong to no program of CDKTF, which other tools look at."""
    python = {name for name in names if name.endswith(ENDING)}
    documents = {each for app in project.apps.values() for each in app.documents} if python else ()
    return frozenset(python.difference(documents))


def _prepared(
    project: Project,
    paths: Sequence[Path],
    rules: Sequence[str] | None,
    unsaved: Mapping[str, bytes],
    around: Mapping[str, bytes],
) -> tuple[Project, list[Job]]:
    """The project with the named and unsaved documents, and the jobs on them."""
    closed: dict[str, str] = {}
    away = _away(project, paths)
    selected = list(files.find([each for each in paths if each.exists() or not away], _READ, closed))
    left = {project.name_of(each): why for each in selected if (why := files.foreign(project.root, each))}
    project.closed |= {project.name_of(Path(each)): why for each, why in closed.items()}
    every = frozenset({*(project.name_of(each) for each in selected), *away, *unsaved})
    every -= _of_no_program(project, every)
    named = frozenset({*(project.name_of(each) for each in paths if not each.is_dir()), *unsaved})
    named -= _of_no_program(project, named)
    project = project.over(project.tree.naming(every, left).changed({**around, **unsaved}))
    if rules:
        return project, [Job(rules=tuple(rules), options=project.options_of(None), only=every, near=True, named=named)]
    return project, [project.phase_job(each, only=every, near=True, named=named) for each in project.done]
