"""One job with all that its rules may know, made in one pass."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field

from hclmod.rulekit.places import Placing
from hclmod.scan.cluster import ClusterObjects
from hclmod.terraform.ids import BlockId, ImageId
from hclmod.terraform.kubernetes import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.config.file import Config
    from hclmod.engine.job import Job
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import Facts
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.places import Followed
    from hclmod.scan.pipelines import ImageSetter
    from hclmod.terraform.stacks import Assignment, Stack, Target


Id = TypeVar("Id", BlockId, ImageId)
Value = TypeVar("Value")


class Run(Struct, frozen=True, kw_only=True, dict=True):
    """A job, its loaded rules, the stacks that it looks at, and what following references found.

    `reached` are the resources that options of rules name, with the rule. `blocked` are the images that stay with
    others, with the reason. `chosen` are the blocks that rules are offered, None for all that the phase selects.
    """

    job: Job
    config: Config
    tags: Snapshot
    assignment: Assignment
    rules: tuple[Loaded, ...]
    stacks: tuple[Stack, ...]
    reached: tuple[tuple[str, Target], ...] = ()
    placing: Placing = field(default_factory=Placing)
    facts: Mapping[BlockId, Facts] = field(default_factory=dict)
    pipelines: tuple[ImageSetter, ...] = ()
    blocked: Mapping[ImageId, str] = field(default_factory=dict)
    chosen: frozenset[BlockId] | None = None
    objects: ClusterObjects = field(default_factory=ClusterObjects)

    @property
    def phase(self) -> int | None:
        """The phase that selects what rules are offered; None for everything."""
        return self.job.phase

    @cached_property
    def followed(self) -> Mapping[str, Mapping[ImageId, Followed]]:
        """What is known of each container's image, by the folder that declares it."""
        return _by_folder(self.placing.followed)

    @cached_property
    def shared(self) -> Mapping[str, Mapping[BlockId, tuple[str, ...]]]:
        """Who else uses each block of the phase, by its folder."""
        return _by_folder(self.placing.shared)

    @cached_property
    def informed(self) -> Mapping[str, Mapping[BlockId, Facts]]:
        """The facts of each resource, by its folder."""
        return _by_folder(self.facts)

    @property
    def is_whole_phase(self) -> bool:
        """Whether this is a phase on the whole repository, so that what it names has to be there."""
        return self.phase is not None and not self.job.near and not self.job.workloads


def _by_folder(entries: Mapping[Id, Value]) -> dict[str, dict[Id, Value]]:
    by_folder: dict[str, dict[Id, Value]] = defaultdict(dict)
    for key, value in entries.items():
        by_folder[key.folder][key] = value
    return dict(by_folder)


def about_namespaces(rules: tuple[Loaded, ...]) -> bool:
    """Whether one of the rules looks at namespaces."""
    return any(set(loaded.rule.kinds) & set(NAMESPACES) for loaded in rules)
