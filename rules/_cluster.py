"""What the repository says of the cluster itself: which Keel runs there, and which policies act on workloads.

`facts(context)` derives it once a run. Every rule that asks has `objects=WORDS`.

Source: docs/facts.md, Keel 1, Keel 8, Kyverno 1 to Kyverno 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hclmod.rulekit import (
    NAMESPACES,
    RELEASE,
    WORKLOADS,
    Block,
    Cluster,
    ClusterObject,
    ClusterObjects,
    Context,
    Reference,
    RuleError,
    Struct,
    UnknownData,
    reference,
    whole_number,
)

from ._data import dig, walk
from ._kyverno import Policy, policy

WORDS = (
    "keelhq/keel",
    "keel-hq/keel",
    '"keel"',
    "keel.sh/policy)",
    "kyverno.io/v",
    "kyverno.github.io",
    '"ClusterPolicy"',
    "kind: ClusterPolicy",
    '"MutatingPolicy"',
    "kind: MutatingPolicy",
    "aggregate-to-background-controller",
)
"""By these words the documents are found that say something of Keel and of the policies, beyond a comment."""

MANIFESTS = ("kubernetes_manifest", "kubectl_manifest")
CARRIERS = (*MANIFESTS, RELEASE, "data.kubectl_file_documents", "data.kubectl_path_documents")
"""What gives objects to the cluster."""

PLACES = (*CARRIERS, *NAMESPACES, *WORKLOADS)
"""Where the findings about such objects stand: at what gives them to the cluster, or at any resource near a file."""

NEWEST = (99,)
"""The version of a Keel that is not known: it is judged as the newest."""

PUBLISHED = {"1.0.5": ("0.19.1", "0.20.0"), "1.1.0": ("0.21.0", "0.21.1"), "1.2.0": ("0.21.1", "0.22.1")}
"""The oldest and the newest Keel that each version of the chart was published with (docs/facts.md, Keel 8)."""

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:-[\w.]+)?")


class Keel(Struct, frozen=True, kw_only=True):
    """One Keel that the repository installs: its version as far as that can be said, else why not."""

    origin: ClusterObject
    version: tuple[int, ...] = NEWEST
    pinned: bool = False
    why: str = ""


class ClusterFacts(Struct, frozen=True, kw_only=True):
    """What is known of the cluster; `version` is that by which rules judge, `known` whether anything says it."""

    version: tuple[int, ...]
    known: bool
    keels: tuple[Keel, ...] = ()
    policies: tuple[Policy, ...] = ()
    objects: ClusterObjects

    @property
    def shown(self) -> str:
        """Keel with its version, as a person reads it."""
        return (
            f"Keel {'.'.join(map(str, self.version))}" if self.known else "the newest Keel (its version is not known)"
        )


def facts(context: Context) -> ClusterFacts:
    """What the repository and its config say of the cluster."""
    if context.objects is None:
        raise TypeError("a rule that asks for facts about the cluster has `objects=WORDS`")
    return _facts(context.objects, context.config.keel)


@lru_cache(maxsize=4)
def _facts(objects: ClusterObjects, keel: Cluster) -> ClusterFacts:
    every = _distinct(objects)
    keels = tuple(each_keel for each in every if (each_keel := _keel(each)))
    versions = [each.version for each in keels if each.version != NEWEST]
    known = bool(keel.version) or (bool(keels) and len(versions) == len(keels))
    derived = max(versions) if known and versions else NEWEST
    return ClusterFacts(
        version=version(keel.version) if keel.version else derived,
        known=known,
        keels=keels,
        policies=tuple(read for each in every if (read := policy(each))),
        objects=objects,
    )


def _distinct(objects: ClusterObjects) -> list[ClusterObject]:
    """The objects, one of those that several callers of a module give to the cluster alike."""
    result: list[ClusterObject] = []
    for each in objects.objects:
        if not any(
            other.block == each.block and other.file == each.file and other.data == each.data for other in result
        ):
            result.append(each)
    return result


def version(text: str) -> tuple[int, ...]:
    """The numbers of a version such as `0.21.1`."""
    if (numbers := version_of(text)) is None:
        raise RuleError(f"`{text}` is not a version of Keel", hint='Write numbers, such as version = "0.21.1".')
    return numbers


def version_of(text: str) -> tuple[int, ...] | None:
    """The same, or None for what is not a version."""
    match = _VERSION.fullmatch(text)
    every = [whole_number(each) for each in match[1].split(".")] if match else []
    return tuple(each for each in every if each is not None) if every and None not in every else None


def _keel(origin: ClusterObject) -> Keel | None:
    """The Keel that an object installs, or None."""
    if origin.type == RELEASE:
        return _of_chart(origin) if is_chart(origin, "keel") else None
    if origin.type in MANIFESTS or not origin.type:
        kind = dig(origin.data, "kind")
        if kind not in ("Deployment", "StatefulSet"):
            return None
    images = [value for keys, value in walk(origin.data) if keys and keys[-1] == "image"]
    for image in images:
        known = reference.parse(image) if isinstance(image, str) else None
        if known and is_keel(known):
            return _of_tag(origin, known.tag or "latest")
    return None


def is_keel(image: Reference) -> bool:
    """Whether an image is Keel."""
    return image.name.endswith(("keelhq/keel", "keel-hq/keel"))


def says_version(image: Reference) -> bool:
    """Whether the tag of an image says which Keel runs."""
    return is_keel(image) and version_of(image.tag or "") is not None


def is_chart(release: ClusterObject, name: str) -> bool:
    """Whether a release installs this chart."""
    chart = dig(release.data, "chart")
    return release.type == RELEASE and isinstance(chart, str) and chart.rstrip("/").rpartition("/")[2] == name


def _of_chart(release: ClusterObject) -> Keel:
    tag, chart = dig(release.data, "values", "image", "tag"), dig(release.data, "version")
    if isinstance(tag, UnknownData):
        return Keel(origin=release, why=f"`image.tag` is {tag.text}: {tag.why}")
    if isinstance(tag, str) and tag:
        return _of_tag(release, tag)
    if not isinstance(chart, str):
        return Keel(origin=release, why="neither `image.tag` nor the version of the chart can be read")
    if chart.removeprefix("v") not in PUBLISHED:
        return Keel(origin=release, why=f"`image.tag` is not set, and chart {chart} is none that is known")
    oldest, newest = PUBLISHED[chart.removeprefix("v")]
    why = f"`image.tag` is not set, and chart {chart} was published with {oldest} and with {newest}"
    return Keel(origin=release, version=version(newest), why=why)


def _of_tag(origin: ClusterObject, tag: str) -> Keel:
    numbers = version_of(tag)
    if numbers is None:
        return Keel(origin=origin, why=f"its tag `{tag}` is not a version")
    return Keel(origin=origin, version=numbers, pinned=True)


def kyverno(cluster: ClusterFacts) -> tuple[int, ...] | None:
    """The version of Kyverno by that of its chart, of which 3.6 has 1.16; None where it cannot be read."""
    for each in cluster.objects.objects:
        chart = dig(each.data, "version")
        if is_chart(each, "kyverno") and isinstance(chart, str) and (numbers := version_of(chart)) and numbers[0] == 3:
            return (1, numbers[1] + 10 if len(numbers) > 1 else 10)
    return None


def fails_open(cluster: ClusterFacts) -> bool:
    """Whether the values of Kyverno's release make all policies let objects pass when it is not there."""
    path = ("values", "features", "forceFailurePolicyIgnore", "enabled")
    return any(dig(each.data, *path) == "true" for each in cluster.objects.objects if is_chart(each, "kyverno"))


def here(block: Block, context: Context, origin: ClusterObject) -> bool:
    """Whether the findings about an object stand at this block."""
    return origin.block is not None and (context.folder, block.address) == tuple(origin.block)


def releases_of_keel(block: Block, context: Context) -> Iterator[Keel]:
    """Each Keel that the Helm release at this block installs."""
    return (each for each in facts(context).keels if here(block, context, each.origin) and each.origin.type == RELEASE)


def policies_at(block: Block, context: Context) -> Iterator[Policy]:
    """The policies whose findings stand at this block."""
    return (each for each in facts(context).policies if here(block, context, each.origin))
