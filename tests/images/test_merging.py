from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hclmod.images.evidence import ImageTags, Snapshot, TagInfo, imported, joined, refreshed

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


_infos = st.builds(TagInfo, st.sampled_from([None, A, B]), st.sampled_from([None, OLD, NEW]))
_records = st.builds(
    ImageTags,
    checked=st.sampled_from([OLD, NEW]),
    source=st.just("diun"),
    complete=st.booleans(),
    tags=st.dictionaries(st.sampled_from("xyz"), _infos, max_size=3),
)


@given(_records, _records)
def test_nothing_is_lost_by_an_import(old: ImageTags, new: ImageTags) -> None:
    merged = imported(Snapshot({"a": old}), {"a": new}).images["a"]
    assert merged.complete == (old.complete or new.complete)
    if not merged.complete:
        assert merged.tags.keys() == old.tags.keys() | new.tags.keys()
    assert imported(Snapshot({"a": merged}), {"a": new}).images["a"] == merged, "twice is once"
