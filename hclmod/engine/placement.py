"""Which places a phase may write, and which workloads it shares with others.

A literal is changed where it stands only if all that it drives is in the phase; else at the narrowest place that only
the phase owns: the argument that a module's call leaves to the default; else nowhere, and who else hangs on it is told.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.hcl import traversal
from hclmod.hcl.values import Text
from hclmod.images import reference
from hclmod.rulekit.places import NAMED, Driven, Followed, Key, Place, Placing, Tenant
from hclmod.terraform import origins
from hclmod.terraform.origins import Hole, Piece
from hclmod.terraform.readers import Mentions
from hclmod.terraform.uses import fan_out, tag_piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.terraform.declarations import Dweller
    from hclmod.terraform.origins import Origin, Site
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.stacks import PhaseOf
    from hclmod.terraform.uses import Home, Use


def place(
    estate: Estate,
    phase_of: PhaseOf,
    number: int | None,
    mentions: Mentions | None = None,
    among: Sequence[Home] | None = None,
) -> Placing:
    """The placing of one phase (None: everything is in it).

    `mentions` know all images, also those of no container; without, those of containers. With `among` only the images
    of these workloads are followed.
    """
    maker = _Maker(estate, phase_of, number, mentions or Mentions(estate, estate.uses))
    for use in maker.uses:
        if maker.mine(use) and (among is None or any(home.runs(use) for home in among)):
            for origin in use.origins:
                maker.follow(use, origin)
    return maker.placing()


class _Maker:
    def __init__(self, estate: Estate, phase_of: PhaseOf, number: int | None, mentions: Mentions) -> None:
        self.estate, self.phase_of, self.number, self.mentions = estate, phase_of, number, mentions
        self.uses = mentions.uses
        self.drives = fan_out(self.uses)
        self.homes = {
            (home.stack, home.folder, home.module, home.dweller.address): home.dweller for home in estate.homes
        }
        self.modules = {(stack, module.folder, module.name): module for stack, module in estate.instances}
        self.found: dict[tuple[str, str, int, str, int], Place] = {}
        self.followed: dict[Key, Followed] = {}

    def mine(self, use: Use) -> bool:
        """Whether an image is the phase's."""
        return self.number is None or self._number(use) == self.number

    def _number(self, use: Use) -> int | None:
        return self.phase_of(use.stack, use.folder, use.image.address, use.module)

    def _lives(self, home: Home) -> bool:
        """Whether a workload is the phase's."""
        where = home.stack, home.folder, home.dweller.address, home.module
        return self.number is None or self.phase_of(*where) == self.number

    def follow(self, use: Use, origin: Origin) -> None:
        """Take note of where one alternative of an image has its tag, unless it is written out in its container."""
        if use.image.outside:
            self._follow_outside(use, origin)
            return
        key = (use.folder, use.image.address, use.image.slot)
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        piece = tag_piece(origin)
        if hole is not None:
            told = f"it ends at `{hole.text}` ({hole.where}): {hole.why}"
            self._note(key, Followed(told, None, chain=hole.chain))
        elif piece is None:
            self._note_untagged(key, use, origin)
        elif self._is_in_place(use, origin, piece) and len(use.origins) > 1:
            self._note(
                key, Followed("", origins.text(origin), chain=piece.chain)
            )  # the arms of a conditional: a choice
        elif self._is_in_place(use, origin, piece) and isinstance(use.image.image.value, Text):
            if self._others(use, piece):
                self._note_place(key, origin, piece, piece.site)
        elif piece.site is None:
            self._note(key, Followed(f"its tag `{piece.text}` is no text in quotes", None, chain=piece.chain))
        else:
            self._note_place(key, origin, piece, piece.site)

    def _note_place(self, key: Key, origin: Origin, piece: Piece, site: Site | None) -> None:
        """Take note of a tag that may be written where it stands."""
        if site is not None:
            place = self._place(piece, site)
            writable = not place.also and not place.read_by
            self._note(key, Followed(self._told(piece, site), origins.text(origin), writable, piece.chain))

    def _note(self, key: Key, followed: Followed) -> None:
        """Keep what is known of a container's image; where several reach it, none is the image."""
        held = self.followed.get(key)
        if held is not None and held.image != followed.image:
            both = " and ".join(sorted({each.image or "one that is not known" for each in (held, followed)}))
            followed = Followed(f"it is {both}", None, chain=followed.chain)
        self.followed[key] = followed

    def _follow_outside(self, use: Use, origin: Origin) -> None:
        """The same for an image that no container has, whose rule is offered places only: also where it stays."""
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        piece = tag_piece(origin)
        if piece is not None and piece.site is not None:
            self._place(piece, piece.site)
            return
        if hole is not None:
            why = f"it ends at `{hole.text}` ({hole.where}): {hole.why}"
        elif piece is not None:
            why = "it is no text in quotes, a template fills in a part of it, or the text around it is no sound YAML"
        elif (known := reference.parse(origins.text(origin) or "")) and known.tag is None:
            return  # which floats
        else:
            why = "a template fills in its tag, and nothing that was read says with what"
        home = use.image.image
        text = "".join(f"<{part.text}>" if isinstance(part, Hole) else part.text for part in origin)
        driven = self._driven(use, "", "", piece)
        where = Place(home.document, home.path, text, (driven,), why=why, line=home.line)
        self.found[home.document, home.path, home.line, text, -2] = where

    def _note_untagged(self, key: Key, use: Use, origin: Origin) -> None:
        """Take note of an image without a tag, such as a digest, that stands elsewhere: nothing of it is written."""
        last = next((part for part in reversed(origin) if isinstance(part, Piece) and part.site), None)
        if last is not None and last.site is not None and not self._is_in_place(use, origin, last):
            self._note(key, Followed(f"it stands at {last.site.document}:{last.site.line}", origins.text(origin)))

    def _told(self, piece: Piece, site: Site) -> str:
        return f"its tag stands at {site.document}:{site.line} ({' -> '.join(('image', *piece.chain))})"

    def _is_in_place(self, use: Use, origin: Origin, piece: Piece) -> bool:
        home = use.image.image
        return (
            len(origin) == 1
            and piece.site is not None
            and (piece.site.document, piece.site.path) == (home.document, home.path)
        )

    def _others(self, use: Use, piece: Piece) -> bool:
        """Whether a literal in a container is one for several stacks or calls, as in a shared module."""
        uses = self.drives[piece.site] if piece.site else ()
        shared = any(other.stack != use.stack or not self.mine(other) for other in uses)
        outside = not f"{use.folder}/".startswith(f"{use.stack}/")
        read = self.mentions.of_resource(piece.site) if piece.site else ()
        return shared or outside or bool(read) or bool(self._callers_unread(use, use.folder))

    def _callers_unread(self, use: Use, folder: str) -> tuple[str, ...]:
        """What calls a module in `folder`, or one through which an image comes from there, and was not followed."""
        found: list[str] = []
        module = self.modules.get((use.stack, use.folder, use.module))
        while module is not None:
            if found or module.folder == folder:
                found += [f"what {each} calls" for each in self.mentions.callers(module.folder)] or [""]
            module = module.parent
        return tuple(filter(None, found))

    def _place(self, piece: Piece, site: Site) -> Place:
        driven = self.drives[site]
        others = [use for use in driven if not self.mine(use)]
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
        if key not in self.found:
            ordered = sorted(driven, key=lambda use: not self.mine(use))
            facts = tuple(each for use in ordered for each in self._driven_by(site, use))
            also = tuple(dict.fromkeys(f"{use.stack}/{use.address} ({self._phase(use)})" for use in others))
            readers = self._readers(driven, site, posixpath.dirname(document))
            self.found[key] = Place(
                document, path, piece.text, facts, position, argument, also, readers, scalar, line=site.line
            )
        return self.found[key]

    def _readers(self, driven: Iterable[Use], site: Site, folder: str) -> tuple[str, ...]:
        """What reads a literal and is no image, on every way on which an image comes from it."""
        found: list[str] = []
        for use in driven:
            for part in (part for origin in use.origins for part in origin):
                if isinstance(part, Piece) and part.site == site:
                    found += self.mentions.others(part)
            found += (*use.image.read_by, *self._callers_unread(use, folder))
        return tuple(dict.fromkeys(found))

    def _phase(self, use: Use) -> str:
        phase = self._number(use)
        if self.number == NAMED:
            return "not named"
        return "no phase" if phase is None else f"phase {phase}"

    def _driven_by(self, site: Site, use: Use) -> Iterator[Driven]:
        """An image once for each alternative that the literal makes: `each.value` may be several repositories."""
        for origin in use.origins:
            if _holds(origin, site):
                index = next(i for i, part in enumerate(origin) if isinstance(part, Piece) and part.site == site)
                yield self._driven(use, _text(origin[:index]), _text(origin[index + 1 :]), origin[index])

    def _driven(self, use: Use, before: str, after: str, part: Piece | Hole | None) -> Driven:
        dweller = self.homes.get((use.stack, use.folder, use.module, use.image.address))
        told = facts(use, dweller, self._number(use), (before, after), part.chain if part else ())
        passing = self.estate.comments(part) if isinstance(part, Piece) else ()
        return replace(told, comments=(*told.comments, *passing))

    def placing(self) -> Placing:
        """What was found, in a form for the rules."""
        by_document: dict[str, list[Place]] = defaultdict(list)
        for _, each in sorted(self.found.items()):
            by_document[each.document].append(each)
        shared: dict[tuple[str, str], tuple[str, ...]] = {}
        inherited: dict[tuple[str, str], str] = {}
        for (folder, address), homes in self._by_resource().items():
            mine = [home for home in homes if self._lives(home)]
            if mine:
                callers = tuple(sorted({_caller(home, mine) for home in homes} - {""}))
                if callers:
                    shared[folder, address] = callers
                if not any(self._is_the_stacks(home) for home in mine):
                    inherited[folder, address] = mine[0].dweller.document
        places = {document: tuple(each) for document, each in by_document.items()}
        tenants = self._tenants()
        namespaces = self.estate.namespaces
        return Placing(
            places,
            self.followed,
            shared,
            inherited,
            self._homes(),
            tenants,
            {name: tuple(f"{stack}/{address}" for stack, _, address in told) for name, told in namespaces.items()},
            frozenset(
                self.estate.document_of(*where)
                for where, living in tenants.items()
                if any(each.mine for each in living)
            ),
            self.estate.named,
            self._declared(),
        )

    def _declared(self) -> dict[str, frozenset[tuple[str, str]]]:
        met: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for home in self.estate.homes:
            met[home.stack].add((home.folder, home.dweller.address))
        for use in self.uses:
            met[use.stack].add((use.folder, use.image.address))
        return {stack: frozenset(found) for stack, found in met.items()}

    def _tenants(self) -> dict[tuple[str, str], tuple[Tenant, ...]]:
        """Who lives in which namespace: by name, so that they may be of different stacks."""
        found: dict[tuple[str, str], list[Tenant]] = defaultdict(list)
        for home in self.estate.homes:
            where = home.stack, home.folder, home.dweller.address, home.module
            tenant = Tenant(*where, self.phase_of(*where), self._lives(home), home.names)
            for name in home.names:
                for _, folder, address in self.estate.namespaces.get(name or "", ()):
                    found[folder, address].append(tenant)
        return {where: tuple(dict.fromkeys(living)) for where, living in found.items()}

    def _homes(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        found: dict[tuple[str, str, str], set[str | None]] = defaultdict(set)
        for home in self.estate.homes:
            found[home.stack, home.folder, home.dweller.address].update(home.names)
        return {key: tuple(sorted(name for name in names if name)) for key, names in found.items() if None not in names}

    def _by_resource(self) -> dict[tuple[str, str], list[Home]]:
        found: dict[tuple[str, str], list[Home]] = defaultdict(list)
        for home in self.estate.homes:
            found[home.folder, home.dweller.address].append(home)
        return found

    def _is_the_stacks(self, home: Home) -> bool:
        """Whether a workload is the phase's by its stack or folder, so that it is found without following calls."""
        number = self.phase_of(home.stack, home.folder, home.dweller.address, "")
        return f"{home.folder}/".startswith(f"{home.stack}/") and self.number in (None, number)


def _caller(home: Home, mine: Sequence[Home]) -> str:
    """Who else uses a resource of the phase: its stack, in a stack of the phase the call; empty for the phase's own."""
    if home in mine:
        return ""
    return f"{home.stack}/{home.module}" if any(home.stack == each.stack for each in mine) else home.stack


def facts(
    use: Use, dweller: Dweller | None, phase: int | None, around: tuple[str, str], chain: tuple[str, ...]
) -> Driven:
    """What rules ask of an image; `around` is the text before and after the piece of it that is spoken of."""
    return Driven(
        use.stack,
        use.address,
        use.image.label,
        use.image.kind,
        phase,
        *around,
        (*(dweller.metadata if dweller else ()), *use.image.metadata),
        _is_ignored(use, (*(dweller.ignored if dweller else ()), *use.image.ignored)),
        use.image.comments,
        use.image.above,
        dweller.unread if dweller else not use.image.outside,
        "",
        chain,
        use.overrides,
        use.image.outside,
        use.folder,
        use.image.container,
    )


def _passes(use: Use, site: Site, piece: Piece) -> bool:
    """Whether an image of `use` gets this literal through the same call's missing argument."""
    return any(
        isinstance(part, Piece) and part.site == site and part.passed[-1:] == piece.passed[-1:]
        for origin in use.origins
        for part in origin
    )


def _holds(origin: Origin, site: Site) -> bool:
    return any(isinstance(part, Piece) and part.site == site for part in origin)


def _text(parts: Sequence[Piece | Hole]) -> str:
    return origins.text(tuple(parts)) or "".join(part.text for part in parts)


def _is_ignored(use: Use, ignored: Iterable[str]) -> bool:
    if use.image.outside:
        return any(held[0] in _CARRYING and held[1:2] != ("metadata",) for held in _parsed(ignored))
    wanted = traversal.parse(f"{use.image.container}.image") if use.image.container else None
    return wanted is not None and any(traversal.covers(held, wanted) for held in _parsed(ignored))


_CARRYING = frozenset(
    {"all", "values", "set", "set_sensitive", "set_list", "manifest", "object", "yaml_body", "yaml_body_parsed", "data"}
)
"""The attributes that bring images to the cluster outside of containers."""


def _parsed(ignored: Iterable[str]) -> Iterator[traversal.Traversal]:
    return (steps for text in ignored if (steps := traversal.parse(text)) is not None)
