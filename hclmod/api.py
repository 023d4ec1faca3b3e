"""The Python door: the same words as the command line, values in, values out, nothing printed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod import __version__, catalogue, config, files, plan, prepare, rulebook, stack
from hclmod.document import Document
from hclmod.engine import Changed, Skipped, Unchanged
from hclmod.errors import ConfigError, HclmodError, RefusedError
from hclmod.images import snapshot
from hclmod.plan import Brief, PhaseReport, StackReport
from hclmod.reports.diff import diff as unified_diff
from hclmod.rule import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.catalogue import Card
    from hclmod.config import Config
    from hclmod.estate import Estate
    from hclmod.fixtures import Result
    from hclmod.images.snapshot import Snapshot
    from hclmod.stack import Stack
    from hclmod.survey import Survey


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run stands on: where paths start, the config, the tag snapshot, and the rule folders a person named."""

    root: Path
    config: Config
    tags: Snapshot
    folders: tuple[Path | None, ...] = (None,)
    options: Mapping[str, Mapping[str, object]] | None = None  # from the command line; they win

    def options_of(self, number: int | None) -> dict[str, dict[str, object]]:
        """The options of every rule: of the file, then of the phase, then of the command line."""
        phase = self.config.phases.get(number) if number is not None else None
        layers = [self.config.options, phase.options if phase else {}, self.options or {}]
        rules = sorted({rule for layer in layers for rule in layer})
        return {rule: {k: v for layer in layers for k, v in layer.get(rule, {}).items()} for rule in rules}

    def rules_of(self, number: int) -> tuple[str, ...]:
        """The rules of a phase in its order: its own, else those of the file, else all built-in ones."""
        rules = self.config.phases[number].rules
        rules = self.config.rules if rules is None else rules
        return tuple(rulebook.available()) if rules is None else rules


