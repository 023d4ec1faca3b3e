"""What one file needs: its stack, and of the others only those that share a literal with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.engine import companions
from hclmod.engine.references import References
from hclmod.engine.scope import called
from hclmod.hcl.document import Document
from hclmod.scan import find as scan
from hclmod.scan.files import Files
from hclmod.terraform import relevance
from hclmod.terraform.code import ENDINGS, YAML
from hclmod.terraform.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.engine.project import Project
    from hclmod.engine.tree import Tree
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.stacks import Stack

_SOURCE = re.compile(rb'^[ \t]*source\s*=\s*"', re.MULTILINE)
"""What a terragrunt file may name a module by that lies elsewhere."""


def references(project: Project, near: Sequence[Stack], rules: Sequence[Loaded]) -> References:
    """The references of the stacks at hand, and of those that share a literal with them, by their text."""
    tree, every = project.tree, _every_stack(project, near)
    tree.load([path for each in every for path in (*each.files, f"{each.path}/terragrunt.hcl")])  # at once costs less
    read = _reader(tree)
    forms = any(loaded.forms for loaded in rules)
    traced = {each.path for each in every} if forms else relevance.to_trace_near(near, every, read, tree)
    traced |= {each.path for each in every if _SOURCE.search(tree.get(f"{each.path}/terragrunt.hcl", b""))}
    traced |= {target.stack for target, _ in called(project.assignment)}
    if any(loaded.rule.names for loaded in rules):
        traced |= {each.path for each in near}
    if any(loaded.ties for loaded in rules):
        traced |= _sharing(project, near)
    traced |= {each.path for each in near if each.path in project.apps}
    model = Model(sorted(traced), tree.ending(ENDINGS), tree.get, project.kept, project.apps)
    more = relevance.declarers(near, read, model.namespaces_in_use)
    more |= relevance.calling(every, read, relevance.site_folders(model))
    if more - traced:
        model = model.over(sorted(traced | more))
    if inner := called_modules(project, near, model):
        model = model.over(sorted(set(model.stacks) - inner))
    paths = [path for path in tree if path.endswith((*ENDINGS, *YAML))]
    files = Files(paths, tree.get, project.kept)
    return References(model, [each.path for each in every], lambda: scan.find(model, files))


def called_modules(project: Project, near: Sequence[Stack], model: Model) -> frozenset[str]:
    """The folders at hand that others of the model call as modules, so that they are not stacks."""
    known = {each.path for each in project.stacks} if project.config.stacks else set()
    guessed = {each.path for each in near} - known
    return frozenset(guessed & {module.folder for _, module in model.instances if module.parent} if guessed else ())


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
