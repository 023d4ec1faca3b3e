"""Where the images of a registry are asked for: the registry itself, or the mirror that the config names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hclmod.policies import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"  # docker.io itself answers with a web page


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that speaks the distribution API, and what stands before the names of repositories there."""

    host: str
    prefix: str = ""
    plain_http: bool = False
    requests: int = Registry().requests

    def url(self, repository: str, rest: str) -> str:
        """Make the address of something of a repository: `tags/list`, `manifests/latest`."""
        scheme = "http" if self.plain_http else "https"
        return f"{scheme}://{self.host}/v2/{self.prefix}{repository}/{rest}"


def split(name: str) -> tuple[str, str]:
    """Split an image's full name into registry and repository: `docker.io`, `library/redis`."""
    registry, _, repository = name.partition("/")
    return registry, repository


def endpoint(registry: str, settings: Mapping[str, Registry]) -> Endpoint:
    """Choose where to ask for the images of a registry; without a mirror the registry itself."""
    chosen = settings.get(registry, Registry())
    host = _HUB_HOST if registry == HUB else registry
    prefix = ""
    if chosen.mirror:
        host, _, prefix = chosen.mirror.partition("/")
    return Endpoint(host, f"{prefix}/" if prefix else "", chosen.plain_http, chosen.requests)
