from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.images.tags import (
    Tag,
    TagClass,
    classify,
    comparable,
    is_lower,
    is_stable,
    major_of,
    moves,
    order_key,
    same_line,
    split,
)


@pytest.mark.parametrize(
    ("tag", "form", "major"),
    [
        ("latest", TagClass.LATEST, None),
        ("nightly", TagClass.CHANNEL, None),
        ("alpine", TagClass.CHANNEL, None),
        ("release", TagClass.CHANNEL, None),
        ("latest-alpine", TagClass.CHANNEL, None),
        ("stable-alpine3.20", TagClass.CHANNEL, None),
        ("17", TagClass.MAJOR, None),
        ("v4", TagClass.MAJOR, None),
        ("36", TagClass.MAJOR, None),
        ("16-alpine", TagClass.MAJOR, None),
        ("16.4", TagClass.MINOR, "16"),
        ("16.4-alpine3.20", TagClass.MINOR, "16-alpine3.20"),
        ("v2.51-distroless", TagClass.MINOR, "v2-distroless"),
        ("v4.1.2-alpine", TagClass.SEMVER, "v4-alpine"),
        ("1.27.3-fpm-alpine", TagClass.SEMVER, "1-fpm-alpine"),
        ("7.2.4-debian-12-r9", TagClass.SEMVER, "7-debian-12"),
        ("v1.30.2-k3s1", TagClass.SEMVER, "v1"),
        ("version-2.1.0", TagClass.SEMVER, "version-2"),
        ("0.107.43", TagClass.SEMVER, "0"),
        ("4.0.14.2939-ls256", TagClass.FOUR_PART, "4"),
        ("12.4.1-cudnn9-devel-ubuntu22.04", TagClass.SEMVER, "12-cudnn9-devel-ubuntu22.04"),
        ("2.0.0-rc.1", TagClass.SEMVER, None),
        ("3.13.0b2", TagClass.SEMVER, None),
        ("3.13.0rc1-alpine", TagClass.SEMVER, None),
        ("2025.11.1", TagClass.CALENDAR, None),
        ("2025.11", TagClass.CALENDAR, None),
        ("2025.11.1-alpine", TagClass.CALENDAR, None),
        ("2025", TagClass.CALENDAR, None),
        ("v20260127", TagClass.CALENDAR, None),
        ("RELEASE.2024-01-16T16-07-38Z", TagClass.CALENDAR, None),
        ("jammy-20240111", TagClass.CALENDAR, None),
        ("12345678", TagClass.HASH, None),
        ("20260127", TagClass.HASH, None),
        ("1a2b3c4", TagClass.HASH, None),
        ("deadbeef", TagClass.HASH, None),
        ("sha-1a2b3c4", TagClass.HASH, None),
        ("a1" * 20, TagClass.HASH, None),
        ("v20-20260127", TagClass.OTHER, None),
        ("MatriX.141", TagClass.OTHER, None),
        ("1.2.3-1a2b3c4", TagClass.OTHER, None),
        ("1.2.3-4-g1a2b3c4", TagClass.OTHER, None),
        ("1.2.3-20240101", TagClass.OTHER, None),
        ("nightly-20240101", TagClass.CALENDAR, None),
        ("main-1a2b3c4", TagClass.OTHER, None),
        ("amd64-1.2.3", TagClass.OTHER, None),
        ("17-1", TagClass.OTHER, None),
        ("8u312", TagClass.OTHER, None),
        ("1234567", TagClass.OTHER, None),
        ("1.2.3.4.5", TagClass.OTHER, None),
        ("sha256-" + "a1" * 32 + ".sig", TagClass.DIGEST, None),
        ("sha256-" + "a1" * 32, TagClass.DIGEST, None),
        ("sha512-" + "0" * 128 + ".att", TagClass.DIGEST, None),
        ("sha256-a1b2", TagClass.OTHER, None),
        ("2025.11.1.4", TagClass.CALENDAR, None),
    ],
)
def test_form_and_major(tag: str, form: TagClass, major: str | None) -> None:
    assert (classify(tag), major_of(tag)) == (form, major)


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("v4.1.2-alpine", Tag(prefix="v", numbers=("4", "1", "2"), flavour="-alpine")),
        ("16.4-alpine3.20", Tag(prefix="", numbers=("16", "4"), flavour="-alpine3.20")),
        ("7.2.4-debian-12-r9", Tag(prefix="", numbers=("7", "2", "4"), flavour="-debian-12", label="-r", build="9")),
        ("MatriX.141", Tag(prefix="MatriX.", numbers=("141",), flavour="")),
        ("2.5.1-1", Tag(prefix="", numbers=("2", "5", "1"), flavour="", label="-", build="1")),
        ("24.04", Tag(prefix="", numbers=("24", "04"), flavour="")),
        ("latest", None),
        ("", None),
        ("fix-login-2", None),
    ],
)
def test_parts(tag: str, parts: Tag | None) -> None:
    assert split(tag) == parts


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}", fullmatch=True))
def test_every_tag_has_a_form_and_loses_nothing(tag: str) -> None:
    parts = split(tag)
    assert parts is None or str(parts) == tag
    assert isinstance(classify(tag), TagClass)
    major = major_of(tag)
    assert major is None or not is_lower(major, tag)


