from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hclmod.images import reference, tags
from hclmod.images.decide import Decision, Float, Keep, LastResort, Unknown, decide
from hclmod.images.evidence import ImageTags, TagInfo

DATABASES = ("postgres", "*/postgresql", "redis")
PIN = "sha256:" + "f" * 64


@dataclass(frozen=True)
class Said:
    float: str
    reason: str = ""
    is_exact: bool = True


def known(listed: str, *, complete: bool = True) -> ImageTags:
    """Read `TAG=DIGEST@YEAR ...`: digest (one hex digit) and year may be left out."""
    infos = {}
    for item in listed.split():
        rest, _, year = item.partition("@")
        tag, _, digest = rest.partition("=")
        infos[tag] = TagInfo(f"sha256:{digest * 64}" if digest else None, f"{year}-01-01T00:00:00Z" if year else None)
    return ImageTags(checked="2026-08-01T00:00:00Z", source="hand", complete=complete, tags=infos)


def ask(image: str, snapshot: ImageTags | None = None, policy: Said | None = None) -> Decision:
    parsed = reference.parse(image)
    assert parsed is not None
    return decide(parsed, policy, snapshot, stateful=DATABASES)


@pytest.mark.parametrize(
    ("image", "listed", "tag"),
    [
        ("app:1.2.3", "latest=b 1.2.3=a 1.3.0=b 1.3.0-rc.1=c", "latest"),
        ("app:1.2.3", "latest=b 1.2.3=a 1.10.0=b 1.9.0=c", "latest"),
        ("app:1.3.0", "latest=a 1.3.0=a 1.2.0=b", "latest"),
        ("app:1.2.3", "latest@2026 1.2.3@2025", "latest"),
        ("app:1.2.3", "latest@2025 1.2.3@2025", "latest"),
        ("app:1.2.3", "latest=c@2026 1.2.3=a@2025 2.0.0=b", "latest"),
        ("app:2025.9.1", "latest=b 2025.9.1=a 2025.11.1=b", "latest"),
        ("app:36", "latest=b 36=a 37=b", "latest"),
        ("app:36", "latest@2026 36@2025", "latest"),
        ("app:1a2b3c4", "latest@2026 1a2b3c4@2025", "latest"),
        ("app:1a2b3c4", "latest=a 1a2b3c4=a", "latest"),
        ("app:12345678", "latest@2026 12345678@2025", "latest"),
        ("app:v20-20260127", "latest@2026 v20-20260127@2025", "latest"),
        ("minio:RELEASE.2024-01-16T16-07-38Z", "latest@2026 RELEASE.2024-01-16T16-07-38Z@2024", "latest"),
        ("app:1.2.3", "1 1.2.3", "1"),
        ("app:v4.1.2", "v4 v4.1.2 4", "v4"),
        ("app:v4", "latest@2026 v4@2025 v3@2024", "latest"),
        ("app:17a38e43", "latest@2026 17a38e43@2025 17", "latest"),
        ("app:4.0.14.2939", "latest=b 4.0.14.2939=a 4.0.15.1=b", "latest"),
        ("app:4.0.14.2939-ls256", "4 4.0.14.2939-ls256", "4"),
        ("app:v25.12.30-cu128", "latest=b v25.12.30-cu128=a v25-cu128", "v25-cu128"),
        ("app:16.4-alpine3.20", "latest@2026 16.4-alpine3.20@2025 16-alpine3.20", "16-alpine3.20"),
        ("app:7.2.4-debian-12-r9", "latest 7-debian-12", "7-debian-12"),
        ("app:1.2.3", "latest=c 1.2.3=a 1.3.0=b 1", "1"),
        ("app:1.2.3", "latest@2024 1.2.3@2025 1@2026", "1"),
        ("app:2.0.0", "latest=a@2026 1.9.9=a 2.0.0=b@2025 2=b", "2"),
    ],
)
def test_evidence_makes_it_float(image: str, listed: str, tag: str) -> None:
    decision = ask(image, known(listed))
    assert isinstance(decision, Float), decision
    assert decision.tag == tag


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    "image",
    [
        "app",
        "app:latest",
        "app:nightly",
        "nginx:alpine",
        "app:stable-alpine3.20",
        f"app@{PIN}",
        f"app:1.2.3@{PIN}",
        "postgres:16.4",
        "ghcr.io/a/postgres:16.4",
        "bitnami/postgresql:16.4",
        "docker.io/library/redis:7",
        "app:16",
        "app:16-alpine",
    ],
)
def test_what_is_right_is_kept(image: str, *, complete: bool) -> None:
    snapshot = known("latest=a@2026 1 1.2.3@2025 16 16.4=a 16-alpine 16.4-alpine", complete=complete)
    assert isinstance(ask(image, snapshot), Keep)


