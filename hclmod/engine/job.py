"""What a run is asked to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.rulekit.rule import Finding
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload


class Job(Struct, frozen=True, kw_only=True):
    """Which rules run, and on what: a phase, documents, one workload, or everything.

    `phase` is the number of a phase, None for everything.

    `only` restricts the report to these documents. The others of their stacks are read for what they declare. With
    `near` only the stacks around these documents are looked at, and whoever shares a literal with them: for a hook.
    `named` are those of them that a person named one by one: they are read whatever they hold.

    `workloads` restricts the blocks that rules are offered to that of one workload, in these instances of its module.
    With `alone` a literal is changed only where nobody else uses it.

    `answers` are findings of another job, perhaps on another repository, that rules of this one read.

    `done` are the phases that count as done, None for those of the project. `earlier` is the repository as it was,
    for rules that look at edits.
    """

    rules: tuple[str, ...]
    title: str = ""
    phase: int | None = None
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    only: frozenset[str] | None = None
    near: bool = False
    named: frozenset[str] = frozenset()
    workloads: tuple[Workload, ...] = ()
    alone: bool = False
    done: tuple[int, ...] | None = None
    earlier: Model | None = None
    answers: tuple[Finding, ...] | None = None