def setup(
    folder: Path,
    *,
    file: Path | None = None,
    rules: Sequence[Path] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Setup:
    """Find and read `hclmod.toml` (or `file`) and the tag snapshot; without a file everything is empty.

    `rules` are folders of rules that the caller trusts: their code is run.
    """
    path = file or config.find(folder)
    if path is None:
        root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
        return Setup(root, config.parse(b"", "hclmod.toml"), snapshot.Snapshot({}), (None, *rules), options)
    read = config.load(path)
    known = path.parent / read.tags
    tags = snapshot.load(known) if known.is_file() else snapshot.Snapshot({})
    made = Setup(path.parent.resolve(), read, tags, (None, *rules), options)
    rulebook.check_options(made.options_of(None), made.folders)
    return made


def plan_phases(
    made: Setup,
    numbers: Sequence[int],
    *,
    base: str = "HEAD",
    in_place: bool = False,
    watch: Callable[[str], None] = lambda _path: None,
) -> tuple[PhaseReport, ...]:
    """What each phase would do to the files of `base`, or with `in_place` to the working tree; writes nothing."""
    from hclmod.gitio import Repository

    repository = Repository.open(made.root)
    if repository.root.resolve() != made.root:
        hint = f"Put {made.config.path} into {repository.root}."
        raise ConfigError("the configuration has to lie at the repository's root", hint=hint)
    entries = {entry.path: entry for entry in repository.entries(base)}
    stacks = stack.discover(entries, made.config)
    assignment = stack.assign(made.config, stacks)
    briefs = [_brief(made, number, assignment, stacks) for number in numbers]
    names = sorted(path for path in entries if path.endswith(prepare.ENDINGS))
    texts = _on_disk(made.root, names) if in_place else repository.read([entries[name] for name in names], base)
    links = frozenset(name for name in names if entries[name].mode not in _REGULAR)

    def read(each: Stack) -> tuple[Document, ...]:
        return tuple(Document(file, texts[file]) for file in each.files if file in texts and file not in links)

    placed = prepare.placed(briefs, stacks, {name: text for name, text in texts.items() if name not in links}, read)
    todo = [(brief, prepare.with_places(brief, _stacks_of(brief, stacks))) for brief in placed]
    reports = []
    for brief, found in zip(placed, plan.run(todo, read, watch), strict=True):
        plan.check_targets(brief, found)
        reports.append(_report(made, brief, tuple(_with_links(each, links) for each in found)))
    return tuple(reports)


_REGULAR = ("100644", "100755")


def _brief(made: Setup, number: int, assignment: stack.Assignment, stacks: Sequence[Stack]) -> Brief:
    if number not in made.config.phases:
        known = ", ".join(map(str, made.config.phases)) or "none"
        raise ConfigError(f"{made.config.path} has no phase {number}", hint=f"Its phases: {known}.")
    brief = Brief(
        made.config, made.tags, assignment, number, made.rules_of(number), made.options_of(number), made.folders
    )
    return replace(brief, reached=plan.reach(brief, stacks))


def _stacks_of(brief: Brief, stacks: Sequence[Stack]) -> list[Stack]:
    assert brief.phase is not None  # noqa: S101 - for the type checker: only phases come here
    wanted = brief.assignment.stacks_of(brief.phase) | {target.stack for _, target in brief.reached}
    return [each for each in stacks if each.path in wanted]


def _report(made: Setup, brief: Brief, reports: tuple[StackReport, ...]) -> PhaseReport:
    title = made.config.phases[brief.phase].title if brief.phase is not None else ""
    return PhaseReport(brief.phase, title, tuple(brief.rules or ()), reports)


def _with_links(report: StackReport, links: frozenset[str]) -> StackReport:
    found = [
        Skipped(file, "a symbolic link; its target is read where it lies")
        for file in report.stack.files
        if file in links
    ]
    return replace(report, outcomes=(*report.outcomes, *found)) if found else report


def _on_disk(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The contents of those files that are there and are no links."""
    paths = {name: root / name for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file() and not path.is_symlink()}


@dataclass(frozen=True, slots=True)
class Applied:
    """A phase that was written: on `branch` as `commit`, or (`commit` None) nothing because nothing changed."""

    report: PhaseReport
    branch: str
    commit: str | None


def apply_phase(made: Setup, report: PhaseReport, *, base: str = "HEAD", replace_branch: bool = False) -> Applied:
    """Commit a planned phase on its branch; `RefusedError` where a document is not proven."""
    from hclmod.gitio import Repository

    changes = proven(made, report)
    branch = f"hclmod/phase-{report.number}"
    if not changes:
        return Applied(report, branch, None)
    repository = Repository.open(made.root)
    commit = repository.commit(base, changes, branch=branch, message=_message(report), replace=replace_branch)
    return Applied(report, branch, commit)


def proven(made: Setup, report: PhaseReport) -> dict[str, bytes]:
    """The new bytes of a report whose every document is proven; else `RefusedError`."""
    if bad := report.unproven(made.config.except_unproven):
        names = ", ".join(each.path for each in bad)
        hint = (
            "Nothing was written. The report says why; `except_unproven` in hclmod.toml leaves a document out by name."
        )
        raise RefusedError(f"not proven: {names}", hint=hint)
    return report.changes


def _message(report: PhaseReport) -> str:
    from hclmod.gitio import PHASE, RULES, VERSION, message

    changed = [each for each in report.stacks if any(isinstance(outcome, Changed) for outcome in each.outcomes)]
    applied = {found.rule for outcome in report.outcomes if isinstance(outcome, Changed) for found in outcome.applied}
    rules = [rule for rule in report.rules if rule in applied]
    body = "\n".join(
        ("Stacks:", *(f"- {each.stack.path}" for each in changed), "", "Rules:", *(f"- {rule}" for rule in rules))
    )
    title = " ".join(report.title.split())
    subject = f"Phase {report.number}: {title}" if title else f"Phase {report.number} of the rollout"
    subject = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 3]}..."
    return message(subject, body, {PHASE: str(report.number), RULES: ", ".join(report.rules), VERSION: __version__})


_SUBJECT = 68


def check(
    made: Setup,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
) -> tuple[PhaseReport, ...]:
    """What rules have to say about files of the working tree; writes nothing.

    With `rules`, those on everything in the files; without, the rules of each phase that is done on its workloads.
    """
    return tuple(_inspect(made, paths, rules, watch))


def plan_fix(
    made: Setup,
    paths: Sequence[Path],
    rules: Sequence[str] | None = None,
    *,
    watch: Callable[[str], None] = lambda _path: None,
) -> tuple[PhaseReport, ...]:
    """What `fix` would write: as `check`, each phase on what the one before it made of a file."""
    return tuple(_inspect(made, paths, rules, watch, onwards=True))


def write(made: Setup, reports: Sequence[PhaseReport]) -> int:
    """Write planned reports to the working tree; `RefusedError`, nothing written, where a document is not proven."""
    changes = {path: data for report in reports for path, data in proven(made, report).items()}
    files.replace_all(made.root, changes)
    return len(changes)


def fix(made: Setup, paths: Sequence[Path], rules: Sequence[str] | None = None) -> tuple[PhaseReport, ...]:
    """Plan and write."""
    reports = plan_fix(made, paths, rules)
    write(made, reports)
    return reports


def findings(report: PhaseReport) -> int:
    """How many things are to do: changes, and findings that need a person."""
    found = 0
    for outcome in report.outcomes:
        if isinstance(outcome, Changed):
            found += len(outcome.applied)
        if isinstance(outcome, Changed | Unchanged):
            found += sum(each.finding.level is Level.WARNING for each in outcome.left)
    return found


def diff(made: Setup, report: PhaseReport, base: str = "HEAD") -> bytes:
    """The diff of a report, without the files that git filters: what git-crypt hides must not go into a log."""
    from hclmod.gitio import Repository

    paths = list(report.changes)
    hidden = Repository.open(made.root).filtered(paths, base) if paths and (made.root / ".git").exists() else ()
    return unified_diff(report, hidden)


def done_phases(made: Setup) -> tuple[int, ...]:
    """The phases that are done: up to `through` in the config, else those of the ledger in the commits of HEAD."""
    phases = made.config.phases
    if made.config.through is not None:
        return tuple(number for number in phases if number <= made.config.through)
    if not phases:
        return ()
    from hclmod.gitio import Repository

    ledger = {entry.phase for entry in Repository.open(made.root).ledger("HEAD")}
    return tuple(number for number in phases if number in ledger)


def _inspect(
    made: Setup,
    paths: Sequence[Path],
    rules: Sequence[str] | None,
    watch: Callable[[str], None],
    *,
    onwards: bool = False,
) -> list[PhaseReport]:
    names = {_name(made.root, path): path for path in files.find(paths)}
    stacks = _stacks_around(made, names)
    assignment = stack.assign(made.config, stacks, known_only=True)
    seen: dict[str, bytes] = {}
    found: list[PhaseReport] = []
    for number, chosen in _chosen(made, rules):
        options = made.options_of(number)
        brief = Brief(made.config, made.tags, assignment, number, chosen, options, made.folders, frozenset(names))
        mine = stacks if number is None else _stacks_of(brief, stacks)
        read = partial(_current, made.root, seen)
        (placed,) = prepare.placed([brief], mine, _texts_around(made.root, mine, read), read)
        (reports,) = plan.run([(placed, mine)], read, watch)
        found.append(_report(made, brief, reports))
        if onwards:
            seen.update(found[-1].changes)
    return found


def _texts_around(
    root: Path, stacks: Sequence[Stack], read: Callable[[Stack], tuple[Document, ...]]
) -> dict[str, bytes]:
    """What the stacks at hand say, with their terragrunt and var-files; nothing is known of the others."""
    beside = (path for each in stacks for path in sorted((root / each.path).glob("*")) if path.suffix in _BESIDE)
    texts = {_name(root, path): path.read_bytes() for path in beside if path.is_file() and not path.is_symlink()}
    return texts | {document.path: document.data for each in stacks for document in read(each)}


_BESIDE = (".hcl", ".tfvars")


def _chosen(made: Setup, rules: Sequence[str] | None) -> list[tuple[int | None, tuple[str, ...]]]:
    if rules:
        return [(None, tuple(rules))]
    return [(number, made.rules_of(number)) for number in done_phases(made)]


def _current(root: Path, seen: Mapping[str, bytes], each: Stack) -> tuple[Document, ...]:
    return tuple(Document(name, seen.get(name, data)) for name, data in _on_disk(root, each.files).items())


def _stacks_around(made: Setup, names: Mapping[str, Path]) -> tuple[Stack, ...]:
    """The stacks of the named files with all their documents; a file outside every stack is one with its folder."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder = name.rpartition("/")[0]
        owner = stack.owner(folder, made.config) if made.config.stacks else None
        members = folders.setdefault(owner or folder, set())
        members.add(name)
    around = []
    for path, members in sorted(folders.items()):
        whole = stack.owner(path, made.config) == path and bool(made.config.stacks)
        beside = files.find([made.root / path]) if whole else sorted((made.root / path).glob("*.tf"))
        every = members | {_name(made.root, each) for each in beside}
        around.append(stack.Stack(stack.name_of(path, made.config), path, tuple(sorted(every))))
    return tuple(around)


def _name(root: Path, path: Path) -> str:
    absolute = path.absolute()
    resolved = absolute.parent.resolve() / absolute.name
    return Path(os.path.relpath(resolved, root)).as_posix()


def phase_numbers(made: Setup, wanted: str, *, dry_run: bool = False) -> tuple[int, ...]:
    """`3`, or for a dry run `all`: every phase of the config."""
    if wanted == "all" and dry_run:
        if not made.config.phases:
            raise ConfigError(f"{made.config.path} has no phases", hint="Add [phase.1] with stacks = [...].")
        return tuple(made.config.phases)
    if not wanted.isdecimal():
        raise HclmodError(f"`{wanted}` is no phase", hint="Give a number; `all` goes with --dry-run.")
    return (int(wanted),)


def settings(texts: Sequence[str]) -> dict[str, dict[str, object]]:
    """Options from `RULE.OPTION=VALUE`."""
    options: dict[str, dict[str, object]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        rule, dot, option = name.partition(".")
        if not (equals and dot and rule and option):
            raise HclmodError(f"`{text}` sets nothing", hint="Write RULE.OPTION=VALUE.")
        options.setdefault(rule, {})[option] = value
    return options


def cards(folders: Sequence[Path] = ()) -> tuple[Card, ...]:
    """What every rule says of itself, sorted by id; no rule is run."""
    paths = {rule: path for folder in (None, *folders) for rule, path in rulebook.available(folder).items()}
    return tuple(catalogue.read(paths[rule]) for rule in sorted(paths))


def card(rule: str, folders: Sequence[Path] = ()) -> Card:
    """What one rule says of itself."""
    return catalogue.read(rulebook.find(rule, (None, *folders)))


def run_fixtures(
    root: Path, rule: str | None = None, folders: Sequence[Path] = (), *, accept: bool = False
) -> tuple[Result, ...]:
    """Run the fixtures below `root`, of one rule or of all."""
    from hclmod import fixtures

    if rule is not None:
        rulebook.find(rule, (None, *folders))
    return tuple(fixtures.run(case, (None, *folders), accept=accept) for case in fixtures.cases(root, rule))


def new_rule(rule: str, rules: Path, folder: Path) -> tuple[Path, ...]:
    """Write a rule that works and its fixtures."""
    from hclmod import scaffold

    return scaffold.new_rule(rule, rules, folder)


def estate(made: Setup) -> Estate:
    """What the working tree says together; without `stacks` in the config, those are the folders that nothing calls."""
    from hclmod.estate import Estate

    paths = sorted(_name(made.root, path) for path in files.find([made.root], prepare.ENDINGS))
    stacks = [each.path for each in stack.discover(paths, made.config)]

    def read(path: str) -> bytes:
        return (made.root / path).read_bytes()

    every = Estate(stacks, paths, read)
    return every if made.config.stacks else Estate(sorted(set(stacks) - every.called()), paths, read)


def survey(made: Setup) -> Survey:
    """Every image, release and workload of the working tree."""
    found = estate(made)
    paths = [f"{each}/main.tf" for each in found.stacks]
    assignment = stack.assign(made.config, stack.discover(paths, made.config), known_only=True)
    from hclmod import survey as rows

    return rows.survey(found, made.config, made.tags, assignment.phase_of)


def trace(made: Setup, wanted: str) -> tuple[str, ...]:
    """The lines that tell the image at `FILE:LINE` or `STACK/ADDRESS`: chain, literal, who else hangs on it."""
    from hclmod import tracing

    found = estate(made)
    return tuple(tracing.tell(found, tracing.find(found, wanted)))
