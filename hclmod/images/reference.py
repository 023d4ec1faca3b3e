"""Image references, split and printed without loss (distribution/reference: `regexp.go`, `normalize.go`)."""

from __future__ import annotations

import re

from msgspec import Struct

from hclmod.lazy import lazily

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = lazily(r"\w[\w.-]{0,127}", re.ASCII)
_REFERENCE = lazily(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PART}(?:/{_PART})*)"
    rf"(?::(?P<tag>{_TAG.pattern}))?"
    r"(?:@(?P<digest>sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?",
    re.ASCII,
)
_IMAGE_ID = lazily(r"[a-f0-9]{64}")
_NAME_LIMIT = 255
_HUB = "docker.io"


class Reference(Struct, frozen=True):
    """An image as a person wrote it: `domain` is empty where it was left out."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """The full name without tag or digest: `docker.io/library/redis`."""
        domain = _HUB if self.domain in {"", "index.docker.io"} else self.domain
        official = domain == _HUB and "/" not in self.path
        return f"{domain}/library/{self.path}" if official else f"{domain}/{self.path}"

    @property
    def familiar(self) -> str:
        """The shortest name that means the same: `redis`."""
        path = self.name.removeprefix(f"{_HUB}/")
        short = path.removeprefix("library/")
        if "/" not in short:
            return short
        return self.name if _is_domain(path.partition("/")[0]) else path

    def with_tag(self, tag: str) -> Reference:
        """Name another tag of the same image; a digest is dropped, for it is of the old one."""
        if not is_tag(tag):
            raise ValueError(f"not a tag: {tag!r}")
        return Reference(self.domain, self.path, tag)

    def with_digest(self, digest: str) -> Reference:
        """Name the same image with a digest, which counts more than the tag before it."""
        if not is_digest(digest):
            raise ValueError(f"not a digest: {digest!r}")
        return Reference(self.domain, self.path, self.tag, digest)

    def __str__(self) -> str:
        domain = f"{self.domain}/" if self.domain else ""
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{domain}{self.path}{tag}{digest}"


def parse(text: str) -> Reference | None:
    """Split a reference; `None` for what is none, such as a pattern, a template or an image's id."""
    match = _REFERENCE.fullmatch(text)
    if match is None or _IMAGE_ID.fullmatch(text):
        return None
    domain, path = match["domain"] or "", match["path"]
    if domain and not _is_domain(domain):
        domain, path = "", f"{domain}/{path}"
    reference = Reference(domain, path, match["tag"], match["digest"])
    return reference if len(reference.name) <= _NAME_LIMIT else None


def is_tag(text: str) -> bool:
    """Whether this can stand behind a reference's colon."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether this can stand behind a reference's `@`."""
    return _SHA256.fullmatch(text) is not None


_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def _is_domain(part: str) -> bool:
    return part == "localhost" or "." in part or ":" in part or part != part.lower()
