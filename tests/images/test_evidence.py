from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hclmod.errors import ConfigError
from hclmod.images import evidence
from hclmod.images.evidence import ImageTags, Snapshot, TagInfo, imported, joined, refreshed

SCHEMA: dict[str, Any] = json.loads(
    (Path(evidence.__file__).parents[1] / "schemas" / "hclmod.tags.schema.json").read_text(encoding="utf-8")
)
DIGEST = "sha256:" + "a1" * 32
CHECKED = "2026-08-01T00:00:00Z"
EXAMPLE = """\
{
  "version": 1,
  "images": {
    "docker.io/library/redis": {
      "checked": "2026-08-01T00:00:00Z",
      "source": "registry",
      "complete": true,
      "tags": {
        "7": {"digest": "DIGEST", "created": "2026-07-01T00:00:00.123456789Z"},
        "latest": {}
      }
    },
    "ghcr.io/a/b": {
      "checked": "2026-08-01T00:00:00Z",
      "source": "diun",
      "complete": false,
      "tags": {}
    }
  }
}
""".replace("DIGEST", DIGEST)


def read(text: str) -> Snapshot:
    return evidence.parse(text.encode(), "hclmod.tags.json")


def image(**changes: object) -> dict[str, object]:
    return {"checked": CHECKED, "source": "hand", "complete": True, "tags": {}} | changes


def document(name: str = "ghcr.io/a/b", **changes: object) -> dict[str, object]:
    return {"version": 1, "images": {name: image(**changes)}}


def test_example_is_read_and_written_as_it_stands() -> None:
    parsed = read(EXAMPLE)
    redis = parsed.image("docker.io/library/redis")
    assert redis == ImageTags(
        checked=CHECKED,
        source="registry",
        complete=True,
        tags={"7": TagInfo(DIGEST, "2026-07-01T00:00:00.123456789Z"), "latest": TagInfo()},
    )
    assert evidence.dump(parsed).decode() == EXAMPLE


def test_a_list_that_was_cut_is_complete_for_its_pins_only() -> None:
    cut = read(json.dumps(document(pins=["1.2.3", "1.1"])))
    known = cut.image("ghcr.io/a/b")
    assert known is not None
    assert (known.about("1.1").complete, known.about("2").complete) == (True, False)
    assert '      "pins": ["1.1", "1.2.3"],\n' in evidence.dump(cut).decode()
    assert read(evidence.dump(cut).decode()) == cut


@pytest.mark.parametrize("pins", ["1.2", [1], ["a b"]])
def test_pins_are_tags(pins: object) -> None:
    with pytest.raises(ConfigError, match="pins"):
        read(json.dumps(document(pins=pins)))


def test_image_goes_by_any_of_its_names() -> None:
    parsed = read(EXAMPLE)
    assert parsed.image("redis") is parsed.image("docker.io/library/redis") is not None


@pytest.mark.parametrize("name", ["postgres", "ghcr.io/a", "docker.io/*", "${x}"])
def test_other_images_are_not_known(name: str) -> None:
    assert read(EXAMPLE).image(name) is None


def test_order_of_the_input_does_not_matter() -> None:
    raw = json.loads(EXAMPLE)
    raw["images"] = dict(reversed(raw["images"].items()))
    assert evidence.dump(read(json.dumps(raw))).decode() == EXAMPLE


