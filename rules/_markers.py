"""What each marker ignores, as data: paths, the resource types that they are for, and when.

Source: docs/facts.md, Terraform 7, Terraform 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from hclmod.rulekit import (
    KINDS,
    Block,
    Config,
    Context,
    Fix,
    RuleError,
    Struct,
    Traversal,
    containers,
    fixes,
    replace,
    traversal,
)

from ._cluster import facts
from ._keel import CRON_JOBS, MUTATED, POLICY, RESTARTED, declared, opt_out


class Marker(Struct, frozen=True):
    """A named group of `ignore_changes` entries.

    In a path `{pod}` is the pod spec of the resource type, `{stamp}` the metadata that Keel stamps, `{container}` each
    container whose image Keel may rewrite. `when` maps attribute paths (`spec.type`) to the literals they must hold.
    Types in `by_own_policy` need a policy of their own.
    """

    paths: tuple[str, ...]
    kinds: tuple[str, ...]
    when: tuple[tuple[str, str], ...] = ()
    by_own_policy: tuple[str, ...] = ()
    comment: str = ""  # words behind the name, in the comment
    above: bool = False  # whether the comment of a new list of one entry stands above it


IGNORE_IMAGE = "KEEL_IGNORE_IMAGE"
USUAL = "KYVERNO_LIFECYCLE_V2"
IGNORED_POLICY = f'metadata[0].annotations["{POLICY}"]'
SERVICES = ("kubernetes_service", "kubernetes_service_v1")

MARKERS: Mapping[str, Marker] = {
    "KYVERNO_LIFECYCLE_V1": Marker(("{pod}.dns_config",), tuple(KINDS)),
    # The block of the user's design, Architecture 5.
    USUAL: Marker(
        (
            'metadata[0].annotations["keel.sh/policy"]',
            'metadata[0].annotations["keel.sh/trigger"]',
            'metadata[0].annotations["keel.sh/pollSchedule"]',
        ),
        MUTATED,
    ),
    # What a Keel that really rolls writes besides (docs/facts.md, Keel 1, Keel 5).
    "KEEL_LIFECYCLE_V1": Marker(
        (
            'metadata[0].annotations["keel.sh/match-tag"]',
            'metadata[0].annotations["keel.sh/matchTag"]',
            '{stamp}.annotations["keel.sh/update-time"]',
        ),
        RESTARTED,
        by_own_policy=CRON_JOBS,
    ),
    # What Keel writes after 0.22.1 (docs/facts.md, Keel 5).
    "KEEL_DIGEST_V1": Marker(('metadata[0].annotations["keel.sh/digest"]',), RESTARTED, by_own_policy=CRON_JOBS),
    # The provider drops these by itself (docs/facts.md, Terraform 6); for those who want to read them in the file.
    "KEEL_REVISION_V1": Marker(
        (
            'metadata[0].annotations["kubernetes.io/change-cause"]',
            'metadata[0].annotations["deployment.kubernetes.io/revision"]',
        ),
        RESTARTED,
        by_own_policy=CRON_JOBS,
    ),
    IGNORE_IMAGE: Marker(("{container}.image",), RESTARTED, by_own_policy=CRON_JOBS),
    # Which pool an address came from; the first key until 0.14 (metallb #1448, #2071).
    "METALLB_LIFECYCLE_V1": Marker(
        (
            'metadata[0].annotations["metallb.universe.tf/ip-allocated-from-pool"]',
            'metadata[0].annotations["metallb.io/ip-allocated-from-pool"]',
        ),
        SERVICES,
        (("spec.type", "LoadBalancer"),),
    ),
}

_NEEDED = (((0, 0, 0), "KEEL_LIFECYCLE_V1"), ((0, 0, 0), IGNORE_IMAGE), ((0, 22, 2), "KEEL_DIGEST_V1"))
"""From which version of Keel on a marker is needed beside the user's V2 (docs/facts.md, Keel 5)."""

FOLLOWS_TAGS = (0, 21, 0)
"""From this version on plain `force` follows all tags; before, only the digest of the same one.

Source: docs/facts.md, Keel 1.
"""


def marker_names(context: Context, *, early: bool = False) -> tuple[str, ...]:
    """The markers that a workload needs: those of the configuration, and those of the Keel in the cluster.

    A Keel whose version nobody knows writes what the newest one does, unless the configuration says what is written.
    `early` is before the tags of this run are applied: an entry for an image would keep a new tag from running pods, so
    it is left to the audit of what is done, unless the configuration asks for it.
    """
    keel, cluster = context.config.keel, facts(context)
    names = (USUAL,) if keel.markers is None else keel.markers
    needed = needed_by(cluster.version) if cluster.known or keel.markers is None else ()
    if early and not keel.version:
        needed = tuple(name for name in needed if name != IGNORE_IMAGE)
    return tuple(dict.fromkeys((*names, *needed)))