@pytest.mark.parametrize("tag", ["1.2.3", "17", "2025.11.1", "7.2.4-debian-12-r9", "1.27-alpine"])
def test_releases(tag: str) -> None:
    assert is_stable(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "stable",
        "1.0.0-rc1",
        "1.0.0-beta-9",
        "1.0.0-alpha.2",
        "2.0.0-M1",
        "1.0.0b2",
        "18beta1",
        "1.0-dev",
        "1a2b3c4",
        "v20-20260127",
        "MatriX.141",
        "1.2.3-pr-12",
        "nightly-20240101",
        "dev-1.2.3",
    ],
)
def test_no_releases(tag: str) -> None:
    assert not is_stable(tag)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.9.0", "1.10.0"),
        ("v1.9", "v2.0"),
        ("36", "141"),
        ("7.2.4-debian-12-r9", "7.2.4-debian-12-r10"),
        ("4.0.14.2939-ls256", "4.0.15.1-ls1"),
        ("2025.9.1", "2025.11.1"),
    ],
)
def test_order_is_of_numbers(lower: str, higher: str) -> None:
    assert comparable(lower, higher)
    assert order_key(lower) < order_key(higher)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2.3", "v1.2.4"),
        ("1.2.3", "1.2.4-alpine"),
        ("1.2.3", "2025.1.1"),
        ("1.2", "1.2.3"),
        ("latest", "latest"),
        ("1a2b3c4", "1a2b3c5"),
        ("12345678", "12345679"),
        ("v20-20260127", "v20-20260128"),
        ("MatriX.141", "MatriX.142"),
    ],
)
def test_other_tags_have_no_order(one: str, other: str) -> None:
    assert not comparable(one, other)


@pytest.mark.parametrize("tag", ["latest", "1a2b3c4", "MatriX.141"])
def test_order_key_refuses_what_has_none(tag: str) -> None:
    with pytest.raises(ValueError, match="without an order"):
        order_key(tag)


@pytest.mark.parametrize(
    ("one", "other", "lower"),
    [
        ("16", "17.2", True),
        ("1.9", "1.10.3", True),
        ("2025.9", "2025.11.1", True),
        ("17", "17.2", False),
        ("18", "17.2", False),
        ("2", "2025.11.1", False),
        ("latest", "17.2", False),
        ("release", "v1.1.1", False),
        ("16", "12345678", False),
        ("16", "MatriX.141", False),
    ],
)
def test_lower_is_said_of_versions_only(one: str, other: str, *, lower: bool) -> None:
    assert is_lower(one, other) is lower


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("16.4", "16.4.1", True),
        ("v1.2-alpine", "v1.3.1-alpine", True),
        ("36", "37", True),
        ("36", "36.1", False),
        ("1.2", "v1.2", False),
        ("1.2", "1.2-alpine", False),
        ("latest", "latest", False),
    ],
)
def test_lines(one: str, other: str, *, same: bool) -> None:
    assert same_line(one, other) is same


@pytest.mark.parametrize("tag", ["latest", "stable", "nightly", "alpine", "main-alpine", "edge", "cuda"])
def test_names_that_move(tag: str) -> None:
    assert moves(tag)


@pytest.mark.parametrize("tag", ["fixed", "mine", "16", "1.2.3", "broken-on-purpose", "7-alpine"])
def test_names_that_may_stand_still(tag: str) -> None:
    assert not moves(tag)
