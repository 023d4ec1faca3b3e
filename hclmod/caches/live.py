"""What a mirror that was asked says of the files that configure it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.caches import registries
from hclmod.caches.codes import Placed, placed
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.caches.repository import Caches
    from hclmod.registries.freshness import Freshness


def check(caches: Caches, seen: Freshness) -> Iterator[Placed]:
    """Findings about one mirror, at the place that names it, or where the repository first speaks of a cache."""
    at = _place(caches, seen.mirror)
    evidence = f"{seen.mirror}: {', '.join(seen.digests)}. {seen.image}: {', '.join(seen.upstream)}"
    if seen.is_old:
        own, other = _short(seen.digests[1]), _short(seen.upstream[1])
        text = f"{seen.mirror} gives {own} for {seen.image}, and the registry {other}"
        yield placed("old-answer", at, text, subject=seen.mirror, evidence=evidence)
    if seen.is_stored:
        text = f"{seen.mirror} gives {seen.image} from a store: `{seen.states[1]}`"
        yield placed("stored-answer", at, text, subject=seen.mirror, evidence=evidence)


def _short(digest: str) -> str:
    return digest[:19]


def _place(caches: Caches, mirror: str) -> tuple[str, int]:
    """The mirror of `hosts.toml` with this address, else the server on its port, else the first cache."""
    host, port = registries.host(mirror), registries.port(mirror)
    same = [each for each in caches.mirrors if registries.host(each.url) == host and registries.port(each.url) == port]
    listening = [each.server for each in caches.servers if each.ports and port in each.ports]
    every = [
        *((each.path, each.line) for each in same),
        *((each.path, each.line) for each in listening),
        *((each.server.path, each.server.line) for each in caches.servers),
        *((each.path, each.line) for each in caches.registries if each.is_proxy),
        *((each.path, each.line) for each in caches.mirrors),
    ]
    if not every:
        hint = "Run this in the repository that configures the cache, or compare by hand: docs/guides/cache.md."
        raise HclmodError(f"nothing in this repository configures {mirror} or another cache", hint=hint)
    return every[0]
