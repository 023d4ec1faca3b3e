"""Make the runs of jobs: load their rules, and find what their rules may know beyond one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hclmod.engine import scope
from hclmod.engine.run import Run, about_namespaces
from hclmod.errors import ConfigError, RuleError, nearest
from hclmod.rulekit import loading
from hclmod.rulekit.places import NAMED, Placing
from hclmod.rulekit.rule import Context
from hclmod.terraform.code import CODE, may_hold_images
from hclmod.terraform.inventory import written
from hclmod.terraform.stacks import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hclmod.engine.job import Job
    from hclmod.engine.project import Project
    from hclmod.engine.references import References
    from hclmod.rulekit.facts import Facts
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.namelists import NameList
    from hclmod.rulekit.places import Followed
    from hclmod.rulekit.rule import Rule
    from hclmod.scan.cluster import ClusterObjects
    from hclmod.terraform.ids import BlockId, ImageId, ResourceId
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload
    from hclmod.terraform.stacks import PhaseOf, Stack, Target

CHOSEN = -1
"""The number of a phase that holds the chosen workload alone."""

Rules = tuple["Loaded", ...]


def runs(project: Project, jobs: Sequence[Job]) -> list[Run]:
    """The runs of jobs, in their order."""
    return [_Preparation(project, job).run() for job in jobs]


class _Preparation:
    """What is found for one job on its way to a run."""

    def __init__(self, project: Project, job: Job) -> None:
        self.project, self.job = project, job
        self.config, options = project.config.settled(job.options)
        loaded = loading.load(job.rules, options, project.rule_folders)
        self.rules = tuple(replace(each, rule=each.rule.grown(self.config)) for each in loaded)
        self.near = scope.stacks_around(project, job.only or ()) if job.near else project.stacks
        self.reached = _reached(project, self.rules) if job.phase is not None and not job.near else ()
        mine = scope.stacks_of(project.assignment, job.phase, self.reached, self.near)
        self.mine = mine if any(_looks_at_stacks(each.rule) for each in self.rules) else ()

    def run(self) -> Run:
        """The run of the job."""
        forms = forms_of(self.rules)
        if not self._looks_around() or not self.mine:
            return self._with_stacks(replace(self._blank(), facts=self._facts()))
        references = self._references()  # before all else that reads, for two processes read for it
        blank = self._blank()
        _check_calls(references.model, blank)
        blank = replace(blank, unread=self._unread(references.model))
        placing = self._placing(references, forms)
        blocked = self._blocked(references, placing, forms)
        if self.job.workloads and not self.job.alone:
            placing = self._as_seen_by_workloads(references, placing, forms)
        return self._with_stacks(replace(blank, placing=placing, blocked=blocked, facts=self._facts()))

    def _references(self) -> References:
        """Who reads what: over all stacks, or as far as one file needs it."""
        if not self.job.near:
            return self.project.references
        from hclmod.engine import near

        return near.references(self.project, self.near, self.rules)

    def _unread(self, model: Model) -> dict[str, dict[str, str]]:
        """The documents with code that cannot be read, by the stacks of the job that have or call their folder."""
        mine, only = {each.path for each in self.mine}, self.job.only
        folders = {(stack, module.folder) for stack, module in model.instances if stack in mine}
        result: dict[str, dict[str, str]] = {}
        for path, why in model.unread.items():
            if path.endswith(CODE) and (only is None or path in only):
                for stack in (stack for stack, folder in folders if folder == path.rpartition("/")[0]):
                    result.setdefault(stack, {})[path] = why
        return result

    def _roots(self, references: References) -> list[Stack]:
        """The stacks at hand, without folders that others call as modules."""
        from hclmod.engine import near

        inner = near.called_modules(self.project, self.near, references.model)
        return [each for each in self.near if each.path not in inner]

    def _blank(self) -> Run:
        chosen = frozenset(each.id.block for each in self.job.workloads)
        objects = self._objects()
        return Run(
            job=self.job,
            config=self.config,
            tags=self.project.tags,
            assignment=self.project.assignment,
            rules=self.rules,
            stacks=(),
            reached=self.reached,
            pipelines=self.project.pipelines if any(each.rule.informed for each in self.rules) else (),
            chosen=chosen or None,
            objects=objects,
            lists=self._lists(objects),
            yaml=self._yaml(),
            **self._pages(),
        )

    def _yaml(self) -> tuple[str, ...]:
        """The files of YAML that rules are offered whole."""
        if self.job.near or self.job.workloads or not any(each.rule.on_yaml for each in self.rules):
            return ()
        from hclmod.engine import yamlfiles

        return yamlfiles.find(self.project, self.rules, self.job.only)

    def _lists(self, objects: ClusterObjects | None) -> dict[str, tuple[NameList, ...]]:
        """The lists of names that the config names, by their document."""
        hooks = [each.rule.name_lists for each in self.rules if each.rule.name_lists]
        if objects is None or self.job.near or self.job.workloads or not any(each.where(self.config) for each in hooks):
            return {}
        from hclmod.engine import namelists

        places = dict.fromkeys(place for each in hooks for place in namelists.find(self.project, objects, each))
        documents = sorted({each.document for each in places})
        return {name: tuple(each for each in places if each.document == name) for name in documents}

    def _pages(self) -> dict[str, Any]:
        """The Markdown documents and the completed phases, if a rule asks for them and looks at everything."""
        job = self.job
        if not self._on_pages or job.near or job.workloads or job.only is not None:
            return {}
        from hclmod.engine import pages

        return {"pages": pages.find(self.project), "done": self._done}

    @property
    def _done(self) -> tuple[int, ...]:
        """The completed phases: those of the job, else of the project."""
        return self.project.done_if_known if self.job.done is None else self.job.done

    @property
    def _on_pages(self) -> bool:
        return any(each.rule.on_page for each in self.rules)

    def _objects(self) -> ClusterObjects | None:
        """What the repository gives to the cluster, if rules ask for it that are for a kind of the files at hand."""
        asking = [each.rule for each in self.rules if each.rule.objects]
        words = {word for rule in asking if self._is_for_files(rule) for word in rule.objects}
        return self.project.objects(frozenset(words)) if asking else None

    def _is_for_files(self, rule: Rule) -> bool:
        """Whether a rule may be for something in the files at hand, by their text."""
        texts = [self.project.tree.get(path, b"") for path in self.job.only or ()]
        return not self.job.near or any(kind.encode() in text for kind in rule.kinds for text in texts)

    def _looks_around(self) -> bool:
        """Whether anything asks what lies beyond a stack: a phase, whose modules are shared, or a rule without one."""
        asked = any(loaded.rule.follows for loaded in self.rules)
        return self.job.phase is not None or not self.job.near or asked or about_namespaces(self.rules)

    def _placing(
        self, references: References, forms: frozenset[str], among: Sequence[Workload] | None = None
    ) -> Placing:
        """Which places the job may write: those of the phase, of the chosen workloads, or of what it points at."""
        from hclmod.engine import placement

        coupled = frozenset(key for loaded in self.rules for key in loaded.rule.coupled)
        mentions = references.mentions(forms, coupled)
        phase_of: PhaseOf = self.project.assignment.phase_of
        number = self.job.phase
        if self.job.alone:
            phase_of, number = _phase_of_chosen(self.job, phase_of), CHOSEN
        elif self.job.near and number is None:
            phase_of, number = _pointed_at(self._roots(references), self.job.only or ()), NAMED
        names = any(loaded.rule.names for loaded in self.rules)
        placing = placement.place(references.model, phase_of, number, mentions=mentions, among=among, names=names)
        if not any("variables" in loaded.rule.needs for loaded in self.rules):
            return placing
        from hclmod.engine import variables

        real = self.project.assignment.phase_of
        return replace(placing, variables=variables.tag_variables(mentions, real, self._done))

    def _blocked(self, references: References, placing: Placing, forms: frozenset[str]) -> dict[ImageId, str]:
        """The images that rules want to stay with others, with the reason."""
        project, job = self.project, self.job
        by_key: dict[ImageId, str] = {}
        for loaded in self.rules:
            if loaded.ties:
                from hclmod.engine import companions

                outside = references.outside(forms)
                images = companions.find(
                    references.model,
                    placing,
                    project.assignment,
                    phase=job.phase,
                    outside=outside,
                    read=project.tree.get,
                    rule=loaded.id,
                )
                context = Context(config=self.config, tags=project.tags, phase=job.phase, assignment=project.assignment)
                by_key |= loaded.together(images, context)
        return by_key

    def _as_seen_by_workloads(self, references: References, placing: Placing, forms: frozenset[str]) -> Placing:
        """The places from which images of the job's workloads come, in the words for these instances alone."""
        workloads = self.job.workloads
        if self.job.phase is not None:
            own = self._placing(references, forms, workloads).followed
            followed = {key: _in_words_of(own.get(key), each) for key, each in placing.followed.items()}
            placing = replace(placing, followed=followed)
        ids = {each.id for each in workloads}
        places = {
            document: mine
            for document, each in placing.places.items()
            if (mine := tuple(p for p in each if any(image.id in ids for image in p.images)))
        }
        return replace(placing, places=places)

    def _facts(self) -> Mapping[BlockId, Facts]:
        """The facts of every resource, if a rule asks for them; those of the chosen one for these instances alone."""
        if not any(loaded.rule.informed for loaded in self.rules):
            return {}
        project, job = self.project, self.job
        done = project.done_if_known if job.done is None else job.done
        known = project.facts(done, job.earlier)
        if not job.workloads or job.alone:
            return known
        own = project.facts_of(job.workloads, done)
        return {**known, job.workloads[0].id.block: own}

    def _with_stacks(self, run: Run) -> Run:
        return replace(run, stacks=tuple(self._documents(run)))

    def _documents(self, run: Run) -> Sequence[Stack]:
        """The stacks that the run looks at, with the documents that matter by its places."""
        job, places = self.job, run.placing.places
        if job.workloads:
            return scope.around_workload(run, job.workloads[0], self.project.stacks)
        if job.near:
            named = job.only or frozenset()
            return scope.with_documents(self.mine, (each for each in places if may_hold_images(each) and each in named))
        namespaces = run.placing.documents if about_namespaces(run.rules) else frozenset()
        every = self.project.tree.ending(CODE) if self._on_pages else ()
        needed = {*places, *run.placing.inherited_documents, *namespaces, *run.lists, *every}
        stacks = scope.with_documents(self.mine, needed)
        return [each for each in stacks if job.only is None or job.only & set(each.files)]


