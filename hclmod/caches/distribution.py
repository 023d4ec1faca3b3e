"""The configuration of a registry (distribution): a file, or variables of its container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.caches import registries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.caches.compose import Service
    from hclmod.caches.texts import Text
    from hclmod.yaml.located import Located

_PREFIX = "REGISTRY_"


class Setting(Struct, frozen=True):
    """A value as it is written and its line; the offsets of its letters in a file, (0, 0) where it is not in a file."""

    text: str
    line: int
    start: int = 0
    end: int = 0


class RegistryConfig(Struct, frozen=True, kw_only=True):
    """The settings of a registry, by the path of the key (`proxy.ttl`).

    `upstreams` are what it may be a cache of: the texts of `proxy.remoteurl`, of a template one for each use.
    """

    path: str
    line: int
    name: str
    settings: dict[str, Setting]
    upstreams: tuple[str, ...] = ()
    text: Text | None = None
    service: Service | None = None

    def get(self, key: str) -> Setting | None:
        """The value of a key."""
        return self.settings.get(key)

    @property
    def is_proxy(self) -> bool:
        """Whether it is a cache of another registry."""
        return "proxy.remoteurl" in self.settings


def is_config(document: Located) -> bool:
    """Whether a document of YAML is the configuration of a registry."""
    version = document.text("version")
    return version in ("0.1", "0.2") and (document.get("storage") is not None or document.get("proxy") is not None)


def of_file(text: Text, document: Located) -> RegistryConfig:
    """The configuration in a file."""
    settings = dict(_flat(document, "", text))
    upstream = settings.get("proxy.remoteurl")
    return RegistryConfig(
        path=text.path,
        line=text.line(document.line),
        name=text.name,
        settings=settings,
        upstreams=(upstream.text,) if upstream else (),
        text=text,
    )


def _flat(at: Located, key: str, text: Text) -> Iterator[tuple[str, Setting]]:
    if isinstance(at.value, str):
        yield key, Setting(at.value, text.line(at.line), at.start, at.end)
    for name, each in at.entries.items():
        yield from _flat(each, f"{key}.{name}".lstrip("."), text)


def of_service(service: Service) -> RegistryConfig | None:
    """The configuration that a container is given by variables; None where there is none about a cache."""
    known = {
        name.removeprefix(_PREFIX).lower().replace("_", "."): Setting(*value)
        for name, value in service.environment.items()
        if name.startswith(_PREFIX)
    }
    if "proxy.remoteurl" not in known or service.image is None or not registries.is_image(service.image.path):
        return None
    return RegistryConfig(
        path=service.path,
        line=service.line,
        name=service.name,
        settings=known,
        upstreams=(known["proxy.remoteurl"].text,),
        service=service,
    )
