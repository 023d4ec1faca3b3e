"""The documents of one folder together, as Terraform merges them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod.terraform.declarations import ModuleCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.hcl.values import Definition
    from hclmod.terraform.declarations import ContainerImage, Declarations, WorkloadBlock


class Folder(Struct):
    """A folder's documents merged as Terraform merges them: `override.tf` and `*_override.tf` come last and win."""

    variables: dict[str, Definition | None] = field(default_factory=dict)
    locals: dict[str, Definition] = field(default_factory=dict)
    outputs: dict[str, Definition] = field(default_factory=dict)
    calls: dict[str, ModuleCall] = field(default_factory=dict)
    images: dict[str, list[ContainerImage]] = field(default_factory=dict)  # by address: an override replaces them all
    workloads: dict[str, WorkloadBlock] = field(default_factory=dict)
    namespaces: dict[str, Definition | None] = field(default_factory=dict)
    documents: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by a namespace's address
    each: dict[str, Definition] = field(default_factory=dict)  # what namespaces run over
    count: dict[str, Definition] = field(default_factory=dict)  # and how many there are
    marks: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # of namespaces: annotations, labels
    unread: list[str] = field(default_factory=list)  # documents that cannot be read, with the reason

    def add(self, declared: Declarations) -> None:
        """Take in one more document."""
        self.variables = _known_over(self.variables, declared.variables)
        self.locals.update(declared.locals)
        self.outputs.update(declared.outputs)
        for call in declared.calls:
            old = self.calls.get(call.name)
            arguments = {**(old.arguments if old else {}), **call.arguments}
            self.calls[call.name] = ModuleCall(call.name, call.path, call.document, arguments)
        images: dict[str, list[ContainerImage]] = defaultdict(list)
        for use in declared.images:
            images[use.address].append(use)
        self.images.update(images)
        for each in declared.workloads:
            self.workloads[each.address] = whole = _over(self.workloads.get(each.address), each)
            if whole.others:
                uses = self.images.get(each.address, [])
                self.images[each.address] = [replace(use, each=whole.each, count=whole.count) for use in uses]
        self.namespaces = _known_over(self.namespaces, declared.namespaces)
        for address in declared.namespaces:
            self.documents[address] = (*self.documents.get(address, ()), declared.document)
        self.each.update(declared.each)
        self.count.update(declared.count)
        self.marks.update({address: marks for address, marks in declared.marks.items() if marks})


def _known_over(
    old: Mapping[str, Definition | None], new: Mapping[str, Definition | None]
) -> dict[str, Definition | None]:
    """Both, the new ones before the old ones, except where they say nothing."""
    return {**old, **{name: value or old.get(name) for name, value in new.items()}}


def _over(old: WorkloadBlock | None, new: WorkloadBlock) -> WorkloadBlock:
    """A workload as an override file leaves it: what the file does not say stays."""
    if old is None:
        return new
    stated = new if "metadata" in new.says else old
    return replace(
        old,
        namespace=new.namespace if "metadata" in new.says else new.namespace or old.namespace,
        each=new.each or old.each,
        count=new.count or old.count,
        metadata=stated.metadata,
        opaque=stated.opaque,
        ignored=new.ignored if "ignore_changes" in new.says else old.ignored,
        settings={**old.settings, **new.settings},
        says=tuple(dict.fromkeys((*old.says, *new.says))),
        others=(*old.others, new.document),
    )
