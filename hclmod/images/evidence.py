"""The tag snapshot `hclmod.tags.json`: what a registry held, kept in the repository for people to review."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from hclmod import files
from hclmod.config.checks import Key, Type, boolean, listed, matching, named, narrowed, refuse, table, text
from hclmod.errors import ConfigError
from hclmod.images import reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCES = ("registry", "diun", "hand")
_VERSION = 1
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
# Builds that are reproducible date themselves to year 1, 1970 or 1980.
_REAL_SINCE = datetime(2010, 1, 1, tzinfo=UTC)


class TagInfo(Struct, frozen=True):
    """What is known of one tag; `created` is kept as it was written."""

    digest: str | None = None
    created: str | None = None

    @property
    def time(self) -> datetime | None:
        """The moment of the build, unless it is unknown or was set by a reproducible build."""
        moment = datetime.fromisoformat(self.created) if self.created else None
        return moment if moment and moment >= _REAL_SINCE else None


class ImageTags(Struct, frozen=True, kw_only=True):
    """The tags of one image; only a `complete` list proves that a tag does not exist.

    `pins` are the tags in use for which a long list was cut to what matters; without any the list was not cut.
    """

    checked: str
    source: str
    complete: bool
    tags: Mapping[str, TagInfo]
    pins: tuple[str, ...] = ()

    def about(self, pin: str) -> ImageTags:
        """The same for one pin: a list that was cut to others proves no absence for it."""
        return replace(self, complete=False) if self.pins and pin not in self.pins else self


class Snapshot(Struct, frozen=True):
    """All images of the file, by full name (`docker.io/library/redis`)."""

    images: Mapping[str, ImageTags]
    schema: str = ""  # `$schema` of the file, for editors

    def image(self, name: str) -> ImageTags | None:
        """Look up an image by its full or its familiar name."""
        parsed = reference.parse(name)
        return self.images.get(parsed.name) if parsed else None


def load(path: Path) -> Snapshot:
    """Read the file at `path`."""
    try:
        data = files.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse(data, str(path))


def parse(data: bytes, path: str) -> Snapshot:
    """Make a snapshot of a file's bytes; `path` is for messages."""
    try:
        raw = json.loads(data, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not JSON: {error}", hint="Fix the syntax at that place.") from error
    refuse(path, _ROOT(raw, ""))
    images = {name: _image(image) for name, image in sorted(raw["images"].items())}
    return Snapshot(images, raw.get("$schema", ""))


def dump(snapshot: Snapshot) -> bytes:
    """Write the file: sorted, one tag a line, so that a diff shows what a registry changed."""
    images = [_printed(name, image) for name, image in sorted(snapshot.images.items())]
    body = "{\n" + ",\n".join(images) + "\n  }" if images else "{}"
    schema = f'  "$schema": {_json(snapshot.schema)},\n' if snapshot.schema else ""
    return f'{{\n{schema}  "version": {_VERSION},\n  "images": {body}\n}}\n'.encode()


def _printed(name: str, image: ImageTags) -> str:
    tags = [f"        {_json(tag)}: {_json(_known(info))}" for tag, info in sorted(image.tags.items())]
    body = "{\n" + ",\n".join(tags) + "\n      }" if tags else "{}"
    pins = f'      "pins": {_json(sorted(image.pins))},\n' if image.pins else ""
    return (
        f"    {_json(name)}: {{\n"
        f'      "checked": {_json(image.checked)},\n'
        f'      "source": {_json(image.source)},\n'
        f'      "complete": {_json(image.complete)},\n'
        f"{pins}"
        f'      "tags": {body}\n'
        "    }"
    )


def _known(info: TagInfo) -> dict[str, str]:
    fields = {"digest": info.digest, "created": info.created}
    return {name: value for name, value in fields.items() if value is not None}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _image(raw: Mapping[str, Any]) -> ImageTags:
    infos = sorted(raw["tags"].items())
    tags = {tag: TagInfo(info.get("digest"), info.get("created")) for tag, info in infos}
    pins = tuple(sorted(raw.get("pins", ())))
    return ImageTags(checked=raw["checked"], source=raw["source"], complete=raw["complete"], tags=tags, pins=pins)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} is written twice; keep one")
    return result


