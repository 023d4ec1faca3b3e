"""Which resources of a stack a run works on, and what its rules may know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.rulekit.facts import Namespace
from hclmod.rulekit.rule import Context
from hclmod.terraform.ids import BlockId, ResourceId
from hclmod.terraform.inventory import folder_of
from hclmod.terraform.kubernetes import NAMESPACES, WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.engine.run import Run
    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block
    from hclmod.rulekit.facts import AssignedWorkload
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.inventory import Inventory
    from hclmod.terraform.stacks import Stack


class Selection:
    """Which resources of a stack a phase works on, and what their rules may know."""

    def __init__(self, run: Run, stack: Stack, inventory: Inventory, unread: tuple[str, ...] = ()) -> None:
        self.run, self.stack, self.inventory, self.unread = run, stack, inventory, unread
        self._known: dict[BlockId, Namespace] = {}
        self._contexts: dict[str, Context] = {}
        self.namespaces = [each for each in inventory.namespaces if self._facts(each).mine]

    def _in_phase(self, block: BlockId) -> bool:
        return self.run.phase is None or self._phase(block) == self.run.phase

    def _phase(self, block: BlockId) -> int | None:
        return self.run.assignment.phase_of(ResourceId(self.stack.path, "", *block))

    def _facts(self, namespace: BlockId) -> Namespace:
        """What runs in a namespace, asked once for all that live there."""
        if namespace not in self._known:
            self._known[namespace] = self._read(namespace)
        return self._known[namespace]

    def _read(self, namespace: BlockId) -> Namespace:
        """What runs in a namespace: by this stack's own references, and by what following those of all stacks found."""
        followed = self.run.placing.occupants.get(namespace, ())
        here = {each.id.block for each in followed}  # a module is seen by its callers
        own = [each for each in self.inventory.living_in(namespace) if each not in here]
        phases = {each.address: self._phase(each) for each in own} | {self._name(each): each.phase for each in followed}
        mine = {each.address for each in own if self._in_phase(each)} | {self._name(e) for e in followed if e.mine}
        names = self._names(namespace)
        return Namespace(
            name=names[0] if len(names) == 1 else None,
            names=names if len(names) > 1 else (),
            mine=tuple(name for name in phases if name in mine),
            others={name: phase for name, phase in phases.items() if name not in mine},
        )

    def _names(self, namespace: BlockId) -> tuple[str, ...]:
        """The names of a namespace resource: by its own text, else by what following references found."""
        own = self.inventory.namespaces[namespace]
        return (own,) if own else self.run.placing.namespace_names.get(namespace, ())

    def names(self, namespace: BlockId) -> tuple[str, ...]:
        """The names of a namespace resource in which something of the phase runs."""
        names = self._names(namespace)
        occupants = self.run.placing.occupants.get(namespace, ())
        used = {name for each in occupants if each.mine for name in each.workload.namespaces}
        return names if len(names) == 1 else tuple(name for name in names if name in used)

    def _name(self, occupant: AssignedWorkload) -> str:
        resource = occupant.id
        mine = resource.stack == self.stack.path and not resource.module
        return resource.address if mine else resource.name.lstrip("/")

    def _namespace_of(self, workload: BlockId, declared: BlockId | None) -> Namespace | None:
        """The namespace of a workload; one that other stacks declare is known by its name and its resources only."""
        names = self.run.placing.namespaces.get(ResourceId(self.stack.path, "", *workload), ())
        if declared is not None:
            facts = self._facts(declared)
            return replace(facts, name=names[0], names=()) if not facts.name and len(names) == 1 else facts
        owners = [self.run.placing.owners.get(name, ()) for name in names]
        if not owners or not all(owners):
            return None
        return Namespace(name=", ".join(names), declared=tuple(dict.fromkeys(each for some in owners for each in some)))

    def context(self, document: str, names: tuple[str, ...]) -> Context:
        """What rules may know in one document."""
        folder = folder_of(document)
        if folder not in self._contexts:
            self._contexts[folder] = self._of_folder(folder)
        places, lists = self.run.placing.places.get(document, ()), self.run.lists.get(document, ())
        return replace(self._contexts[folder], names=names, places=places, lists=lists)

    def _of_folder(self, folder: str) -> Context:
        """What rules may know in all documents of a folder."""
        run = self.run
        return Context(
            config=run.config,
            tags=run.tags,
            phase=run.phase,
            namespaces={each.address: self._facts(each) for each in self.inventory.namespaces if each.folder == folder},
            namespace_of={
                each.address: self._namespace_of(each, declared)
                for each, declared in self.inventory.workloads.items()
                if each.folder == folder
            },
            followed={(each.address, each.slot): to for each, to in run.followed.get(folder, {}).items()},
            shared={each.address: callers for each, callers in run.shared.get(folder, {}).items()},
            rules=tuple(loaded.id for loaded in run.rules),
            facts={each.address: facts for each, facts in run.informed.get(folder, {}).items()},
            stack=self.stack.path,
            unread=self.unread,
            folder=folder,
            assignment=run.assignment,
            pipelines=run.pipelines,
            blocked=run.blocked,
            objects=run.objects,
            done=run.done,
            variables={each.address: what for each, what in run.variables.get(folder, {}).items()},
            merged={each.address: blocks for each, blocks in self.inventory.merged.items() if each.folder == folder},
        )

    def _is_inherited(self, loaded: Loaded, block: BlockId) -> bool:
        """Whether a module's resource is the phase's by a call; rules about namespaces look at callers instead."""
        return block in self.run.placing.inherited and not set(loaded.rule.kinds) & set(NAMESPACES)

    def select(self, source: Source) -> Callable[[Loaded, Block], bool]:
        """Whether a rule is offered a block of this document."""
        folder, namespaces = folder_of(source.document.path), frozenset(self.namespaces)

        def selected(loaded: Loaded, block: Block) -> bool:
            resource = BlockId(folder, block.address)
            if self.run.chosen is not None:
                return resource in self.run.chosen
            if block.type != "resource":
                return self._in_phase(resource)
            if block.type_label in NAMESPACES:
                return self.run.phase is None or resource in namespaces
            if block.type_label in WORKLOADS:
                return self._in_phase(resource) or self._is_inherited(loaded, resource)
            if not loaded.rule.reaches:
                return self._in_phase(resource)
            reached = (target for rule, target in self.run.reached if rule == loaded.id)
            return self.run.phase is None or any(
                target.stack == self.stack.path and target.is_at(resource) for target in reached
            )

        return selected
