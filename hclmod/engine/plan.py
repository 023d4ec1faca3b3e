"""What a phase would do: stacks x rules, in memory. Nothing here reads or writes a file.

A stack is read, indexed, settled and dropped before the next one: kept trees take 65 times their source (docs/facts.md,
Parsers 1).
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod import halves, hurry
from hclmod.cache import NONE
from hclmod.engine.context import Selection
from hclmod.engine.kept import Outcomes
from hclmod.engine.outcomes import Failed, Outcome, PhaseReport, Skipped, StackReport
from hclmod.engine.run import Run
from hclmod.engine.settle import settle
from hclmod.engine.texts import Hcl, Python, Yaml
from hclmod.engine.tree import UNREAD
from hclmod.errors import ConfigError, HclmodError, nearest
from hclmod.hcl import syntax
from hclmod.hcl.document import Document
from hclmod.hcl.source import Unread, parse, unreadable
from hclmod.python import ENDING
from hclmod.rulekit import loading
from hclmod.rulekit.rule import BLOCKS, Context
from hclmod.terraform import inventory as modules
from hclmod.terraform.code import JSON, NATIVE, generates, passed_over
from hclmod.terraform.ids import BlockId, ResourceId
from hclmod.terraform.kubernetes import NAMESPACES, WORKLOADS
from hclmod.terraform.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hclmod.cache import Cache
    from hclmod.engine.tree import Tree
    from hclmod.hcl.source import Source
    from hclmod.rulekit.loading import Loaded


def plan(
    tree: Tree,
    runs: Sequence[Run],
    watch: Callable[[str], None] = lambda _path: None,
    kept: Cache = NONE,
    *,
    begin: Callable[[int], None] = lambda _count: None,
) -> list[PhaseReport]:
    """The report of each run; `watch` hears the path of each stack that is done, `kept` has outcomes of earlier runs.

    `begin` hears how many stacks there are to do.

    Stacks that an option reaches come last, when the names of all namespaces are known.
    """
    work = [
        _Work(index=index, run=run, stack=stack, documents=_documents(tree, stack))
        for index, run in enumerate(runs)
        for stack in run.stacks
    ]
    work.sort(key=lambda each: (_unparsed(each), each.stack.path))  # this process begins with the trees that it has
    begin(len(work))
    outcomes = [Outcomes(run, kept) for run in runs]
    done = _settle_new([each for each in work if not each.is_reached], outcomes, watch)
    last = [replace(each, names=_names(done, each.index)) for each in work if each.is_reached]
    done += _settle_new(last, outcomes, watch)
    ordered = sorted(done, key=lambda each: each[1].stack.path)
    return [_report(tree, run, [report for at, report in ordered if at == index]) for index, run in enumerate(runs)]


class _Work(Struct, frozen=True, kw_only=True):
    """One stack of one run; `names` are the namespaces of the whole phase, where they are known."""

    index: int
    run: Run
    stack: Stack
    documents: tuple[Document, ...]
    names: tuple[str, ...] = ()

    @property
    def is_reached(self) -> bool:
        named = any(target.stack == self.stack.path for _, target in self.run.reached)
        return named or any(document in self.run.lists for document in self.stack.files)


def _unparsed(work: _Work) -> int:
    """How many bytes of a stack have left no tree when the model was read."""
    texts = (document.data for document in work.documents if document.path.endswith(_HCL))
    return sum(len(data) for data in texts if not syntax.is_kept(data))


def _documents(tree: Tree, stack: Stack) -> tuple[Document, ...]:
    texts = ((path, tree.get(path)) for path in stack.files)
    return tuple(Document(path, data) for path, data in texts if data is not None)


def _report(tree: Tree, run: Run, stacks: Sequence[StackReport]) -> PhaseReport:
    if run.is_whole_phase:
        check_targets(run, stacks)
    whole = tuple(_with_unread(each, tree, run.unread.get(each.stack.path, {})) for each in stacks)
    more = (*_on_pages(run, tree), *_on_yaml(run, tree))
    return PhaseReport(run.phase, run.job.title, run.job.rules, (*whole, *more))


def _on_pages(run: Run, tree: Tree) -> tuple[StackReport, ...]:
    """What rules say of the Markdown documents of the whole repository."""
    if not run.pages:
        return ()
    from hclmod.engine import pages

    context = Context(config=run.config, tags=run.tags, phase=run.phase, objects=run.objects, done=run.done)
    outcomes = tuple(
        _attempt(each.path, run.rules, partial(pages.settled, each, tree[each.path], run.rules, context))
        for each in run.pages
    )
    return (StackReport(Stack("", "", tuple(each.path for each in run.pages)), outcomes),)


def _on_yaml(run: Run, tree: Tree) -> tuple[StackReport, ...]:
    """What rules say of whole files of YAML, by folder."""
    if not run.yaml:
        return ()
    from hclmod.engine import yamlfiles

    context = yamlfiles.context(run, tree)
    outcomes = [
        _attempt(path, run.rules, partial(yamlfiles.settled, path, tree[path], run.rules, context)) for path in run.yaml
    ]
    by_folder: dict[str, list[Outcome]] = {}
    for each in outcomes:
        by_folder.setdefault(each.path.rpartition("/")[0], []).append(each)
    return tuple(
        StackReport(Stack(folder, folder, tuple(each.path for each in own)), tuple(own))
        for folder, own in sorted(by_folder.items())
    )


def _with_unread(report: StackReport, tree: Tree, unread: Mapping[str, str]) -> StackReport:
    """The report with the files that were not read because of what they are, and those of modules that cannot be."""
    reasons = {**tree.left, **dict.fromkeys(tree.unread, UNREAD)}
    results = [Skipped(file, reasons[file]) for file in report.stack.files if file in reasons]
    known = {*report.stack.files, *(each.path for each in report.outcomes)}
    results += [Skipped(path, why, broken=True) for path, why in sorted(unread.items()) if path not in known]
    own = f"{report.stack.path}/terragrunt.hcl".removeprefix("/")
    if why := generates(own, tree.get):
        results.append(Skipped(own, why))
    return replace(report, outcomes=(*report.outcomes, *results)) if results else report


def _names(done: Sequence[tuple[int, StackReport]], target: int) -> tuple[str, ...]:
    return tuple(sorted({name for index, report in done if index == target for name in report.names}))


def _settle_new(
    work: Sequence[_Work], kept: Sequence[Outcomes], watch: Callable[[str], None]
) -> list[tuple[int, StackReport]]:
    """The reports of stacks: those of earlier runs where nothing has changed, else new ones."""
    keys = [kept[each.index].key(each.stack, each.documents, each.names) for each in work]
    known = [kept[each.index].get(key) for each, key in zip(work, keys, strict=True)]
    for report in filter(None, known):
        _watched(report, watch)
    new = iter(_settle_all([each for each, report in zip(work, known, strict=True) if report is None], watch))
    done = [(each.index, report) if report else next(new) for each, report in zip(work, known, strict=True)]
    for (index, report), key, old in zip(done, keys, known, strict=True):
        if old is None:
            kept[index].put(report, key)
    return done


def _settle_all(work: Sequence[_Work], watch: Callable[[str], None]) -> list[tuple[int, StackReport]]:
    settled = partial(_settled, work)
    answers: Iterable[tuple[int, StackReport]]
    if sum(map(_weight, work)) < halves.BYTES:
        answers = ((number, settled(number)) for number in range(len(work)))
    else:
        if any(each.run.phase is not None for each in work):
            from hclmod.proof import parsers

            parsers.load()  # here, for both
        answers = halves.shared(settled, len(work), StackReport)
    reports = {number: _watched(report, watch) for number, report in answers}
    return [(each.index, reports[number]) for number, each in enumerate(work)]


def _settled(work: Sequence[_Work], number: int) -> StackReport:
    each = work[number]
    return settle_stack(each.run, each.stack, each.documents, each.names)


def _weight(work: _Work) -> int:
    """How many bytes of a stack will be parsed."""
    needle = _needle(_kinds(work.run, work.stack))
    return sum(len(document.data) for document in work.documents if needle.search(document.data))


def _watched(report: StackReport, watch: Callable[[str], None]) -> StackReport:
    watch(report.stack.path)
    return report


def settle_stack(run: Run, stack: Stack, documents: Sequence[Document], names: tuple[str, ...] = ()) -> StackReport:
    """Read one stack, offer its selected resources to the rules, and report every document."""
    run, hurried = run.within(stack), hurry.count()
    rules, only = run.rules, run.job.only
    yaml = [document for document in documents if not document.path.endswith((*_HCL, ENDING))]
    programs = [document for document in documents if document.path.endswith(ENDING)]
    code = [document for document in documents if document.path.endswith(_HCL)]
    placed = run.placing.places.keys() | run.lists.keys() | run.job.named
    sources, outcomes = _sources(code, _kinds(run, stack), placed)
    if programs:
        from hclmod.engine import programs as python

        parsed, skipped = python.sources(programs, stack, placed)
        sources, outcomes = [*sources, *parsed], [*outcomes, *skipped]
    inventory = modules.take(sources)
    namespaces = run.placing.namespaces
    inventory.settle(lambda each: namespaces.get(ResourceId(stack.path, "", *each), ()))
    mine = Selection(run, stack, inventory, _without_namespaces(code, outcomes))
    own = tuple(sorted({name for each in mine.namespaces for name in mine.names(each)}))
    named = tuple(sorted({*names, *own}))
    for source in sources:
        if only is None or source.document.path in only:
            context = mine.context(source.document.path, named)
            kind = Python if source.document.path.endswith(ENDING) else Hcl
            settling = partial(settle, kind(source, mine.select(source)), rules, context)
            outcomes.append(_attempt(source.document.path, rules, settling))
    outcomes += [_settled_yaml(document, rules, mine.context(document.path, named)) for document in yaml]
    shown = [each for each in outcomes if only is None or each.path in only]
    ordered = tuple(sorted(shown, key=lambda each: each.path))
    declared = _unread(run, stack, code) | inventory.resources
    return StackReport(stack, ordered, own, declared, hurry.count() != hurried)


def _without_namespaces(documents: Sequence[Document], outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The documents that declare namespaces by their text and cannot be read, with the reason."""
    reasons = {each.path: each.reason for each in outcomes if isinstance(each, Skipped)}
    named = (each.path for each in documents if each.path in reasons and b"kubernetes_namespace" in each.data)
    return tuple(f"{path} ({reasons[path]})" for path in named)


