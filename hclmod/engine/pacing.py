"""The plan of a catch-up: what a phase rolls in batches, and the commits of its slices."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.engine.rollouts import NOTHING, Comparison, Seen, addresses
from hclmod.errors import HclmodError
from hclmod.rollout import batches, order, shell, window
from hclmod.rollout.shell import OLD_TERRAGRUNT
from hclmod.rollout.state import DONE, State, kept
from hclmod.scan.files import is_pipeline
from hclmod.scan.pipelines import applies_on_push
from hclmod.terraform.dependencies import dependencies
from hclmod.terraform.inventory import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hclmod.config.rollout import Rollout
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.rollout.items import Batch

AGAIN = "Run `hclmod catch-up plan --phase N` again."


class Slice(Struct, frozen=True):
    """One commit: the batch that needs its documents (None for what fits into no window), and whether CI leaves it."""

    batch: Batch | None
    documents: Mapping[str, bytes]
    skips: bool


class Document(Struct, frozen=True):
    """What changes in one document, and the stacks that read it."""

    before: bytes
    after: bytes
    readers: frozenset[str]


class Plan:
    """A catch-up that is planned and not written: its state, and what the slices are made of."""

    def __init__(
        self,
        project: Project,
        report: PhaseReport,
        settings: Rollout,
        *,
        old: State | None = None,
        seen: Seen = NOTHING,
    ) -> None:
        self.project, self.report, self.settings, self.old = project, report, settings, old
        project.proven(report)
        self.compared = Comparison(project, report, settings, seen)
        self.documents = self._documents()
        self.state = self._state()

    def _state(self) -> State:
        settings, done = self.settings, kept(self.old, self.report.number)
        spared = {item.id for batch in done for item in batch.items}
        items = [each for each in self.compared.items() if each.id not in spared]
        units, left = order.units(items, settings.per)
        every = [each.path for each in self.project.stacks]
        texts = {path: data for path in self.project.tree.ending((".hcl",)) if (data := self.project.tree.get(path))}
        made = batches.packed(order.ordered(units, dependencies(every, texts)), settings.per)
        self._require(made)
        shell.runner(tool := settings.runner or runner(self.project), "")
        pace = window.Pace(settings.per, window.seconds(settings.every), window.seconds(settings.poll))
        return State(
            phase=self.report.number or 0,
            title=self.report.title,
            pace=pace,
            runner=tool,
            batches=(*done, *(replace(each, before=self._before(each)) for each in made)),
            left=left,
            events=self.old.events if self.old else (),
            pipeline=applies_on_push(self.project.tree),
        )

    def _require(self, made: Iterable[Batch]) -> None:
        """Raise for a target that no document declares: Terraform would ignore it and say that all is well."""
        for step in (step for each in made for step in each.steps):
            check_targets(self.compared.after, step.stack, step.targets)

    def _documents(self) -> dict[str, Document]:
        """What changes, by its path."""
        readers: dict[str, set[str]] = defaultdict(set)
        for stack, module in self.compared.after.model.instances:
            readers[module.folder].add(stack)
        owners = {each.path: stack.stack.path for stack in self.report.stacks for each in stack.outcomes}
        return {
            path: Document(
                self.project.tree.get(path) or b"", data, frozenset({owners[path], *readers[folder_of(path)]})
            )
            for path, data in self.report.changes.items()
        }

    def _before(self, batch: Batch) -> dict[str, str]:
        stacks = set(batch.stacks)
        mine = ((path, each) for path, each in self.documents.items() if each.readers & stacks)
        return {path: digest(each.before) for path, each in mine if each.before}

    def slices(self) -> list[Slice]:
        """The commits in their order: each batch with what it is the first to need, then what fits into no window.

        CI has to leave those alone whose documents belong to several batches, or to a person.
        """
        todo = [each for each in self.state.batches if self.state.state(each.id) != DONE]
        rest, result = dict(self.documents), list[Slice]()
        apart = {stack for each in self.state.left for stack in each.stacks}
        paced = apart.union(*(each.stacks for each in todo))
        for number, batch in enumerate(todo):
            later = apart.union(*(each.stacks for each in todo[number + 1 :]))
            mine = [path for path, each in rest.items() if each.readers & set(batch.stacks)]
            mine += [path for path, each in rest.items() if not each.readers & paced] if not number else []
            skips = bool(batch.by_hand) or any(rest[path].readers & later for path in mine)
            result.append(Slice(batch, {path: rest.pop(path).after for path in sorted(mine)}, skips))
        last = Slice(None, {path: each.after for path, each in sorted(rest.items())}, bool(apart))
        return [each for each in (*result, last) if each.documents]


def runner(project: Project) -> str:
    """What applies stacks here: the script that the pipelines use, else Terragrunt if most stacks have its file."""
    texts = b"\n".join(_pipelines(project).values())
    scripts = (each.decode().lstrip("./") for each in _SCRIPT.findall(texts))
    if script := next((each for each in scripts if each in project.tree), ""):
        return script
    with_file = sum(f"{each.path}/terragrunt.hcl".lstrip("/") in project.tree for each in project.stacks)
    if 2 * with_file <= len(project.stacks):
        return "terraform"
    return OLD_TERRAGRUNT if b"--terragrunt-non-interactive" in texts else "terragrunt"


_SCRIPT = re.compile(rb"(?:^|[\s(\"'])((?:\.{1,2}/)*[\w.-]+/[\w./-]+)\s+apply\b", re.MULTILINE)


def _pipelines(project: Project) -> dict[str, bytes]:

    return {path: project.tree.get(path) or b"" for path in project.tree if is_pipeline(path)}


def check_targets(project: Project, stack: str, targets: Sequence[str]) -> None:
    """Raise an `HclmodError` for a target that the stack does not declare."""
    declared = addresses(project, stack) if targets else frozenset[str]()
    for target in targets:
        if target not in declared and _INDEX.sub("", target) not in declared:
            raise HclmodError(f"{stack} does not declare {target}", hint=AGAIN)


_INDEX = re.compile(r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]$")


def digest(data: bytes) -> str:
    """A short name of bytes."""
    return hashlib.sha256(data).hexdigest()[:16]
