"""What one file needs: its stack, and of the others only those that share a literal with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.engine import companions
from hclmod.engine.references import References
from hclmod.hcl.document import Document
from hclmod.scan import files
from hclmod.scan import find as scan
from hclmod.terraform import relevance, stacks
from hclmod.terraform.code import CODE, JSON
from hclmod.terraform.model import ENDINGS, Model
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hclmod.engine.project import Project
    from hclmod.engine.tree import Tree
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.stacks import Assignment, Target

_SOURCE = re.compile(rb'^\s*source\s*=\s*"', re.MULTILINE)
"""What a terragrunt file may name a module by that lies elsewhere."""


def may_hold_images(path: str) -> bool:
    """Whether a file may be YAML that some form of image stands in."""
    return files.is_yaml(path) and not path.endswith(ENDINGS)


def stacks_around(project: Project, names: Iterable[str]) -> tuple[Stack, ...]:
    """The stacks of the named files with all their documents; a file outside every stack is one with its folder."""
    config, tree = project.config, project.tree
    folders: dict[str, set[str]] = {}
    for name in sorted(name for name in names if not may_hold_images(name)):
        folder = name.rpartition("/")[0]
        owner = stacks.owner(folder, config) if config.stacks else None
        folders.setdefault(folder if owner is None else owner, set()).add(name)
    around = []
    for path, members in sorted(folders.items()):
        whole = stacks.owner(path, config) == path and bool(config.stacks)
        inner = f"{path}/" if path else ""
        below = [each for each in tree.ending((*CODE, *JSON)) if each.startswith(inner)]
        mine = stacks.owned(path, below, config) if whole else {each for each in below if "/" not in each[len(inner) :]}
        around.append(Stack(stacks.name_of(path, config), path, tuple(sorted(members | mine))))
    return tuple(around)


def references(project: Project, near: Sequence[Stack], rules: Sequence[Loaded]) -> References:
    """The references of the stacks at hand, and of those that share a literal with them, by their text."""
    tree, every = project.tree, _every_stack(project, near)
    read = _reader(tree)
    forms = any(loaded.forms for loaded in rules)
    traced = {each.path for each in every} if forms else relevance.to_trace_near(near, every, read, tree)
    traced |= {each.path for each in every if _SOURCE.search(tree.get(f"{each.path}/terragrunt.hcl", b""))}
    traced |= {target.stack for target, _ in called(project.assignment)}
    if any(loaded.ties for loaded in rules):
        traced |= _sharing(project, near)
    model = Model(sorted(traced), tree.ending(ENDINGS), tree.get)
    more = relevance.declarers(near, read, model.namespaces_in_use)
    more |= relevance.calling(every, read, relevance.site_folders(model))
    if more - traced:
        model = model.over(sorted(traced | more))
    paths = [path for path in tree if path.endswith((*ENDINGS, *files.YAML))]
    return References(model, [each.path for each in every], lambda: scan.find(model, paths, tree.get))


def called(assignment: Assignment) -> list[tuple[Target, str]]:
    """The workloads that phases and `[workloads]` name by a module's call, and where they are named."""
    phased = [(target, f"phase.{phase}.workloads") for target, phase in assignment.targets.items()]
    decided = [(target, "workloads") for target in assignment.decided]
    return [(target, where) for target, where in (*phased, *decided) if target.module]


def _reader(tree: Tree) -> Callable[[Stack], tuple[Document, ...]]:
    def read(stack: Stack) -> tuple[Document, ...]:
        return tuple(Document(name, tree[name]) for name in stack.files if name in tree)

    return read


def _every_stack(project: Project, around: Sequence[Stack]) -> tuple[Stack, ...]:
    """All stacks of the repository, those at hand as they are; without globs no folder that another one calls."""
    entries = {each.path: each for each in project.stacks}
    if not project.config.stacks:
        called_ones = project.called - {each.path for each in around}
        entries = {path: each for path, each in entries.items() if path not in called_ones}
    return tuple({**entries, **{each.path: each for each in around}}.values())


def _sharing(project: Project, near: Sequence[Stack]) -> set[str]:
    """The stacks whose images may have to move together: those at hand, and all that a group of the config reaches."""
    config, tree = project.config, project.tree
    here = {each.path: [tree[file] for file in each.files if file in tree] for each in near}
    every = project.stacks if any(each.group for each in config.images) else ()
    far = {each.path: [tree[file] for file in each.files if file in tree] for each in every}
    return companions.sharing(here) | companions.grouped(far, config)
