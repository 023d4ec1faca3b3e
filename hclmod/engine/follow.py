"""Give the briefs of a run what following references across stacks finds, and their stacks the documents for it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.errors import ConfigError, RuleError, nearest
from hclmod.rulekit.places import NAMED
from hclmod.scan import files
from hclmod.terraform.inventory import written
from hclmod.terraform.kubernetes import NAMESPACES
from hclmod.terraform.stacks import Stack, Target, assign, discover

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.engine.job import Brief
    from hclmod.hcl.document import Document
    from hclmod.rulekit.places import Followed, Key, Placing
    from hclmod.scan.find import Sighting
    from hclmod.terraform.readers import Mentions
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.stacks import Assignment, PhaseOf
    from hclmod.terraform.uses import Home, Use

ENDINGS = (".tf", ".tf.json", ".tofu", ".hcl", ".tfvars", ".tfvars.json")
"""The files that say where values come from."""


def by_namespace(
    config: Config, assignment: Assignment, stacks: Sequence[Stack], texts: Mapping[str, bytes], *, whole: bool = True
) -> Assignment:
    """The assignment with the workloads of namespaces that phases name; what names a workload itself wins.

    A namespace in which nothing lives is a `ConfigError` with the nearest one in which something does, unless the
    stacks at hand are not the `whole` repository.
    """
    wanted = {name: number for number, phase in config.phases.items() for name in phase.namespaces}
    if not wanted:
        return assignment
    from hclmod.terraform.repository import Estate

    found: dict[Target, int] = {}
    lived: set[str] = set()
    for home in Estate([each.path for each in stacks], texts, texts.get).homes:
        names = {name for name in home.names if name is not None}
        lived |= names
        numbers = {wanted[name] for name in names & wanted.keys()}
        if len(numbers) == 1:
            where = None if home.module else home.folder
            found[Target(home.stack, where, home.dweller.address, home.module)] = numbers.pop()
    for name, number in wanted.items():
        if whole and name not in lived:
            hint = nearest(name, lived, "`hclmod survey` lists who lives where.")
            raise ConfigError(
                f"{config.path}: phase.{number}.namespaces names `{name}`, where nothing lives", hint=hint
            )
    named = {
        target
        for target in found
        if Target(target.stack, None, target.address) in assignment.targets or target in assignment.targets
    }
    targets = {target: number for target, number in found.items() if target not in named}
    return replace(assignment, targets={**targets, **assignment.targets})


def may_hold_images(path: str) -> bool:
    """Whether a file may be YAML that some form of image stands in."""
    return files.is_yaml(path) and not path.endswith(ENDINGS)


def forms_of(brief: Brief) -> frozenset[str]:
    """The forms of images outside of containers that a brief's rules are to follow; an unknown one is a `RuleError`."""
    wanted = {form: loaded for loaded in brief.load() for form in loaded.forms}
    if not wanted:
        return frozenset()
    from hclmod.scan.find import FORMS

    for form, loaded in wanted.items():
        if form not in FORMS:
            hint = nearest(form, FORMS, f"Known forms: {', '.join(FORMS)}.")
            raise RuleError(f"option `{loaded.id}.{loaded.rule.forms}`: there is no form `{form}`", hint=hint)
    return frozenset(wanted)


def placed(
    briefs: Sequence[Brief],
    stacks: Sequence[Stack],
    texts: Mapping[str, bytes],
    read: Callable[[Stack], tuple[Document, ...]],
    *,
    near: Sequence[Stack] | None = None,
) -> list[Brief]:
    """The briefs, each with the places outside of containers that its rules may write.

    `stacks` are all of the repository, for a literal may drive what nobody asked about; `near` are those at hand, where
    these are not all. `texts` are the documents that say where values come from; where a brief follows forms, also
    those of YAML.
    """
    if not any(map(looks_around, briefs)):
        return list(briefs)
    from hclmod.terraform import relevance
    from hclmod.terraform.repository import Estate

    code = [path for path in texts if path.endswith(ENDINGS)]
    forms = {brief.phase: forms_of(brief) for brief in briefs}
    if any(forms.values()):
        traced = {stack.path for stack in stacks}
    elif near is not None:
        traced = relevance.to_trace_near(near, stacks, read, texts)
    else:
        traced = relevance.to_trace(stacks, read, relevance.image_folders(texts))
    traced |= {each.path for each in stacks if _SOURCE.search(texts.get(f"{each.path}/terragrunt.hcl", b""))}
    traced |= {target.stack for brief in briefs for target, _ in _called(brief)}
    traced |= {stack for brief in briefs[:1] for stack in _sharing(briefs, near or stacks, texts, read, brief.config)}
    estate = Estate(sorted(traced), code, texts.get)
    for brief in briefs:
        _check_calls(estate, brief)
    more = relevance.declarers(near or stacks, read, estate.lived_in) | relevance.calling(
        stacks, read, relevance.site_folders(estate)
    )
    if more - traced:
        estate = estate.over(sorted(traced | more))
    seen = _sightings(estate, texts) if any(forms.values()) else ()
    known = _Known(estate, [stack.path for stack in stacks], seen)
    found = [replace(brief, placing=_placing(known, brief, near or stacks, forms[brief.phase])) for brief in briefs]
    return [_with_held(estate, brief, texts, _of_forms(seen, forms[brief.phase])) for brief in found]


