"""All that a repository says of caches of images, read once."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.caches import compose, distribution, mirrors, nginx, registries, serving, texts, unread
from hclmod.caches.nginx import Directive, Unread
from hclmod.caches.nginx_checks import Way, ways
from hclmod.scan.files import is_compose
from hclmod.terraform.code import CODE
from hclmod.yaml import located

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hclmod.caches.compose import Service
    from hclmod.caches.distribution import RegistryConfig
    from hclmod.caches.mirrors import Mirror
    from hclmod.caches.texts import Text
    from hclmod.images.reference import Reference
    from hclmod.scan.renderings import Rendering


class Server(Struct, frozen=True):
    """A server of nginx that passes on to registries: the configuration, the server, its ports (None: not known)."""

    root: Directive
    server: Directive
    ports: frozenset[int] | None
    ways: tuple[Way, ...]

    @property
    def targets(self) -> frozenset[str]:
        """The hosts that it passes on to."""
        return frozenset(registries.host(each) for way in self.ways for each in serving.targets(way.answer))


class Caches(Struct, frozen=True, kw_only=True, dict=True):
    """Configurations of nginx and of registries, services of compose files, mirrors, and what could not be read.

    `images_of` gives the registries that run in a cluster, by the file that names them.
    """

    configs: tuple[Directive, ...]
    registries: tuple[RegistryConfig, ...]
    services: tuple[Service, ...]
    mirrors: tuple[Mirror, ...]
    unread: tuple[Unread, ...]
    images_of: Callable[[], Sequence[tuple[str, Reference]]]
    renderings: Mapping[str, tuple[Rendering, ...]]

    @cached_property
    def images(self) -> tuple[tuple[str, Reference], ...]:
        """The registries that run in a cluster."""
        return tuple(self.images_of())

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The names of services that are registries."""
        own = (each.names for each in self.services if each.image and registries.is_image(each.image.path))
        return frozenset[str]().union(*own)

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """The servers of nginx that pass on to registries."""
        roots = ((root, serving.http(root)) for root in self.configs)
        pairs = ((root, http, server) for root, http in roots for server in serving.servers(root))
        every = ((root, server, tuple(ways(http, server, self.hosts))) for root, http, server in pairs)
        return tuple(
            Server(root, server, None if (known := serving.ports(server)) is None else frozenset(known), own)
            for root, server, own in every
            if own
        )

    def config_of(self, service: Service) -> Directive | None:
        """The configuration of nginx that a service is given; None where it is not in the repository, or not known.

        A file that is mounted is known by its path, else by its name, else as the only one beside the compose file.
        """
        sources = [source for source, target in service.mounts if target.startswith("/etc/nginx")]
        folder = posixpath.dirname(service.path)
        paths = [posixpath.normpath(posixpath.join(folder, each)) for each in sources]
        names = {posixpath.basename(each) for each in sources}
        beside = [each for each in self.configs if posixpath.dirname(each.path) == folder]
        mounted = [each for each in self.configs if any(f"{each.path}/".startswith(f"{path}/") for path in paths)]
        named = [each for each in beside if posixpath.basename(each.path) in names]
        for chosen in (mounted, named, beside if sources else []):
            if len(chosen) == 1:
                return chosen[0]
        return None


def read(
    paths: Collection[str],
    get: Callable[[str], bytes | None],
    *,
    images_of: Callable[[], Sequence[tuple[str, Reference]]] = tuple,
    renderings: Mapping[str, tuple[Rendering, ...]] | None = None,
) -> Caches:
    """Read what the files say. `images_of` gives the registries of the cluster, `renderings` the uses of templates.

    A file for which `get` has nothing is one that cannot be read.
    """
    known = renderings or {}
    files = {path: get(path) for path in paths if texts.is_candidate(path)}
    every = [text for path, data in files.items() for text in _texts(path, data, known)]
    documents = [(text, each) for text in every if _may_be_yaml(text) for each in _documents(text)]
    services = tuple(
        service for text, each in documents if is_compose(text.name) for service in compose.services(text.path, each)
    )
    configs = [distribution.of_file(text, each) for text, each in documents if distribution.is_config(each)]
    roots, refused = _configs(every)
    left = (*refused, *unread.files(files), *unread.registries(every), *unread.included(roots, paths))
    return Caches(
        configs=tuple(roots),
        registries=(
            *(_with_upstreams(each, known) for each in configs),
            *filter(None, map(distribution.of_service, services)),
        ),
        services=services,
        mirrors=tuple(each for text in every if mirrors.is_hosts(text) for each in mirrors.mirrors(text)),
        unread=tuple(dict.fromkeys(left)),
        images_of=images_of,
        renderings=known,
    )


def may_be_filled(path: str, data: bytes) -> bool:
    """Whether a file is one of a registry or of nginx in which a template may stand."""
    return (
        b"${" in data
        and any(word in data for word in (b"remoteurl", b"proxy_pass", b"[host."))
        and not path.endswith(CODE)
    )


def _texts(path: str, data: bytes | None, known: Mapping[str, object]) -> Iterator[Text]:
    return texts.texts(path, data, filled=path in known) if data is not None else iter(())


def _may_be_yaml(text: Text) -> bool:
    return not text.has_control_flow and any(word in text.text for word in ("services:", "version: 0", "remoteurl"))


def _documents(text: Text) -> Sequence[located.Located]:
    result = located.documents(text.plain)
    return result if isinstance(result, list) else ()


def _configs(every: Sequence[Text]) -> tuple[list[Directive], list[Unread]]:
    """The configurations that no other one includes, with those that they include in their place."""
    parsed = [(text, nginx.parse(text)) for text in every if nginx.is_nginx(text)]
    roots = [(text, each) for text, each in parsed if isinstance(each, Directive)]
    files = {text.path: each for text, each in roots if text.whole}
    parts = [(text, nginx.parse(text)) for text in every if nginx.is_part(text) and text.path not in files]
    files |= {text.path: each for text, each in parts if isinstance(each, Directive)}
    included: set[str] = set()
    joined = [(text, nginx.joined(each, files, included)) for text, each in roots]
    scripts = {(text.path, text.lines[:1]) for text, _ in roots}
    refused = [each for text, each in parsed if isinstance(each, Unread) and _matters(text, each, scripts)]
    return [each for text, each in joined if not (text.whole and text.path in included)], refused


def _matters(text: Text, refused: Unread, scripts: Iterable[tuple[str, tuple[int, ...]]]) -> bool:
    """Whether a text that cannot be read is one of nginx, and not a script around one."""
    inner = any(path == text.path and text.lines[:1] < first <= text.lines[-1:] for path, first in scripts)
    return not inner and (text.whole or not refused.is_broken)


def _with_upstreams(config: RegistryConfig, known: Mapping[str, tuple[Rendering, ...]]) -> RegistryConfig:
    """The configuration with the addresses that its uses as a template put there."""
    from msgspec.structs import replace

    written = config.get("proxy.remoteurl")
    text = config.text
    if written is None or text is None or texts.UNKNOWN not in written.text or not text.whole:
        return config
    name = text.text[written.start : written.end].strip("\"'${} ")
    values = [each.values.get(name) for each in known.get(config.path, ())]
    return replace(config, upstreams=tuple(each for each in values if each))
