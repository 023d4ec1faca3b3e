"""`hclmod doctor --live`: ask a mirror and the registry behind it for one tag, and compare."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.caches import docs_checks, live, texts
from hclmod.errors import HclmodError
from hclmod.images import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hclmod.caches.codes import Placed
    from hclmod.caches.repository import Caches
    from hclmod.engine.project import Project
    from hclmod.registries.freshness import Freshness


_HINT = "Write it with its tag: docker.io/library/alpine:latest."


def folder_of(project: Project, path: Path) -> str:
    """The file or folder that a person names, by its path from the root, empty for the root itself.

    One that is not there, is a link, or is none of this repository is an error.
    """
    name = project.name_of(path)
    if name == ".":
        return ""
    if not path.exists() and not any(f"{each}/".startswith(f"{name}/") for each in project.tree.away):
        raise HclmodError(f"{path} does not exist", hint="Name a file or a folder that does.")
    if why := files.foreign(project.root, path):
        raise HclmodError(f"{path}: {why}", hint="Name a file or a folder of this repository.")
    if path.is_symlink():
        raise HclmodError(f"{path} is a symbolic link", hint="Name what it leads to.")
    if path.is_file() and not (texts.is_candidate(name) or docs_checks.is_doc(name)):
        hint = "Name a configuration of nginx, of a registry or of containerd, a compose file, or a page of Markdown."
        raise HclmodError(f"{path} is not a file that doctor reads", hint=hint)
    return name


def asking(
    project: Project, mirrors: Sequence[str], image: str, say: Callable[[Freshness], object]
) -> Callable[[Caches], Iterable[Placed]]:
    """What gives the findings about mirrors that are asked for an image; `say` hears each comparison."""
    known = reference.parse(image)
    if known is None:
        raise HclmodError(f"`{image}` is not an image", hint=_HINT)
    if known.digest:
        raise HclmodError(f"`{image}` names a digest, which every store gives as it is", hint=_HINT)

    def ask(caches: Caches) -> Iterator[Placed]:
        from hclmod.registries.freshness import compare

        for mirror in mirrors:
            seen = compare(mirror, known, project.config.registries, os.environ)
            say(seen)
            yield from live.check(caches, seen)

    return ask
