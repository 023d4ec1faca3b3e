"""Which places a phase may write, and which workloads it shares with others.

A literal is changed where it stands only if everything that uses it is in the phase. Else it is overridden at the
narrowest place that only the phase owns: the argument that a module's call leaves to the default. Else it stays, and
the report says who else uses it.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.engine.affected import affected
from hclmod.hcl.values import Text
from hclmod.images import reference
from hclmod.rulekit.facts import AssignedWorkload
from hclmod.rulekit.places import NAMED, AffectedImage, Followed, Place, Placing
from hclmod.terraform import origins
from hclmod.terraform.inventory import folder_of
from hclmod.terraform.origins import Hole, Piece
from hclmod.terraform.readers import Mentions
from hclmod.terraform.resources import fan_out, name_piece, tag_piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.terraform.ids import BlockId, ImageId, ResourceId
    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Origin, Site
    from hclmod.terraform.resources import ImageUse, Workload
    from hclmod.terraform.stacks import PhaseOf


def place(
    model: Model,
    phase_of: PhaseOf,
    number: int | None,
    *,
    mentions: Mentions | None = None,
    among: Sequence[Workload] | None = None,
    names: bool = False,
) -> Placing:
    """The placing of one phase (None: everything is in it).

    `mentions` know all images, also those of no container; without, those of containers. With `among` only the images
    of these workloads are followed. `names` asks for the places in which names of images begin, too.
    """
    maker = _Maker(model, phase_of, number, mentions or Mentions(model, model.uses))
    ids = None if among is None else {each.id for each in among}
    for use in maker.uses:
        if maker.mine(use) and (ids is None or use.id in ids):
            for origin in use.origins:
                maker.follow(use, origin)
                if names and (piece := name_piece(origin)) and piece.site is not None:
                    maker.place(piece, piece.site, of_name=True)
    return maker.placing()


class _Maker:
    def __init__(self, model: Model, phase_of: PhaseOf, number: int | None, mentions: Mentions) -> None:
        self.model, self.phase_of, self.number, self.mentions = model, phase_of, number, mentions
        self.uses = mentions.uses
        self.drives = fan_out(self.uses)
        self.blocks = {each.id: each.block for each in model.workloads}
        self.modules = {(stack, module.folder, module.name): module for stack, module in model.instances}
        self.places: dict[tuple[str, str, int, str, int], Place] = {}
        self.followed: dict[ImageId, Followed] = {}
        self._foreign = cache(lambda site: [use for use in self.drives[site] if not self.mine(use)])

    def mine(self, use: ImageUse) -> bool:
        """Whether an image is the phase's."""
        return self.number is None or self._number(use) == self.number

    def _number(self, use: ImageUse) -> int | None:
        return self.phase_of(use.id)

    def _is_mine(self, workload: Workload) -> bool:
        """Whether a workload is the phase's."""
        return self.number is None or self.phase_of(workload.id) == self.number

    def follow(self, use: ImageUse, origin: Origin) -> None:
        """Take note of where one alternative of an image has its tag, unless it is written out in its container."""
        if use.image.outside:
            self._follow_outside(use, origin)
            return
        key = use.slot
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        piece = tag_piece(origin)
        if hole is not None:
            text = f"it ends at `{hole.text}` ({hole.where}): {hole.why}"
            self._note(key, Followed(reason=text, image=None, chain=hole.chain))
        elif piece is None:
            self._note_untagged(key, use, origin)
        elif self._is_in_place(use, origin, piece) and len(use.origins) > 1:
            choice = Followed(reason="", image=origins.text(origin), chain=piece.chain)
            self._note(key, choice)  # the arms of a conditional
        elif self._is_in_place(use, origin, piece) and isinstance(use.image.image.value, Text):
            if self._others(use, piece):
                self._note_place(key, origin, piece, piece.site)
        elif piece.site is None:
            reason = f"its tag `{piece.text}` is not text in quotes"
            self._note(key, Followed(reason=reason, image=None, chain=piece.chain))
        else:
            self._note_place(key, origin, piece, piece.site)

    def _note_place(self, key: ImageId, origin: Origin, piece: Piece, site: Site | None) -> None:
        """Take note of a tag that may be written where it stands."""
        if site is not None:
            place = self.place(piece, site)
            writable = not place.also and not place.read_by
            image = origins.text(origin)
            images = (image,) if image else ()
            reason = self._reason(piece, site)
            followed = Followed(reason=reason, image=image, writable=writable, chain=piece.chain, images=images)
            self._note(key, followed)

    def _note(self, key: ImageId, followed: Followed) -> None:
        """Keep what is known of a container's image; where several reach it, none is the image."""
        current = self.followed.get(key)
        if current is not None and current.image != followed.image:
            both = " and ".join(sorted({each.image or "one that is not known" for each in (current, followed)}))
            images = (*current.images, *followed.images) if current.images and followed.images else ()
            followed = Followed(
                reason=f"it is {both}", image=None, chain=followed.chain, images=tuple(dict.fromkeys(images))
            )
        self.followed[key] = followed

    def _follow_outside(self, use: ImageUse, origin: Origin) -> None:
        """The same for an image that no container has, whose rule is offered places only: also where it stays."""
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        piece = tag_piece(origin)
        if piece is not None and piece.site is not None:
            self.place(piece, piece.site)
            return
        if hole is not None:
            why = f"it ends at `{hole.text}` ({hole.where}): {hole.why}"
        elif piece is not None:
            why = "it is not text in quotes, a template fills in a part of it, or the text around it is not valid YAML"
        elif (known := reference.parse(origins.text(origin) or "")) and known.tag is None:
            return  # which floats
        else:
            why = "a template fills in its tag, and nothing that was read says with what"
        home = use.image.image
        text = "".join(f"<{part.text}>" if isinstance(part, Hole) else part.text for part in origin)
        driven = self._driven(use, "", "", piece)
        where = Place(document=home.document, path=home.path, text=text, images=(driven,), why=why, line=home.line)
        self.places[home.document, home.path, home.line, text, -2] = where

    def _note_untagged(self, key: ImageId, use: ImageUse, origin: Origin) -> None:
        """Take note of an image without a tag, such as a digest, that stands elsewhere: nothing of it is written."""
        last = next((part for part in reversed(origin) if isinstance(part, Piece) and part.site), None)
        if last is not None and last.site is not None and not self._is_in_place(use, origin, last):
            self._note(
                key, Followed(reason=f"it stands at {last.site.document}:{last.site.line}", image=origins.text(origin))
            )

    def _reason(self, piece: Piece, site: Site) -> str:
        return f"its tag stands at {site.document}:{site.line} ({' -> '.join(('image', *piece.chain))})"

    def _is_in_place(self, use: ImageUse, origin: Origin, piece: Piece) -> bool:
        home = use.image.image
        return (
            len(origin) == 1
            and piece.site is not None
            and (piece.site.document, piece.site.path) == (home.document, home.path)
        )

    def _others(self, use: ImageUse, piece: Piece) -> bool:
        """Whether a literal in a container is one for several stacks or calls, as in a shared module."""
        uses = self.drives[piece.site] if piece.site else ()
        shared = any(other.id.stack != use.id.stack or not self.mine(other) for other in uses)
        outside = not use.id.is_inside
        read = self.mentions.of_resource(piece.site) if piece.site else ()
        return shared or outside or bool(read) or bool(self._callers_unread(use, use.id.folder))

    def _callers_unread(self, use: ImageUse, folder: str) -> tuple[str, ...]:
        """What calls a module in `folder`, or one through which an image comes from there, and was not followed."""
        result: list[str] = []
        module = self.modules.get((use.id.stack, use.id.folder, use.id.module))
        while module is not None:
            if result or module.folder == folder:
                result += [f"what {each} calls" for each in self.mentions.callers(module.folder)] or [""]
            module = module.parent
        return tuple(filter(None, result))

    def place(self, piece: Piece, site: Site, *, of_name: bool = False) -> Place:
        """The place of a literal, or of the argument that overrides it for the phase."""
        driven, others = self.drives[site], self._foreign(site)
        path, position, argument, document = site.path, site.place, "", site.document
        scalar = site.scalar
        if others and piece.passed:
            call, argument = piece.passed[-1]
            through = [use for use in driven if _passes(use, site, piece)]
            if all(self.mine(use) for use in through):
                driven, others, document, path, position = tuple(through), [], call.document, call.path, 0
                scalar = None
            else:
                argument = ""
        key = (document, path, position, argument, -1 if scalar is None else scalar)
        if key not in self.places or (self.places[key].of_name and not of_name):
            ordered = sorted(driven, key=lambda use: not self.mine(use))
            facts = tuple(each for use in ordered for each in self._driven_by(site, use))
            also = tuple(dict.fromkeys(f"{use.id.name} ({self._phase(use)})" for use in others))
            readers = self._readers(driven, site, folder_of(document))
            self.places[key] = Place(
                document=document,
                path=path,
                text=piece.text,
                images=facts,
                position=position,
                argument=argument,
                also=also,
                read_by=readers,
                scalar=scalar,
                line=site.line,
                of_name=of_name,
            )
        return self.places[key]

    def _readers(self, driven: Iterable[ImageUse], site: Site, folder: str) -> tuple[str, ...]:
        """What reads a literal and makes no image, on every way on which an image comes from it."""
        result: list[str] = []
        for use in driven:
            for part in (part for origin in use.origins for part in origin):
                if isinstance(part, Piece) and part.site == site:
                    result += self.mentions.others(part)
            result += (*use.image.read_by, *self._callers_unread(use, folder))
        return tuple(dict.fromkeys(result))

    def _phase(self, use: ImageUse) -> str:
        phase = self._number(use)
        if self.number == NAMED:
            return "not named"
        return "no phase" if phase is None else f"phase {phase}"

    def _driven_by(self, site: Site, use: ImageUse) -> Iterator[AffectedImage]:
        """An image once for each alternative that the literal makes: `each.value` may be several repositories."""
        for origin in use.origins:
            here = (i for i, part in enumerate(origin) if isinstance(part, Piece) and part.site == site)
            if (index := next(here, None)) is not None:
                image = self._driven(use, _text(origin[:index]), _text(origin[index + 1 :]), origin[index])
                hole = next((part for part in origin if isinstance(part, Hole)), None)
                yield replace(image, unknown=f"it ends at `{hole.text}`: {hole.why}") if hole else image

    def _driven(self, use: ImageUse, before: str, after: str, part: Piece | Hole | None) -> AffectedImage:
        block = self.blocks.get(use.id)
        image = affected(use, block, self._number(use), around=(before, after), chain=part.chain if part else ())
        passing = self.model.comments(part) if isinstance(part, Piece) else ()
        return replace(image, comments=(*image.comments, *passing))

    def placing(self) -> Placing:
        """What was found, in a form for the rules."""
        by_document: dict[str, list[Place]] = defaultdict(list)
        for _, each in sorted(self.places.items()):
            by_document[each.document].append(each)
        shared, inherited = self._shared()
        occupants = self._occupants()
        return Placing(
            places={document: tuple(each) for document, each in by_document.items()},
            followed=self.followed,
            shared=shared,
            inherited=inherited,
            occupants=occupants,
            namespaces=self._namespaces(),
            owners={name: tuple(each.name for each in some) for name, some in self.model.namespaces.items()},
            namespace_names=self.model.namespace_names,
            documents=frozenset(
                document
                for block, some in occupants.items()
                if any(each.mine for each in some)
                for document in self.model.documents_of(*block)
            ),
            declared=self._declared(),
        )

    def _shared(self) -> tuple[dict[BlockId, tuple[str, ...]], dict[BlockId, tuple[str, ...]]]:
        """The phase's blocks that callers outside of it use too, and those that are its own by a call alone."""
        by_block: dict[BlockId, list[Workload]] = defaultdict(list)
        for each in self.model.workloads:
            by_block[each.id.block].append(each)
        shared: dict[BlockId, tuple[str, ...]] = {}
        inherited: dict[BlockId, tuple[str, ...]] = {}
        for block, instances in by_block.items():
            mine = [each for each in instances if self._is_mine(each)]
            if callers := tuple(sorted({_caller(each, mine) for each in instances} - {""})) if mine else ():
                shared[block] = callers
            if mine and not any(self._is_the_stacks(each) for each in mine):
                inherited[block] = (mine[0].block.document, *mine[0].block.others)
        return shared, inherited

    def _declared(self) -> dict[str, frozenset[BlockId]]:
        """The blocks of workloads and images of each stack."""
        by_key: dict[str, set[BlockId]] = defaultdict(set)
        for resource in (*(each.id for each in self.model.workloads), *(use.id for use in self.uses)):
            by_key[resource.stack].add(resource.block)
        return {stack: frozenset(blocks) for stack, blocks in by_key.items()}

    def _occupants(self) -> dict[BlockId, tuple[AssignedWorkload, ...]]:
        """What runs in which namespace: by name, so that it may be of different stacks."""
        by_key: dict[BlockId, list[AssignedWorkload]] = defaultdict(list)
        for each in self.model.workloads:
            assigned = AssignedWorkload(workload=each, phase=self.phase_of(each.id), mine=self._is_mine(each))
            for name in each.namespaces:
                for resource in self.model.namespaces.get(name or "", ()):
                    by_key[resource.block].append(assigned)
        return {block: _unique(some) for block, some in by_key.items()}

    def _namespaces(self) -> dict[ResourceId, tuple[str, ...]]:
        """The names of the namespaces of each workload, where all of them are known."""
        by_key: dict[ResourceId, set[str | None]] = defaultdict(set)
        for each in self.model.workloads:
            by_key[each.id._replace(module="")].update(each.namespaces)
        return {
            key: tuple(sorted(name for name in names if name)) for key, names in by_key.items() if None not in names
        }

    def _is_the_stacks(self, workload: Workload) -> bool:
        """Whether a workload is the phase's by its stack or folder, so that it is found without following calls."""
        resource = workload.id._replace(module="")
        return resource.is_inside and self.number in (None, self.phase_of(resource))


def _unique(assigned: Iterable[AssignedWorkload]) -> tuple[AssignedWorkload, ...]:
    """Each workload once, in order."""
    return tuple({each.id: each for each in assigned}.values())


def _caller(workload: Workload, mine: Sequence[Workload]) -> str:
    """Who else uses a block of the phase: its stack, in a stack of the phase the call; empty for the phase's own."""
    if workload in mine:
        return ""
    stack, module, *_ = workload.id
    return f"{stack}/{module}" if any(stack == each.id.stack for each in mine) else stack


def _passes(use: ImageUse, site: Site, piece: Piece) -> bool:
    """Whether an image of `use` gets this literal through the same call's missing argument."""
    return any(
        isinstance(part, Piece) and part.site == site and part.passed[-1:] == piece.passed[-1:]
        for origin in use.origins
        for part in origin
    )


def _text(parts: Sequence[Piece | Hole]) -> str:
    return origins.text(tuple(parts)) or "".join(part.text for part in parts)