def _unread(run: Run, stack: Stack, documents: Sequence[Document]) -> frozenset[BlockId]:
    """What a stack declares by its text, if something of it is named, and by following references in modules."""
    named = (*run.assignment.targets, *run.assignment.decided, *(target for _, target in run.reached))
    if not any(target.stack == stack.path for target in named):
        return frozenset()
    results = [each for document in documents for each in modules.written(document.path, document.data)]
    return frozenset(results) | run.placing.declared.get(stack.path, frozenset())


_HCL = (*NATIVE, *JSON)


def _settled_yaml(document: Document, rules: Sequence[Loaded], context: Context) -> Outcome:
    if why := unreadable(document.data):
        return Skipped(document.path, why.reason)
    return _attempt(document.path, rules, partial(settle, Yaml(document), rules, context))


def _kinds(run: Run, stack: Stack) -> frozenset[str]:
    """The resource types that matter: those of the rules; all that live in namespaces where those are asked for."""
    kinds = frozenset(kind for loaded in run.rules for kind in loaded.rule.kinds)
    named = any(target.stack == stack.path for target in (*run.assignment.targets, *run.assignment.decided))
    return kinds | {*WORKLOADS, *NAMESPACES} if named or kinds & set(NAMESPACES) else kinds


def _sources(
    documents: Sequence[Document], kinds: frozenset[str], needed: Collection[str]
) -> tuple[list[Source], list[Outcome]]:
    """The documents that can matter or are needed, parsed; those of them that cannot be read, as outcomes."""
    target = _needle(kinds)
    by_local = kinds & set(NAMESPACES) and any(_BY_LOCAL.search(document.data) for document in documents)
    sources: list[Source] = []
    skipped: list[Outcome] = []
    paths = {document.path for document in documents}
    for document in documents:
        if reason := passed_over(document.path, paths):
            skipped.append(Skipped(document.path, reason))
        elif why := unreadable(document.data):
            skipped.append(Skipped(document.path, why.reason))
        elif document.path in needed or target.search(document.data) or (by_local and b"locals" in document.data):
            match parse(document):
                case Unread(reason):
                    skipped.append(Skipped(document.path, reason, broken=True))
                case source:
                    sources.append(source)
    return sources, skipped


