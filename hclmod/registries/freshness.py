"""Whether a mirror gives the same digest for a tag as the registry behind it, asked with `HEAD`, twice each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from hclmod.config.policies import Registry as Settings
from hclmod.errors import HclmodError
from hclmod.http import open_transport
from hclmod.registries import auth, client
from hclmod.registries.client import Endpoint, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.http import Answer, Patience
    from hclmod.images.reference import Reference

_STATES = ("x-cache", "x-cache-status", "x-proxy-cache", "cf-cache-status")
"""Headers by which a cache says whether it had the answer."""

NO_DIGEST = "no digest"
"""What stands in the place of a digest that an answer does not have."""

_HITS = ("hit", "stale", "updating", "revalidated")


class Freshness(Struct, frozen=True, kw_only=True):
    """The digests that a mirror and a registry gave for one tag, each the first and the second time.

    `states` is what the mirror said of its store (`X-Cache: HIT`), empty where it said nothing.
    """

    mirror: str
    image: str
    digests: tuple[str, str]
    upstream: tuple[str, str]
    states: tuple[str, str]

    @property
    def is_old(self) -> bool:
        """Whether the mirror gave a digest that the registry gave neither before nor after."""
        return self.is_known and not set(self.digests) & set(self.upstream)

    @property
    def is_known(self) -> bool:
        """Whether each of them gave a digest both times, without which nothing can be compared."""
        return NO_DIGEST not in (*self.digests, *self.upstream)

    @property
    def is_stored(self) -> bool:
        """Whether the mirror says that its second answer came from a store."""
        return self.states[1].partition(" ")[2].lower().startswith(_HITS)


def compare(
    mirror: str,
    image: Reference,
    settings: Mapping[str, Settings],
    environment: Mapping[str, str],
    patience: Patience | None = None,
) -> Freshness:
    """Ask the registry, the mirror twice, and the registry again; raises what one of them refuses.

    A mirror that the person names with `http://` is asked without TLS.
    """
    here = _endpoint(mirror)
    registry, repository = client.split(image.name)
    own = settings.get(registry, Settings())
    there = client.endpoint(registry, {registry: replace(own, mirror="")})
    plain = {each.host for each in (here, there) if each.plain_http}
    keychain, tag = auth.load(environment), image.tag or "latest"
    with open_transport(plain_http=plain, patience=patience) as transport:
        asked, behind = Registry(transport, here, keychain), Registry(transport, there, keychain)
        first = behind.answer(repository, tag)
        answers = asked.answer(repository, tag), asked.answer(repository, tag)
        last = behind.answer(repository, tag)
    return Freshness(
        mirror=mirror,
        image=f"{image.name}:{tag}",
        digests=(_digest(answers[0]), _digest(answers[1])),
        upstream=(_digest(first), _digest(last)),
        states=(_state(answers[0]), _state(answers[1])),
    )


def _endpoint(mirror: str) -> Endpoint:
    parts = _parts(mirror)
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.query or "@" in parts.netloc:
        hint = "Write its address, such as http://10.0.20.10:5000, without a name and a password."
        raise HclmodError(f"`{mirror}` is not the address of a mirror", hint=hint)
    prefix = parts.path.strip("/").removeprefix("v2").strip("/")
    return Endpoint(parts.netloc, f"{prefix}/" if prefix else "", parts.scheme == "http")


def _parts(url: str) -> SplitResult | None:
    """The parts of an address; None where its host or its port is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _digest(answer: Answer) -> str:
    return answer.headers.get("docker-content-digest") or NO_DIGEST


def _state(answer: Answer) -> str:
    return next((f"{name}: {answer.headers[name]}" for name in _STATES if name in answer.headers), "")
