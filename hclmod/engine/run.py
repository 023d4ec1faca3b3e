"""One job with all that its rules may know, made in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hclmod.rulekit.places import Placing
from hclmod.terraform.kubernetes import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.config.file import Config
    from hclmod.engine.job import Job
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import Facts
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.ids import BlockId, ImageId
    from hclmod.terraform.stacks import Assignment, Stack, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
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
    blocked: Mapping[ImageId, str] = field(default_factory=dict)
    chosen: frozenset[BlockId] | None = None

    @property
    def phase(self) -> int | None:
        """The phase that selects what rules are offered; None for everything."""
        return self.job.phase

    @property
    def is_whole_phase(self) -> bool:
        """Whether this is a phase on the whole repository, so that what it names has to be there."""
        return self.phase is not None and not self.job.near and not self.job.workloads


def about_namespaces(rules: tuple[Loaded, ...]) -> bool:
    """Whether one of the rules looks at namespaces."""
    return any(set(loaded.rule.kinds) & set(NAMESPACES) for loaded in rules)
