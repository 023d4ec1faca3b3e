"""What the documents of one folder declare together, merged as Terraform merges them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hclmod.declarations import Declarations, Dweller, ImageUse, ModuleCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.values import Definition


@dataclass(slots=True)
class Folder:
    """A folder's documents merged as Terraform merges them: `override.tf` and `*_override.tf` come last and win."""

    variables: dict[str, Definition | None] = field(default_factory=dict)
    locals: dict[str, Definition] = field(default_factory=dict)
    outputs: dict[str, Definition] = field(default_factory=dict)
    calls: dict[str, ModuleCall] = field(default_factory=dict)
    images: dict[str, list[ImageUse]] = field(default_factory=dict)  # by address: an override replaces them all
    dwellers: dict[str, Dweller] = field(default_factory=dict)
    namespaces: dict[str, Definition | None] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)  # by a namespace's address
    each: dict[str, Definition] = field(default_factory=dict)  # what namespaces run over
    count: dict[str, Definition] = field(default_factory=dict)  # and how many there are
    marks: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # of namespaces: annotations, labels

    def add(self, found: Declarations) -> None:
        """Take in one more document."""
        self.variables = _known_over(self.variables, found.variables)
        self.locals.update(found.locals)
        self.outputs.update(found.outputs)
        for call in found.calls:
            old = self.calls.get(call.name)
            arguments = {**(old.arguments if old else {}), **call.arguments}
            self.calls[call.name] = ModuleCall(call.name, call.path, call.document, arguments)
        images: dict[str, list[ImageUse]] = defaultdict(list)
        for use in found.images:
            images[use.address].append(use)
        self.images.update(images)
        for each in found.dwellers:
            self.dwellers[each.address] = _over(self.dwellers.get(each.address), each)
        self.namespaces = _known_over(self.namespaces, found.namespaces)
        self.documents = {**dict.fromkeys(found.namespaces, found.document), **self.documents}
        self.each.update(found.each)
        self.count.update(found.count)
        self.marks.update({address: marks for address, marks in found.marks.items() if marks})


def _known_over(
    old: Mapping[str, Definition | None], new: Mapping[str, Definition | None]
) -> dict[str, Definition | None]:
    """Both, the new ones before the old ones, except where they say nothing."""
    return {**old, **{name: value or old.get(name) for name, value in new.items()}}


def _over(old: Dweller | None, new: Dweller) -> Dweller:
    """A workload as an override file leaves it: what the file does not say stays."""
    if old is None:
        return new
    return replace(
        old,
        namespace=new.namespace or old.namespace,
        each=new.each or old.each,
        metadata=new.metadata or old.metadata,
        ignored=new.ignored or old.ignored,
        settings={**old.settings, **new.settings},
    )
