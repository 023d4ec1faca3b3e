"""Read what Diun 4 knows of images: `diun image inspect --raw`, `diun image list --raw`, webhooks.

Its JSON is protojson: camelCase, 64-bit integers as strings, zero values left out. `list` gives one tag of an image,
the newest by date; `inspect` every tag that Diun has seen; a webhook the one that changed. None of them is the whole
list: without `watch_repo` Diun sees only the tags in use, and it never sees init containers.

Source: docs/facts.md, Images 6.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.errors import HclmodError
from hclmod.images import reference
from hclmod.images.evidence import ImageTags, TagInfo, is_digest, is_time, over
from hclmod.images.tags import TagClass, classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMITS = (
    "Diun tells which tags it has seen, not which exist, so what comes from it never proves that a tag is missing.",
    "Without `watch_repo` it cannot tell that a newer version exists; then refresh the image from its registry.",
    "It reads no init containers, and `diun image list` tells only the newest tag of an image.",
)
"""What such a source cannot know, for the person who imports it."""


class Import(Struct, frozen=True):
    """What was read: records by full name, and what could not be used, in words."""

    images: Mapping[str, ImageTags]
    problems: tuple[str, ...]


def read(data: bytes, path: str, checked: str) -> Import:
    """Read one file of any of the three forms, one JSON document or one a line; `checked` is the time to note down.

    Raises `HclmodError` where nothing of Diun's can be found in it.
    """
    by_key: dict[str, dict[str, TagInfo]] = {}
    problems: list[str] = []
    for where, document in _documents(data, path):
        for record in _records(document, where, problems):
            _add(record, by_key, problems)
    if not by_key and not problems:
        hint = "Take the output of `diun image inspect --image X --raw`, `diun image list --raw`, or webhook bodies."
        raise HclmodError(f"{path}: nothing that Diun writes", hint=hint)
    images = {
        name: ImageTags(checked=checked, source="diun", complete=False, tags=dict(sorted(tags.items())))
        for name, tags in sorted(by_key.items())
    }
    return Import(images, tuple(problems))


class _Record(Struct, frozen=True, kw_only=True):
    """One tag of one image as Diun gives it."""

    where: str
    name: str
    tag: str
    digest: object
    created: object


def _documents(data: bytes, path: str) -> Iterator[tuple[str, Any]]:
    """The JSON documents of a file with their lines: several may follow each other, over lines or on one."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HclmodError(f"{path}: not UTF-8", hint="Redirect Diun's output into a file as it is.") from error
    decoder, at, line = json.JSONDecoder(), 0, 1
    while at < len(text):
        if text[at].isspace():
            line += text[at] == "\n"
            at += 1
            continue
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            hint = "Give the output of `diun ... --raw`; without --raw it prints a table."
            raise HclmodError(f"{path}:{line}: not JSON: {error}", hint=hint) from error
        yield f"{path}:{line}", document
        line += text.count("\n", at, end)
        at = end


def _records(document: Any, where: str, problems: list[str]) -> Iterator[_Record]:
    match document:
        case {"images": list(images)}:
            for each in images:
                yield from _tagged(each, [each.get("latest")] if isinstance(each, dict) else [], where, problems)
        case {"image": {"name": str()} as image}:
            yield from _tagged(image, image.get("manifests"), where, problems)
        case {"image": str(image), **rest}:
            yield from _of_webhook(image, rest, where, problems)
        case _:
            problems.append(f"{where}: neither of `diun image inspect`, of `diun image list` nor of a webhook")


def _tagged(image: Any, manifests: Any, where: str, problems: list[str]) -> Iterator[_Record]:
    name = image.get("name") if isinstance(image, dict) else None
    for each in manifests if isinstance(manifests, list) else ():
        if isinstance(name, str) and isinstance(each, dict) and isinstance(each.get("tag"), str):
            yield _Record(
                where=where, name=name, tag=each["tag"], digest=each.get("digest"), created=each.get("created")
            )
        else:
            problems.append(f"{where}: an image without a name, or a manifest without a tag")


def _of_webhook(image: str, rest: Mapping[Any, Any], where: str, problems: list[str]) -> Iterator[_Record]:
    parsed = reference.parse(image)
    if parsed is None or parsed.tag is None:
        problems.append(f"{where}: {image[:80]!r} is not an image with a tag")
        return
    yield _Record(where=where, name=parsed.name, tag=parsed.tag, digest=rest.get("digest"), created=rest.get("created"))


def _add(record: _Record, by_key: dict[str, dict[str, TagInfo]], problems: list[str]) -> None:
    """Take in one record; of two about one tag the later one is the newer."""
    parsed = reference.parse(record.name)
    if parsed is None or parsed.tag or parsed.digest or not reference.is_tag(record.tag):
        problems.append(f"{record.where}: {record.name[:80]!r} with {record.tag[:80]!r} is not an image with a tag")
        return
    if classify(record.tag) is TagClass.DIGEST:
        return
    digest = record.digest if isinstance(record.digest, str) and is_digest(record.digest) else None
    created = record.created if isinstance(record.created, str) and is_time(record.created) else None
    tags = by_key.setdefault(parsed.name, {})
    tags[record.tag] = over(tags.get(record.tag, TagInfo()), TagInfo(digest, created))
