"""What each marker ignores, as data: paths, and the resource types that they are for (FACTS 3, DESIGN 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hclmod.workloads import KINDS, containers

from ._keel import MUTATED, RESTARTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.views import Block


@dataclass(frozen=True, slots=True)
class Marker:
    """A named group of `ignore_changes` entries.

    In a path `{pod}` is the pod spec of the resource type, `{stamp}` the metadata that Keel stamps, `{container}` each
    container and init container in file order.
    """

    paths: tuple[str, ...]
    kinds: tuple[str, ...]


MARKERS: Mapping[str, Marker] = {
    "KYVERNO_LIFECYCLE_V1": Marker(("{pod}.dns_config",), tuple(KINDS)),
    # The block of the user's design, Architecture 5.
    "KYVERNO_LIFECYCLE_V2": Marker(
        (
            'metadata[0].annotations["keel.sh/policy"]',
            'metadata[0].annotations["keel.sh/trigger"]',
            'metadata[0].annotations["keel.sh/pollSchedule"]',
        ),
        MUTATED,
    ),
    # What a Keel that really rolls writes besides (FACTS 1.1, 1.5).
    "KEEL_LIFECYCLE_V1": Marker(
        (
            'metadata[0].annotations["keel.sh/match-tag"]',
            'metadata[0].annotations["keel.sh/matchTag"]',
            '{stamp}.annotations["keel.sh/update-time"]',
        ),
        RESTARTED,
    ),
    "KEEL_IGNORE_IMAGE": Marker(("{container}.image",), RESTARTED),
}

IGNORE_IMAGE = "KEEL_IGNORE_IMAGE"


def user_marker(table: Mapping[str, object]) -> Marker:
    """A marker of `[markers]` in `hclmod.toml`; without `kinds` it is for every type that owns pods."""
    paths, kinds = table.get("paths"), table.get("kinds")
    return Marker(_texts(paths), _texts(kinds) or tuple(KINDS))


def entries(marker: Marker, workload: Block) -> tuple[str, ...]:
    """The `ignore_changes` entries of a marker for one workload; empty where it is not for its type."""
    if workload.type_label not in marker.kinds:
        return ()
    kind = KINDS[workload.type_label]
    stamp = ".".join(f"{step}[0]" for step in (*kind.pod[: 1 if len(kind.pod) == 1 else 2], "metadata"))
    return tuple(
        path.replace("{container}", container).replace("{pod}", kind.prefix).replace("{stamp}", stamp)
        for path in marker.paths
        for container in ([each.path for each in containers(workload)] if "{container}" in path else [""])
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
