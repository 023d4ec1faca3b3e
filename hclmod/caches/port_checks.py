"""Ports on which nobody answers, and the mirrors of containerd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.caches import registries, serving
from hclmod.caches.codes import Placed, placed
from hclmod.caches.texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.caches.mirrors import Mirror
    from hclmod.caches.repository import Caches


def unserved_ports(caches: Caches) -> Iterator[Placed]:
    """Ports of a compose file behind which nginx does not listen, though it passes on to registries."""
    mine = {id(each.root) for each in caches.servers}
    for service in caches.services:
        root = caches.config_of(service)
        if root is None or id(root) not in mine or any(each.name == "include" for each in root.below()):
            continue
        known = [serving.ports(each) for each in serving.servers(root)]
        if None in known:
            continue
        listening = sorted({port for each in known if each for port in each})
        for port in service.ports:
            if port.target not in listening:
                shown = ", ".join(map(str, listening))
                text = f"port {port.target} of `{service.name}` is published, and no `server` listens there"
                evidence = f"{root.path} listens on {shown}"
                yield placed("unserved-port", (service.path, port.line), text, subject=service.name, evidence=evidence)


def served(caches: Caches) -> frozenset[int]:
    """The ports on which a registry can be reached, as far as the repository says."""
    result: set[int] = set()
    for service in caches.services:
        root = caches.config_of(service)
        own = [each.ports for each in caches.servers if each.root is root]
        listening = {port for ports in own if ports for port in ports}
        if service.image is not None and registries.is_image(service.image.path):
            listening |= {5000}
        result |= {each.published for each in service.ports if each.target in listening and each.published}
    if not caches.services:
        result |= {port for each in caches.servers if each.ports for port in each.ports}
    return frozenset(result)


def check_mirrors(caches: Caches) -> Iterator[Placed]:
    """All findings about mirrors."""
    ports = served(caches)
    own = _own_hosts(caches, ports)
    for each in caches.mirrors:
        if UNKNOWN in each.url or not registries.host(each.url):
            continue
        if each.is_server:
            yield from _without_fallback(each, own)
        elif not _is_same(each):
            yield from _mirror(each, own, ports)


def _mirror(each: Mirror, own: frozenset[str], ports: frozenset[int]) -> Iterator[Placed]:
    host, port = registries.host(each.url), registries.port(each.url)
    at = each.path, each.line
    if host in own and port not in ports:
        known = ", ".join(map(str, sorted(ports)))
        text = f"no registry answers on port {port} of {host}: the repository serves {known}"
        yield placed("unserved-mirror", at, text, subject=each.url, evidence=each.target)
    elif "resolve" in each.capabilities and (host in own or _is_copy(each)):
        text = f"the cache is asked which image a tag is (`resolve`), and gives an old one while {_name(each)} fails"
        yield placed("mirror-resolves", at, text, subject=each.url, evidence=each.target)


def _own_hosts(caches: Caches, ports: frozenset[int]) -> frozenset[str]:
    """The hosts that the repository itself serves: one of their ports is, or a service has their name."""
    named = frozenset[str]().union(*(each.names for each in caches.services))
    pairs = [
        (registries.host(each.url), registries.port(each.url)) for each in caches.mirrors if UNKNOWN not in each.url
    ]
    own = {host for host, port in pairs if (port in ports and port not in _USUAL) or (ports and host in named)}
    return frozenset(host for host in own if not registries.is_public(host))


_USUAL = frozenset({80, 443})
"""Ports that many machines serve, so that they do not show which machine is meant."""


def _is_same(mirror: Mirror) -> bool:
    """Whether the host is the registry itself, under one of its names."""
    one, other = registries.host(mirror.url), registries.host(mirror.server)
    return one == other or {one, other} <= registries.HUB


def _is_copy(mirror: Mirror) -> bool:
    """Whether the host stands before a public registry and is none itself: then it is a copy of it."""
    return registries.is_public(_upstream(mirror)) and not registries.is_public(registries.host(mirror.url))


def _upstream(mirror: Mirror) -> str:
    """The registry that a mirror stands before: `server`, else what the folder of the file is called."""
    return registries.host(mirror.server) if mirror.server else mirror.folder


def _name(mirror: Mirror) -> str:
    name = _upstream(mirror)
    return "Docker Hub" if name in registries.HUB else name if name and UNKNOWN not in name else "the registry"


def _without_fallback(each: Mirror, own: frozenset[str]) -> Iterator[Placed]:
    """A `server` that is the cache. Without any `server` containerd asks the registry itself, which is right."""
    host = registries.host(each.url)
    if host in own and registries.host(each.folder.replace("_", ":")) != host:
        text = f"nothing is asked but the cache: `server` is {each.url}"
        yield placed("no-fallback", (each.path, each.line), text, subject=each.url, evidence=each.target)
