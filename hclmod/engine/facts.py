"""Gather the facts that rules may know of each resource from all stacks together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.images import reference
from hclmod.rulekit.facts import AssignedWorkload, ContainerFacts, Facts, Namespace, SplitTags
from hclmod.terraform import origins
from hclmod.terraform.origins import Piece
from hclmod.terraform.resources import tag_piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.terraform.ids import BlockId
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import ImageUse, Workload
    from hclmod.terraform.stacks import PhaseOf


def facts(model: Model, phase_of: PhaseOf, done: Iterable[int], earlier: Model | None = None) -> dict[BlockId, Facts]:
    """The facts of every workload, release and namespace; `earlier` is the repository as it was."""
    gatherer = _Gatherer(model, phase_of, frozenset(done), earlier)
    return {**gatherer.workloads(), **gatherer.namespaces()}


def facts_of(model: Model, phase_of: PhaseOf, done: Iterable[int], workloads: Sequence[Workload]) -> Facts:
    """The facts of one workload in these instances of its module alone."""
    ids = {each.id for each in workloads}
    uses = [use for use in model.uses if use.id in ids]
    return _Gatherer(model, phase_of, frozenset(done), None).workload(workloads, uses)


class _Gatherer:
    def __init__(self, model: Model, phase_of: PhaseOf, done: frozenset[int], earlier: Model | None) -> None:
        self.model, self.phase_of, self.done = model, phase_of, done
        self._namespaces: dict[str | None, Namespace] = {}
        self.by_namespace: dict[str | None, list[AssignedWorkload]] = defaultdict(list)
        for each in model.workloads:
            phase = phase_of(each.id)
            assigned = AssignedWorkload(workload=each, phase=phase, done=phase in self.done)
            for name in each.namespaces:
                self.by_namespace[name].append(assigned)
        self.earlier = _by_block(earlier.uses) if earlier else {}
        self.runs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # repository, tag, who
        for use in model.uses:
            for image in filter(None, map(_parsed, use.texts)):
                self.runs[image.name][_tag(image)].add(use.id.name)
        self.splits = self._splits()

    def workloads(self) -> dict[BlockId, Facts]:
        """The facts of workloads and releases, with those of all instances in one."""
        uses = _by_block(self.model.uses)
        workloads: dict[BlockId, list[Workload]] = defaultdict(list)
        for each in self.model.workloads:
            workloads[each.id.block].append(each)
        return {block: self.workload(instances, uses.get(block, [])) for block, instances in workloads.items()}

    def workload(self, instances: Sequence[Workload], uses: Sequence[ImageUse]) -> Facts:
        """The facts of one workload or release."""
        phases = tuple(dict.fromkeys(self.phase_of(each.id) for each in instances))
        names = dict.fromkeys(name for each in instances for name in each.namespaces)
        return Facts(
            callers=tuple(each.id.name for each in instances),
            phases=phases,
            done=all(phase in self.done for phase in phases),
            namespaces=tuple(self._namespace(name) for name in names),
            images=tuple(self._images(uses, instances[0].id.block)),
            splits=tuple(split for each in instances for split in self.splits.get(each.id.name, ())),
        )

    def _namespace(self, name: str | None) -> Namespace:
        """What is known of a namespace: one value for all that runs there."""
        if name not in self._namespaces:
            self._namespaces[name] = self._new_namespace(name)
        return self._namespaces[name]

    def _new_namespace(self, name: str | None) -> Namespace:
        resources = self.model.namespaces.get(name, ()) if name else ()
        return Namespace(
            name=name,
            metadata=tuple(mark for each in resources for mark in self.model.marks(each.folder, each.address)),
            declared=tuple(each.name for each in resources),
            workloads=tuple(self.by_namespace.get(name, ())),
        )

    def _images(self, uses: Sequence[ImageUse], block: BlockId) -> list[ContainerFacts]:
        by_key: dict[tuple[str, str], list[ImageUse]] = defaultdict(list)
        for use in uses:
            by_key[use.image.container, use.image.label].append(use)
        before = self.earlier.get(block, [])
        old = {path: [use for use in before if use.image.container == path] for path, _ in by_key}
        return [_image(each, old[path]) for (path, _), each in by_key.items()]

    def _splits(self) -> dict[str, list[SplitTags]]:
        """The repositories that run at several tags, by the first workload that runs one."""
        by_first: dict[str, list[SplitTags]] = defaultdict(list)
        for repository, by_tag in self.runs.items():
            if len(by_tag) > 1:
                tags = tuple((tag, tuple(sorted(names))) for tag, names in sorted(by_tag.items()))
                by_first[min(names[0] for _, names in tags)].append(SplitTags(repository, tags))
        return by_first

    def namespaces(self) -> dict[BlockId, Facts]:
        """The facts of namespace resources."""
        by_key: dict[BlockId, list[tuple[str, str]]] = defaultdict(list)
        for name, resources in self.model.namespaces.items():
            for each in resources:
                by_key[each.block].append((name, each.name))
        return {
            block: Facts(
                callers=tuple(caller for _, caller in pairs),
                namespaces=tuple(self._namespace(name) for name, _ in pairs),
            )
            for block, pairs in by_key.items()
        }


def _by_block(uses: Sequence[ImageUse]) -> dict[BlockId, list[ImageUse]]:
    by_key: dict[BlockId, list[ImageUse]] = defaultdict(list)
    for use in uses:
        by_key[use.id.block].append(use)
    return by_key


def _image(uses: Sequence[ImageUse], before: Sequence[ImageUse]) -> ContainerFacts:
    image = uses[0].image
    chains = [origin for use in uses for origin in use.origins]
    piece = next((result for origin in chains if (result := tag_piece(origin))), None) or _last(chains)
    site = piece.site if piece else None
    where = f"{site.document}:{site.line}" if site else f"{image.image.document}:{image.image.line}"
    texts = tuple(dict.fromkeys(origins.text(origin) for origin in chains))
    earlier = tuple(dict.fromkeys(text for use in before for text in use.texts)) if before else None
    return ContainerFacts(
        container=image.container,
        label=image.label,
        init=image.init,
        texts=texts,
        where=where,
        chain=piece.chain if piece else (),
        earlier=earlier,
    )


def _last(chains: Sequence[origins.Origin]) -> Piece | None:
    return next((part for origin in chains for part in reversed(origin) if isinstance(part, Piece)), None)


def _parsed(text: str | None) -> reference.Reference | None:
    return reference.parse(text) if text is not None else None


def _tag(image: reference.Reference) -> str:
    return image.digest or image.tag or "latest"
