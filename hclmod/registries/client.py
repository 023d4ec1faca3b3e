"""One registry: the tags of a repository, the digest of a tag, the date of an image (OCI distribution spec 1.1).

Digests come from `HEAD`, which Docker Hub does not count as a pull (docs/facts.md, Images 5). Dates come from the
manifest and the small config blob, which count, so they are fetched only if a decision needs them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hclmod.config.policies import Registry as Settings
from hclmod.http import TransportError, Trouble, origin
from hclmod.images import reference, tags
from hclmod.images.evidence import is_digest, is_time
from hclmod.images.tags import TagClass
from hclmod.registries import auth
from hclmod.registries.errors import Refusal, RegistryError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.errors import HclmodError
    from hclmod.http import Answer, Transport
    from hclmod.registries.auth import Keychain

PAGE = 1000
_PAGES = 1000
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_ACCEPT = {"accept": ", ".join((*_INDEXES, *_MANIFESTS))}
_LARGEST = 2**20 * 4  # bytes of a manifest or of an image's config


@dataclass(slots=True)
class Registry:
    """One host, for use by several threads at once.

    It keeps the results of logins. After a rate limit or a failed connection it sends no more requests.
    """

    transport: Transport
    endpoint: Endpoint
    keychain: Keychain
    _headers: dict[str, str] = field(default_factory=dict)  # `Authorization` by repository
    _closed: HclmodError | None = None
    _lock: Lock = field(default_factory=Lock)
    _at_once: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._at_once = BoundedSemaphore(self.endpoint.requests)

    def tags(self, repository: str) -> tuple[str, ...]:
        """List all tags of a repository, sorted, without those that belong to other images (`sha256-<hex>.sig`)."""
        url: str | None = self.endpoint.url(repository, f"tags/list?n={PAGE}")
        result: set[str] = set()
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) == _PAGES:
                raise TransportError(Trouble.GARBAGE, url, "its list of tags does not end")
            seen.add(url)
            answer = self._ask("GET", url, repository)
            result.update(_listed(answer))
            url = answer.next_page()
        return tuple(sorted(name for name in result if tags.classify(name) is not TagClass.DIGEST))

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest of a tag, for several platforms that of the index; None if the tag is gone."""
        url = self.endpoint.url(repository, f"manifests/{quote(tag)}")
        try:
            answer = self._ask("HEAD", url, repository, headers=_ACCEPT)
            digest = answer.headers.get("docker-content-digest")
            if digest is None:  # optional in the specification; the digest is that of the bytes
                return _digest_of(self._ask("GET", url, repository, headers=_ACCEPT).body)
        except RegistryError as error:
            if error.outcome is Refusal.MISSING:
                return None
            raise
        if not is_digest(digest):
            raise TransportError(Trouble.GARBAGE, url, f"invalid digest {digest[:80]!r}")
        return digest

    def answer(self, repository: str, tag: str) -> Answer:
        """What `HEAD` says of a tag, with all its headers; raises the registry's refusal."""
        return self._ask("HEAD", self.endpoint.url(repository, f"manifests/{quote(tag)}"), repository, headers=_ACCEPT)

    def created(self, repository: str, digest: str) -> str | None:
        """When the image with this digest was built, for an index its first platform; None if unknown."""
        manifest = self._document(repository, f"manifests/{digest}", digest)
        if manifest.get("mediaType") in _INDEXES or "manifests" in manifest:
            inner = _platform(manifest)
            manifest = self._document(repository, f"manifests/{inner}", inner) if inner else {}
        config = manifest.get("config")
        blob = config.get("digest") if isinstance(config, dict) else None
        if not isinstance(blob, str) or not is_digest(blob):
            return None
        created = self._document(repository, f"blobs/{blob}", blob).get("created")
        return created if isinstance(created, str) and is_time(created) else None

    def _document(self, repository: str, rest: str, digest: str) -> Mapping[str, Any]:
        url = self.endpoint.url(repository, rest)
        answer = self._ask("GET", url, repository, headers=_ACCEPT if "manifests/" in rest else None, limit=_LARGEST)
        if digest.startswith("sha256:") and _digest_of(answer.body) != digest:
            raise TransportError(Trouble.GARBAGE, url, "the content does not match the digest")
        document = answer.json()
        if not isinstance(document, dict):
            raise TransportError(Trouble.GARBAGE, url, "not a JSON object")
        return document

    def _ask(
        self, method: str, url: str, repository: str, *, headers: Mapping[str, str] | None = None, limit: int = _LARGEST
    ) -> Answer:
        """Send a request, log in if the registry requires it, and raise its refusal."""
        with self._at_once:
            if self._closed:
                raise self._closed
            try:
                secret = self._headers.get(repository)
                answer = self._send(method, url, headers, secret=secret, limit=limit)
                if answer.status == 401 and (secret := self._login(answer, repository)):
                    answer = self._send(method, url, headers, secret=secret, limit=limit)
            except TransportError as failed:
                if failed.trouble is Trouble.UNREACHABLE:
                    self._closed = failed
                raise
            error = refusal(answer)
            if error and error.outcome is Refusal.BUSY:
                self._closed = error
        if error:
            raise error
        return answer

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, *, secret: str | None, limit: int
    ) -> Answer:
        sent = {"authorization": secret} if secret else {}
        return self.transport.request(method, url, headers=headers, secret=sent, limit=limit)

    def _login(self, answer: Answer, repository: str) -> str | None:
        """Log in as a 401 requires, but not for another host after a redirect."""
        if origin(answer.url) != origin(self.endpoint.url(repository, "")):
            return None
        name = f"{self.endpoint.prefix}{repository}"
        header = auth.authorization(answer, self.keychain, self.endpoint.host, self.transport, repository=name)
        with self._lock:
            if header:
                self._headers[repository] = header
        return header


