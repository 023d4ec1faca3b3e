"""What a tag says by its form alone: a version, a channel, a hash, or nothing that can be ordered.

The form cannot tell a major from a build number (`:17`, `:36`), so a single number is never a version here.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from hclmod.lazy import lazily

_REMEMBERED = 2**15  # an image of 10,000 tags is asked about each of them several times
_SPLIT = lazily(r"(?P<prefix>(?:[A-Za-z]+[-_.]?)?)(?P<numbers>\d+(?:\.\d+)*)(?P<rest>.*)", re.ASCII)
# Builds of one version: Bitnami -r9, LinuxServer -ls304, k3s, EKS, GKE, and a package's bare -1.
_REVISION = lazily(
    r"(?P<flavour>.*?)(?P<label>-(?:r|ls|k3s|rke2r|build\.?|eksbuild\.|gke\.))(?P<build>\d{1,6})", re.ASCII
)
_BARE_REVISION = lazily(r"(?P<flavour>)(?P<label>-)(?P<build>\d{1,4})", re.ASCII)
_HASH = lazily(r"(?:(?:sha|git|commit)-?)?(?:(?=[0-9]*[a-f])[0-9a-f]{7,40}|[0-9]{8})")
_OF_DIGEST = lazily(r"sha(?:256-[0-9a-f]{64}|384-[0-9a-f]{96}|512-[0-9a-f]{128})(?:\..*)?")
_HASH_PART = lazily(r"g?[0-9a-f]{7,40}")
_WORD = lazily(r"[A-Za-z][A-Za-z0-9.]*")
_SMALL_NUMBER = lazily(r"[0-9]{1,3}(?:\.[0-9]{1,3})*")
_PRE_RELEASE = lazily(
    r"(?:^|[-._])(?:alpha|beta|rc|cr|pre|preview|prerelease|dev|develop|snapshot|nightly|canary|edge|unstable|"
    r"test|testing|next|experimental|milestone|main|master)[-.]?[0-9]*(?=$|[-._])"
    r"|(?:^|[-._])(?:m|pr|pr-)[0-9]+(?=$|[-._])|^[abc][0-9]+(?=$|[-._])",
    re.IGNORECASE,
)
_DATE_REST = lazily(r"[-_.0-9TZ]*")  # MinIO: RELEASE.2024-01-16T16-07-38Z
_NAMES = lazily(r"[A-Za-z]+(?:[-_.][A-Za-z]+)*")
_CHANNEL_WORDS = frozenset(
    {"latest", "stable", "release", "lts", "mainline", "nightly", "main", "master", "edge", "develop", "dev"}
)
_MOVING_FLAVOURS = frozenset(
    {
        "alpine",
        "slim",
        "debian",
        "ubuntu",
        "bookworm",
        "bullseye",
        "buster",
        "trixie",
        "jammy",
        "noble",
        "focal",
        "distroless",
        "scratch",
        "apache",
        "fpm",
        "cuda",
        "rocm",
        "cpu",
        "gpu",
        "canary",
        "next",
        "beta",
        "rc",
        "testing",
        "unstable",
        "current",
        "rolling",
        "snapshot",
        "experimental",
        "preview",
        "production",
        "prod",
    }
)
_VERSION_PREFIXES = frozenset({"", "v", "version-", "release-", "rel-", "release."})
_YEARS = range(1990, 2100)
_YEAR_DIGITS = 4
_STAMP_DIGITS = 8
_MAJOR_DIGITS = 3


class TagClass(Enum):
    """The forms of tags."""

    LATEST = "latest"
    CHANNEL = "channel"  # a name that moves: nightly, stable, alpine
    MAJOR = "major"  # one number: a major or a build number, which only evidence can tell
    MINOR = "minor"
    SEMVER = "semver"
    FOUR_PART = "four-part"
    CALENDAR = "calendar"
    HASH = "hash"
    DIGEST = "digest"  # what hangs on another image: signatures, attestations (`sha256-<hex>.sig`)
    OTHER = "other"


VERSIONS = frozenset({TagClass.MINOR, TagClass.SEMVER, TagClass.FOUR_PART})
_BY_LENGTH = {1: TagClass.MAJOR, 2: TagClass.MINOR, 3: TagClass.SEMVER, 4: TagClass.FOUR_PART}


class Tag(Struct, frozen=True, kw_only=True):
    """A tag with a number in it: `v` `4.1.2` `-debian-12`, and which build of that version (`-r` `9`)."""

    prefix: str
    numbers: tuple[str, ...]  # as written, for `08` is not `8` when printed
    flavour: str
    label: str = ""
    build: str = ""

    @property
    def plain(self) -> bool:
        """Whether only a version is said and no flavour, so that `latest` can mean the same kind of image."""
        return bool(_DATE_REST.fullmatch(self.flavour)) and self.prefix.lower() in _VERSION_PREFIXES

    @property
    def pre_release(self) -> bool:
        """Whether a word beside the numbers says that this is a pre-release: `-rc.1`, `b2`, `nightly-`."""
        return any(_PRE_RELEASE.search(words) for words in (self.prefix, self.flavour))

    def __str__(self) -> str:
        return f"{self.prefix}{'.'.join(self.numbers)}{self.flavour}{self.label}{self.build}"


@lru_cache(_REMEMBERED)
def split(tag: str) -> Tag | None:
    """Take a tag apart; `None` where no number leads it or follows its first word."""
    match = _SPLIT.fullmatch(tag)
    if match is None:
        return None
    prefix, numbers, rest = match["prefix"], tuple(match["numbers"].split(".")), match["rest"]
    revision = _REVISION.fullmatch(rest) or _BARE_REVISION.fullmatch(rest)
    if revision is None:
        return Tag(prefix=prefix, numbers=numbers, flavour=rest)
    return Tag(
        prefix=prefix, numbers=numbers, flavour=revision["flavour"], label=revision["label"], build=revision["build"]
    )


@lru_cache(_REMEMBERED)
def classify(tag: str) -> TagClass:
    """Tell the form of a tag."""
    if tag == "latest":
        return TagClass.LATEST
    if _OF_DIGEST.fullmatch(tag):
        return TagClass.DIGEST
    if _HASH.fullmatch(tag):
        return TagClass.HASH
    if _is_channel(tag):
        return TagClass.CHANNEL
    parts = split(tag)
    return TagClass.OTHER if parts is None else _version_class(parts)


def form(tag: str | None, digest: str | None) -> str:
    """Name the form of a reference's end: a digest beats the tag before it, and nothing is `none`."""
    if digest is not None:
        return TagClass.DIGEST.value
    return "none" if tag is None else classify(tag).value


