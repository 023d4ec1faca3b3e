"""Run rules on files of the working tree: those that are named, or the rules of the phases that are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from hclmod import build_files, files, plan, prepare, stack
from hclmod.document import Document
from hclmod.phases import report_of, stacks_of, write
from hclmod.plan import Brief, PhaseReport
from hclmod.workspace import Workspace, name_of, on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hclmod.stack import Stack


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
    from hclmod.gitio import Repository

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
    stacks = _stacks_around(workspace, sorted(name for name in named if not prepare.may_hold_images(name)))
    seen = dict(unsaved)
    texts = _Texts(workspace.root, seen)
    globbed = stack.discover(texts, workspace.config) if workspace.config.stacks else stacks
    known = stack.assign(workspace.config, globbed, known_only=True)
    assignment = prepare.by_namespace(workspace.config, known, stacks, texts, whole=False)
    found: list[PhaseReport] = []
    for number, chosen in _chosen(workspace, rules):
        options = workspace.options_of(number)
        brief = Brief(workspace.config, workspace.tags, assignment, number, chosen, options, workspace.folders, named)
        mine = stacks_of(brief, stacks)
        read = partial(_current, workspace.root, seen)
        whole = texts.with_yaml() if prepare.forms_of(brief) else texts
        every = _every_stack(workspace, texts, stacks) if prepare.looks_around(brief) else mine
        (placed,) = prepare.placed([brief], every, whole, read, near=mine)
        if placed.wants_facts:
            from hclmod import gather

            placed = gather.informed(placed, texts, done_phases(workspace))
        yaml = sorted(each for each in placed.placing.places if prepare.may_hold_images(each) and each in named)
        (reports,) = plan.run([(placed, prepare.with_documents(mine, yaml))], read, watch)
        found.append(report_of(workspace, brief, reports))
        if onwards:
            seen.update(found[-1].changes)
    return found


def _every_stack(workspace: Workspace, texts: Mapping[str, bytes], around: Sequence[Stack]) -> tuple[Stack, ...]:
    """All stacks of the repository, those at hand as they are; without globs no folder that another one calls."""
    from hclmod.estate import Estate

    found = {each.path: each for each in stack.discover(texts, workspace.config)}
    if not workspace.config.stacks:
        called = Estate(sorted(found), texts, texts.get).called() - {each.path for each in around}
        found = {path: each for path, each in found.items() if path not in called}
    return tuple({**found, **{each.path: each for each in around}}.values())


class _Texts(Mapping[str, bytes]):
    """The documents of the working tree by path, each read when it is asked for, or as an earlier phase left it."""

    def __init__(self, root: Path, seen: Mapping[str, bytes], endings: tuple[str, ...] = prepare.ENDINGS) -> None:
        self._root, self._seen = root, seen
        self._paths = {name_of(root, path): path for path in files.find([root], endings)}
        self._paths |= {name: root / name for name in seen}

    def with_yaml(self) -> _Texts:
        """The same and those of YAML."""
        return _Texts(self._root, self._seen, (*prepare.ENDINGS, *build_files.YAML))

    def __getitem__(self, name: str) -> bytes:
        return self._seen[name] if name in self._seen else self._paths[name].read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _chosen(workspace: Workspace, rules: Sequence[str] | None) -> list[tuple[int | None, tuple[str, ...]]]:
    if rules:
        return [(None, tuple(rules))]
    return [(number, workspace.rules_of(number)) for number in done_phases(workspace)]


def _current(root: Path, seen: dict[str, bytes], each: Stack) -> tuple[Document, ...]:
    texts = on_disk(root, [name for name in each.files if name not in seen]) | seen
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
        every = members | {name_of(workspace.root, each) for each in beside}
        around.append(stack.Stack(stack.name_of(path, workspace.config), path, tuple(sorted(every))))
    return tuple(around)