def _listed(answer: Answer) -> list[str]:
    document = answer.json()
    names = document.get("tags") if isinstance(document, dict) else ""
    if names is None:
        return []
    if not isinstance(names, list):
        raise TransportError(Trouble.GARBAGE, answer.url, "not a list of tags")
    return [name for name in names if isinstance(name, str) and reference.is_tag(name)]


def _platform(index: Mapping[str, Any]) -> str | None:
    """Choose the image of an index: linux/amd64, else the first one that is not an attestation (`unknown/unknown`)."""
    listed = [each for each in index.get("manifests") or () if isinstance(each, dict)]
    images = {each.get("digest"): _platform_of(each) for each in listed if _platform_of(each) != ("unknown", "unknown")}
    digests = [digest for digest in images if isinstance(digest, str) and is_digest(digest)]
    return next((each for each in digests if images[each] == ("linux", "amd64")), digests[0] if digests else None)


def _platform_of(described: Mapping[str, Any]) -> tuple[object, object]:
    platform = described.get("platform")
    fields = platform if isinstance(platform, dict) else {}
    return fields.get("os"), fields.get("architecture")


def _digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"  # docker.io itself answers with a web page


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host with the distribution API, and the prefix of its repository names."""

    host: str
    prefix: str = ""
    plain_http: bool = False
    requests: int = Settings().requests

    def url(self, repository: str, rest: str) -> str:
        """The address of a part of a repository, such as `tags/list` or `manifests/latest`."""
        scheme = "http" if self.plain_http else "https"
        return f"{scheme}://{self.host}/v2/{self.prefix}{repository}/{rest}"


def split(name: str) -> tuple[str, str]:
    """Split an image's full name into registry and repository: `docker.io`, `library/redis`."""
    registry, _, repository = name.partition("/")
    return registry, repository


def endpoint(registry: str, settings: Mapping[str, Settings]) -> Endpoint:
    """The mirror of a registry, or the registry itself."""
    chosen = settings.get(registry, Settings())
    host = _HUB_HOST if registry == HUB else registry
    prefix = ""
    if chosen.mirror:
        host, _, prefix = chosen.mirror.partition("/")
    return Endpoint(host, f"{prefix}/" if prefix else "", chosen.plain_http, chosen.requests)