@lru_cache(_REMEMBERED)
def major_of(tag: str) -> str | None:
    """Name the tag that would float within this tag's major: `v4.1.2-alpine` to `v4-alpine`.

    `None` where the form does not show a major: hashes, dates, pre-releases, and single numbers.
    """
    parts = split(tag)
    if parts is None or classify(tag) not in VERSIONS or parts.pre_release:
        return None
    return str(Tag(prefix=parts.prefix, numbers=parts.numbers[:1], flavour=parts.flavour))


@lru_cache(_REMEMBERED)
def is_stable(tag: str) -> bool:
    """Whether the tag names a release: a version or a date without the mark of a pre-release."""
    parts = split(tag)
    released = VERSIONS | {TagClass.MAJOR, TagClass.CALENDAR}
    return parts is not None and classify(tag) in released and not parts.pre_release


def comparable(one: str, other: str) -> bool:
    """Whether the order of two tags means anything: same prefix, same flavour, same form."""
    return _shape(one) is not None and _shape(one) == _shape(other)


@lru_cache(_REMEMBERED)
def order_key(tag: str) -> tuple[int, ...]:
    """Order tags that are comparable with each other; other tags are a `ValueError`."""
    parts = split(tag)
    if parts is None or _shape(tag) is None:
        raise ValueError(f"a tag without an order: {tag!r}")
    return (*(int(number) for number in parts.numbers), int(parts.build or -1))


def same_line(one: str, other: str) -> bool:
    """Whether two tags are versions of one prefix and flavour, be one `16.4` and the other `16.4.1`."""
    return _line(one) is not None and _line(one) == _line(other)