def placed_in(
    estate: Estate,
    brief: Brief,
    stacks: Sequence[Stack],
    texts: Mapping[str, bytes],
    among: Sequence[Home] | None = None,
) -> Brief:
    """The same for one brief on all stacks, whose estate is known already; `texts` are as for `placed`.

    With `among` an image that is the same for all callers of a module is told as it comes to these workloads.
    """
    forms = forms_of(brief)
    seen = _sightings(estate, texts) if forms else ()
    known = _Known(estate, [stack.path for stack in stacks], seen)
    whole = replace(brief, only=None)
    found = replace(brief, placing=_placing(known, whole, stacks, forms))
    found = _with_held(estate, found, texts, _of_forms(seen, forms))
    if among is None:
        return found
    near = _placing(known, whole, stacks, forms, among).followed
    followed = {key: _as_told(near.get(key), each) for key, each in found.placing.followed.items()}
    return replace(found, placing=replace(found.placing, followed=followed))


def _as_told(near: Followed | None, far: Followed) -> Followed:
    """What is known of a container for all callers of its module, in the words for some of them if those fit."""
    return replace(far, told=near.told, chain=near.chain) if near and near.image == far.image else far


_SOURCE = re.compile(rb'^\s*source\s*=\s*"', re.MULTILINE)
"""What a terragrunt file may name a module by that lies elsewhere."""


def _sharing(
    briefs: Sequence[Brief],
    stacks: Sequence[Stack],
    texts: Mapping[str, bytes],
    read: Callable[[Stack], tuple[Document, ...]],
    config: Config,
) -> set[str]:
    """The stacks whose images may have to move together: those at hand, and all that a group of the config reaches."""
    if not any(loaded.rule.together for brief in briefs for loaded in brief.load()):
        return set()
    from hclmod.engine import companions

    near = {each.path: [document.data for document in read(each)] for each in stacks}
    every = discover(texts, config) if any(each.group for each in config.images) else ()
    far = {each.path: [texts[file] for file in each.files] for each in every}
    return companions.sharing(near) | companions.grouped(far, config)


def _with_held(estate: Estate, brief: Brief, texts: Mapping[str, bytes], outside: Sequence[Use]) -> Brief:
    """The brief with the images that its rules want to stay with others."""
    rules = [loaded for loaded in brief.load() if loaded.rule.together]
    if not rules:
        return brief
    from hclmod.engine import companions
    from hclmod.rulekit.rule import Context

    assignment = _everywhere(brief, estate, texts)
    context = Context(brief.config, brief.tags, brief.phase, assignment=assignment)
    held: dict[Key, str] = {}
    for loaded in rules:
        images = companions.find(estate, brief.placing, assignment, brief.phase, outside, texts.get, loaded.id)
        held |= loaded.rule.together(images, context, **loaded.options) if loaded.rule.together else {}
    return replace(brief, held=held)


def _everywhere(brief: Brief, estate: Estate, texts: Mapping[str, bytes]) -> Assignment:
    """The assignment of the brief; where groups reach beyond its stacks, that of all which the estate knows."""
    if not any(each.group for each in brief.config.images):
        return brief.assignment
    stacks = discover([f"{each}/main.tf" for each in estate.stacks], brief.config)
    known = assign(brief.config, stacks, known_only=True)
    return by_namespace(brief.config, known, stacks, texts, whole=False)


def looks_around(brief: Brief) -> bool:
    """Whether anything asks what lies beyond a stack: a phase, whose modules are shared, or a rule without one."""
    asked = any(loaded.rule.at_places or loaded.rule.follows for loaded in brief.load()) or _is_about_namespaces(brief)
    return brief.phase is not None or asked


def _called(brief: Brief) -> list[tuple[Target, str]]:
    """The workloads that phases and `[workloads]` name by a module's call, and where they are named."""
    phased = [(target, f"phase.{phase}.workloads") for target, phase in brief.assignment.targets.items()]
    decided = [(target, "workloads") for target in brief.assignment.decided]
    return [(target, where) for target, where in (*phased, *decided) if target.module]


