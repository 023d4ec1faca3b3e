"""Give the briefs of a run what following references across stacks finds, and their stacks the documents for it."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.errors import ConfigError
from hclmod.stack import Stack, Target
from hclmod.workloads import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.config import Config
    from hclmod.document import Document
    from hclmod.plan import Brief
    from hclmod.stack import Assignment

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
    from hclmod.estate import Estate

    found: dict[Target, int] = {}
    lived: set[str] = set()
    for home in Estate([each.path for each in stacks], texts, texts.get).homes:
        names = {name for name in home.names if name is not None}
        lived |= names
        numbers = {wanted[name] for name in names & wanted.keys()}
        if len(numbers) == 1:
            found[Target(home.stack, home.folder, home.dweller.address)] = numbers.pop()
    for name, number in wanted.items():
        if whole and name not in lived:
            near = difflib.get_close_matches(name, lived, 1)
            hint = f"Did you mean `{near[0]}`?" if near else "`hclmod survey` lists who lives where."
            raise ConfigError(
                f"{config.path}: phase.{number}.namespaces names `{name}`, where nothing lives", hint=hint
            )
    named = {target for target in found if Target(target.stack, None, target.address) in assignment.targets}
    targets = {target: number for target, number in found.items() if target not in named}
    return replace(assignment, targets={**targets, **assignment.targets})


def placed(
    briefs: Sequence[Brief],
    stacks: Sequence[Stack],
    texts: Mapping[str, bytes],
    read: Callable[[Stack], tuple[Document, ...]],
) -> list[Brief]:
    """The briefs, each with the places outside of containers that its rules may write."""
    rules = [loaded.rule for brief in briefs for loaded in brief.load()]
    if not any(rule.at_places or rule.follows or set(rule.kinds) & set(NAMESPACES) for rule in rules):
        return list(briefs)
    from hclmod import placing
    from hclmod.estate import Estate

    traced = placing.to_trace(stacks, read, placing.image_folders(texts))
    estate = Estate(sorted(traced), texts, texts.get)
    return [replace(brief, placing=placing.place(estate, brief.assignment.phase_of, brief.phase)) for brief in briefs]


def with_places(brief: Brief, stacks: Sequence[Stack]) -> list[Stack]:
    """The stacks of a brief with the documents that matter by its places; shared modules are stacks of their own."""
    known = {file for each in stacks for file in each.files}
    extra: dict[str, list[str]] = {}
    for document in sorted({*brief.placing.places, *brief.placing.inherited.values()} - known):
        owner = next(
            (each.path for each in stacks if document.startswith(f"{each.path}/")), document.rpartition("/")[0]
        )
        extra.setdefault(owner, []).append(document)
    grown = [replace(each, files=(*each.files, *extra.pop(each.path, ()))) for each in stacks]
    return grown + [Stack(path, path, tuple(documents)) for path, documents in extra.items()]
