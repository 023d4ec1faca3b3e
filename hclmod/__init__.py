"""Codemods for Terraform repositories. The Python API: few names, each loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hclmod.engine.job import Job as Job
    from hclmod.engine.outcomes import PhaseReport as PhaseReport
    from hclmod.engine.project import Project as Project
    from hclmod.errors import HclmodError as HclmodError
    from hclmod.reports.model import Report as Report

    Options = Mapping[str, Mapping[str, object]]

__version__ = "0.2.0"
__all__ = ["HclmodError", "Job", "PhaseReport", "Project", "Report", "fix_bytes", "fix_file", "open"]

_HOMES = {
    "HclmodError": "hclmod.errors",
    "Job": "hclmod.engine.job",
    "PhaseReport": "hclmod.engine.outcomes",
    "Project": "hclmod.engine.project",
    "Report": "hclmod.reports.model",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `hclmod` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)


def open(  # noqa: A001 - `hclmod.open(".")` reads as what it does
    folder: Path, *, rule_folders: Sequence[Path] = (), options: Options | None = None
) -> Project:
    """Open the repository around a folder: its files in the working tree, its `hclmod.toml`, its tag snapshot.

    `rule_folders` hold rules of your own: their code is run. `options` win over those of the configuration.
    """
    from hclmod.engine.project import open_project

    return open_project(folder.resolve(), rule_folders=rule_folders, options=options)


def fix_bytes(
    data: bytes,
    rules: Sequence[str],
    *,
    path: str = "main.tf",
    rule_folders: Sequence[Path] = (),
    options: Options | None = None,
) -> bytes:
    """The bytes of one document after these rules, proven; a `RefusedError` where they cannot be proven.

    `path` is its name in an otherwise empty repository. A document that is not read comes back as it is.
    """
    from hclmod.engine.job import Job
    from hclmod.engine.project import in_memory

    project = in_memory({path: data}, rule_folders=(None, *rule_folders))
    report = project.plan(Job(rules=tuple(rules), options=options or {}, only=frozenset({path}), near=True))
    return project.proven(report).get(path, data)


def fix_file(
    path: Path, rules: Sequence[str], *, rule_folders: Sequence[Path] = (), options: Options | None = None
) -> bool:
    """Write what these rules make of one file, with what its repository says around it; whether it changed.

    Nothing is written where a change cannot be proven: that is a `RefusedError`.
    """
    from hclmod.commands.apply import write
    from hclmod.commands.check import plan_fix

    project = open(path.parent, rule_folders=rule_folders, options=options)
    return write(project, plan_fix(project, [path], rules)) > 0