_BY_LOCAL = re.compile(rb"\bname(?:space)?\s*=\s*local\.")


@cache
def _needle(kinds: frozenset[str]) -> re.Pattern[bytes]:
    """Finds the beginning of a block of one of these kinds; a document without one is not parsed.

    It does not look past the next `resource`: a long line of nothing else would take minutes.
    """
    types = "|".join(sorted(map(re.escape, kinds))).encode()
    blocks = sorted({kind.partition(".")[0] for kind in kinds} & set(BLOCKS))
    others = b"".join(rb"|\b" + each.encode() + rb"\b" for each in blocks)
    return re.compile(rb"\bresource\b(?:(?!\bresource\b)[^\n{])*?\b(?:" + types + rb")\b" + others)


def _attempt(path: str, rules: Sequence[Loaded], settling: Callable[[], Outcome]) -> Outcome:
    try:
        return settling()
    except HclmodError:
        raise
    except Exception as error:  # noqa: BLE001 - one document's bug must not hide the others; it forbids to write too
        import traceback

        return Failed(path, traceback.format_exc(), loading.blame(error, rules))


def check_targets(run: Run, reports: Sequence[StackReport]) -> None:
    """Raise `ConfigError` for a resource that the phase or an option names and its stack does not declare."""
    named = [
        (target, f"phase.{phase}.workloads")
        for target, phase in run.assignment.targets.items()
        if phase == run.phase and not target.module  # those were looked for among the calls
    ]
    named += [(target, "workloads") for target in run.assignment.decided if not target.module]
    named += [(target, f"an option of {rule}") for rule, target in run.reached]
    for target, where in named:
        report = next((each for each in reports if each.stack.path == target.stack), None)
        if report is not None and not any(target.is_at(each) for each in report.declared):
            hint = nearest(
                target.address, {each.address for each in report.declared}, "Resources are written STACK/TYPE.NAME."
            )
            raise ConfigError(
                f"{run.config.path}: {where} names `{target.address}`, which {target.stack} lacks", hint=hint
            )
