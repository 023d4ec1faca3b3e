"""What a phase would do: stacks x rules, in memory. Nothing here reads or writes a file.

A stack is read, indexed, settled and dropped before the next one: kept trees take 65 times their source (FACTS 7.1).
"""

from __future__ import annotations

import difflib
import re
import traceback
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from hclmod import engine, judges, modules, rulebook
from hclmod.document import unreadable
from hclmod.engine import Changed, Failed, Outcome, Refused, Skipped
from hclmod.errors import ConfigError, HclmodError
from hclmod.modules import Resource, folder_of
from hclmod.places import Placing, Tenant
from hclmod.rule import Context, Namespace
from hclmod.stack import Target, resolve
from hclmod.workloads import NAMESPACES, WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.config import Config
    from hclmod.document import Document
    from hclmod.facts import Facts
    from hclmod.images.snapshot import Snapshot
    from hclmod.modules import Inventory
    from hclmod.places import Key
    from hclmod.rulebook import Loaded
    from hclmod.stack import Assignment, Stack
    from hclmod.trivia import Source
    from hclmod.views import Block

POOL_BYTES = 1_000_000
"""Above this much text to parse a second process pays for its start (`benchmarks/`)."""

WORKERS = 2


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
            loaded = rulebook.load(self.rules, self.options, self.folders)
            grown = (replace(each, rule=each.rule.grown(self.config, each.options)) for each in loaded)
            _loaded[:] = [(self, tuple(grown))]
        return _loaded[0][1]

    @property
    def wants_facts(self) -> bool:
        """Whether one of the rules asks for the facts of all stacks."""
        return any(loaded.rule.informed for loaded in self.load())


_loaded: list[tuple[Brief, tuple[Loaded, ...]]] = []


@dataclass(frozen=True, slots=True)
class StackReport:
    """The outcomes of one stack's documents, the namespaces it enrolls by name, and what resources it declares."""

    stack: Stack
    outcomes: tuple[Outcome, ...]
    names: tuple[str, ...] = ()
    declared: frozenset[Resource] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """Everything that a phase would do and everything it would leave, by stack."""

    number: int | None
    title: str
    rules: tuple[str, ...]
    stacks: tuple[StackReport, ...]

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all documents, sorted by stack and path."""
        return (outcome for stack in self.stacks for outcome in stack.outcomes)

    @property
    def changes(self) -> dict[str, bytes]:
        """The new bytes of every changed document."""
        return {each.path: each.after for each in self.outcomes if isinstance(each, Changed)}

    def unproven(self, excepted: Iterable[str] = ()) -> tuple[Refused | Failed, ...]:
        """The documents that forbid to write, less those that the config excepts by name."""
        bad = (each for each in self.outcomes if isinstance(each, Refused | Failed))
        return tuple(each for each in bad if each.path not in set(excepted))


def reach(brief: Brief, stacks: Sequence[Stack]) -> tuple[tuple[str, Target], ...]:
    """The resources outside the phase that options of the brief's rules name."""
    return tuple(
        (loaded.id, resolve(name, stacks, f"options.{loaded.id}.{option}", brief.config))
        for loaded in brief.load()
        for option in loaded.rule.reaches
        if (name := str(loaded.options.get(option, "")))
    )


def run(
    todo: Sequence[tuple[Brief, Sequence[Stack]]],
    read: Callable[[Stack], tuple[Document, ...]],
    watch: Callable[[str], None] = lambda _path: None,
) -> list[tuple[StackReport, ...]]:
    """For each brief the reports of its stacks, by path; `read` gives a stack's documents, `watch` hears of each done.

    Stacks that an option reaches come last, when the names of all namespaces are known.
    """
    jobs = [(index, brief, stack) for index, (brief, stacks) in enumerate(todo) for stack in stacks]
    first = [job for job in jobs if not _is_reached(job)]
    done = _settle_all(first, read, watch)
    last = [
        (index, replace(brief, names=_names(done, index)), stack) for index, brief, stack in filter(_is_reached, jobs)
    ]
    done += _settle_all(last, read, watch)
    ordered = sorted(done, key=lambda each: each[1].stack.path)
    return [tuple(report for index, report in ordered if index == wanted) for wanted in range(len(todo))]


