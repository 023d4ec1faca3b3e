"""What a phase would do: stacks x rules, in memory. Nothing here reads or writes a file.

A stack is read, indexed, settled and dropped before the next one: kept trees take 65 times their source (FACTS 7.1).
"""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from hclmod.engine import settle as engine
from hclmod.engine.context import Selection
from hclmod.engine.job import Brief
from hclmod.engine.outcomes import Failed, Outcome, Skipped, StackReport
from hclmod.errors import ConfigError, HclmodError, nearest
from hclmod.hcl.source import Unread, parse, unreadable
from hclmod.proof import parsers
from hclmod.rulekit import loading
from hclmod.rulekit.rule import Context
from hclmod.terraform import inventory as modules
from hclmod.terraform.inventory import Resource
from hclmod.terraform.kubernetes import NAMESPACES, WORKLOADS
from hclmod.terraform.stacks import Target, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hclmod.hcl.document import Document
    from hclmod.hcl.source import Source
    from hclmod.rulekit.loading import Loaded
    from hclmod.terraform.stacks import Stack

POOL_BYTES = 1_000_000
"""Above this much text to parse a second process pays for its start (`benchmarks/`)."""

WORKERS = 2


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

    context = get_context(None if parsers.may_fork() else "spawn")
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
    mine = Selection(brief, stack, inventory)
    names = tuple(sorted({name for each in mine.namespaces for name in mine.names(each)}))
    for source in sources:
        if brief.only is None or source.document.path in brief.only:
            context = mine.context(source.document.path, tuple(sorted({*brief.names, *names})))
            settle = partial(engine.settle, source, rules, context, mine.select(source))
            outcomes.append(_attempt(source.document.path, rules, settle))
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
    from hclmod.engine import settle_yaml

    if reason := unreadable(document.data):
        return Skipped(document.path, reason)
    return _attempt(document.path, rules, partial(settle_yaml.settle, document, rules, context))


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
            match parse(document):
                case Unread(reason):
                    skipped.append(Skipped(document.path, reason, broken=True))
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


def _attempt(path: str, rules: Sequence[Loaded], settle: Callable[[], Outcome]) -> Outcome:
    try:
        return settle()
    except HclmodError:
        raise
    except Exception as error:  # noqa: BLE001 - one document's bug must not hide the others; it forbids to write too
        return Failed(path, traceback.format_exc(), loading.blame(error, rules))


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
            hint = nearest(
                target.address, {each.address for each in report.declared}, "Resources are written STACK/TYPE.NAME."
            )
            raise ConfigError(
                f"{brief.config.path}: {where} names `{target.address}`, which {target.stack} lacks", hint=hint
            )
