"""Which stacks a job looks at, with which documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.run import about_namespaces
from hclmod.python import ENDING
from hclmod.terraform import apps, stacks
from hclmod.terraform.code import CODE, JSON, may_hold_images
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.engine.project import Project
    from hclmod.engine.run import Run
    from hclmod.terraform.resources import Workload
    from hclmod.terraform.stacks import Assignment, Target


def stacks_of(
    assignment: Assignment, phase: int | None, reached: Sequence[tuple[str, Target]], stacks: Sequence[Stack]
) -> list[Stack]:
    """All stacks without a phase; else those of the phase and those that options reach."""
    if phase is None:
        return list(stacks)
    paths = assignment.stacks_of(phase) | {target.stack for _, target in reached}
    return [each for each in stacks if each.path in paths]


def stacks_around(project: Project, names: Iterable[str]) -> tuple[Stack, ...]:
    """The stacks of the named files with all their documents; a file outside every stack is one with its folder."""
    config, tree = project.config, project.tree
    folders: dict[str, set[str]] = {}
    for name in sorted(name for name in names if not may_hold_images(name)):
        folder = name.rpartition("/")[0]
        owner = stacks.owner(folder, config) if config.stacks else None
        if name.endswith(ENDING):
            owner = apps.home_of(name, project.apps)
        folders.setdefault(folder if owner is None else owner, set()).add(name)
    around = []
    for path, members in sorted(folders.items()):
        whole = stacks.owner(path, config) == path and bool(config.stacks)
        inner = f"{path}/" if path else ""
        below = [each for each in tree.ending((*CODE, *JSON)) if each.startswith(inner)]
        mine = stacks.owned(path, below, config) if whole else {each for each in below if "/" not in each[len(inner) :]}
        if any(each.endswith(ENDING) for each in members) and path in project.apps:
            mine = {*mine, *project.apps[path].documents}
        around.append(Stack(stacks.name_of(path, config), path, tuple(sorted(members | mine))))
    return tuple(around)


def called(assignment: Assignment) -> list[tuple[Target, str]]:
    """The workloads that phases and `[workloads]` name by a module's call, and where they are named."""
    phased = [(target, f"phase.{phase}.workloads") for target, phase in assignment.targets.items()]
    decided = [(target, "workloads") for target in assignment.decided]
    return [(target, where) for target, where in (*phased, *decided) if target.module]


def around_workload(run: Run, workload: Workload, stacks: Sequence[Stack]) -> list[Stack]:
    """The stack that holds the workload's block, with the other documents from which its images come."""
    document, places = workload.block.document, run.placing.places
    folder = document.rpartition("/")[0]
    mine = [each for each in stacks if document in each.files] or [Stack(folder, folder, (document,))]
    kept = {document, *workload.block.others, *places}
    few = [replace(each, files=tuple(file for file in each.files if file in kept)) for each in mine]
    namespaces = run.placing.documents if about_namespaces(run.rules) else frozenset()
    return with_documents(few, {*places, *run.placing.inherited_documents, *namespaces})


def with_documents(stacks: Sequence[Stack], documents: Iterable[str]) -> list[Stack]:
    """The stacks with these documents; those that are in none of them are stacks of their own, by folder."""
    known = {file for each in stacks for file in each.files}
    extra: dict[str, list[str]] = {}
    for document in sorted(set(documents) - known):
        owner = next(
            (each.path for each in stacks if document.startswith(f"{each.path}/")), document.rpartition("/")[0]
        )
        extra.setdefault(owner, []).append(document)
    grown = [replace(each, files=(*each.files, *extra.pop(each.path, ()))) for each in stacks]
    return grown + [Stack(path, path, tuple(documents)) for path, documents in extra.items()]
