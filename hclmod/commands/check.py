"""Run rules on files of the working tree: those that are named, or the rules of the phases that are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.commands.apply import report_of, stacks_of, write
from hclmod.engine import follow, plan
from hclmod.engine.job import Brief
from hclmod.engine.outcomes import PhaseReport
from hclmod.engine.project import Workspace, name_of
from hclmod.hcl.document import Document
from hclmod.scan import files as build_files
from hclmod.terraform import stacks as stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hclmod.terraform.stacks import Stack


_READ = (".tf", ".hcl", ".tfvars")
"""What a named folder is searched for: where resources stand, and where their values may."""


def check(
    workspace: Workspace,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
    unsaved: Mapping[str, bytes] | None = None,
) -> tuple[PhaseReport, ...]:
    """What rules have to say about files of the working tree; writes nothing.

    With `rules`, those on everything in the files; without, the rules of each phase that is done on its workloads.
    `unsaved` are documents by their name from the root, looked at instead of what is on disk.
    """
    return tuple(_inspect(workspace, paths, rules, watch, unsaved or {}))


def plan_fix(
    workspace: Workspace,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
    unsaved: Mapping[str, bytes] | None = None,
) -> tuple[PhaseReport, ...]:
    """What `fix` would write: as `check`, each phase on what the one before it made of a file."""
    return tuple(_inspect(workspace, paths, rules, watch, unsaved or {}, onwards=True))


def fix(workspace: Workspace, paths: Sequence[Path], rules: Sequence[str] | None = None) -> tuple[PhaseReport, ...]:
    """Plan and write."""
    reports = plan_fix(workspace, paths, rules)
    write(workspace, reports)
    return reports


def done_phases(workspace: Workspace) -> tuple[int, ...]:
    """The phases that are done: up to `through` in the config, else those of the ledger in the commits of HEAD."""
    phases = workspace.config.phases
    if workspace.config.through is not None:
        return tuple(number for number in phases if number <= workspace.config.through)
    if not phases:
        return ()
    from hclmod.git import Repository

    ledger = {entry.phase for entry in Repository.open(workspace.root).ledger("HEAD")}
    return tuple(number for number in phases if number in ledger)


def _inspect(
    workspace: Workspace,
    paths: Sequence[Path],
    rules: Sequence[str] | None,
    watch: Callable[[str], None],
    unsaved: Mapping[str, bytes],
    *,
    onwards: bool = False,
) -> list[PhaseReport]:
    asked = (name_of(workspace.root, path) for path in files.find(paths, (*_READ, *build_files.YAML)))
    named = frozenset({*asked, *unsaved})
    stacks = _stacks_around(workspace, sorted(name for name in named if not follow.may_hold_images(name)))
    seen = dict(unsaved)
    texts = _Texts(workspace.root, seen, named)
    globbed = stack.discover(texts, workspace.config) if workspace.config.stacks else stacks
    known = stack.assign(workspace.config, globbed, known_only=True)
    assignment = follow.by_namespace(workspace.config, known, stacks, texts, whole=False)
    run = _Run(workspace, stacks, texts, named, watch)
    briefs = [
        Brief(
            workspace.config, workspace.tags, assignment, number, chosen, workspace.options_of(number),
            workspace.folders, named,
        )
        for number, chosen in _chosen(workspace, rules)
    ]  # fmt: skip
    placed, found = run.placed(briefs), list[PhaseReport]()
    for index in range(len(briefs)):
        found.append(run.report(placed[index]))
        if onwards and found[-1].changes:
            seen.update(found[-1].changes)
            placed[index + 1 :] = run.placed(briefs[index + 1 :])
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """What all phases of one run are looked at with: the stacks around the named files, the texts as they are now."""

    workspace: Workspace
    stacks: Sequence[Stack]
    texts: _Texts
    named: frozenset[str]
    watch: Callable[[str], None]

    def placed(self, briefs: Sequence[Brief]) -> list[Brief]:
        """The briefs with what following references finds; those without a stack at hand as they are."""
        todo = [brief for brief in briefs if stacks_of(brief, self.stacks)]
        near = [each for each in self.stacks if any(each in stacks_of(brief, self.stacks) for brief in todo)]
        around = any(map(follow.looks_around, todo))
        every = _every_stack(self.workspace, self.texts, self.stacks) if around else near
        whole = self.texts.with_yaml() if any(map(follow.forms_of, todo)) else self.texts
        done = iter(follow.placed(todo, every, whole, partial(_current, whole), near=near))
        return [self._informed(next(done)) if brief in todo else brief for brief in briefs]

    def _informed(self, brief: Brief) -> Brief:
        if not brief.wants_facts:
            return brief
        from hclmod.engine import facts

        return facts.informed(brief, self.texts, done_phases(self.workspace))

    def report(self, brief: Brief) -> PhaseReport:
        """What the rules of a brief say."""
        mine = stacks_of(brief, self.stacks)
        yaml = sorted(each for each in brief.placing.places if follow.may_hold_images(each) and each in self.named)
        read = partial(_current, self.texts.with_yaml() if yaml else self.texts)
        (reports,) = plan.run([(brief, follow.with_documents(mine, yaml))], read, self.watch)
        return report_of(self.workspace, brief, reports)


def _every_stack(workspace: Workspace, texts: Mapping[str, bytes], around: Sequence[Stack]) -> tuple[Stack, ...]:
    """All stacks of the repository, those at hand as they are; without globs no folder that another one calls."""
    from hclmod.terraform.repository import Estate

    found = {each.path: each for each in stack.discover(texts, workspace.config)}
    if not workspace.config.stacks:
        called = Estate(sorted(found), texts, texts.get).called() - {each.path for each in around}
        found = {path: each for path, each in found.items() if path not in called}
    return tuple({**found, **{each.path: each for each in around}}.values())


class _Texts(Mapping[str, bytes]):
    """The documents of the working tree by path, each read when it is asked for, or as an earlier phase left it."""

    def __init__(
        self, root: Path, seen: Mapping[str, bytes], named: Iterable[str], endings: tuple[str, ...] = follow.ENDINGS
    ) -> None:
        self._root, self._seen, self._named, self._read = root, seen, named, dict[str, bytes]()
        self._paths = {name_of(root, path): path for path in files.find([root], endings)}
        self._paths |= {name: path for name in named if (path := root / name).is_file() and not path.is_symlink()}
        self._paths |= {name: root / name for name in seen}

    def with_yaml(self) -> _Texts:
        """The same and those of YAML."""
        return _Texts(self._root, self._seen, self._named, (*follow.ENDINGS, *build_files.YAML))

    def __getitem__(self, name: str) -> bytes:
        if name in self._seen:
            return self._seen[name]
        if name not in self._read:
            self._read[name] = self._paths[name].read_bytes()
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _chosen(workspace: Workspace, rules: Sequence[str] | None) -> list[tuple[int | None, tuple[str, ...]]]:
    if rules:
        return [(None, tuple(rules))]
    return [(number, workspace.rules_of(number)) for number in done_phases(workspace)]


def _current(texts: _Texts, each: Stack) -> tuple[Document, ...]:
    return tuple(Document(name, texts[name]) for name in each.files if name in texts)


def _stacks_around(workspace: Workspace, names: Sequence[str]) -> tuple[Stack, ...]:
    """The stacks of the named files with all their documents; a file outside every stack is one with its folder."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder = name.rpartition("/")[0]
        owner = stack.owner(folder, workspace.config) if workspace.config.stacks else None
        members = folders.setdefault(folder if owner is None else owner, set())
        members.add(name)
    around = []
    for path, members in sorted(folders.items()):
        whole = stack.owner(path, workspace.config) == path and bool(workspace.config.stacks)
        beside = files.find([workspace.root / path]) if whole else sorted((workspace.root / path).glob("*.tf"))
        found = {name_of(workspace.root, each) for each in beside}
        every = members | (stack.owned(path, found, workspace.config) if whole else found)
        around.append(stack.Stack(stack.name_of(path, workspace.config), path, tuple(sorted(every))))
    return tuple(around)
