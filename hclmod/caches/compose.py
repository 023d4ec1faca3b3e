"""Compose files: the images of services, the ports that they publish, the files that they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.images import reference
from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.images.reference import Reference
    from hclmod.yaml.located import Located

_DEFAULT = re.compile(r"\$\{\w+:?-([^}]*)\}")
_PORTS = re.compile(
    r"(?:(?P<host>\[[^\]]*\]|\d+(?:\.\d+){3}|localhost):)?(?:(?P<published>(?:\d+(?:-\d+)?)?):)?(?P<target>\d+(?:-\d+)?)(?:/tcp)?"
)
_MOST = 1000


class Port(Struct, frozen=True):
    """A port of a container and the one by which it is published, None for a random one."""

    published: int | None
    target: int
    line: int


class Service(Struct, frozen=True, kw_only=True):
    """One service. `mounts` are pairs of a path of the host and one of the container."""

    path: str
    name: str
    names: frozenset[str]
    line: int
    image: Reference | None
    ports: tuple[Port, ...]
    mounts: tuple[tuple[str, str], ...]
    environment: dict[str, tuple[str, int]]


def services(path: str, document: Located) -> Iterator[Service]:
    """The services of a compose file."""
    whole = document.get("services")
    for name, each in (whole.entries if whole else {}).items():
        if not each.entries:
            continue
        yield Service(
            path=path,
            name=name,
            names=frozenset(filter(None, (name, each.text("container_name"), each.text("hostname")))),
            line=each.line,
            image=reference.parse(_filled(each.text("image"))),
            ports=tuple(port for entry in _items(each, "ports") for port in _ports(entry)),
            mounts=tuple(mount for entry in _items(each, "volumes") for mount in _mounts(entry)),
            environment=dict(_environment(each.get("environment"))),
        )


def _items(service: Located, name: str) -> list[Located]:
    entry = service.get(name)
    return entry.items if entry else []


def _filled(text: str) -> str:
    """A text with the defaults of its variables."""
    return _DEFAULT.sub(lambda match: match[1], text)


def _ports(entry: Located) -> Iterator[Port]:
    if entry.entries:
        target = whole_number(entry.text("target"))
        if target is not None and entry.text("protocol") in ("", "tcp"):
            yield Port(whole_number(_filled(entry.text("published"))), target, entry.line)
        return
    match = _PORTS.fullmatch(_filled(entry.value)) if isinstance(entry.value, str) else None
    if match is None:
        return
    targets = _range(match["target"])
    outside: list[int | None] = [*_range(match["published"])] if match["published"] else [None] * len(targets)
    yield from (Port(out, inner, entry.line) for out, inner in zip(outside, targets, strict=False))


def _range(text: str) -> list[int]:
    begin, _, end = text.partition("-")
    first, last = whole_number(begin), whole_number(end or begin)
    return [] if first is None or last is None else list(range(first, min(last, first + _MOST) + 1))


def _mounts(entry: Located) -> Iterator[tuple[str, str]]:
    if entry.entries:
        yield entry.text("source"), entry.text("target")
    elif isinstance(entry.value, str) and ":" in entry.value:
        source, target = _filled(entry.value).split(":")[:2]
        yield source, target


def _environment(entry: Located | None) -> Iterator[tuple[str, tuple[str, int]]]:
    if entry is None:
        return
    for name, each in entry.entries.items():
        yield name, (each.value if isinstance(each.value, str) else "", each.line)
    for each in entry.items:
        if isinstance(each.value, str):
            name, _, value = each.value.partition("=")
            yield name, (value, each.line)