@pytest.mark.parametrize(
    ("image", "listed"),
    [
        ("app:1.2.3", "1.2.3 1.2"),
        ("app:1.2.3", "latest=a 1.1.0=a 1.2.3=b"),
        ("app:1.2.3", "latest@2024 1.2.3@2025"),
        ("app:1.2.3", "latest@2024 1.2.3@2025 1@2024"),
        ("app:2.0.0", "2.0.0=b 2=a 1.9.9=a"),
        ("app:1.2.3-alpine", "latest=a 1=a 1.2.3=a 1.2.3-alpine=b"),
        ("app:1a2b3c4", "1a2b3c4 2b3c4d5"),
        ("app:36", "36 37"),
        ("app:v4", "v4 v3 4.1.2"),
        ("app:17", "17 18 latest@2024 17@2025"),
        ("app:22-alpine", "22-alpine 22.4 latest=a 22=a"),
        ("app:16-alpine", "latest@2026 16-alpine@2025 16.4-debian"),
        ("app:MatriX.141", "latest@2026 MatriX.141@2025"),
        ("app:v4.1.2", "4 4.1.2"),
        ("app:36", "latest=a 35=a 36=b"),
        ("app:1.4.0", "latest=b 1.3.0=b@2025 1.2.0"),
        ("app:1.2.3", "latest=a 1.2.3=a 1.3.0=b"),
        ("app:1.2.3", "latest=c@2025 1.2.3=a@2024 1.3.0=b@2026"),
    ],
)
def test_last_resort_needs_a_whole_list(image: str, listed: str) -> None:
    assert isinstance(ask(image, known(listed)), LastResort)
    assert isinstance(ask(image, known(listed, complete=False)), Unknown)


@pytest.mark.parametrize(
    ("image", "listed"),
    [
        ("app:1.2.3", "latest 1.2.3"),
        ("app:1.2.3", "latest=b 1.2.3=a 1.3.0=c"),
        ("app:1.2.3", "latest@1970 1.2.3@1970"),
        ("app:1.2.3", "latest@2026 1.3.0@2025"),
        ("app:1a2b3c4", "latest=b 1a2b3c4=a"),
        ("app:36", "latest 36"),
        ("app:2.0.0-rc.1", "latest@2026 2.0.0-rc.1@2025 2"),
    ],
)
def test_what_is_not_proven_is_unknown(image: str, listed: str) -> None:
    decision = ask(image, known(listed))
    assert isinstance(decision, Unknown), decision
    assert "hclmod.tags.json" in decision.what_to_do


@pytest.mark.parametrize("image", ["app:1.2.3", "app:16", "app:36", "app:1a2b3c4", "app:MatriX.141"])
def test_without_a_snapshot_all_is_unknown(image: str) -> None:
    decision = ask(image)
    assert isinstance(decision, Unknown)
    assert decision.what_to_do == (
        'fill hclmod.tags.json with `hclmod tags refresh app`, or set `float` under [images."app"] in hclmod.toml'
    )


def test_a_registry_that_was_asked_is_not_to_be_asked_again() -> None:
    asked = replace(known("latest 1.2.3"), source="registry", pins=("1.2.3",))
    decision = ask("app:1.2.3", asked)
    assert isinstance(decision, Unknown)
    assert decision.what_to_do == 'set `float` under [images."app"] in hclmod.toml'


def test_a_single_number_in_a_part_of_the_list_is_not_a_build_number() -> None:
    assert isinstance(ask("app:16", known("latest@2026 16@2025", complete=False)), Unknown)


