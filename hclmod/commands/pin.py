"""Run one rule on one workload that a person names, in the working tree: all that it has to write, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.engine import facts, follow, placement, plan
from hclmod.engine.job import Brief
from hclmod.engine.outcomes import Changed, PhaseReport, Unchanged
from hclmod.engine.project import Workspace, name_of, on_disk
from hclmod.errors import HclmodError
from hclmod.hcl.document import Document
from hclmod.images import reference
from hclmod.rulekit.rule import Level
from hclmod.scan import files as build_files
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hclmod.rulekit.rule import Finding
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.stacks import Stack
    from hclmod.terraform.uses import Home

_CHOSEN = -1
"""The number of a phase that holds the chosen workload alone."""


def act(
    workspace: Workspace,
    target: str,
    rule: str,
    options: Mapping[str, object],
    *,
    texts: Mapping[str, bytes] | None = None,
    with_callers: bool = False,
) -> PhaseReport:
    """What a rule would do to the workload `STACK/ADDRESS[:CONTAINER]`; writes nothing.

    Its block, and the places from which its images come. `with_callers`: where it stands in a module, that of all its
    callers. `texts` are the files to look at instead of those of the working tree.
    """
    texts = texts if texts is not None else read_all(workspace)
    estate = facts.estate_of(workspace.config, texts)
    name, container = _split(target)
    home, *_ = find(estate, name)
    place, named = (home.folder, home.dweller.address), "module." in name
    assignment = facts.assignment_of(workspace.config, texts)
    real = assignment.phase_of

    def phase_of(stack_path: str, folder: str, address: str, module: str) -> int | None:
        instance = stack_path == home.stack and (not named or module == home.module)
        mine = (folder, address) == place and (with_callers or instance)
        return _CHOSEN if mine else real(stack_path, folder, address, module)

    given = {**options, "container": _repository(estate, home, container)} if container else dict(options)
    brief = Brief(
        workspace.config,
        workspace.tags,
        assignment,
        None,
        (rule,),
        {**workspace.options_of(None), rule: {**workspace.options_of(None).get(rule, {}), **given}},
        workspace.folders,
        placing=placement.place(estate, phase_of, _CHOSEN),
        chosen=frozenset([place]),
    )
    brief = replace(brief, facts=facts.facts(estate, real, ()))
    reports = plan.run([(brief, stacks_around(workspace, brief, home, texts))], _reader(texts))
    return PhaseReport(None, f"{rule} {target}", (rule,), reports[0])


def read_all(workspace: Workspace, *, yaml: bool = False) -> dict[str, bytes]:
    """The files of the working tree that say where values come from, and with `yaml` those of YAML."""
    endings = (*follow.ENDINGS, *build_files.YAML) if yaml else follow.ENDINGS
    names = [name_of(workspace.root, path) for path in files.find([workspace.root], endings)]
    return on_disk(workspace.root, names)


def _reader(texts: Mapping[str, bytes]) -> Callable[[Stack], tuple[Document, ...]]:
    def read(each: Stack) -> tuple[Document, ...]:
        return tuple(Document(name, texts[name]) for name in each.files if name in texts)

    return read


def _split(target: str) -> tuple[str, str]:
    head, colon, container = target.rpartition(":")
    return (head, container) if colon else (target, "")


def find(estate: Estate, wanted: str) -> tuple[Home, ...]:
    """The workload of `STACK/ADDRESS` or `ADDRESS`; a `HclmodError` where there is none, or more than one.

    One that stands in a module is as many as there are calls, unless `ADDRESS` names one.
    """
    stack_name, address = stacks.cut(wanted)
    found = [
        home
        for home in estate.homes
        if address in (home.dweller.address, home.address)
        and (not stack_name or home.stack == stack_name or home.stack.endswith(f"/{stack_name}"))
    ]
    names = sorted({f"{home.stack}/{home.address}" for home in found})
    if not found:
        known = [f"{home.stack}/{home.address}" for home in estate.homes]
        hint = stacks.missing(wanted, known, estate.unread)
        raise HclmodError(f"there is no workload `{wanted}`", hint=f"{hint} `hclmod survey` lists the workloads.")
    if len({(home.stack, home.folder) for home in found}) > 1:
        raise HclmodError(f"`{wanted}` is {len(names)} workloads", hint=f"Name one: {', '.join(names)}.")
    return tuple(found)


def _repository(estate: Estate, home: Home, container: str) -> str:
    """The repository that a container runs, by which others that run it too are found; its name where not known."""
    mine = (use for use in estate.uses if (use.folder, use.image.address) == (home.folder, home.dweller.address))
    texts = (text for use in mine if use.image.label == container for text in use.texts if text)
    return next((image.name for text in texts if (image := reference.parse(text))), container)


def stacks_around(workspace: Workspace, brief: Brief, home: Home, texts: Mapping[str, bytes]) -> list[Stack]:
    """The stack that holds the workload's block, with the other documents from which its images come."""
    every = stacks.discover(texts, workspace.config)
    document = home.dweller.document
    mine = [each for each in every if document in each.files]
    if not mine:
        folder = document.rpartition("/")[0]
        mine = [stacks.Stack(folder, folder, (document,))]
    return follow.with_places(brief, [replace(each, files=_beside(each, brief, document)) for each in mine])


def _beside(each: Stack, brief: Brief, document: str) -> tuple[str, ...]:
    wanted = {document, *brief.placing.places}
    return tuple(name for name in each.files if name in wanted)


def findings(report: PhaseReport) -> Iterator[Finding]:
    """Everything that was found: what was changed, then what was left."""
    for outcome in report.outcomes:
        if isinstance(outcome, Changed):
            yield from (each.finding for each in outcome.applied)
        if isinstance(outcome, Changed | Unchanged):
            yield from (each.finding for each in outcome.left)


def objections(report: PhaseReport) -> tuple[str, ...]:
    """Why the whole was not done: with one objection nothing may be written."""
    return tuple(each.message for each in findings(report) if each.fix is None and each.level is Level.WARNING)


def notes(report: PhaseReport) -> tuple[str, ...]:
    """What was rightly left as it is, and why."""
    return tuple(each.message for each in findings(report) if each.fix is None and each.level is Level.NOTE)


def cells(report: PhaseReport, name: str) -> Sequence[str]:
    """The answers of a name that findings give, each once."""
    told = (text for each in findings(report) for key, text in each.cells if key == name)
    return tuple(dict.fromkeys(told))
