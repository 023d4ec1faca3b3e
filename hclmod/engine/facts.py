"""Gather the facts that rules may know of each resource from all stacks together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.engine import follow
from hclmod.images import reference
from hclmod.rulekit.facts import Facts, ImageFact, NamespaceFact, Resident, Rival
from hclmod.terraform import origins as pieces
from hclmod.terraform import stacks as stack
from hclmod.terraform.origins import Piece
from hclmod.terraform.repository import Estate
from hclmod.terraform.uses import tag_piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.engine.job import Brief
    from hclmod.terraform.stacks import Assignment, PhaseOf
    from hclmod.terraform.uses import Home, Use

Key = tuple[str, str]
"""Folder and address of a resource."""


def informed(
    brief: Brief, texts: Mapping[str, bytes], done: Iterable[int] = (), before: Mapping[str, bytes] | None = None
) -> Brief:
    """The brief with facts, if one of its rules asks for them.

    `texts` are the files of the whole repository, `before` those of an earlier version.
    """
    if not brief.wants_facts:
        return brief
    estate, phase_of = estate_of(brief.config, texts), assignment_of(brief.config, texts).phase_of
    earlier = estate_of(brief.config, before) if before else None
    return replace(brief, facts=facts(estate, phase_of, done, earlier))


def estate_of(config: Config, texts: Mapping[str, bytes]) -> Estate:
    """All stacks; without `stacks` in the config those are the folders that no module call names."""
    stacks = [each.path for each in stack.discover(texts, config)]
    every = Estate(stacks, [path for path in texts if path.endswith(follow.ENDINGS)], texts.get)
    return every if config.stacks else every.over(sorted(set(stacks) - every.called()))


def assignment_of(config: Config, texts: Mapping[str, bytes]) -> Assignment:
    """Which phase a resource belongs to, and what is decided for single workloads."""
    stacks = stack.discover(texts, config)
    assignment = stack.assign(config, stacks, known_only=True)
    return follow.by_namespace(config, assignment, stacks, texts, whole=False)


def facts(
    estate: Estate,
    phase_of: PhaseOf,
    done: Iterable[int],
    earlier: Estate | None = None,
) -> dict[Key, Facts]:
    """The facts of every workload, release and namespace; `earlier` is the repository as it was."""
    gatherer = _Gatherer(estate, phase_of, frozenset(done), earlier)
    return {**gatherer.dwellers(), **gatherer.namespaces()}


def facts_of(estate: Estate, phase_of: PhaseOf, done: Iterable[int], homes: Sequence[Home]) -> Facts:
    """The facts of one workload in these instances of its module alone."""
    uses = [use for use in estate.uses if any(home.runs(use) for home in homes)]
    return _Gatherer(estate, phase_of, frozenset(done), None).dweller(
        homes, uses, (homes[0].folder, homes[0].dweller.address)
    )


class _Gatherer:
    def __init__(
        self,
        estate: Estate,
        phase_of: PhaseOf,
        done: frozenset[int],
        earlier: Estate | None,
    ) -> None:
        self.estate, self.phase_of, self.done = estate, phase_of, done
        self.residents: dict[str | None, list[Resident]] = defaultdict(list)
        for home in estate.homes:
            for name in home.names:
                self.residents[name].append(self._resident(home))
        self.earlier = _by_resource(earlier.uses) if earlier else {}
        self.runs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # repository, tag, who
        for use in estate.uses:
            for image in filter(None, map(_parsed, use.texts)):
                self.runs[image.name][_tag(image)].add(_name(use))

    def _phase(self, home: Home) -> int | None:
        return self.phase_of(home.stack, home.folder, home.dweller.address, home.module)

    def _resident(self, home: Home) -> Resident:
        phase, dweller = self._phase(home), home.dweller
        name = f"{home.stack}/{home.address}"
        return Resident(name, dweller.kind, phase, phase in self.done, dweller.metadata, dweller.unread)

    def dwellers(self) -> dict[Key, Facts]:
        """The facts of workloads and releases, with those of all instances in one."""
        uses, homes = _by_resource(self.estate.uses), defaultdict(list)
        for home in self.estate.homes:
            homes[home.folder, home.dweller.address].append(home)
        return {key: self.dweller(found, uses.get(key, []), key) for key, found in homes.items()}

    def dweller(self, homes: Sequence[Home], uses: Sequence[Use], key: Key) -> Facts:
        """The facts of one workload or release."""
        phases = tuple(dict.fromkeys(map(self._phase, homes)))
        names = dict.fromkeys(name for home in homes for name in home.names)
        return Facts(
            tuple(f"{home.stack}/{home.address}" for home in homes),
            phases,
            all(phase in self.done for phase in phases),
            tuple(self._namespace(name) for name in names),
            tuple(self._images(uses, key)),
            tuple(dict.fromkeys(rival for use in uses for rival in self._rivals(use))),
        )

    def _namespace(self, name: str | None) -> NamespaceFact:
        places = self.estate.namespaces.get(name, ()) if name else ()
        marks = tuple(mark for _, folder, address in places for mark in self.estate.marks(folder, address))
        declared = tuple(f"{stack}/{address}" for stack, _, address in places)
        return NamespaceFact(name, marks, declared, tuple(self.residents.get(name, ())))

    def _images(self, uses: Sequence[Use], key: Key) -> list[ImageFact]:
        found: dict[tuple[str, str], list[Use]] = defaultdict(list)
        for use in uses:
            found[use.image.container, use.image.label].append(use)
        before = self.earlier.get(key, [])
        old = {path: [use for use in before if use.image.container == path] for path, _ in found}
        return [_image(each, old[path]) for (path, _), each in found.items()]

    def _rivals(self, use: Use) -> list[Rival]:
        images = [image for image in map(_parsed, use.texts) if image]
        return [
            Rival(image.name, _tag(image), other, tag)
            for image in images
            for tag, others in sorted(self.runs[image.name].items())
            for other in sorted(others)
            if tag != _tag(image) and other != _name(use)
        ]

    def namespaces(self) -> dict[Key, Facts]:
        """The facts of namespace resources."""
        found: dict[Key, list[tuple[str, str]]] = defaultdict(list)
        for name, places in self.estate.namespaces.items():
            for stack_path, folder, address in places:
                found[folder, address].append((name, f"{stack_path}/{address}"))
        return {
            key: Facts(tuple(place for _, place in named), homes=tuple(self._namespace(name) for name, _ in named))
            for key, named in found.items()
        }


def _by_resource(uses: Sequence[Use]) -> dict[Key, list[Use]]:
    found: dict[Key, list[Use]] = defaultdict(list)
    for use in uses:
        found[use.folder, use.image.address].append(use)
    return found


def _image(uses: Sequence[Use], before: Sequence[Use]) -> ImageFact:
    image = uses[0].image
    origins = [origin for use in uses for origin in use.origins]
    piece = next((found for origin in origins if (found := tag_piece(origin))), None) or _last(origins)
    site = piece.site if piece else None
    where = f"{site.document}:{site.line}" if site else f"{image.image.document}:{image.image.line}"
    texts = tuple(dict.fromkeys(pieces.text(origin) for origin in origins))
    earlier = tuple(dict.fromkeys(text for use in before for text in use.texts)) if before else None
    return ImageFact(image.container, image.label, image.init, texts, where, piece.chain if piece else (), earlier)


def _last(origins: Sequence[pieces.Origin]) -> Piece | None:
    return next((part for origin in origins for part in reversed(origin) if isinstance(part, Piece)), None)


def _parsed(text: str | None) -> reference.Reference | None:
    return reference.parse(text) if text is not None else None


def _tag(image: reference.Reference) -> str:
    return image.digest or image.tag or "latest"


def _name(use: Use) -> str:
    return f"{use.stack}/{use.address}"
