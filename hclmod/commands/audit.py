"""`hclmod audit`: every rule of `rules/audit` on the working tree, with what all stacks together tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import files
from hclmod.commands import pin
from hclmod.commands.check import done_phases
from hclmod.engine import facts, follow, plan
from hclmod.engine.job import Brief
from hclmod.engine.outcomes import PhaseReport
from hclmod.engine.project import Workspace, name_of
from hclmod.errors import GitError
from hclmod.hcl.document import Document
from hclmod.rulekit import loading
from hclmod.scan import files as build_files
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hclmod.terraform.repository import Estate
    from hclmod.terraform.stacks import Stack

GROUP = "audit"
NOW = "HEAD"
_READ = (*follow.ENDINGS, *build_files.YAML)


def audit(
    workspace: Workspace,
    paths: Sequence[Path] = (),
    rules: Sequence[str] = (),
    *,
    base: str = NOW,
    watch: Callable[[str], None] = lambda _path: None,
) -> PhaseReport:
    """What the audit (or those `rules`) finds in the whole repository, or in the files and folders that are named.

    `base` is the commit against which edits are told; nothing is written.
    """
    chosen = tuple(rules) or loading.group(GROUP)
    loaded = loading.load(chosen, workspace.options_of(None), workspace.folders)
    texts = pin.read_all(workspace, yaml=any(each.forms for each in loaded))
    names = frozenset(name_of(workspace.root, path) for path in files.find(paths, _READ)) if paths else None
    estate, earlier = facts.estate_of(workspace.config, texts), _before(workspace, texts, base)
    brief = informed_brief(workspace, estate, texts, chosen, only=names, earlier=earlier)
    stacks = [each for each in stacks_of(workspace, brief, texts) if names is None or names & set(each.files)]

    def read(each: Stack) -> tuple[Document, ...]:
        return tuple(Document(name, texts[name]) for name in each.files if name in texts)

    (reports,) = plan.run([(brief, stacks)], read, watch)
    return PhaseReport(None, "Audit", chosen, reports)


def stacks_of(workspace: Workspace, brief: Brief, texts: Mapping[str, bytes]) -> list[Stack]:
    """Every stack, and the modules outside of them that they call."""
    return follow.with_places(brief, stacks.discover(texts, workspace.config))


def informed_brief(
    workspace: Workspace,
    estate: Estate,
    texts: Mapping[str, bytes],
    rules: Sequence[str],
    *,
    only: frozenset[str] | None = None,
    earlier: Estate | None = None,
) -> Brief:
    """A brief of rules on everything in these files, whose estate it is, with facts and origins."""
    assignment = facts.assignment_of(workspace.config, texts)
    brief = Brief(
        workspace.config,
        workspace.tags,
        assignment,
        None,
        tuple(rules),
        workspace.options_of(None),
        workspace.folders,
        only,
        facts=facts.facts(estate, assignment.phase_of, done(workspace), earlier),
    )
    return follow.placed_in(estate, brief, stacks.discover(texts, workspace.config), texts)


def done(workspace: Workspace) -> tuple[int, ...]:
    """The phases that are done; none where there is no git that could tell."""
    try:
        return done_phases(workspace)
    except GitError:
        return ()


def _before(workspace: Workspace, texts: Mapping[str, bytes], base: str) -> Estate | None:
    """The repository at a commit; None where there is none yet, or nothing has changed since."""
    from hclmod.git import Repository

    try:
        repository = Repository.open(workspace.root)
        entries = [entry for entry in repository.entries(base) if entry.path in texts]
        old = repository.read(entries, base)
    except GitError:
        if base != NOW:
            raise
        return None
    return facts.estate_of(workspace.config, old) if any(old[path] != texts[path] for path in old) else None
