"""`hclmod doctor --live`: ask a mirror and the registry behind it for one tag, and compare."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hclmod.caches import live
from hclmod.errors import HclmodError
from hclmod.images import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hclmod.caches.codes import Placed
    from hclmod.caches.repository import Caches
    from hclmod.engine.project import Project
    from hclmod.registries.freshness import Freshness


def asking(
    project: Project, mirrors: Sequence[str], image: str, say: Callable[[Freshness], object]
) -> Callable[[Caches], Iterable[Placed]]:
    """What gives the findings about mirrors that are asked for an image; `say` hears each comparison."""
    known = reference.parse(image)
    if known is None:
        raise HclmodError(f"`{image}` is not an image", hint="Write it with its tag: docker.io/library/alpine:latest.")

    def ask(caches: Caches) -> Iterator[Placed]:
        from hclmod.registries.freshness import compare

        for mirror in mirrors:
            seen = compare(mirror, known, project.config.registries, os.environ)
            say(seen)
            yield from live.check(caches, seen)

    return ask
