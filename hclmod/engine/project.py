"""A repository as one run sees it, opened once by every command."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod import cache, files, journal, scratch
from hclmod.config import file as config
from hclmod.engine import tree
from hclmod.engine.assignment import assignment, no_phase, require
from hclmod.engine.job import Job
from hclmod.errors import ConfigError, GitError, RefusedError
from hclmod.images import evidence
from hclmod.rulekit import folders, loading
from hclmod.terraform import apps, stacks
from hclmod.terraform.code import ENDINGS, YAML

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.cache import Cache
    from hclmod.config.file import Config
    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.references import References
    from hclmod.engine.tree import Tree
    from hclmod.git import Repository
    from hclmod.images.evidence import Snapshot
    from hclmod.rulekit.facts import Facts
    from hclmod.scan.cluster import ClusterObjects
    from hclmod.scan.files import Files
    from hclmod.scan.outside import OutsideImage
    from hclmod.scan.pipelines import ImageSetter
    from hclmod.terraform.apps import Apps
    from hclmod.terraform.ids import BlockId
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import ImageUse, Workload
    from hclmod.terraform.stacks import Assignment, Stack

    Options = Mapping[str, Mapping[str, object]]


class Project:
    """A repository at a revision or in the working tree, with its config, its tag snapshot and its model.

    Each part is made when it is asked for, and once. `rule_folders` are those whose rules the person trusts (None: the
    built-in ones), `options` come from the command line and win over those of the config. `kept` is what earlier runs
    have found. `closed` are the folders that were not looked into so far, with the reason, and `recovered` the files
    that an earlier run began to write and that have their old bytes again. `repository` is its git, where `root` is
    not a work tree, and `commit` the one whose files these are.
    """

    def __init__(
        self,
        root: Path,
        config: Config,
        tags: Snapshot,
        tree: Tree,
        *,
        rule_folders: Sequence[Path | None] = (None,),
        options: Options | None = None,
        kept: Cache = cache.NONE,
        closed: dict[str, str] | None = None,
        recovered: tuple[str, ...] = (),
        repository: Repository | None = None,
        commit: str = "",
    ) -> None:
        self.root, self.config, self.tags, self.tree, self.kept = root, config, tags, tree, kept
        self.rule_folders, self._options = tuple(rule_folders), options or {}
        self._objects: dict[frozenset[str], ClusterObjects] = {}
        self._facts: dict[tuple[int, ...], Mapping[BlockId, Facts]] = {}
        self.closed, self.recovered = {} if closed is None else closed, recovered
        self._repository, self._commit = repository, commit

    @cached_property
    def git(self) -> Repository:
        """Its git repository; a `GitError` where there is none."""
        from hclmod.git import Repository

        return self._repository or Repository.open(self.root)

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Its stacks, by path."""
        return stacks.discover((*self.tree, *self.tree.left), self.config, self.apps)

    @cached_property
    def apps(self) -> Apps:
        """The Python programs among its folders."""
        return apps.find(self.tree, self.tree.get)

    @cached_property
    def everything(self) -> Model:
        """What all documents declare, also the folders that module calls name."""
        from hclmod.terraform.model import Model

        code = self.tree.ending(ENDINGS)
        self.tree.load(code)
        return Model([each.path for each in self.stacks], code, self.tree.get, self.kept, self.apps)

    @cached_property
    def called(self) -> frozenset[str]:
        """The folders that a module call names."""
        return self.everything.called()

    @cached_property
    def model(self) -> Model:
        """What its documents declare; without `stacks` in the config those of the folders that no module call names."""
        every = self.everything
        return every if self.config.stacks else every.over(sorted(set(every.stacks) - self.called))

    @cached_property
    def assignment(self) -> Assignment:
        """Which phase a resource belongs to, and what is decided for single workloads; unknown names are left out."""
        return assignment(self.config, self.stacks, lambda: self.model)

    @cached_property
    def files(self) -> Files:
        """Its files, as the search for images and objects reads them."""
        from hclmod.scan.files import Files

        self.tree.load(self.tree.ending(YAML))
        return Files(self.tree, self.tree.get, self.kept)

    @cached_property
    def outside_images(self) -> tuple[OutsideImage, ...]:
        """Every image outside of containers."""
        from hclmod.scan import find

        return find.find(self.model, self.files)

    @cached_property
    def pipelines(self) -> tuple[ImageSetter, ...]:
        """The commands by which pipelines of the repository set images."""
        from hclmod.scan.pipelines import image_setters

        return image_setters(self.tree)

    @cached_property
    def references(self) -> References:
        """Who reads which name, over all stacks."""
        from hclmod.engine.references import References

        self.everything.read_ahead()
        return References(self.model, [each.path for each in self.stacks], lambda: self.outside_images)

    def objects(self, words: frozenset[str]) -> ClusterObjects:
        """What documents with these words, and maybe others, give to the cluster; without words nothing is read."""
        asked = (each for each in self._objects if words == each or (words and words <= each))
        known = self._objects.get(next(asked, words))
        if known is None:
            from hclmod.scan import objects

            known = self._objects[words] = objects.find(self.everything, self.files, words)
        return known

    def facts(self, done: tuple[int, ...], earlier: Model | None = None) -> Mapping[BlockId, Facts]:
        """The facts of every resource, by folder and address; `done` are the phases that count as done."""
        from hclmod.engine import facts

        if earlier is not None or done not in self._facts:
            self._facts[done] = facts.facts(self.model, self.assignment.phase_of, done, earlier)
        return self._facts[done]

    def facts_of(self, workloads: Sequence[Workload], done: tuple[int, ...] | None = None) -> Facts:
        """The facts of one workload in these instances of its module alone."""
        from hclmod.engine import facts

        known = self.done_if_known if done is None else done
        return facts.facts_of(self.model, self.assignment.phase_of, known, workloads)

    @cached_property
    def uses(self) -> tuple[ImageUse, ...]:
        """The images of containers, and those that Terraform gives to the cluster in other forms."""
        from hclmod.scan import find

        return (*self.model.uses, *find.uses(self.outside_images, find.FORMS))

    @cached_property
    def done(self) -> tuple[int, ...]:
        """The phases that are done: up to `through` in the config, else those of the ledger in the commits of HEAD."""
        phases, through = self.config.phases, self.config.through
        if through is not None:
            return tuple(number for number in phases if number <= through)
        if not phases:
            return ()
        ledger = {entry.phase for entry in self.git.ledger("HEAD")}
        return tuple(number for number in phases if number in ledger)

    @property
    def done_if_known(self) -> tuple[int, ...]:
        """The phases that are done; none where there is no git that could say so."""
        try:
            return self.done
        except GitError:
            return ()

    def over(self, tree: Tree, *, tags: Snapshot | None = None) -> Project:
        """The same project with other files, or another tag snapshot."""
        known = self.tags if tags is None else tags
        more = {"options": self._options, "kept": self.kept, "closed": self.closed, "repository": self._repository}
        return Project(self.root, self.config, known, tree, rule_folders=self.rule_folders, **more)  # type: ignore[arg-type]

    def at(self, revision: str, *, in_place: bool = False) -> Project:
        """The project at a commit; `in_place` its files as they are in the working tree."""
        if revision == self._commit:
            return self
        if self.git.root.resolve() != self.root:
            hint = f"Put {self.config.path} into {self.git.root}."
            raise ConfigError("the configuration has to lie at the repository's root", hint=hint)
        if in_place:
            return self.over(tree.tracked(self.git, self.root, revision, self.closed))
        return self.over(tree.at_revision(self.git, revision, self.closed))

    def require_names(self) -> None:
        """Raise a `ConfigError` for a stack, a workload or a namespace that the config names and that is not there."""
        require(self.config, self.stacks, self.model)

    def options_of(self, phase: int | None) -> dict[str, dict[str, object]]:
        """The options of every rule: of the config, then of the phase, then of the command line."""
        own = self.config.phases[phase].options if phase is not None and phase in self.config.phases else {}
        layers = [self.config.options, own, self._options]
        rules = sorted({rule for layer in layers for rule in layer})
        return {rule: {k: v for layer in layers for k, v in layer.get(rule, {}).items()} for rule in rules}

    def rules_of(self, phase: int) -> tuple[str, ...]:
        """The rules of a phase in its order: its own, else those of the config, else all built-in ones."""
        rules = self.config.phases[phase].rules
        rules = self.config.rules if rules is None else rules
        return tuple(folders.available()) if rules is None else rules

    def phase_job(self, phase: int, **more: object) -> Job:
        """The job that does a phase; an unknown one is a `ConfigError`."""
        if phase not in self.config.phases:
            raise no_phase(self.config, phase)
        title = self.config.phases[phase].title
        fields = {"rules": self.rules_of(phase), "title": title, "phase": phase, "options": self.options_of(phase)}
        return Job(**{**fields, **more})  # type: ignore[arg-type]

    def plan(
        self, job: Job, watch: Callable[[str], None] = lambda _path: None, begin: Callable[[int], None] | None = None
    ) -> PhaseReport:
        """What a job would change and what it leaves, with the reasons; writes nothing."""
        return self.plan_all([job], watch, begin)[0]

    def plan_all(
        self,
        jobs: Sequence[Job],
        watch: Callable[[str], None] = lambda _path: None,
        begin: Callable[[int], None] | None = None,
    ) -> list[PhaseReport]:
        """The same for several jobs on the same files; `watch` hears the path of each stack that is done.

        `begin` hears how many stacks there are, and then how many of them there are to do.
        """
        from hclmod.engine import plan, prepare

        begin = begin or (lambda _count: None)
        begin(len(self.stacks))
        runs = prepare.runs(self, jobs)
        reports = plan.plan(self.tree, runs, watch, self.kept, begin=begin)
        if not any(each.rule.drafts for run in runs for each in run.rules):
            return reports
        from hclmod.engine import drafts

        return [drafts.added(self, run, report) for run, report in zip(runs, reports, strict=True)]

    def keep(self) -> None:
        """Store for the next run what this one has found, but nothing of files that git filters."""
        if self.kept.files:
            from hclmod.engine import secrets

            closed = secrets.hidden(self, self.tree, "HEAD")
            self.kept.drop(closed, (each.encode() for each in secrets.filtered(self, closed)))
        self.kept.save()

    def on_disk(self, report: PhaseReport) -> PhaseReport:
        """A report for the working tree, to which nothing is written that a sparse checkout leaves out."""
        return report.within(self.tree.away, tree.AWAY)

    def proven(self, report: PhaseReport) -> dict[str, bytes]:
        """The new bytes of a report whose every document is proven; else a `RefusedError`."""
        if bad := report.unproven(self.config.except_unproven):
            names = ", ".join(each.path for each in bad)
            hint = (
                "Nothing was written. The report says why; "
                "`except_unproven` in hclmod.toml leaves a document out by name."
            )
            raise RefusedError(f"not proven: {names}", hint=hint)
        return report.changes

    def name_of(self, path: Path) -> str:
        """The path of a file from the root; links on the way are followed, the file itself is not."""
        absolute = path.absolute()
        resolved = absolute.parent.resolve() / absolute.name
        return Path(os.path.relpath(resolved, self.root)).as_posix()


