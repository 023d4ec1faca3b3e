"""Bring new knowledge of tags into a snapshot, and never put less in place of more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.images.snapshot import Snapshot, TagInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.images.snapshot import ImageTags


def refreshed(old: Snapshot, new: Mapping[str, ImageTags]) -> Snapshot:
    """Put what a registry said in the place of what was known of the same images; others stay."""
    return Snapshot({**old.images, **new})


def imported(old: Snapshot, new: Mapping[str, ImageTags]) -> Snapshot:
    """Add what another source saw: a list that is complete keeps its tags, one that is not grows."""
    images = dict(old.images)
    for name, found in new.items():
        images[name] = joined(images[name], found) if name in images else found
    return Snapshot(images)


def joined(old: ImageTags, new: ImageTags) -> ImageTags:
    """Join two records of one image.

    A complete one is a whole made at one time: a newer date for one of its tags would contradict the others, so it
    stays as it is, unless the new one is complete and newer. Of two that are not complete the newer one's tags win.
    """
    if old.complete or new.complete:
        return new if new.complete and (not old.complete or new.checked >= old.checked) else old
    first, last = sorted((old, new), key=lambda each: each.checked)
    tags = dict(first.tags)
    for tag, info in last.tags.items():
        tags[tag] = over(tags.get(tag, TagInfo()), info)
    return replace(last, tags=dict(sorted(tags.items())), pins=())


def over(old: TagInfo, new: TagInfo) -> TagInfo:
    """Put a newer record of a tag over an older one; it keeps the old date only where it is the same image."""
    same = new.digest in (None, old.digest)
    return TagInfo(new.digest or old.digest, new.created or (old.created if same else None))
