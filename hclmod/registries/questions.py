"""What the decision about one image needs from its registry, and in which order.

1. The list of tags, all pages: it alone proves that a tag does not exist, and which version is the highest.
2. `HEAD` for each pin in use: the digest of the pin, of `latest` (unless the pin has a flavour, which `latest` would
   lose), of the highest release of the pin's form, of the pin's major, and of the tag that `hclmod.toml` names.
   `latest` with the digest of the highest release is proof, and no other query follows.
3. Without that proof, dates: of `latest`, the pin and the highest release. If `latest` is rejected, of the major too.

The list is then cut to the tags that were queried and the version that proves a single number to be a major.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from hclmod.images import decide, tags
from hclmod.images.decide import Float
from hclmod.images.evidence import ImageTags, TagInfo
from hclmod.images.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Source(Protocol):
    """The queries that a registry answers; the client is one."""

    def tags(self, repository: str) -> Sequence[str]:
        """List all tags."""

    def digest(self, repository: str, tag: str) -> str | None:
        """Return the digest of a tag."""

    def created(self, repository: str, digest: str) -> str | None:
        """Return when an image was built."""


class Wish(Struct, frozen=True):
    """A query for the tags of one image: the `pins` in use, and the `targets` in the config."""

    name: str  # the full one
    pins: tuple[str, ...]
    targets: tuple[str, ...] = ()


def learn(registry: Source, repository: str, wish: Wish, checked: str) -> ImageTags:
    """Query what the decisions about the pins need; `checked` is the time to store.

    Without any pin only `latest` is queried, and the result does not prove that a tag is absent.
    """
    names = registry.tags(repository)
    pins = tuple(sorted(set(wish.pins)))
    relevant = _relevant(pins, wish.targets, names)
    digests = {tag: registry.digest(repository, tag) for tag in sorted(relevant)}
    existing = {tag: TagInfo(digest) for tag, digest in digests.items() if digest is not None}
    gone = digests.keys() - existing.keys()
    proofs = {proof for pin in pins if (proof := decide.minor_of(pin, names))} - gone
    infos = dict.fromkeys(proofs, TagInfo()) | existing
    result = ImageTags(checked=checked, source="registry", complete=bool(pins), tags=infos, pins=pins)
    for pin in pins:
        result = _dated(pin, result, registry, repository)
    return result


def _relevant(pins: Sequence[str], targets: Iterable[str], names: Sequence[str]) -> set[str]:
    """The tags whose digests matter, of those that exist."""
    relevant = {"latest", *targets} if not pins else set(targets)
    for pin in pins:
        near = (pin, tags.major_of(pin), decide.highest(pin, names))
        relevant.update(tag for tag in near if tag is not None)
        relevant.update(() if decide.has_flavour(pin) else ("latest",))
    return relevant & set(names)


def _dated(pin: str, known: ImageTags, registry: Source, repository: str) -> ImageTags:
    """The same, with the dates that the decision about a pin still needs."""
    infos = dict(known.tags)

    def ask(chosen: Iterable[str | None]) -> ImageTags:
        for tag in chosen:
            if tag in infos and (info := infos[tag]).created is None and info.digest:
                infos[tag] = TagInfo(info.digest, registry.created(repository, info.digest))
        return replace(known, tags=infos)

    if not _is_latest(pin, known) and "latest" in infos and not decide.has_flavour(pin):
        known = ask(("latest", pin, decide.highest(pin, infos)))
    major = tags.major_of(pin)
    if not _is_latest(pin, known) and major in infos and pin in infos and infos[major].digest != infos[pin].digest:
        known = ask((pin, major))
    return known


def _is_latest(pin: str, known: ImageTags) -> bool:
    decision = decide.decide(Reference("", "image", pin), None, known)
    return isinstance(decision, Float) and decision.tag == "latest"
