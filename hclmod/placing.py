"""Which places a phase may write, and which workloads it shares with others.

A literal is changed where it stands only if all that it drives is in the phase; else at the narrowest place that only
the phase owns: the argument that a module's call leaves to the default; else nowhere, and who else hangs on it is told.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod import pieces, traversal
from hclmod.estate import tag_piece
from hclmod.mentions import Mentions
from hclmod.pieces import Hole, Piece
from hclmod.places import Driven, Followed, Key, Place, Placing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hclmod.document import Document
    from hclmod.estate import Estate, Use
    from hclmod.pieces import Origin, Site
    from hclmod.stack import Stack

_IMAGE_ELSEWHERE = re.compile(rb'\bimage\s*=\s*(?:[^"\s]|"[^"\n]*\$\{)')
_HOME_ELSEWHERE = re.compile(rb'\bnamespace\s*=\s*(?:"[^"\n]*\$\{|var\.|local\.|each\.|module\.)')
_SOURCE = re.compile(rb'\bsource\s*=\s*"(\.\.?/[^"\n]*)"')


def to_trace(
    stacks: Sequence[Stack], read: Callable[[Stack], Iterable[Document]], has_images: Callable[[str], bool]
) -> set[str]:
    """The stacks whose images have to be followed, told from their text: following costs a parse of each document.

    Those with an image or a namespace that is no plain string, those that call a module outside of them which has
    images, and those in which such a module lies. `has_images` tells of a folder.
    """
    found: set[str] = set()
    owners = {stack.path for stack in stacks}
    for stack in stacks:
        for document in read(stack):
            if _IMAGE_ELSEWHERE.search(document.data) or _HOME_ELSEWHERE.search(document.data):
                found.add(stack.path)
            folder = posixpath.dirname(document.path)
            for source in _SOURCE.findall(document.data):
                target = _target(folder, source)
                if f"{target}/".startswith(f"{stack.path}/") or not has_images(target):
                    continue
                found |= {stack.path, *(owner for owner in owners if f"{target}/".startswith(f"{owner}/"))}
    return found


def image_folders(texts: Mapping[str, bytes]) -> Callable[[str], bool]:
    """Whether a folder, or one that it calls in any number of steps, holds something that runs: told from the text.

    Only the documents of folders that are asked about are read.
    """
    beside: dict[str, list[str]] = defaultdict(list)
    for path in texts:
        beside[posixpath.dirname(path)].append(path)

    def holds(folder: str) -> bool:
        todo, seen = [folder], {folder}
        while todo:
            here = todo.pop()
            for path in (each for below in beside if f"{below}/".startswith(f"{here}/") for each in beside[below]):
                if _IMAGE.search(texts[path]):
                    return True
                called = {_target(posixpath.dirname(path), source) for source in _SOURCE.findall(texts[path])} - seen
                todo += sorted(called)
                seen |= called
        return False

    return holds


def _target(folder: str, source: bytes) -> str:
    return posixpath.normpath(posixpath.join(folder, source.decode(errors="replace")))


_IMAGE = re.compile(rb"\bimage\s*=|\bhelm_release\b")


def place(estate: Estate, phase_of: Callable[[str, str, str], int | None], number: int | None) -> Placing:
    """The placing of one phase (None: everything is in it)."""

    def inside(stack: str, folder: str, address: str) -> bool:
        return number is None or phase_of(stack, folder, address) == number

    maker = _Maker(estate, inside, phase_of)
    for use in estate.uses:
        if maker.mine(use):
            for origin in use.origins:
                maker.follow(use, origin)
    return maker.placing()


class _Maker:
    def __init__(
        self, estate: Estate, inside: Callable[[str, str, str], bool], phase_of: Callable[[str, str, str], int | None]
    ) -> None:
        self.estate, self.inside, self.phase_of = estate, inside, phase_of
        self.homes = {(home.stack, home.module, home.dweller.address): home.dweller for home in estate.homes}
        self.mentions = Mentions(estate.uses, estate.texts)
        self.found: dict[tuple[str, str, int, str], Place] = {}
        self.followed: dict[Key, Followed] = {}

    def mine(self, use: Use) -> bool:
        """Whether an image is the phase's."""
        return self.inside(use.stack, use.folder, use.image.address)

    def follow(self, use: Use, origin: Origin) -> None:
        """Take note of where one alternative of an image has its tag, unless it is written out in its container."""
        key = (use.folder, use.image.address, use.image.container)
        hole = next((part for part in origin if isinstance(part, Hole)), None)
        piece = tag_piece(origin)
        if hole is not None:
            self.followed[key] = Followed(f"it ends at `{hole.text}` ({hole.where}): {hole.why}", None)
        elif piece is None:
            self._note_untagged(key, use, origin)
        elif self._is_in_place(use, origin, piece) and not self._others(use, piece):
            return
        elif piece.site is None:
            self.followed[key] = Followed(f"its tag `{piece.text}` is no text in quotes", None)
        else:
            place = self._place(piece, piece.site)
            writable = not place.also and not place.read_by
            self.followed[key] = Followed(self._told(piece, piece.site), pieces.text(origin), writable)

    def _note_untagged(self, key: Key, use: Use, origin: Origin) -> None:
        """Take note of an image without a tag, such as a digest, that stands elsewhere: nothing of it is written."""
        last = next((part for part in reversed(origin) if isinstance(part, Piece) and part.site), None)
        if last is not None and last.site is not None and not self._is_in_place(use, origin, last):
            self.followed[key] = Followed(f"it stands at {last.site.document}:{last.site.line}", pieces.text(origin))

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
        """Whether a literal in a container is one for several stacks, as in a shared module."""
        uses = self.estate.drives[piece.site] if piece.site else ()
        return any(other.stack != use.stack for other in uses) or not f"{use.folder}/".startswith(f"{use.stack}/")

    def _place(self, piece: Piece, site: Site) -> Place:
        driven = self.estate.drives[site]
        others = [use for use in driven if not self.mine(use)]
        path, position, argument, document = site.path, site.place, "", site.document
        if others and piece.passed:
            call, argument = piece.passed[-1]
            through = [use for use in driven if _passes(use, site, piece)]
            if all(self.mine(use) for use in through):
                driven, others, document, path, position = tuple(through), [], call.document, call.path, 0
            else:
                argument = ""
        key = (document, path, position, argument)
        facts = tuple(self._driven(use, site) for use in sorted(driven, key=lambda use: not self.mine(use)))
        also = tuple(f"{use.stack}/{use.address} ({self._phase(use)})" for use in others)
        others_too = self.mentions.others(piece)
        self.found[key] = Place(document, path, piece.text, facts, position, argument, also, others_too)
        return self.found[key]

    def _phase(self, use: Use) -> str:
        phase = self.phase_of(use.stack, use.folder, use.image.address)
        return "no phase" if phase is None else f"phase {phase}"

    def _driven(self, use: Use, site: Site) -> Driven:
        origin = next(each for each in use.origins if _holds(each, site))
        index = next(i for i, part in enumerate(origin) if isinstance(part, Piece) and part.site == site)
        dweller = self.homes.get((use.stack, use.module, use.image.address))
        part = origin[index]
        return Driven(
            use.stack,
            use.address,
            use.image.label,
            use.image.kind,
            self.phase_of(use.stack, use.folder, use.image.address),
            _text(origin[:index]),
            _text(origin[index + 1 :]),
            dweller.metadata if dweller else (),
            _is_ignored(use, dweller.ignored if dweller else ()),
            use.image.comments,
            use.image.above,
            dweller.unread if dweller else True,
            "",
            part.chain,
            use.overrides,
        )

    def placing(self) -> Placing:
        """What was found, in a form for the rules."""
        by_document: dict[str, list[Place]] = defaultdict(list)
        for _, each in sorted(self.found.items()):
            by_document[each.document].append(each)
        shared: dict[tuple[str, str], tuple[str, ...]] = {}
        inherited: dict[tuple[str, str], str] = {}
        for (folder, address), homes in self._by_resource().items():
            if any(inside for _, inside in homes):
                callers = tuple(sorted({stack for stack, inside in homes if not inside}))
                if callers:
                    shared[folder, address] = callers
                if not any(f"{folder}/".startswith(f"{stack}/") for stack, inside in homes if inside):
                    inherited[folder, address] = self._document(folder, address)
        places = {document: tuple(each) for document, each in by_document.items()}
        return Placing(places, self.followed, shared, inherited, self._homes())

    def _homes(self) -> dict[tuple[str, str, str], tuple[str, ...]]:
        found: dict[tuple[str, str, str], set[str | None]] = defaultdict(set)
        for home in self.estate.homes:
            found[home.stack, home.folder, home.dweller.address].update(home.names)
        return {key: tuple(sorted(name for name in names if name)) for key, names in found.items() if None not in names}

    def _by_resource(self) -> dict[tuple[str, str], list[tuple[str, bool]]]:
        found: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
        for home in self.estate.homes:
            where = home.stack, home.folder, home.dweller.address
            found[where[1:]].append((home.stack, self.inside(*where)))
        return found

    def _document(self, folder: str, address: str) -> str:
        homes = self.estate.homes
        return next(home.dweller.document for home in homes if (home.folder, home.dweller.address) == (folder, address))


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
    return pieces.text(tuple(parts)) or "".join(part.text for part in parts)


def _is_ignored(use: Use, ignored: Iterable[str]) -> bool:
    wanted = traversal.parse(f"{use.image.container}.image") if use.image.container else None
    return wanted is not None and any(traversal.covers(held, wanted) for held in _parsed(ignored))


def _parsed(ignored: Iterable[str]) -> Iterator[traversal.Traversal]:
    return (steps for text in ignored if (steps := traversal.parse(text)) is not None)