def _looks_at_stacks(rule: Rule) -> bool:
    """Whether a rule looks at something else than whole files of YAML."""
    return bool(rule.kinds) or rule.on_yaml is None


def _reached(project: Project, rules: Rules) -> tuple[tuple[str, Target], ...]:
    """The resources outside the phase that options of rules name."""
    return tuple(
        (loaded.id, resolve(name, project.stacks, f"options.{loaded.id}.{option}", project.config))
        for loaded in rules
        for option in loaded.rule.reaches
        if (name := str(loaded.options.get(option, "")))
    )


def forms_of(rules: Rules) -> frozenset[str]:
    """The forms of images outside of containers that rules are to follow; an unknown one is a `RuleError`."""
    options = {form: loaded for loaded in rules for form in loaded.forms}
    if not options:
        return frozenset()
    from hclmod.scan.find import FORMS

    for form, loaded in options.items():
        if form not in FORMS:
            hint = nearest(form, FORMS, f"Known forms: {', '.join(FORMS)}.")
            raise RuleError(f"option `{loaded.id}.{loaded.rule.forms}`: there is no form `{form}`", hint=hint)
    return frozenset(options)


def _check_calls(model: Model, run: Run) -> None:
    """Raise `ConfigError` for a workload that is named by a module's call and that is not there."""
    for target, where in scope.called(run.assignment):
        known = {each.id.full for each in model.workloads if each.id.stack == target.stack} | _written(model, target)
        address = f"{target.module}.{target.address}"
        if address not in known and where in ("workloads", f"phase.{run.phase}.workloads"):
            hint = nearest(address, known, "`hclmod survey` lists the workloads of each stack.")
            raise ConfigError(f"{run.config.path}: {where} names `{address}`, which {target.stack} lacks", hint=hint)