@pytest.mark.parametrize(
    ("image", "word", "tag"),
    [
        ("app:1.2.3", "latest", "latest"),
        ("app:1a2b3c4", "latest", "latest"),
        ("app:36", "latest", "latest"),
        ("app:v1.2.3", "release", "release"),
        ("app:1.2.3-alpine", "stable-alpine", "stable-alpine"),
        ("app:v4.1.2-alpine", "major", "v4-alpine"),
        ("app:16.4", "17", "17"),
        ("postgres:16.4", "major", "16"),
        ("postgres:16.4-alpine3.20", "16-alpine", "16-alpine"),
        (f"app@{PIN}", "latest", "latest"),
        (f"app:1.2.3@{PIN}", "1.2.3", "1.2.3"),
        (f"app:v4.1.2@{PIN}", "major", "v4"),
    ],
)
def test_a_policy_needs_no_snapshot(image: str, word: str, tag: str) -> None:
    decision = ask(image, None, Said(word))
    assert isinstance(decision, Float), decision
    assert decision.tag == tag


@pytest.mark.parametrize(
    ("image", "word"),
    [
        ("app:1a2b3c4", "major"),
        ("app:2025.11.1", "major"),
        ("app:MatriX.141", "major"),
        ("app:v20-20260127", "major"),
        ("app:2.0.0-rc.1", "major"),
        ("app:17.2", "16"),
        ("app:1.2.3-alpine", "latest"),
        ("postgres:16.4", "latest"),
        ("postgres:16.4", "17"),
        ("postgres:16.4", "15"),
        ("postgres:1a2b3c4", "16"),
        ("postgres:16.4", "v16"),
        ("app:1.2.3", "release"),
        ("app:2.0.0", "latest"),
        (f"app@{PIN}", "major"),
        (f"app@{PIN}", "release"),
        (f"postgres@{PIN}", "16"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_unknown(image: str, word: str) -> None:
    assert isinstance(ask(image, known("latest=a 1=a 16=a 17=a 1.9.0=a"), Said(word)), Unknown)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("app:1.2.3", Said("never", "the licence changed")),
        (f"app:1.2.3@{PIN}", Said("latest", is_exact=False)),
        ("app", Said("release")),
        ("app:nightly", Said("latest")),
        ("app:16", Said("major")),
        ("postgres:16-alpine", Said("major")),
        ("app:17", Said("17")),
    ],
)
def test_a_policy_may_keep(image: str, policy: Said) -> None:
    decision = ask(image, known("latest=a@2026 1.2.3=a@2025"), policy)
    assert isinstance(decision, Keep)
    assert policy.reason in decision.why


def test_a_policy_that_says_nothing_of_the_tag_leaves_it_to_the_evidence() -> None:
    assert ask("app:1.2.3", known("latest=a 1.2.3=a"), Said("")) == ask("app:1.2.3", known("latest=a 1.2.3=a"))


def test_a_list_that_was_cut_for_other_pins_proves_no_absence() -> None:
    cut = replace(known("1.2.3 1.2.4"), pins=("1.2.3",))
    assert isinstance(ask("app:1.2.3", cut), LastResort)
    assert isinstance(ask("app:2.0.0", cut), Unknown)


_versions = st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-alpine)?", fullmatch=True)
_lists = st.dictionaries(
    st.one_of(_versions, st.just("latest")),
    st.builds(
        TagInfo,
        st.sampled_from([None, "sha256:a", "sha256:b"]),
        st.sampled_from([None, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]),
    ),
    max_size=8,
)
_snapshots = st.builds(
    ImageTags,
    checked=st.just("2026-08-01T00:00:00Z"),
    source=st.just("hand"),
    complete=st.booleans(),
    tags=_lists,
)


@given(_versions, _snapshots)
def test_what_is_written_is_known_and_never_lower(tag: str, snapshot: ImageTags) -> None:
    decision = ask(f"app:{tag}", snapshot)
    if isinstance(decision, Float):
        assert decision.tag in snapshot.tags
        assert not tags.is_lower(decision.tag, tag)
        assert decision.tag != "latest" or "alpine" not in tag
    if isinstance(decision, LastResort):
        assert snapshot.complete
