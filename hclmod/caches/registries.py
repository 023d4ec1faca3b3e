"""Names of registries: the public ones, and what a host is called that is one."""

from __future__ import annotations

import re

from hclmod.numbers import whole_number

HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"})
"""The names of Docker Hub."""

PUBLIC = HUB | {
    "ghcr.io", "quay.io", "registry.k8s.io", "k8s.gcr.io", "gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io",
    "mcr.microsoft.com", "public.ecr.aws", "registry.gitlab.com", "lscr.io",
    "docker.elastic.co", "nvcr.io", "registry.access.redhat.com", "registry.redhat.io", "codeberg.org",
    "xpkg.upbound.io",
}  # fmt: skip
"""Registries that everybody may ask."""

MIRRORS = frozenset({"mirror.gcr.io"})
"""Copies of Docker Hub that everybody may ask."""

_SUFFIXES = (".pkg.dev", ".azurecr.io", ".amazonaws.com", ".gcr.io", ".icr.io")
_NAMED = re.compile(
    r"(?:[a-z0-9]+[-_])?(?:docker|container|oci|image|images)[-_]?registry\b|registry(?:[-_][a-z0-9-]+|\d*)?(?=[.:]|$)"
    r"|(?:docker|oci)[-_]distribution\b|distribution(?=[.:]|$)|harbor[-_]|pull[-_]?through",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"(?:library/)?registry|distribution/distribution")


def host(url: str) -> str:
    """The host of an address, without scheme, path and port."""
    rest = re.sub(r"^\w+://", "", url).split("/")[0].rpartition("@")[2]
    return rest.partition(":")[0].lower() if not rest.startswith("[") else rest.partition("]")[0][1:]


def port(url: str) -> int:
    """The port of an address, that of its scheme where it names none."""
    rest = re.sub(r"^\w+://", "", url).split("/")[0]
    tail = rest.rpartition(":")[2] if ":" in rest.rpartition("]")[2] else ""
    number = whole_number(tail)
    return number if number is not None else 80 if url.startswith("http://") else 443


def is_public(name: str) -> bool:
    """Whether a host is a public registry."""
    return name in PUBLIC or (name.endswith(_SUFFIXES) and name not in MIRRORS)


def is_registry(target: str) -> bool:
    """Whether a host is a registry of images by its name; that of schemas or services is none."""
    return is_public(host(target)) or host(target) in MIRRORS or _NAMED.match(host(target)) is not None


def is_image(path: str) -> bool:
    """Whether an image, by its path without registry and tag, is that of the registry (distribution)."""
    return _IMAGE.fullmatch(path) is not None


def major(tag: str | None) -> int | None:
    """The major version of the registry that a tag names; the newest where it floats, None where it is not known."""
    if tag in (None, "", "latest"):
        return 3
    match = re.match(r"v?(\d+)(?:[.-]|$)", tag or "")
    return whole_number(match[1]) if match else None
