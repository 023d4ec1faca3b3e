from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hclmod.images import reference, tags
from hclmod.images.decide import Unknown, decide
from hclmod.images.evidence import ImageTags, TagInfo
from hclmod.registries.questions import Wish, learn
from tests.images.test_decide import known

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKED = "2026-08-01T00:00:00Z"
NAME = "docker.io/lanternworks/awning"


@dataclass
class Told:
    """A registry that answers from a list and counts what it is asked for."""

    infos: Mapping[str, TagInfo]
    heads: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)

    def tags(self, _repository: str) -> tuple[str, ...]:
        return tuple(sorted(self.infos))

    def digest(self, _repository: str, tag: str) -> str | None:
        self.heads.append(tag)
        return self.infos[tag].digest

    def created(self, _repository: str, digest: str) -> str | None:
        self.dates.append(digest[-1])
        return next(info.created for info in self.infos.values() if info.digest == digest)


def asked(listed: str, *pins: str, targets: tuple[str, ...] = ()) -> tuple[Told, ImageTags]:
    told = Told(known(listed).tags)
    return told, learn(told, "lanternworks/awning", Wish(NAME, pins, targets), CHECKED)


@pytest.mark.parametrize(
    ("listed", "pin", "heads", "dates"),
    [
        ("latest=b 1.2.3=a 1.3.0=b 1.2.9=c 1=b", "1.2.3", "1 1.2.3 1.3.0 latest", ""),
        ("latest=a 1.2.3=a", "1.2.3", "1.2.3 latest", ""),
        ("latest=c@2025 1.2.3=a@2024 1.3.0=b@2025 1=b@2025", "1.2.3", "1 1.2.3 1.3.0 latest", "abc"),
        ("latest=c@2023 1.2.3=a@2024 1=b@2025", "1.2.3", "1 1.2.3 latest", "abc"),
        ("latest=c@2023 1.2.3=a@2024 1=a", "1.2.3", "1 1.2.3 latest", "ac"),
        ("1.2.3=a@2024 1=b@2025 1.9.9=c", "1.2.3", "1 1.2.3 1.9.9", "ab"),
        ("1.2.3=a@2024 1.9.9=c", "1.2.3", "1.2.3 1.9.9", ""),
        ("latest=b 1.2-alpine=a@2024 1-alpine=c@2025", "1.2-alpine", "1-alpine 1.2-alpine", "ac"),
        ("latest=b 16=a 16.4=c 17=d", "16", "16 17 latest", "abd"),
        ("latest=b 36=a 37=b", "36", "36 37 latest", ""),
        ("latest=b@2025 1a2b3c4=a@2024 2b3c4d5=c", "1a2b3c4", "1a2b3c4 latest", "ab"),
        ("latest=b", "1.2.3", "latest", "b"),
    ],
)
def test_only_what_the_decision_needs_is_asked_for(listed: str, pin: str, heads: str, dates: str) -> None:
    told, _ = asked(listed, pin)
    assert (sorted(told.heads), "".join(sorted(told.dates))) == (heads.split(), dates)


def test_nothing_is_asked_for_twice() -> None:
    told, found = asked("latest=d@2026 1.2.3=a@2024 1.3.0=b@2025 1.4.0=c@2025 1=c", "1.2.3", "1.3.0", "1.2.3")
    assert max(Counter(told.heads).values()) == max(Counter(told.dates).values()) == 1
    assert found.pins == ("1.2.3", "1.3.0")


def test_the_tag_that_the_config_names_is_kept_where_it_exists() -> None:
    _, found = asked("latest=b 1.2.3=a release=c", "1.2.3", targets=("release", "nightly"))
    assert found.tags["release"].digest
    assert "nightly" not in found.tags


def test_without_a_pin_nothing_is_proven_absent() -> None:
    told, found = asked("latest=b 1.2.3=a 1=a")
    assert (told.heads, sorted(found.tags), found.complete) == (["latest"], ["latest"], False)


def test_the_list_is_cut() -> None:
    many = " ".join(f"1.{number}.0=a" for number in range(300))
    _, found = asked(f"latest=b 1=b {many} 2.0.0=b", "1.7.0")
    assert sorted(found.tags) == ["1", "1.7.0", "2.0.0", "latest"]
    assert (found.complete, found.source, found.checked, found.pins) == (True, "registry", CHECKED, ("1.7.0",))


def test_the_version_that_shows_a_major_is_kept() -> None:
    _, found = asked("16=a 16.4=b 16.3=c 15.1=d", "16")
    assert sorted(found.tags) == ["16", "16.3"]


def test_a_tag_that_went_away_meanwhile_does_not_exist() -> None:
    infos = {**known("latest=b 1.2.3=a").tags, "1": TagInfo()}
    assert "1" not in learn(Told(infos), "a", Wish(NAME, ("1.2.3",)), CHECKED).tags


_versions = st.from_regex(r"v?[1-9][0-9]?(\.[0-9]){0,3}(-alpine)?", fullmatch=True)
_infos = st.builds(
    TagInfo,
    st.sampled_from("abcdef").map(lambda digit: f"sha256:{digit * 64}"),
    st.none(),
)
_lists = st.dictionaries(st.one_of(_versions, st.just("latest"), st.just("1a2b3c4")), _infos, max_size=12)


@given(_lists, _versions)
def test_what_is_left_of_a_list_decides_as_the_whole_of_it_would(infos: dict[str, TagInfo], pin: str) -> None:
    years = {f"sha256:{digit * 64}": f"20{20 + at}-01-01T00:00:00Z" for at, digit in enumerate("abcdef")}
    whole = {tag: TagInfo(info.digest, years[str(info.digest)]) for tag, info in infos.items()}
    floats = [whole[tag].digest for tag in ("latest", tags.major_of(pin)) if tag in whole]
    assume(not any(whole[tag].digest in floats and tags.is_lower(tag, pin) for tag in whole))  # dates tell of those
    image = reference.parse(f"app:{pin}")
    assert image is not None
    cut = decide(image, None, learn(Told(whole), "app", Wish(NAME, (pin,)), CHECKED))
    full = decide(image, None, ImageTags(checked=CHECKED, source="registry", complete=True, tags=whole))
    if pin not in whole and isinstance(cut, Unknown):
        return  # nobody knows its date, and digests of other versions are not asked for
    assert (type(cut), getattr(cut, "tag", "")) == (type(full), getattr(full, "tag", "")), (cut, full)
