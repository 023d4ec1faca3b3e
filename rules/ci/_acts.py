"""What is done by a command, an action or a plugin, and to which workload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from hclmod.rulekit import Struct, replace


class Kind(Enum):
    """What becomes of a cluster, or of people, by it."""

    IMAGE = "image"  # sets the image of a workload, or restarts it
    TRIGGER = "trigger"  # starts a pipeline that deploys an image
    OTHER = "other"  # deploys, and not by an image alone
    NOTIFY = "notify"
    BUILD = "build"
    NEUTRAL = "neutral"  # changes nothing outside of the job
    UNKNOWN = "unknown"


class Target(Struct, frozen=True, kw_only=True):
    """A workload that is deployed: its containers with the image that each gets, none for a restart."""

    kind: str
    name: str
    namespace: str = ""
    images: tuple[tuple[str, str], ...] = ()


class Act(Struct, frozen=True, kw_only=True):
    """One thing that is done, and how a report calls it."""

    kind: Kind
    words: str = ""
    target: Target | None = None
    home: str = ""  # the namespace that it chooses for what comes behind it
    condition: str = ""  # under which its step runs, as it is written


NEUTRAL = Act(kind=Kind.NEUTRAL)
ROLLBACK, CAUSE = "`kubectl rollout undo`", "`kubectl annotate`"
"""What belongs to a deploy that it stands beside."""


def at_home(acts: Iterable[Act]) -> Iterator[Act]:
    """Acts with the namespace that an earlier one has chosen, where they name none."""
    home = ""
    for each in acts:
        home = each.home or home
        if home and each.target is not None and not each.target.namespace:
            yield replace(each, target=replace(each.target, namespace=home))
        else:
            yield each
