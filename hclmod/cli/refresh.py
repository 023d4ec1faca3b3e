"""How commands query registries, and name the images that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.cli import output
from hclmod.commands import tags

if TYPE_CHECKING:
    from collections.abc import Collection

    from hclmod.commands.tags import Refreshed
    from hclmod.engine.project import Project


def refreshed(project: Project, phases: Collection[int], *, keep: bool) -> Project:
    """The project with what registries say about the phases' images; with `keep` the snapshot is written, too.

    After an interruption the results so far are stored, then `KeyboardInterrupt` is raised.
    """
    with output.progress("images") as watch:
        result = tags.refresh(project, (), phases, watch=watch, begin=watch.begin)
    if keep and result.learnt:
        tags.write(project, result.snapshot)
    show_failed(result)
    if result.interrupted:
        raise KeyboardInterrupt
    return project.over(project.tree, tags=result.snapshot)


def show_failed(result: Refreshed) -> None:
    """Name the images that could not be queried, on standard error."""
    for name, why in result.failed.items():
        output.warning(f"{name}: {why.replace(chr(10), ' ')}")
    if result.interrupted:
        output.show("interrupted: the results so far are stored", err=True)