def test_empty_snapshot() -> None:
    assert evidence.dump(Snapshot({})) == b'{\n  "version": 1,\n  "images": {}\n}\n'


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "version: this hclmod reads version 1, not "),
        ({}, "version: this hclmod reads version 1, not "),
        ({"version": 2, "images": {}}, "version: this hclmod reads version 1, not 2"),
        ({"version": True, "images": {}}, "version: this hclmod reads version 1, not "),
        ({"version": 1, "images": {}, "image": {}}, "Object contains unknown field `image`"),
        ({"version": 1, "images": {"a/b": {}}}, 'images."a/b": Object missing required field `checked`'),
        (document(source="\ud800"), "half of a character"),
        (document("redis"), "images.redis: write the full name, 'docker.io/library/redis'"),
        (document("ghcr.io/a/b:1"), 'images."ghcr.io/a/b:1": write an image\'s full name without a tag'),
        (document("ghcr.io/*"), "write an image's full name"),
        (document(source="guess"), '"ghcr.io/a/b".source: write one of registry, diun, hand'),
        (document(source=["hand"]), '"ghcr.io/a/b".source: Expected `str`, got `array`'),
        (document(complete="yes"), '"ghcr.io/a/b".complete: Expected `bool`, got `str`'),
        (document(checked="yesterday"), '"ghcr.io/a/b".checked: write a time such as'),
        (document(checked="2026-08-01T00:00:00"), '"ghcr.io/a/b".checked: write a time'),
        (document(checked="2026-13-01T00:00:00Z"), '"ghcr.io/a/b".checked: write a time'),
        (document(tags=["1"]), '"ghcr.io/a/b".tags: Expected `object`, got `array`'),
        (document(tags={"a b": {}}), '"ghcr.io/a/b".tags."a b": not a tag'),
        (document(tags={"1\n": {}}), '"ghcr.io/a/b".tags."1\\n": not a tag'),
        (document(tags={"1": {"digest": "sha256:abc"}}), ".tags.1.digest: write `sha256:`"),
        (document(tags={"1": {"digest": 1}}), ".tags.1.digest: Expected `str | null`, got `int`"),
        (document(tags={"1": {"digets": DIGEST}}), ".tags.1: Object contains unknown field `digets`"),
    ],
)
def test_what_cannot_be_meant_is_refused(raw: object, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(json.dumps(raw))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"version": 1,', "line 1"),
        (b'{"version": 1, "version": 1, "images": {}}', "version is written twice"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_broken_files_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        evidence.parse(data, "hclmod.tags.json")


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hclmod.tags.json"
    with pytest.raises(ConfigError, match=r"hclmod\.tags\.json: cannot be read"):
        evidence.load(path)
    path.write_text(EXAMPLE, encoding="utf-8")
    assert evidence.load(path) == read(EXAMPLE)


@pytest.mark.parametrize("created", [None, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01+00:00"])
def test_dates_of_reproducible_builds_prove_nothing(created: str | None) -> None:
    assert TagInfo(None, created).time is None


def test_time_is_comparable_across_zones() -> None:
    one, other = TagInfo(None, "2026-01-01T02:00:00+02:00").time, TagInfo(None, "2026-01-01T00:00:00Z").time
    assert one == other is not None


_infos = st.builds(
    TagInfo,
    st.sampled_from([None, DIGEST, "sha512:" + "0f" * 64]),
    st.one_of(st.none(), st.datetimes().map(lambda moment: moment.isoformat(timespec="microseconds") + "Z")),
)
_images = st.builds(
    ImageTags,
    checked=st.just(CHECKED),
    source=st.sampled_from(["registry", "diun", "hand"]),
    complete=st.booleans(),
    tags=st.dictionaries(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True), _infos, max_size=4),
)
_names = st.from_regex(r"(ghcr\.io|host:5000)/[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True)


@given(st.builds(Snapshot, st.dictionaries(_names, _images, max_size=3)))
def test_dump_is_read_back(value: Snapshot) -> None:
    data = evidence.dump(value)
    assert evidence.parse(data, "x") == value
    assert evidence.dump(evidence.parse(data, "x")) == data
    assert data.endswith(b"}\n")
    jsonschema.validate(json.loads(data), SCHEMA, jsonschema.Draft202012Validator)


def test_the_schema_is_sound_and_fresh() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(evidence.schema())) == SCHEMA, "run `hclmod docs`"


def test_the_schema_that_a_file_names_stays() -> None:
    text = EXAMPLE.replace("{", '{\n  "$schema": "https://example.net/tags.json",', 1)
    parsed = read(text)
    assert evidence.dump(parsed).decode() == text
    assert evidence.refreshed(parsed, {}).schema == evidence.imported(parsed, {}).schema == parsed.schema
    jsonschema.validate(json.loads(text), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "raw",
    [
        document(source="guess"),
        document(checked="2026-08-01"),
        document(tags={"a b": {}}),
        document(tags={"1": {"digest": "sha256:abc"}}),
        document(tags={"1": {"digets": DIGEST}}),
        document(pins=["a b"]),
        {"version": 2, "images": {}},
        {"version": 1},
        {"version": 1, "images": {"a/b": {}}},
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(raw: object) -> None:
    with pytest.raises(ConfigError):
        read(json.dumps(raw))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, SCHEMA, jsonschema.Draft202012Validator)


# Records that are joined


OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
A, B = (f"sha256:{digit * 64}" for digit in "ab")


def record(checked: str = OLD, *, complete: bool = False, **tags: TagInfo) -> ImageTags:
    return ImageTags(checked=checked, source="registry" if complete else "diun", complete=complete, tags=tags)


def test_a_refresh_replaces_and_leaves_the_others() -> None:
    old = Snapshot({"a": record(x=TagInfo(A)), "b": record()})
    new = record(NEW, complete=True, y=TagInfo(B))
    assert refreshed(old, {"a": new}) == Snapshot({"a": new, "b": record()})


def test_lists_that_are_not_complete_grow() -> None:
    old = record(x=TagInfo(A, OLD), y=TagInfo(A, OLD), z=TagInfo(A, OLD))
    new = record(NEW, x=TagInfo(B), y=TagInfo(A), w=TagInfo(B, NEW))
    assert joined(old, new) == record(NEW, w=TagInfo(B, NEW), x=TagInfo(B), y=TagInfo(A, OLD), z=TagInfo(A, OLD)), (
        "another image has another date"
    )
    assert joined(new, old).tags["x"] == TagInfo(B, None), "the newer one wins, whichever comes first"


def test_a_complete_list_is_only_replaced_by_a_newer_one() -> None:
    whole, part = record(complete=True, x=TagInfo(A)), record(NEW, x=TagInfo(B))
    newer = replace(whole, checked=NEW)
    assert joined(whole, part) is joined(part, whole) is whole
    assert (joined(whole, newer), joined(newer, whole)) == (newer, newer)


_tag_infos = st.builds(TagInfo, st.sampled_from([None, A, B]), st.sampled_from([None, OLD, NEW]))
_records = st.builds(
    ImageTags,
    checked=st.sampled_from([OLD, NEW]),
    source=st.just("diun"),
    complete=st.booleans(),
    tags=st.dictionaries(st.sampled_from("xyz"), _tag_infos, max_size=3),
)


@given(_records, _records)
def test_nothing_is_lost_by_an_import(old: ImageTags, new: ImageTags) -> None:
    merged = imported(Snapshot({"a": old}), {"a": new}).images["a"]
    assert merged.complete == (old.complete or new.complete)
    if not merged.complete:
        assert merged.tags.keys() == old.tags.keys() | new.tags.keys()
    assert imported(Snapshot({"a": merged}), {"a": new}).images["a"] == merged, "twice is once"