def is_lower(one: str, other: str) -> bool:
    """Whether both are versions and the first is below the second in the numbers that both have."""
    first, second = split(one), split(other)
    if first is None or second is None or not _ranked(one) or _ranked(one) != _ranked(other):
        return False
    pairs = [(int(a), int(b)) for a, b in zip(first.numbers, second.numbers, strict=False)]
    return [a for a, _ in pairs] < [b for _, b in pairs]


def _ranked(tag: str) -> str:
    """Name the kind of numbers: versions and dates rank among themselves only."""
    form = classify(tag)
    if form is TagClass.CALENDAR:
        return "calendar"
    return "version" if form in VERSIONS or form is TagClass.MAJOR else ""


@lru_cache(_REMEMBERED)
def _line(tag: str) -> tuple[object, ...] | None:
    parts, form = split(tag), classify(tag)
    if parts is None or not _ranked(tag):
        return None
    return _ranked(tag), form is TagClass.MAJOR, parts.prefix, parts.flavour


@lru_cache(_REMEMBERED)
def _shape(tag: str) -> tuple[object, ...] | None:
    parts = split(tag)
    if parts is None or not _ranked(tag):
        return None
    return classify(tag), parts.prefix, len(parts.numbers), parts.flavour, parts.label


def moves(tag: str) -> bool:
    """Whether a tag is a name by which publishers mean what is newest; other names (`fixed`) may mean anything."""
    return classify(tag) is TagClass.LATEST or (
        _is_channel(tag) and re.split("[-_.]", tag)[0].lower() in _CHANNEL_WORDS | _MOVING_FLAVOURS
    )


def _is_channel(tag: str) -> bool:
    first, _, flavour = tag.partition("-")
    return bool(_NAMES.fullmatch(tag)) or (first in _CHANNEL_WORDS and _is_flavour(f"-{flavour}"))


def _version_class(parts: Tag) -> TagClass:
    if _is_calendar(parts):
        return TagClass.CALENDAR
    if not _is_flavour(parts.flavour):
        return TagClass.OTHER
    form = _BY_LENGTH.get(len(parts.numbers), TagClass.OTHER)
    return TagClass.OTHER if form is TagClass.MAJOR and _is_odd(parts) else form


def _is_calendar(parts: Tag) -> bool:
    first = parts.numbers[0]
    if len(first) == _STAMP_DIGITS:
        return int(first[:_YEAR_DIGITS]) in _YEARS
    return len(first) == _YEAR_DIGITS and int(first) in _YEARS


def _is_odd(parts: Tag) -> bool:
    """Whether one number is surely no major: `MatriX.141`, `12345`, `17-1`, `8u312`."""
    named = parts.prefix.lower() in _VERSION_PREFIXES and parts.flavour[:1] in {"", "-"}
    return not named or bool(parts.build) or len(parts.numbers[0]) > _MAJOR_DIGITS


def _is_flavour(text: str) -> bool:
    """Whether this names a kind of image (`-alpine3.20`, `-debian-12`) and no date, hash or build."""
    words = re.split(r"[-_]", text.lstrip("-_."))
    if not text:
        return True
    sound = all(_WORD.fullmatch(word) or _SMALL_NUMBER.fullmatch(word) for word in words)
    return sound and words[0][:1].isalpha() and not any(_HASH_PART.fullmatch(word) for word in words)


HOLDERS_OF_DATA = (
    "postgres", "postgresql", "postgis", "pgvector", "pgvecto-rs", "vectorchord*", "timescaledb", "*-postgres",
    "*-postgresql", "mysql", "*-mysql", "mariadb", "percona*", "dolt", "dolt-sql-server", "cockroach", "scylla",
    "cassandra", "mongo", "mongodb*", "couchdb", "arangodb", "surrealdb", "rethinkdb", "neo4j", "redis",
    "redis-stack*", "valkey", "keydb", "clickhouse*", "questdb", "influxdb", "elasticsearch", "opensearch", "solr",
    "meilisearch", "etcd", "zookeeper", "kafka", "cp-kafka", "rabbitmq", "qdrant", "weaviate", "milvus", "chroma",
)  # fmt: skip
"""Globs over full, short and last names of images; `stateful` in `hclmod.toml` adds to them."""
