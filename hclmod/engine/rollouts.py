"""What a phase rolls in the cluster: by comparing what the repository declares before and after its changes."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from hclmod.config.rollout import Rollout
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed
from hclmod.images import decide, reference
from hclmod.images.jumps import jump
from hclmod.images.running import Owner, is_current
from hclmod.images.tags import HOLDERS_OF_DATA
from hclmod.rollout.items import APPLY, BACKED_UP, JUMPS, NEVER, POLL, STATEFUL, STATELESS, Item
from hclmod.terraform import inventory, origins, stacks, trace
from hclmod.terraform.ids import BlockId, ResourceId
from hclmod.terraform.kubernetes import NAMESPACES, PACED, ROLLOUTS, WORKLOADS, object_name, rollout, word
from hclmod.terraform.origins import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.images.reference import Reference
    from hclmod.terraform.origins import Module
    from hclmod.terraform.resources import Workload

ENROLMENT = "rolled-by-enrolment"
"""The rule that says what the cluster rolls as soon as it is enrolled."""

IMAGE = "image"
"""The cause of an item whose image is another one afterwards."""


class _Change(Struct):
    """What is known of one resource that the phase changes."""

    why: list[str] = field(default_factory=list)
    effects: set[str] = field(default_factory=set)
    images: list[tuple[str, str]] = field(default_factory=list)


class Seen(Struct, frozen=True):
    """What is known from outside: for each image that is behind when a newer one was seen, and which digests run."""

    worklist: Mapping[str, str] = {}
    running: Mapping[Owner, Mapping[str, frozenset[str]]] = {}


NOTHING = Seen()


class Comparison:
    """A repository before and after the changes of a phase.

    `project` is the one that was planned.
    """

    def __init__(self, project: Project, report: PhaseReport, settings: Rollout, seen: Seen = NOTHING) -> None:
        self.before, self.report, self.settings, self.seen = project, report, settings, seen
        self.after = project.over(project.tree.changed(report.changes))

    def items(self) -> tuple[Item, ...]:
        """What applying the changes rolls, and what it changes without rolling anything.

        One item for each resource, and one more for a workload that another stack enrolls.
        """
        changes, polled = self._changes(), dict(self._polled())
        mine = {id_: polled.pop(id_) for id_ in changes if id_ in polled and polled[id_][0] == id_.stack}
        result = [self._item(id_, change, mine.get(id_)) for id_, change in changes.items()]
        result += [self._item(id_, _Change(), trigger) for id_, trigger in polled.items()]
        return tuple(sorted(self._sharing(result), key=lambda each: (each.stack, each.workload)))

    def _changes(self) -> dict[ResourceId, _Change]:
        result: dict[ResourceId, _Change] = defaultdict(_Change)
        before = _images(self.before)
        for (id_, slot), text in _images(self.after).items():
            if (old := before.get((id_, slot))) not in (None, text):
                result[id_].why = [IMAGE]
                result[id_].effects.add(rollout(id_.address.partition(".")[0]))
                result[id_].images.append((old or "", text))
        for id_, rule, effect in self._effects():
            result[id_].effects.add(effect)
            if rule not in result[id_].why and not result[id_].images:
                result[id_].why.append(rule)
        return result

    def _effects(self) -> Iterator[tuple[ResourceId, str, str]]:
        """What findings say that a change does to a resource."""
        for stack in self.report.stacks:
            for outcome in _changes(stack.outcomes):
                declared = inventory.written(outcome.path, outcome.after)
                for each in outcome.applied:
                    block = BlockId(inventory.folder_of(outcome.path), each.finding.address)
                    if each.finding.effect and block in declared:
                        for id_ in self._instances.get(block) or [ResourceId(stack.stack.path, "", *block)]:
                            yield id_, each.rule, each.finding.effect

    @cached_property
    def _workloads(self) -> dict[ResourceId, Workload]:
        return {each.id: each for each in self.after.model.workloads}

    @cached_property
    def _instances(self) -> dict[BlockId, list[ResourceId]]:
        result: dict[BlockId, list[ResourceId]] = defaultdict(list)
        for id_ in self._workloads:
            result[id_.block].append(id_)
        return result

    @cached_property
    def _modules(self) -> dict[tuple[str, str, str], Module]:
        return {(stack, each.name, each.folder): each for stack, each in self.after.model.instances}

    def _polled(self) -> Iterator[tuple[ResourceId, tuple[str, str]]]:
        """The workloads that the cluster rolls by itself after the phase and did not before it, with what enrolls them.

        That is a stack, and the address of the namespace there, empty where it is not in the root module.
        """
        new = _enrolled(self.after) - _enrolled(self.before)
        for block in sorted(new):
            for id_ in self._instances.get(block, ()):
                yield id_, self._trigger(id_)

    def _trigger(self, id_: ResourceId) -> tuple[str, str]:
        names = self._workloads[id_].namespaces
        places = (each for name in names for each in self.after.model.namespaces.get(name or "", ()))
        home = next((each for each in places if each.block in self._labelled), None)
        if home is not None:
            return home.stack, home.address if home.folder == home.stack else ""
        return (self._listing[0] if len(self._listing) == 1 else id_.stack), ""

    @cached_property
    def _labelled(self) -> frozenset[BlockId]:
        """The namespaces that the phase changes so that something happens in the cluster."""
        return frozenset(block for _, block in self._acting if block.address.partition(".")[0] in NAMESPACES)

    @cached_property
    def _listing(self) -> tuple[str, ...]:
        """The stacks where the phase changes what acts on namespaces from elsewhere, such as the list of a policy."""
        here = (*NAMESPACES, *WORKLOADS)
        others = {stack for stack, block in self._acting if block.address.partition(".")[0] not in here}
        return tuple(sorted(others))

    @cached_property
    def _acting(self) -> tuple[tuple[str, BlockId], ...]:
        """Stack and block of each change that rolls nothing by itself and yet does something in the cluster."""
        return tuple(
            (stack.stack.path, BlockId(inventory.folder_of(outcome.path), each.finding.address))
            for stack in self.report.stacks
            for outcome in _changes(stack.outcomes)
            for each in outcome.applied
            if each.finding.effect and not set(each.finding.effect.split("; ")) & ROLLOUTS
        )

    def _item(self, id_: ResourceId, change: _Change, trigger: tuple[str, str] | None) -> Item:
        kind = id_.address.partition(".")[0]
        weight = self._weight(id_, kind, change.effects | ({rollout(kind)} if trigger else set()))
        own = bool(change.effects & PACED)
        stack, namespace = trigger if trigger and not own else (id_.stack, "")
        home = (namespace,) if namespace else ()
        workload = self._workloads.get(id_)
        texts = self._texts.get(id_, ())
        stage, notes = self._care(id_, kind, texts, change.images)
        home_name = next((each for each in workload.namespaces if each), "") if workload else ""
        name = self._name(id_) if object_name(home_name) == home_name else ""
        when = APPLY if own else POLL if trigger else NEVER
        running = self.seen.running.get((home_name, word(kind), name), {})
        if when == POLL and is_current(running, texts, self.after.tags):
            when, weight, notes = NEVER, 0, (*notes, "runs the newest image already")
        return Item(
            stack=stack,
            workload=id_.name,
            targets=home if trigger and not own else (id_.full,),
            why=(*change.why, *(("enrolment",) if trigger else ())),
            when=when,
            weight=weight,
            images=tuple(change.images),
            kind=word(kind),
            name=name,
            namespace=object_name(home_name),
            stage=stage,
            group=self._group(id_, texts),
            news=self._news(texts),
            notes=notes,
            by_hand=self._by_hand(stack, change.images),
        )

    def _weight(self, id_: ResourceId, kind: str, effects: set[str]) -> int:
        """How many rollouts it is: a daemon set takes a whole window, what runs at its next time takes none."""
        if not effects & PACED:
            return 0
        block, module = self._workloads.get(id_), self._modules.get((id_.stack, id_.module, id_.folder))
        if word(kind) == "daemonset":
            return self.settings.per
        known = block and module and trace.instances(block.block.each, block.block.count, Scope(module))
        return max(1, len(known or ()))

    def _name(self, id_: ResourceId) -> str:
        """The name of the object in the cluster; empty where it is not one known text."""
        workload, module = self._workloads.get(id_), self._modules.get((id_.stack, id_.module, id_.folder))
        if workload is None or module is None or workload.block.name is None:
            return ""
        texts = [origins.text(each) for each in trace.trace(workload.block.name, Scope(module))]
        return object_name(texts[0]) if len(texts) == 1 else ""

    @cached_property
    def _texts(self) -> dict[ResourceId, tuple[Reference, ...]]:
        """The images of each resource after the phase."""
        result: dict[ResourceId, list[Reference]] = defaultdict(list)
        for use in self.after.uses:
            result[use.id] += [known for text in use.texts if text and (known := reference.parse(text))]
        return {id_: tuple(every) for id_, every in result.items()}

    def _care(
        self, id_: ResourceId, kind: str, images: Sequence[Reference], changes: Iterable[tuple[str, str]]
    ) -> tuple[int, tuple[str, ...]]:
        """The stage of a workload, and what to heed."""
        notes = [note for old, new in changes if (note := jump(old, new, self.after.tags))]
        stage = JUMPS if notes else STATELESS
        holders = (*HOLDERS_OF_DATA, *self.after.config.stateful)
        if word(kind) == "statefulset" or any(decide.holder_of_data(each, holders) for each in images):
            stage = STATEFUL
            notes.append("keeps data")
        if self._is_among(id_, self.settings.backup_first):
            stage = BACKED_UP
            notes.append("back it up first")
        return stage, tuple(notes)

    def _is_among(self, id_: ResourceId, globs: Iterable[str]) -> bool:
        workload = self._workloads.get(id_)
        names = {id_.stack, stacks.name_of(id_.stack, self.after.config), id_.name, id_.address.rpartition(".")[2]}
        names |= {each for each in workload.namespaces if each} if workload else set()
        return any(fnmatchcase(name, glob) for name in names for glob in globs)

    def _by_hand(self, stack: str, changes: Iterable[tuple[str, str]]) -> str:
        name = stacks.name_of(stack, self.after.config)
        if any(fnmatchcase(each, glob) for each in (stack, name) for glob in self.settings.by_hand):
            return f"`by_hand` in hclmod.toml names {name}"
        for old, new in changes:
            known = reference.parse(new)
            forms = (known.name, known.familiar) if known else ()
            stepped = any(fnmatchcase(each, glob) for each in forms for glob in self.settings.step)
            if stepped and (note := jump(old, new, self.after.tags)):
                return f"`step` in hclmod.toml wants one major version at a time: {note}"
        return ""

    def _group(self, id_: ResourceId, images: Iterable[Reference]) -> str:
        own = self.after.assignment.policy_of(id_)
        policies = (own, *(self.after.config.policy_for(each.name) for each in images))
        return next((each.group for each in policies if each and each.group), "")

    def _news(self, images: Iterable[Reference]) -> str | None:
        return min((self.seen.worklist[each.name] for each in images if each.name in self.seen.worklist), default=None)

    def _sharing(self, every: Sequence[Item]) -> Iterator[Item]:
        """The items, each with its most frequent image among those that several of them run."""
        from msgspec.structs import replace

        users: dict[str, set[str]] = defaultdict(set)
        by_name = {id_.name: [each.name for each in images] for id_, images in self._texts.items()}
        for each in every:
            for image in by_name.get(each.workload, ()) if each.weight else ():
                users[image].add(each.workload)
        for each in every:
            shared = [image for image in by_name.get(each.workload, ()) if len(users[image]) > 1]
            yield replace(each, shared=max(shared, key=lambda image: (len(users[image]), image), default=""))


def _changes(outcomes: Iterable[object]) -> Iterator[Changed]:
    return (each for each in outcomes if isinstance(each, Changed))


def _images(project: Project) -> dict[tuple[ResourceId, str], str]:
    """Each image of the repository as text, by its resource and its place there."""
    return {(use.id, use.image.slot): " or ".join(text or "?" for text in use.texts) for use in project.uses}


def _enrolled(project: Project) -> set[BlockId]:
    """The blocks of workloads that the cluster rolls by itself where they are behind."""
    job = Job(rules=(ENROLMENT,), options=project.options_of(None), done=())
    report = project.plan(job)
    return {
        BlockId(inventory.folder_of(outcome.path), each.finding.address)
        for stack in report.stacks
        for outcome in stack.outcomes
        for each in getattr(outcome, "left", ())
    }


def addresses(project: Project, stack: str) -> frozenset[str]:
    """The addresses that `-target` may name in a stack, without the index of a resource of its own."""
    model = project.model
    known = {each.id.full for each in model.workloads if each.id.stack == stack}
    roots = {module.folder for name, module in model.instances if name == stack and not module.name}
    texts = [(path, data) for folder in sorted({stack, *roots}) for path, data in model.texts(folder).items()]
    return frozenset(known | {each.address for path, data in texts for each in inventory.written(path, data)})