def _version(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or value != _VERSION:
        yield f"{key}: this hclmod reads version {_VERSION}, not {value!r}; delete it and run `hclmod tags refresh`"


def _name(value: str, key: str) -> Iterator[str]:
    parsed = reference.parse(value)
    if parsed is None or parsed.tag is not None or parsed.digest is not None:
        yield f"{key}: write an image's full name without a tag, such as `docker.io/library/redis`"
    elif parsed.name != value:
        yield f"{key}: write the full name, {parsed.name!r}"


def _tag(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and not reference.is_tag(value):
        yield f"{key}: not a tag"


def is_digest(value: str) -> bool:
    """Whether this is a digest that the snapshot takes."""
    return _DIGEST.fullmatch(value) is not None


def _time(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and not is_time(value):
        yield f"{key}: write a time such as `2026-08-01T00:00:00Z`, not {value!r}"


def is_time(value: str) -> bool:
    """Whether this is a moment as the snapshot writes it (RFC 3339, with a zone)."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return _TIME.fullmatch(value) is not None


def _source(value: Any, key: str) -> Iterator[str]:
    if value not in SOURCES:
        yield f"{key}: write one of {', '.join(SOURCES)}, not {value!r}"


_MOMENT = narrowed(text, _time, {"pattern": f"^{_TIME.pattern.replace(chr(92) + 'd', '[0-9]')}$"})
_TAG = narrowed(text, _tag, {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"})
_TAG_KEYS: Mapping[str, Key] = {
    "digest": Key(
        matching(_DIGEST, "write `sha256:` and 64 hexadecimal digits"), "What the registry says the tag points to."
    ),
    "created": Key(_MOMENT, "When the image was built."),
}
_IMAGE_KEYS: Mapping[str, Key] = {
    "checked": Key(_MOMENT, "When the registry was asked."),
    "source": Key(Type(_source, {"enum": list(SOURCES)}), "Where the list comes from."),
    "complete": Key(boolean, "Whether every tag is listed, so that absence is proof."),
    "pins": Key(listed(_TAG), "The tags in use to which the list was cut. For them it counts as complete."),
    "tags": Key(named(table(_TAG_KEYS), _TAG), "What is known of each tag."),
}
_ROOT_KEYS: Mapping[str, Key] = {
    "$schema": Key(text, "The JSON schema of this file, for editors."),
    "version": Key(Type(_version, {"const": _VERSION}), "Of this format."),
    "images": Key(
        named(
            table(_IMAGE_KEYS, required=[name for name in _IMAGE_KEYS if name != "pins"]),
            Type(_name, {"type": "string"}),
        ),
        "By full name, without a tag: docker.io/library/redis.",
    ),
}
_ROOT = table(_ROOT_KEYS, required=["version", "images"])


def schema() -> dict[str, Any]:
    """The JSON schema of `hclmod.tags.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:hclmod:tags",
        "title": "hclmod.tags.json",
        "description": "What registries held when they were asked: the evidence for a floating tag.",
        **_ROOT.schema,
    }


def refreshed(old: Snapshot, new: Mapping[str, ImageTags]) -> Snapshot:
    """Put what a registry said in the place of what was known of the same images; others stay."""
    return replace(old, images={**old.images, **new})


def imported(old: Snapshot, new: Mapping[str, ImageTags]) -> Snapshot:
    """Add what another source saw: a list that is complete keeps its tags, one that is not grows."""
    images = dict(old.images)
    for name, result in new.items():
        images[name] = joined(images[name], result) if name in images else result
    return replace(old, images=images)


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
