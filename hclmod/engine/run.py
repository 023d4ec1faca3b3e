"""One job with all that its rules may know, made in one pass."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod.engine.job import Job
from hclmod.rulekit.places import Placing
from hclmod.terraform.ids import BlockId, ImageId
from hclmod.terraform.inventory import folder_of
from hclmod.terraform.kubernetes import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hclmod.config.file import Config
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import AssignedWorkload, Facts
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.namelists import NameList
    from hclmod.rulekit.places import Followed, TagVariable
    from hclmod.scan.cluster import ClusterObjects
    from hclmod.scan.pipelines import ImageSetter
    from hclmod.terraform.ids import ResourceId
    from hclmod.terraform.stacks import Assignment, Stack, Target


class PageFile(Struct, frozen=True):
    """A Markdown document: whether the config names it for the section, and the page that it only refers to."""

    path: str
    managed: bool = False
    follows: str = ""


Id = TypeVar("Id", BlockId, ImageId)
Value = TypeVar("Value")


class Run(Struct, frozen=True, kw_only=True, dict=True):
    """A job, its loaded rules, the stacks that it looks at, and what following references found.

    `reached` are the resources that options of rules name, with the rule. `blocked` are the images that stay with
    others, with the reason. `chosen` are the blocks that rules are offered, None for all that the phase selects.
    `unread` are the documents of each stack's modules that cannot be read, with the reason.
    `pages` are the Markdown documents that rules are offered, and `done` the completed phases, for those rules alone.
    `yaml` are the files of YAML that rules are offered whole.
    `lists` are the lists of names that the config names, by their document.
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
    objects: ClusterObjects | None = None
    pages: tuple[PageFile, ...] = ()
    done: tuple[int, ...] = ()
    yaml: tuple[str, ...] = ()
    lists: Mapping[str, tuple[NameList, ...]] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
    def variables(self) -> Mapping[str, Mapping[BlockId, TagVariable]]:
        """The variables that make tags, by their folder."""
        return _by_folder(self.placing.variables)

    @cached_property
    def informed(self) -> Mapping[str, Mapping[BlockId, Facts]]:
        """The facts of each resource, by its folder."""
        return _by_folder(self.facts)

    def within(self, stack: Stack) -> Run:
        """The run as the rules of one stack see it, without what belongs to other folders."""
        folders = dict.fromkeys(map(folder_of, stack.files))
        placing = self.placing
        places = {file: placing.places[file] for file in stack.files if file in placing.places}
        written = {image.key.folder for some in places.values() for place in some for image in place.images}
        namespaces = self._namespaces.get(stack.path, {})
        names = {name for some in namespaces.values() for name in some}
        return replace(
            self,
            job=Job(
                rules=self.job.rules,
                phase=self.phase,
                only=self.job.only,
                near=self.job.near,
                named=self.job.named.intersection(stack.files),
            ),
            stacks=(),
            unread={},
            placing=Placing(
                places=places,
                followed=_of(self.followed, folders),
                shared=_of(self.shared, folders),
                inherited=_of(self._inherited, folders),
                occupants=_of(self._occupants, folders),
                namespaces=namespaces,
                owners={name: placing.owners[name] for name in sorted(names) if name in placing.owners},
                namespace_names=_of(self._namespace_names, folders),
                declared={stack.path: placing.declared.get(stack.path, frozenset())},
                variables=_of(self.variables, folders),
            ),
            facts=_of(self.informed, folders),
            lists={file: self.lists[file] for file in stack.files if file in self.lists},
            blocked={key: why for key, why in self.blocked.items() if key.folder in folders or key.folder in written},
        )

    @cached_property
    def _inherited(self) -> Mapping[str, Mapping[BlockId, tuple[str, ...]]]:
        return _by_folder(self.placing.inherited)

    @cached_property
    def _occupants(self) -> Mapping[str, Mapping[BlockId, tuple[AssignedWorkload, ...]]]:
        return _by_folder(self.placing.occupants)

    @cached_property
    def _namespace_names(self) -> Mapping[str, Mapping[BlockId, tuple[str, ...]]]:
        return _by_folder(self.placing.namespace_names)

    @cached_property
    def _namespaces(self) -> Mapping[str, Mapping[ResourceId, tuple[str, ...]]]:
        """The names of the namespaces of each stack's own workloads, without those of module instances."""
        by_stack: dict[str, dict[ResourceId, tuple[str, ...]]] = defaultdict(dict)
        for key, names in self.placing.namespaces.items():
            if not key.module:
                by_stack[key.stack][key] = names
        return by_stack

    @property
    def is_whole_phase(self) -> bool:
        """Whether this is a phase on the whole repository, so that what it names has to be there."""
        return self.phase is not None and not self.job.near and not self.job.workloads


def _by_folder(entries: Mapping[Id, Value]) -> dict[str, dict[Id, Value]]:
    by_folder: dict[str, dict[Id, Value]] = defaultdict(dict)
    for key, value in entries.items():
        by_folder[key.folder][key] = value
    return dict(by_folder)


def _of(by_folder: Mapping[str, Mapping[Id, Value]], folders: Iterable[str]) -> dict[Id, Value]:
    return {key: value for folder in folders for key, value in by_folder.get(folder, {}).items()}


def about_namespaces(rules: tuple[Loaded, ...]) -> bool:
    """Whether one of the rules looks at namespaces."""
    return any(set(loaded.rule.kinds) & set(NAMESPACES) for loaded in rules)