Job = tuple[int, Brief, "Stack"]


def _is_reached(job: Job) -> bool:
    _, brief, stack = job
    return any(target.stack == stack.path for _, target in brief.reached)


def _names(done: Sequence[tuple[int, StackReport]], wanted: int) -> tuple[str, ...]:
    return tuple(sorted({name for index, report in done if index == wanted for name in report.names}))


def _settle_all(
    jobs: Sequence[Job], read: Callable[[Stack], tuple[Document, ...]], watch: Callable[[str], None]
) -> list[tuple[int, StackReport]]:
    work = [(brief, stack, read(stack)) for _, brief, stack in jobs]
    if sum(map(_weight, work)) < POOL_BYTES:
        return [(job[0], _watched(_settled(each), watch)) for job, each in zip(jobs, work, strict=True)]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    context = get_context(None if judges.may_fork() else "spawn")
    with ProcessPoolExecutor(max_workers=WORKERS, mp_context=context) as pool:
        reports = pool.map(_settled, work, chunksize=max(1, len(work) // (8 * WORKERS)))
        return [(job[0], _watched(report, watch)) for job, report in zip(jobs, reports, strict=True)]


def _weight(work: tuple[Brief, Stack, tuple[Document, ...]]) -> int:
    """How many bytes of a stack will be parsed."""
    brief, stack, documents = work
    wanted = _needle(_kinds(brief, stack, brief.load()))
    return sum(len(document.data) for document in documents if wanted.search(document.data))


def _settled(work: tuple[Brief, Stack, tuple[Document, ...]]) -> StackReport:
    return settle_stack(*work)


def _watched(report: StackReport, watch: Callable[[str], None]) -> StackReport:
    watch(report.stack.path)
    return report


def settle_stack(brief: Brief, stack: Stack, documents: Sequence[Document]) -> StackReport:
    """Read one stack, offer its selected resources to the rules, and report every document."""
    rules = brief.load()
    yaml = [document for document in documents if not document.path.endswith(_HCL)]
    code = [document for document in documents if document.path.endswith(_HCL)]
    sources, outcomes = _sources(code, _kinds(brief, stack, rules), brief.placing.places)
    inventory = modules.take(sources)
    homes = brief.placing.homes
    inventory.settle(lambda each: homes.get((stack.path, each.folder, each.address), ()))
    mine = _Selection(brief, stack, inventory)
    names = tuple(sorted({name for each in mine.namespaces for name in mine.names(each)}))
    for source in sources:
        if brief.only is None or source.document.path in brief.only:
            context = mine.context(source.document.path, tuple(sorted({*brief.names, *names})))
            outcomes.append(
                _attempt(source.document.path, partial(engine.settle, source, rules, context, mine.select(source)))
            )
    outcomes += [_settled_yaml(document, rules, mine.context(document.path, ())) for document in yaml]
    shown = [each for each in outcomes if brief.only is None or each.path in brief.only]
    ordered = tuple(sorted(shown, key=lambda each: each.path))
    return StackReport(stack, ordered, names, _unread(brief, stack, code) | inventory.resources)


def _unread(brief: Brief, stack: Stack, documents: Sequence[Document]) -> frozenset[Resource]:
    """What a stack declares by its text, if something of it is named, and by following references in modules."""
    named = (*brief.assignment.targets, *brief.assignment.decided, *(target for _, target in brief.reached))
    if not any(target.stack == stack.path for target in named):
        return frozenset()
    found = [each for document in documents for each in modules.written(document.path, document.data)]
    return frozenset(found) | {Resource(*where) for where in brief.placing.declared.get(stack.path, ())}


_HCL = (".tf", ".hcl", ".tfvars", ".tofu")


def _settled_yaml(document: Document, rules: Sequence[Loaded], context: Context) -> Outcome:
    from hclmod import yaml_documents

    if reason := unreadable(document.data):
        return Skipped(document.path, reason)
    return _attempt(document.path, partial(yaml_documents.settle, document, rules, context))


def _kinds(brief: Brief, stack: Stack, rules: Sequence[Loaded]) -> frozenset[str]:
    """The resource types that matter: those of the rules; all that live in namespaces where those are asked for."""
    kinds = frozenset(kind for loaded in rules for kind in loaded.rule.kinds)
    named = any(target.stack == stack.path for target in (*brief.assignment.targets, *brief.assignment.decided))
    return kinds | {*WORKLOADS, *NAMESPACES} if named or kinds & set(NAMESPACES) else kinds


def _sources(
    documents: Sequence[Document], kinds: frozenset[str], placed: Collection[str]
) -> tuple[list[Source], list[Outcome]]:
    """The documents that can matter, parsed; those that could and cannot be read, as outcomes."""
    wanted = _needle(kinds)
    by_local = kinds & set(NAMESPACES) and any(_BY_LOCAL.search(document.data) for document in documents)
    sources: list[Source] = []
    skipped: list[Outcome] = []
    for document in documents:
        if reason := unreadable(document.data):
            skipped.append(Skipped(document.path, reason))
        elif document.path in placed or wanted.search(document.data) or (by_local and b"locals" in document.data):
            match engine.parse(document):
                case Skipped() as unread:
                    skipped.append(unread)
                case source:
                    sources.append(source)
    return sources, skipped


_BY_LOCAL = re.compile(rb"\bname(?:space)?\s*=\s*local\.")


@cache
def _needle(kinds: frozenset[str]) -> re.Pattern[bytes]:
    """Finds the beginning of a resource of one of these types; a document without one is not parsed.

    It does not look past the next `resource`: a long line of nothing else would take minutes.
    """
    types = "|".join(sorted(map(re.escape, kinds))).encode()
    return re.compile(rb"\bresource\b(?:(?!\bresource\b)[^\n{])*?\b(?:" + types + rb")\b")


def _attempt(path: str, settle: Callable[[], Outcome]) -> Outcome:
    try:
        return settle()
    except HclmodError:
        raise
    except Exception:  # noqa: BLE001 - one document's bug must not hide the others; it forbids to write all the same
        return Failed(path, traceback.format_exc())


class _Selection:
    """Which resources of a stack a phase works on, and what their rules may know."""

    def __init__(self, brief: Brief, stack: Stack, inventory: Inventory) -> None:
        self.brief, self.stack, self.inventory = brief, stack, inventory
        self.namespaces = [each for each in inventory.namespaces if self._facts(each).workloads]

    def _in_phase(self, resource: Resource) -> bool:
        return self.brief.phase is None or self._phase(resource) == self.brief.phase

    def _phase(self, resource: Resource) -> int | None:
        return self.brief.assignment.phase_of(self.stack.path, resource.folder, resource.address)

    def _facts(self, namespace: Resource) -> Namespace:
        """Who lives in a namespace: by this stack's own references, and by what following those of all stacks found."""
        tenants = self.brief.placing.tenants.get((namespace.folder, namespace.address), ())
        here = {(each.folder, each.address) for each in tenants if each.stack == self.stack.path}
        living = [
            Tenant(self.stack.path, each.folder, each.address, "", self._phase(each), self._in_phase(each))
            for each in self.inventory.living_in(namespace)
            if (each.folder, each.address) not in here
        ]
        told = {self._named(each): each for each in (*living, *tenants)}
        mine = tuple(name for name, each in told.items() if each.mine)
        others = {name: each.phase for name, each in told.items() if not each.mine}
        named = self._names(namespace)
        return Namespace(named[0] if len(named) == 1 else None, mine, others, names=named if len(named) > 1 else ())

    def _names(self, namespace: Resource) -> tuple[str, ...]:
        """What a namespace resource is called: by its own text, else by what following references found."""
        own = self.inventory.namespaces[namespace]
        return (own,) if own else self.brief.placing.named.get((namespace.folder, namespace.address), ())

    def names(self, namespace: Resource) -> tuple[str, ...]:
        """The names of a namespace resource in which somebody of the phase lives."""
        named = self._names(namespace)
        tenants = self.brief.placing.tenants.get((namespace.folder, namespace.address), ())
        lived = {name for each in tenants if each.mine for name in each.homes}
        return named if len(named) == 1 else tuple(name for name in named if name in lived)

    def _named(self, tenant: Tenant) -> str:
        return tenant.address if tenant.stack == self.stack.path and not tenant.module else tenant.name

    def _home(self, workload: Resource, home: Resource | None) -> Namespace | None:
        """The namespace of a workload; one that other stacks declare is known by its name and its owners only."""
        names = self.brief.placing.homes.get((self.stack.path, workload.folder, workload.address), ())
        if home is not None:
            facts = self._facts(home)
            return replace(facts, name=names[0], names=()) if not facts.name and len(names) == 1 else facts
        owners = [self.brief.placing.owners.get(name, ()) for name in names]
        if not owners or not all(owners):
            return None
        return Namespace(", ".join(names), owners=tuple(dict.fromkeys(each for told in owners for each in told)))

    def context(self, document: str, names: tuple[str, ...]) -> Context:
        """What rules may know in one document."""
        folder, placing = folder_of(document), self.brief.placing
        facts = {each: self._facts(each) for each in self.inventory.namespaces}
        homes = {
            each.address: self._home(each, home)
            for each, home in self.inventory.workloads.items()
            if each.folder == folder
        }
        here = {each.address: fact for each, fact in facts.items() if each.folder == folder}
        return Context(
            self.brief.config,
            self.brief.tags,
            self.brief.phase,
            here,
            homes,
            names,
            placing.places.get(document, ()),
            {(each, path): told for (where, each, path), told in placing.followed.items() if where == folder},
            {each: callers for (where, each), callers in placing.shared.items() if where == folder},
            tuple(loaded.id for loaded in self.brief.load()),
            {each: fact for (where, each), fact in self.brief.facts.items() if where == folder},
            stack=self.stack.path,
            folder=folder,
            assignment=self.brief.assignment,
            held=self.brief.held,
            merged={each.address: blocks for each, blocks in self.inventory.merged.items() if each.folder == folder},
        )

    def _is_inherited(self, loaded: Loaded, resource: Resource) -> bool:
        """Whether a module's resource is the phase's by a call; rules about namespaces look at callers instead."""
        return (resource.folder, resource.address) in self.brief.placing.inherited and not (
            set(loaded.rule.kinds) & set(NAMESPACES)
        )

    def select(self, source: Source) -> Callable[[Loaded, Block], bool]:
        """Whether a rule is offered a block of this document."""
        folder = folder_of(source.document.path)

        def selected(loaded: Loaded, block: Block) -> bool:
            resource = Resource(folder, block.address)
            if self.brief.chosen is not None:
                return (folder, block.address) in self.brief.chosen
            if block.type_label in NAMESPACES:
                return self.brief.phase is None or resource in self.namespaces
            if block.type_label in WORKLOADS:
                return self._in_phase(resource) or self._is_inherited(loaded, resource)
            if not loaded.rule.reaches:
                return self._in_phase(resource)
            reached = (target for rule, target in self.brief.reached if rule == loaded.id)
            return self.brief.phase is None or any(
                target.stack == self.stack.path and target.is_at(folder, block.address) for target in reached
            )

        return selected


def check_targets(brief: Brief, reports: Sequence[StackReport]) -> None:
    """Raise `ConfigError` for a resource that the phase or an option names and its stack does not declare."""
    named = [
        (target, f"phase.{phase}.workloads")
        for target, phase in brief.assignment.targets.items()
        if phase == brief.phase and not target.module  # those were looked for among the calls
    ]
    named += [(target, "workloads") for target in brief.assignment.decided if not target.module]
    named += [(target, f"an option of {rule}") for rule, target in brief.reached]
    for target, where in named:
        report = next((each for each in reports if each.stack.path == target.stack), None)
        if report is not None and not any(target.is_at(each.folder, each.address) for each in report.declared):
            near = difflib.get_close_matches(target.address, {each.address for each in report.declared}, 1)
            hint = f"Did you mean `{near[0]}`?" if near else "Resources are written STACK/TYPE.NAME."
            raise ConfigError(
                f"{brief.config.path}: {where} names `{target.address}`, which {target.stack} lacks", hint=hint
            )
