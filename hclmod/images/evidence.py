"""The tag snapshot `hclmod.tags.json`: what a registry held, kept in the repository for people to review."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from hclmod import files
from hclmod.config.checks import dotted
from hclmod.errors import ConfigError
from hclmod.images import reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION: Final = 1
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
# Builds that are reproducible date themselves to year 1, 1970 or 1980.
_REAL_SINCE = datetime(2010, 1, 1, tzinfo=UTC)

Digest = Annotated[str, Meta(pattern=f"^(?:{_DIGEST.pattern})$")]
Moment = Annotated[str, Meta(pattern=f"^{_TIME.pattern.replace(chr(92) + 'd', '[0-9]')}$")]
Tag = Annotated[str, Meta(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]


class TagInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one tag; `created` is kept as it was written."""

    digest: Annotated[Digest | None, Meta(description="What the registry says the tag points to.")] = None
    created: Annotated[Moment | None, Meta(description="When the image was built.")] = None

    @property
    def time(self) -> datetime | None:
        """The moment of the build, unless it is unknown or was set by a reproducible build."""
        moment = datetime.fromisoformat(self.created) if self.created else None
        return moment if moment and moment >= _REAL_SINCE else None


class ImageTags(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tags of one image; only a `complete` list proves that a tag does not exist.

    `pins` are the tags in use for which a long list was cut to what matters; without any the list was not cut.
    """

    checked: Annotated[Moment, Meta(description="When the registry was asked.")]
    source: Annotated[Literal["registry", "diun", "hand"], Meta(description="Where the list comes from.")]
    complete: Annotated[bool, Meta(description="Whether every tag is listed, so that absence is proof.")]
    tags: Annotated[Mapping[Tag, TagInfo], Meta(description="What is known of each tag.")]
    pins: Annotated[
        tuple[Tag, ...], Meta(description="The tags in use to which the list was cut. For them it counts as complete.")
    ] = ()

    def about(self, pin: str) -> ImageTags:
        """The same for one pin: a list that was cut to others proves no absence for it."""
        return replace(self, complete=False) if self.pins and pin not in self.pins else self


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """What registries held when they were asked: the evidence for a floating tag."""

    images: Annotated[
        Mapping[str, ImageTags], Meta(description="By full name, without a tag: docker.io/library/redis.")
    ]
    schema: Annotated[str, Meta(description="The JSON schema of this file, for editors.")] = field(
        name="$schema", default=""
    )
    version: Annotated[Literal[1], Meta(description="Of this format.")] = _VERSION

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
    version = raw.get("version") if isinstance(raw, dict) else None
    if type(version) is not int or version != _VERSION:
        raise ConfigError(f"{path}: version: this hclmod reads version {_VERSION}, not {version!r}", hint=_AGAIN)
    try:
        snapshot = msgspec.convert(raw, Snapshot)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter is half of a character
        problems = list(_problems(raw)) or [_placed("", error)]
    else:
        problems = list(_unsound(snapshot))
    if problems:
        raise ConfigError("\n".join(f"{path}: {each}" for each in problems), hint=_AGAIN)
    return replace(snapshot, images={name: _sorted(image) for name, image in sorted(snapshot.images.items())})


_AGAIN = "Correct it, or delete the file and run `hclmod tags refresh`."


def _sorted(image: ImageTags) -> ImageTags:
    return replace(image, tags=dict(sorted(image.tags.items())), pins=tuple(sorted(image.pins)))


def _problems(raw: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit the types, each with its place."""
    images = raw.get("images")
    yield from _refused({**raw, "images": {}} if isinstance(images, dict) else raw, Snapshot, "")
    for name, image in images.items() if isinstance(images, dict) else ():
        place = dotted("images", name)
        tags = image.get("tags") if isinstance(image, dict) else None
        yield from _refused({**image, "tags": {}} if isinstance(tags, dict) else image, ImageTags, place)
        for tag, info in tags.items() if isinstance(tags, dict) else ():
            yield from _refused(tag, Tag, dotted(f"{place}.tags", tag))
            yield from _refused(info, TagInfo, dotted(f"{place}.tags", tag))


def _refused(value: object, kind: Any, place: str) -> Iterator[str]:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        yield _placed(place, error)


def _placed(place: str, error: Exception) -> str:
    """The place first, and what to write where a pattern says it to nobody."""
    if isinstance(error, UnicodeEncodeError):
        return f"{place or 'the file'}: {_HALF}"
    what, _, where = str(error).partition(" - at `$")
    inside = where.removesuffix("`")
    name = re.split(r"[.\[]", inside)[1] if inside else "tag"
    if "regex" in what or "enum" in what:
        what = _FORMS[name]
    return f"{f'{place}{inside}'.removeprefix('.') or 'the file'}: {what}"


_HALF = "a text has half of a character, such as `\\ud800`"
_TIME_FORM = "write a time such as `2026-08-01T00:00:00Z`"
_FORMS = {
    "digest": "write `sha256:` and 64 hexadecimal digits",
    "created": _TIME_FORM,
    "checked": _TIME_FORM,
    "source": "write one of registry, diun, hand",
    "pins": "not a tag",
    "tag": "not a tag",
}


def _unsound(snapshot: Snapshot) -> Iterator[str]:
    """What patterns let pass: short names, tags that end in a newline, and times that no calendar has."""
    for name, image in snapshot.images.items():
        place = dotted("images", name)
        yield from _name(name, place)
        tags = (*image.tags, *image.pins)
        yield from (f"{dotted(f'{place}.tags', tag)}: not a tag" for tag in tags if not reference.is_tag(tag))
        moments = [(f"{place}.checked", image.checked)]
        moments += [(f"{dotted(f'{place}.tags', tag)}.created", info.created or "") for tag, info in image.tags.items()]
        yield from (f"{key}: {_TIME_FORM}, not {text!r}" for key, text in moments if text and not is_time(text))


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


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} is written twice; keep one")
    return result


def _name(value: str, key: str) -> Iterator[str]:
    parsed = reference.parse(value)
    if parsed is None or parsed.tag is not None or parsed.digest is not None:
        yield f"{key}: write an image's full name without a tag, such as `docker.io/library/redis`"
    elif parsed.name != value:
        yield f"{key}: write the full name, {parsed.name!r}"


def is_digest(value: str) -> bool:
    """Whether this is a digest that the snapshot takes."""
    return _DIGEST.fullmatch(value) is not None


def is_time(value: str) -> bool:
    """Whether this is a moment as the snapshot writes it (RFC 3339, with a zone)."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return _TIME.fullmatch(value) is not None


def schema() -> dict[str, Any]:
    """The JSON schema of `hclmod.tags.json`."""
    (_,), parts = msgspec.json.schema_components([Snapshot], ref_template="#/$defs/{name}")
    snapshot = parts.pop("Snapshot")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:hclmod:tags"}
    required = ["version", *snapshot["required"]]
    return {**head, **snapshot, "title": "hclmod.tags.json", "required": required, "$defs": dict(sorted(parts.items()))}


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
