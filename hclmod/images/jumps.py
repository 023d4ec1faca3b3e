"""How far a new tag is from the old one, as its numbers and the tag snapshot say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.images import reference, tags

if TYPE_CHECKING:
    from hclmod.images.evidence import Snapshot


def jump(old: str, new: str, known: Snapshot) -> str:
    """`1.4.2 to 3.0.1 is a new major version` where that is so; empty where it is not, or nothing says it.

    What a floating tag stands for is the version of the snapshot with the same digest.
    """
    before, after = reference.parse(old), reference.parse(new)
    if before is None or after is None or before.name != after.name or not before.tag:
        return ""
    versions = (_version(before.name, before.tag, known), _version(after.name, after.tag or "latest", known))
    majors = [_major(each) for each in versions]
    if None in majors or majors[0] == majors[1]:
        return ""
    return f"{versions[0]} to {versions[1]} is another major version, so read its release notes"


def _version(name: str, tag: str, known: Snapshot) -> str:
    """The tag itself if it is a version, else the one that has the same digest."""
    if tags.classify(tag) in tags.VERSIONS:
        return tag
    image = known.image(name)
    mine = image.tags.get(tag) if image else None
    if image is None or mine is None or mine.digest is None:
        return tag if tags.classify(tag) is tags.TagClass.MAJOR else ""
    twins = [each for each, info in image.tags.items() if info.digest == mine.digest and tags.is_stable(each)]
    return max((each for each in twins if tags.classify(each) in tags.VERSIONS), key=len, default="")


def _major(tag: str) -> int | None:
    parts = tags.split(tag) if tag else None
    return int(parts.numbers[0]) if parts else None