def _written(model: Model, target: Target) -> set[str]:
    """The addresses of whatever the named call of a module declares, by the text."""
    called = {
        module.folder for stack, module in model.instances if (stack, module.name) == (target.stack, target.module)
    }
    texts = (text for folder in called for text in model.texts(folder).items())
    return {f"{target.module}.{each.address}" for path, text in texts for each in written(path, text)}


def _phase_of_chosen(job: Job, real: PhaseOf) -> PhaseOf:
    """Puts the chosen workload into a phase of its own: its instances, or with all callers its block."""
    ids = {each.id for each in job.workloads}

    def phase_of(resource: ResourceId) -> int | None:
        return CHOSEN if resource in ids else real(resource)

    return phase_of


def _pointed_at(stacks: Iterable[Stack], only: Collection[str]) -> PhaseOf:
    """Everything in these stacks, and in the folders of these documents that lie in none, is pointed at."""
    paths = {stack.path for stack in stacks}
    named = {path.rpartition("/")[0] for path in only}
    folders = {each for each in named if not any(f"{each}/".startswith(f"{path}/") for path in paths)}

    def phase_of(resource: ResourceId) -> int | None:
        return NAMED if resource.stack in paths or resource.folder in folders else None

    return phase_of


def _in_words_of(own: Followed | None, every: Followed) -> Followed:
    """What is known of a container for all callers of its module, in the words for some of them if those fit."""
    return replace(every, reason=own.reason, chain=own.chain) if own and own.image == every.image else every
