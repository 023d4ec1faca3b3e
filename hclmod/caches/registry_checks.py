"""What is wrong with a registry that is a cache: its `ttl`, its credentials, what it may delete.

Source: distribution v2.8.3 and v3.1.1: configuration/configuration.go, registry/proxy (docs/facts.md, Caches 2).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hclmod.caches import registries
from hclmod.caches.codes import Placed, placed
from hclmod.caches.texts import UNKNOWN
from hclmod.hcl.edits import Edit, Fix, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.caches.distribution import RegistryConfig, Setting
    from hclmod.caches.repository import Caches
    from hclmod.images.reference import Reference

NEWEST = 3
_NEVER = re.compile(r"[+-]?0+(?:\.0*)?(?:[a-zµ]+)?|-.*")
_NUMBER = re.compile(r"\d+")


def check(caches: Caches, unit: str = "") -> Iterator[Placed]:
    """All findings about registries. `unit` is what `--ttl-unit` says that a number without one means."""
    for each in caches.registries:
        if each.is_proxy:
            yield from _ttl(each, majors(caches, each), unit)
            yield from _anonymous(each, caches)
            yield from _delete(each, majors(caches, each))
        yield from _unfilled(each, caches)


def majors(caches: Caches, config: RegistryConfig) -> frozenset[int]:
    """The major versions of the registry that may read a configuration, the newest where nothing says which."""
    if config.service is not None and config.service.image is not None:
        return frozenset(filter(None, (registries.major(config.service.image.tag),))) or frozenset({NEWEST})
    folder = posixpath.dirname(config.path)
    every = [(each.path, each.image, each.mounts) for each in caches.services if each.image]
    mounted = [
        (path, image)
        for path, image, mounts in every
        if any(posixpath.basename(source) == config.name for source, _ in mounts)
    ]
    composed = [(path, image) for path, image, _ in every]
    for chosen in (mounted, _in(folder, composed)):
        if numbers := _majors(chosen):
            return numbers
    return _majors(_in(folder, caches.images)) or _majors([*composed, *caches.images]) or frozenset({NEWEST})


def _in(folder: str, images: Iterable[tuple[str, Reference]]) -> list[tuple[str, Reference]]:
    return [(path, image) for path, image in images if posixpath.dirname(path) == folder]


def _majors(images: Iterable[tuple[str, Reference]]) -> frozenset[int]:
    tags = {registries.major(image.tag) for _, image in images if registries.is_image(image.path)}
    return frozenset(each for each in tags if each is not None)


def _ttl(config: RegistryConfig, versions: frozenset[int], unit: str) -> Iterator[Placed]:
    ttl = config.get("proxy.ttl")
    if ttl is None or UNKNOWN in ttl.text:
        return
    at, subject = (config.path, ttl.line), "proxy.ttl"
    if max(versions) < NEWEST:
        shown = ", ".join(f"registry {each}" for each in sorted(versions))
        text = f"{shown} has no `proxy.ttl`, so `ttl: {ttl.text}` does nothing: content expires after 7 days"
        yield placed("ttl-ignored", at, text, subject=subject, evidence=_version_evidence(config))
    elif _NEVER.fullmatch(ttl.text):
        text = f"`ttl: {ttl.text}` keeps content for ever, so the disk only fills"
        yield placed("ttl-never", at, text, subject=subject)
    elif _NUMBER.fullmatch(ttl.text):
        text = f"`ttl: {ttl.text}` is {ttl.text} nanoseconds: content expires at once, and nothing is cached"
        fix = _with_unit(config, ttl, unit) if unit else None
        yield placed("ttl-without-unit", at, text, subject=subject, writes=unit if fix else "", fix=fix)


def _version_evidence(config: RegistryConfig) -> str:
    image = config.service.image if config.service else None
    return str(image) if image else ""


def _with_unit(config: RegistryConfig, ttl: Setting, unit: str) -> Fix | None:
    """The edit that writes the unit; None in a text that is not a file of its own, or where other letters stand there.

    Such letters are an anchor, an escape in quotes, or what comes of a byte order mark.
    """
    if config.text is None or not config.text.whole:
        return None
    text = config.text.text
    written = text[ttl.start : ttl.end]
    if written.strip("\"'") != ttl.text:
        return None
    end = len(text[: ttl.start + written.index(ttl.text) + len(ttl.text)].encode())
    return Fix((Edit(Span(end, end), unit.encode()),), ())


def _anonymous(config: RegistryConfig, caches: Caches) -> Iterator[Placed]:
    if any(config.get(key) for key in ("proxy.username", "proxy.exec.command")) or _has_login(config, caches):
        return
    upstream = config.get("proxy.remoteurl")
    hosts = sorted({registries.host(each) for each in config.upstreams if UNKNOWN not in each})
    if upstream is None or not hosts:
        return
    hub = [each for each in hosts if each in registries.HUB]
    others = [each for each in hosts if each not in registries.HUB]
    at = config.path, upstream.line
    if hub:
        text = "asks Docker Hub without credentials, which allows 100 pulls in 6 hours for each address"
        yield placed("anonymous-upstream", at, text, subject="proxy.remoteurl", evidence=hub[0])
    if others:
        text = f"asks {', '.join(others)} without credentials"
        yield placed("anonymous-upstream", at, text, subject="proxy.remoteurl", is_note=True)


def _has_login(config: RegistryConfig, caches: Caches) -> bool:
    """Whether a container beside the configuration is given a name by its environment."""
    folder = posixpath.dirname(config.path)
    return any(
        "REGISTRY_PROXY_USERNAME" in each.environment
        for each in caches.services
        if posixpath.dirname(each.path) == folder
    )


def _delete(config: RegistryConfig, versions: frozenset[int]) -> Iterator[Placed]:
    """Content that expires can be removed only where deleting is allowed; where nothing expires it does not matter."""
    enabled, ttl, upstream = (
        config.get("storage.delete.enabled"),
        config.get("proxy.ttl"),
        config.get("proxy.remoteurl"),
    )
    never = ttl is not None and _NEVER.fullmatch(ttl.text) is not None and min(versions) >= NEWEST
    is_on = enabled is not None and (enabled.text.lower() in ("true", "yes", "on", "1") or UNKNOWN in enabled.text)
    if not is_on and not never and upstream is not None:
        line = enabled.line if enabled else upstream.line
        text = "content that has expired is not removed, because `storage.delete.enabled` is not set"
        yield placed("delete-off", (config.path, line), text, subject="storage.delete")


def _unfilled(config: RegistryConfig, caches: Caches) -> Iterator[Placed]:
    """`${x}` in a file that nothing fills in: the registry takes it as it is written."""
    if config.text is None or not config.text.whole or config.path in caches.renderings or config.text.is_template:
        return
    for key, each in config.settings.items():
        if matched := re.search(r"\$\{[^}]*\}", each.text):
            text = f"`{matched[0]}` is never filled in: no `templatefile` reads this file, and a registry does not"
            yield placed("unfilled-template", (config.path, each.line), text, subject=key)
