"""Give the briefs of a run what following references across stacks finds, and their stacks the documents for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.document import Document
    from hclmod.plan import Brief

ENDINGS = (".tf", ".hcl", ".tfvars")
"""The files that say where values come from."""


def placed(
    briefs: Sequence[Brief],
    stacks: Sequence[Stack],
    texts: Mapping[str, bytes],
    read: Callable[[Stack], tuple[Document, ...]],
) -> list[Brief]:
    """The briefs, each with the places outside of containers that its rules may write."""
    if not any(loaded.rule.at_places for brief in briefs for loaded in brief.load()):
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