def _check_calls(estate: Estate, brief: Brief) -> None:
    """Raise `ConfigError` for a workload that is named by a module's call and that is not there."""
    for target, where in _called(brief):
        known = {home.address for home in estate.homes if home.stack == target.stack} | _written(estate, target)
        wanted = f"{target.module}.{target.address}"
        if wanted not in known and where in ("workloads", f"phase.{brief.phase}.workloads"):
            hint = nearest(wanted, known, "`hclmod survey` lists the workloads of each stack.")
            raise ConfigError(f"{brief.config.path}: {where} names `{wanted}`, which {target.stack} lacks", hint=hint)


def _written(estate: Estate, target: Target) -> set[str]:
    """The addresses of whatever the named call of a module declares, told from the text."""
    called = {
        module.folder for stack, module in estate.instances if (stack, module.name) == (target.stack, target.module)
    }
    texts = (text for folder in called for text in estate.texts(folder).items())
    return {f"{target.module}.{each.address}" for path, text in texts for each in written(path, text)}


def _sightings(estate: Estate, texts: Mapping[str, bytes]) -> tuple[Sighting, ...]:
    from hclmod.scan import find

    return find.find(estate, texts, texts.get)


class _Known:
    """What all briefs of a run are placed with: mentions of names are looked for once for the same rules and forms."""

    def __init__(self, estate: Estate, stacks: Sequence[str], seen: Sequence[Sighting]) -> None:
        self.estate, self.stacks, self.seen = estate, stacks, seen
        self._mentions: dict[tuple[frozenset[str], frozenset[str]], Mentions] = {}

    def mentions(self, forms: frozenset[str], coupled: frozenset[str]) -> Mentions:
        """The mentions of names, where images of these forms are known and such entries are coupled to tags."""
        from hclmod.terraform.readers import Mentions

        if (forms, coupled) not in self._mentions:
            uses = (*self.estate.uses, *_of_forms(self.seen, forms))
            self._mentions[forms, coupled] = Mentions(self.estate, uses, self.stacks, coupled)
        return self._mentions[forms, coupled]


def _placing(
    known: _Known, brief: Brief, near: Sequence[Stack], forms: frozenset[str], among: Sequence[Home] | None = None
) -> Placing:
    from hclmod.engine import placement

    mentions = known.mentions(forms, frozenset(key for loaded in brief.load() for key in loaded.rule.coupled))
    if brief.phase is not None or brief.only is None:
        return placement.place(known.estate, brief.assignment.phase_of, brief.phase, mentions, among)
    stacks = {stack.path for stack in near}
    named = {path.rpartition("/")[0] for path in brief.only}
    folders = {each for each in named if not any(f"{each}/".startswith(f"{stack}/") for stack in stacks)}
    return placement.place(known.estate, _pointed_at(stacks, folders), NAMED, mentions, among)


def _pointed_at(stacks: Collection[str], folders: Collection[str]) -> PhaseOf:
    def phase_of(stack: str, folder: str, _address: str, _module: str) -> int | None:
        return NAMED if stack in stacks or folder in folders else None

    return phase_of


def _of_forms(seen: Sequence[Sighting], forms: frozenset[str]) -> Sequence[Use]:
    from hclmod.scan import find

    return find.uses(seen, forms) if forms else ()


def _is_about_namespaces(brief: Brief) -> bool:
    return any(set(loaded.rule.kinds) & set(NAMESPACES) for loaded in brief.load())


def with_places(brief: Brief, stacks: Sequence[Stack]) -> list[Stack]:
    """The stacks of a brief with the documents that matter by its places; shared modules are stacks of their own."""
    namespaces = brief.placing.documents if _is_about_namespaces(brief) else frozenset()
    return with_documents(stacks, {*brief.placing.places, *brief.placing.inherited.values(), *namespaces})


def with_documents(stacks: Sequence[Stack], documents: Iterable[str]) -> list[Stack]:
    """The stacks with these documents; those that are in none of them are stacks of their own, by folder."""
    known = {file for each in stacks for file in each.files}
    extra: dict[str, list[str]] = {}
    for document in sorted(set(documents) - known):
        owner = next(
            (each.path for each in stacks if document.startswith(f"{each.path}/")), document.rpartition("/")[0]
        )
        extra.setdefault(owner, []).append(document)
    grown = [replace(each, files=(*each.files, *extra.pop(each.path, ()))) for each in stacks]
    return grown + [Stack(path, path, tuple(documents)) for path, documents in extra.items()]
