"""What is to be done, and all that its rules may know: what a plan takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hclmod.rulekit import loading
from hclmod.rulekit.places import Placing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hclmod.config.file import Config
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import Facts
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.places import Key
    from hclmod.terraform.stacks import Assignment, Target


@dataclass(frozen=True, slots=True)
class Brief:
    """What is to be done: one phase (None: whatever is pointed at), its rules, and all that they may know.

    `only` restricts the outcomes to these documents; the others of a stack are read for what they declare. `chosen`
    restricts the blocks to the resources (folder and address) that a command names.
    """

    config: Config
    tags: Snapshot
    assignment: Assignment
    phase: int | None
    rules: Sequence[str] | None
    options: Mapping[str, Mapping[str, object]]
    folders: Sequence[Path | None] = (None,)
    only: frozenset[str] | None = None
    names: tuple[str, ...] = ()
    placing: Placing = field(default_factory=Placing)
    reached: tuple[tuple[str, Target], ...] = ()  # rule and the resource that an option of it names
    facts: Mapping[tuple[str, str], Facts] = field(default_factory=dict)  # by folder and address
    chosen: frozenset[tuple[str, str]] | None = None
    held: Mapping[Key, str] = field(default_factory=dict)  # images that stay with others

    def load(self) -> tuple[Loaded, ...]:
        """The rules with their options; loaded once while the same brief is at work."""
        if not _loaded or _loaded[0][0] is not self:
            loaded = loading.load(self.rules, self.options, self.folders)
            grown = (replace(each, rule=each.rule.grown(self.config, each.options)) for each in loaded)
            _loaded[:] = [(self, tuple(grown))]
        return _loaded[0][1]

    @property
    def wants_facts(self) -> bool:
        """Whether one of the rules asks for the facts of all stacks."""
        return any(loaded.rule.informed for loaded in self.load())


_loaded: list[tuple[Brief, tuple[Loaded, ...]]] = []