def needed_by(keel_version: tuple[int, ...]) -> tuple[str, ...]:
    """The markers that this version of Keel needs beside the user's V2."""
    return tuple(name for since, name in _NEEDED if keel_version >= since)


def marker(name: str, config: Config) -> Marker:
    """The marker of this name: of `[markers]` in the configuration, else a built-in one."""
    table = config.markers.get(name)
    if table is not None and name in MARKERS and "paths" not in table:
        return replace(MARKERS[name], comment=str(table.get("comment", "")), above=bool(table.get("above")))
    if table is not None:
        return _user_marker(table)
    if name not in MARKERS:
        names = ", ".join([*MARKERS, *config.markers])
        raise RuleError(f"there is no marker `{name}`", hint=f"Known: {names}. Others go under [markers.{name}].")
    return MARKERS[name]


def _user_marker(table: Mapping[str, object]) -> Marker:
    """A marker of `[markers]` in `hclmod.toml`; without `kinds` it is for every type that owns pods."""
    when = table.get("when")
    conditions = tuple((str(path), str(text)) for path, text in when.items()) if isinstance(when, dict) else ()
    kinds, words = _texts(table.get("kinds")) or tuple(KINDS), str(table.get("comment", ""))
    return Marker(_texts(table.get("paths")), kinds, conditions, comment=words, above=bool(table.get("above")))


def ignoring(name: str, block: Block, items: Sequence[str], config: Config) -> Callable[[], Fix | None]:
    """What writes entries of a marker, with its name and the words of the config as their comment."""
    words, above = marker(name, config).comment, marker(name, config).above
    behind, title = f"{name} {words}".strip(), f"{name}: {words}" if words else name
    return partial(
        fixes.ensure_items,
        block,
        "ignore_changes",
        items,
        behind,
        inside="lifecycle",
        above=title if above else "",
    )


def is_for(marker: Marker, block: Block) -> bool:
    """Whether a marker is for a resource."""
    kind = block.type_label
    if kind not in marker.kinds or not all(_holds(block, path, text) for path, text in marker.when):
        return False
    return kind not in marker.by_own_policy or declared(block, POLICY) not in (None, "never")


def _holds(block: Block, path: str, text: str) -> bool:
    *kinds, name = path.split(".")
    attributes = [attribute for inner in block.find(*kinds) if (attribute := inner.attribute(name))]
    return any((each.value.string() or each.value.text) == text for each in attributes)


def entries(marker: Marker, block: Block, images: Sequence[str]) -> tuple[str, ...]:
    """The `ignore_changes` entries of a marker for one resource; `images` are the paths of the containers to name.

    A policy that the resource declares itself is not among them: ignored, it would reach nothing (docs/facts.md,
    Terraform 3), and what injects policies adds none where one is (docs/facts.md, Kyverno 1). On a workload that opted
    out no entry hides that, or an image.
    """
    kind = KINDS.get(block.type_label)
    words = {"{pod}": kind.prefix, "{stamp}": _stamp(kind.pod)} if kind else {}
    paths = []
    for path in marker.paths:
        for word, text in words.items():
            path = path.replace(word, text)  # noqa: PLW2901 - one word after the other
        paths += [path.replace("{container}", each) for each in images] if "{container}" in path else [path]
    if declared(block, POLICY) not in (None, "never"):
        paths = [each for each in paths if each != IGNORED_POLICY]
    if wrong := next((each for each in paths if "{" in each), None):
        raise RuleError(f"`{wrong}` refers to a pod, but a {block.type_label} has none")
    hidden = _opt_out_of(block)
    return tuple(each for each in paths if not any(_hides(each, place) for place in hidden))


def _opt_out_of(block: Block) -> tuple[Traversal, ...]:
    """What no entry may hide on a workload that opted out: its policy and its images. Nothing on others."""
    if block.type_label not in KINDS or opt_out(block) is None:
        return ()
    images = (traversal.parse(f"{each.path}.image") for each in containers(block))
    policies: tuple[Traversal, ...] = tuple(("metadata", 0, name, POLICY) for name in ("annotations", "labels"))
    return (*policies, *(each for each in images if each))


def _hides(path: str, place: Traversal) -> bool:
    entry = traversal.parse(path)
    return entry is not None and traversal.covers(entry, place)


def _stamp(pod: Sequence[str]) -> str:
    """The metadata that Keel stamps: of the pod template, for a CronJob of the job template (docs/facts.md, Keel 5)."""
    return ".".join(f"{step}[0]" for step in (*pod[: 1 if len(pod) == 1 else 2], "metadata"))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