def open_project(
    folder: Path,
    *,
    file: Path | None = None,
    rule_folders: Sequence[Path] = (),
    options: Options | None = None,
    kept: Cache = cache.NONE,
) -> Project:
    """Find and read `hclmod.toml` (or `file`) and the tag snapshot; what is not there is empty.

    `rule_folders` are folders of rules that the caller trusts: their code is run. `kept` is what earlier runs have
    found, whose `save` is the caller's to call.
    """
    root, path = _root(folder, file)
    recovered = journal.recover(root)
    scratch.clean()
    read = config.load(path) if path else config.parse(b"", config.FILE_NAME)
    known = files.content(root, read.tags)
    tags = evidence.Snapshot({}) if known is None else evidence.parse(known, str(root / read.tags))
    closed: dict[str, str] = {}
    there = tree.on_disk(root, closed=closed)
    project = Project(
        root,
        read,
        tags,
        there,
        rule_folders=(None, *rule_folders),
        options=options,
        kept=kept,
        closed=closed,
        recovered=recovered,
    )
    loading.check_options(project.options_of(None), project.rule_folders)
    return project


def _root(folder: Path, file: Path | None) -> tuple[Path, Path | None]:
    """The root of the repository around a folder, and its config; a config that a person names does not move it."""
    path = config.find(folder)
    if path is not None:
        return path.parent.resolve(), file or path
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder), file


def in_memory(
    texts: Mapping[str, bytes],
    *,
    rule_folders: Sequence[Path | None] = (None,),
    options: Options | None = None,
    kept: Cache = cache.NONE,
) -> Project:
    """A project of files by their path; `hclmod.toml` and the tag snapshot among them are read."""
    read = config.parse(texts.get(config.FILE_NAME, b""), config.FILE_NAME)
    data = texts.get(read.tags)
    tags = evidence.parse(data, read.tags) if data else evidence.Snapshot({})
    return Project(Path(), read, tags, tree.in_memory(texts), rule_folders=rule_folders, options=options, kept=kept)
