"""Which resources of a stack a brief works on, and what its rules may know of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.rulekit.places import Tenant
from hclmod.rulekit.rule import Context, Namespace
from hclmod.terraform.inventory import Resource, folder_of
from hclmod.terraform.kubernetes import NAMESPACES, WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.engine.job import Brief
    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.inventory import Inventory
    from hclmod.terraform.stacks import Stack


class Selection:
    """Which resources of a stack a phase works on, and what their rules may know."""

    def __init__(self, brief: Brief, stack: Stack, inventory: Inventory) -> None:
        self.brief, self.stack, self.inventory = brief, stack, inventory
        self.namespaces = [each for each in inventory.namespaces if self._facts(each).workloads]

    def _in_phase(self, resource: Resource) -> bool:
        return self.brief.phase is None or self._phase(resource) == self.brief.phase

    def _phase(self, resource: Resource) -> int | None:
        return self.brief.assignment.phase_of(self.stack.path, resource.folder, resource.address)

    def _facts(self, namespace: Resource) -> Namespace:
        """Who lives in a namespace: by this stack's own references, and by what following those of all stacks found."""
        tenants = self.brief.placing.tenants.get((namespace.folder, namespace.address), ())
        here = {(each.folder, each.address) for each in tenants if each.stack == self.stack.path}
        living = [
            Tenant(self.stack.path, each.folder, each.address, "", self._phase(each), self._in_phase(each))
            for each in self.inventory.living_in(namespace)
            if (each.folder, each.address) not in here
        ]
        told = {self._named(each): each for each in (*living, *tenants)}
        mine = tuple(name for name, each in told.items() if each.mine)
        others = {name: each.phase for name, each in told.items() if not each.mine}
        named = self._names(namespace)
        return Namespace(named[0] if len(named) == 1 else None, mine, others, names=named if len(named) > 1 else ())

    def _names(self, namespace: Resource) -> tuple[str, ...]:
        """What a namespace resource is called: by its own text, else by what following references found."""
        own = self.inventory.namespaces[namespace]
        return (own,) if own else self.brief.placing.named.get((namespace.folder, namespace.address), ())

    def names(self, namespace: Resource) -> tuple[str, ...]:
        """The names of a namespace resource in which somebody of the phase lives."""
        named = self._names(namespace)
        tenants = self.brief.placing.tenants.get((namespace.folder, namespace.address), ())
        lived = {name for each in tenants if each.mine for name in each.homes}
        return named if len(named) == 1 else tuple(name for name in named if name in lived)

    def _named(self, tenant: Tenant) -> str:
        return tenant.address if tenant.stack == self.stack.path and not tenant.module else tenant.name

    def _home(self, workload: Resource, home: Resource | None) -> Namespace | None:
        """The namespace of a workload; one that other stacks declare is known by its name and its owners only."""
        names = self.brief.placing.homes.get((self.stack.path, workload.folder, workload.address), ())
        if home is not None:
            facts = self._facts(home)
            return replace(facts, name=names[0], names=()) if not facts.name and len(names) == 1 else facts
        owners = [self.brief.placing.owners.get(name, ()) for name in names]
        if not owners or not all(owners):
            return None
        return Namespace(", ".join(names), owners=tuple(dict.fromkeys(each for told in owners for each in told)))

    def context(self, document: str, names: tuple[str, ...]) -> Context:
        """What rules may know in one document."""
        folder, placing = folder_of(document), self.brief.placing
        facts = {each: self._facts(each) for each in self.inventory.namespaces}
        homes = {
            each.address: self._home(each, home)
            for each, home in self.inventory.workloads.items()
            if each.folder == folder
        }
        here = {each.address: fact for each, fact in facts.items() if each.folder == folder}
        return Context(
            self.brief.config,
            self.brief.tags,
            self.brief.phase,
            here,
            homes,
            names,
            placing.places.get(document, ()),
            {(each, path): told for (where, each, path), told in placing.followed.items() if where == folder},
            {each: callers for (where, each), callers in placing.shared.items() if where == folder},
            tuple(loaded.id for loaded in self.brief.load()),
            {each: fact for (where, each), fact in self.brief.facts.items() if where == folder},
            stack=self.stack.path,
            folder=folder,
            assignment=self.brief.assignment,
            held=self.brief.held,
            merged={each.address: blocks for each, blocks in self.inventory.merged.items() if each.folder == folder},
        )

    def _is_inherited(self, loaded: Loaded, resource: Resource) -> bool:
        """Whether a module's resource is the phase's by a call; rules about namespaces look at callers instead."""
        return (resource.folder, resource.address) in self.brief.placing.inherited and not (
            set(loaded.rule.kinds) & set(NAMESPACES)
        )

    def select(self, source: Source) -> Callable[[Loaded, Block], bool]:
        """Whether a rule is offered a block of this document."""
        folder = folder_of(source.document.path)

        def selected(loaded: Loaded, block: Block) -> bool:
            resource = Resource(folder, block.address)
            if self.brief.chosen is not None:
                return (folder, block.address) in self.brief.chosen
            if block.type_label in NAMESPACES:
                return self.brief.phase is None or resource in self.namespaces
            if block.type_label in WORKLOADS:
                return self._in_phase(resource) or self._is_inherited(loaded, resource)
            if not loaded.rule.reaches:
                return self._in_phase(resource)
            reached = (target for rule, target in self.brief.reached if rule == loaded.id)
            return self.brief.phase is None or any(
                target.stack == self.stack.path and target.is_at(folder, block.address) for target in reached
            )

        return selected
