"""What is wrong with an nginx in front of a registry: which answers it stores, for how long, and by which key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.caches import locations, registries, serving
from hclmod.caches.codes import PROXY_CACHE_OFF, Placed, placed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hclmod.caches.nginx import Directive
    from hclmod.caches.serving import Answer, Http

MANIFESTS = ("manifests/latest", "manifests/1.27.3")
BLOBS = (f"blobs/sha256:{'0' * 64}",)
TAGS = ("tags/list",)
_ERRORS = ("401", "403", "404", "429", "500", "502", "503", "504")
_ABOUT_IMAGES = re.compile(
    r"manifests|blobs|docker|containerd|ghcr|quay|(?<!schema-)(?<!schema_)(?<!service-)registry|_catalog", re.IGNORECASE
)
_API = re.compile(r"^\^?\\?/(?!api\b)(?:[\w.-]+\\?/)*v2\b|^\\?/?v2\b|^\^?/?\(.*v2\b")
_HOSTS = re.compile(r"\$\{?(?:proxy_host|host|http_host|server_name|server_port|upstream\w*|\w*registry\w*)\b")
_PATHS = re.compile(r"\$\{?(?:request_uri|uri|document_uri|request)\b")
_STALE = frozenset(
    {"error", "timeout", "http_429", "http_500", "http_502", "http_503", "http_504", "http_403", "http_404"}
)
_TIMES = frozenset({"Cache-Control", "Expires", "X-Accel-Expires"})


class Way(Struct, frozen=True):
    """A location that answers for registries, with one address for which it does, by what is asked for."""

    kind: str
    answer: Answer


def ways(http: Http, server: Directive, hosts: Collection[str] = ()) -> list[Way]:
    """How a server answers for a registry, each location once for each kind; none for a server of something else.

    `hosts` are names of services that are registries.
    """
    result: dict[tuple[str, str], Way] = {}
    speaks = _speaks_of_images(server)
    for kind, rest in (("manifests", MANIFESTS), ("tags", TAGS), ("blobs", BLOBS)):
        for uri in serving.probes(server, rest):
            answer = serving.answer(http, server, uri)
            if answer is not None and answer.upstream is not None and (speaks or _is_registry(answer, hosts)):
                result.setdefault((kind, f"{answer.location.place} {answer.location.shown}"), Way(kind, answer))
    return list(result.values())


def _is_registry(answer: Answer, hosts: Collection[str]) -> bool:
    """Whether a location passes on to a registry, by the name of its upstream."""
    return any(registries.is_registry(each) or registries.host(each) in hosts for each in serving.targets(answer))


def _speaks_of_images(server: Directive) -> bool:
    """Whether a server has a location for the API of registries, and anything in it is about images."""
    every = list(server.below())
    patterns = [locations.pattern(each) for each in every if each.name == "location"]
    if not any(_API.search(each) for each in patterns):
        return False
    return any(_ABOUT_IMAGES.search(word) for each in (server, *every) for word in (each.name, *each.args))


def check(root: Directive, hosts: Collection[str] = ()) -> Iterator[Placed]:
    """All findings of one configuration."""
    every: list[Way] = []
    http = serving.http(root)
    for server in serving.servers(root):
        own = ways(http, server, hosts)
        every += own
        yield from _stored(own)
        yield from _about_size(http, server, own)
    yield from _shared(every)


def _stored(own: Sequence[Way]) -> Iterator[Placed]:
    blobs = {_key(each.answer) for each in own if each.kind == "blobs"}
    for each in own:
        if each.kind == "blobs":
            yield from _errors(each.answer)
        else:
            yield from _old_answers(each, is_alone=_key(each.answer) not in blobs)
    for answer in {_key(each.answer): each.answer for each in own}.values():
        yield from _key_without_uri(answer)


def _key(answer: Answer) -> str:
    return answer.location.place


def _at(directive: Directive) -> tuple[str, int]:
    return directive.path, directive.line


def _old_answers(way: Way, *, is_alone: bool) -> Iterator[Placed]:
    """Manifests or lists of tags that are stored; and that an old one is given when the upstream fails."""
    answer = way.answer
    zone, kept, stored = answer.zone, answer.kept("200"), answer.is_stored
    if zone is None or kept is None or stored is False:
        return
    code, what = (
        ("cached-manifest", "manifests of tags") if way.kind == "manifests" else ("cached-tag-list", "lists of tags")
    )
    inherited = "" if zone in (answer.location.block or ()) else _from(zone, answer)
    text = f"{what} are stored for {kept[1]}: `{zone.shown}`{inherited} holds in `{answer.location.shown}`"
    evidence = f"GET {answer.uri} is answered by `{answer.location.shown}` ({answer.location.place})"
    if stored is None:
        text = f"{what} may be stored for {kept[1]}: a condition or an `include` that cannot be read decides"
    writes = PROXY_CACHE_OFF if inherited and is_alone and stored else ""
    yield placed(
        code,
        _at(answer.location),
        text,
        subject=answer.location.shown,
        evidence=evidence,
        is_note=stored is None,
        writes=writes,
    )
    if stored and way.kind == "manifests":
        yield from _stale(answer)


def _from(zone: Directive, answer: Answer) -> str:
    """Where a directive stands that a location inherits."""
    return f" of line {zone.line}" if zone.path == answer.location.path else f" of {zone.place}"


def _stale(answer: Answer) -> Iterator[Placed]:
    """What makes a stored manifest outlive its time."""
    for each in answer.given("proxy_cache_use_stale"):
        if words := [word for word in each.args if word in _STALE]:
            text = f"an old manifest is given when the registry fails: `{each.shown}`"
            yield placed("stale-on-error", _at(each), text, subject=answer.location.shown, evidence=", ".join(words))
    for each in answer.given("proxy_ignore_headers"):
        if words := [word for word in each.args if word in _TIMES]:
            text = f"what the registry says about storing is ignored: `{each.shown}`"
            yield placed("stale-on-error", _at(each), text, subject=answer.location.shown, evidence=", ".join(words))


def _errors(answer: Answer) -> Iterator[Placed]:
    """Errors that are stored in the place of a blob."""
    if answer.zone is None or answer.is_stored is False:
        return
    by_line: dict[int, tuple[Directive, list[str], str]] = {}
    for status in _ERRORS:
        if kept := answer.kept(status):
            by_line.setdefault(kept[0].line, (kept[0], [], kept[1]))[1].append(status)
    for each, statuses, time in by_line.values():
        text = (
            f"errors are stored for {time} in the place of a blob: `{each.shown}` is also about {', '.join(statuses)}"
        )
        yield placed("cached-error", _at(each), text, subject=answer.location.shown, is_note=answer.is_stored is None)


def _key_without_uri(answer: Answer) -> Iterator[Placed]:
    keys = answer.given("proxy_cache_key")
    if answer.zone is None or not keys or answer.is_stored is False:
        return
    written = " ".join(keys[-1].args)
    known = [name for name in re.findall(r"\$\{?(\w+)", written) if name not in _PLAIN]
    if not _PATHS.search(written) and not known:
        text = f"different addresses have one entry in the store: `{keys[-1].shown}` names no address"
        yield placed("key-without-uri", _at(keys[-1]), text, subject=answer.location.shown)


_PLAIN = frozenset({
    "scheme", "host", "http_host", "proxy_host", "server_name", "server_port", "request_method", "is_args", "args",
    "remote_addr", "remote_user", "http_authorization", "http_accept", "proxy_port",
})  # fmt: skip
"""Variables that say nothing of the path."""


def _shared(every: Sequence[Way]) -> Iterator[Placed]:
    """Two registries whose manifests or lists of tags have the same key in the same zone."""
    first: dict[tuple[str, str], tuple[str, Directive]] = {}
    for way in every:
        answer, zone, keys = way.answer, way.answer.zone, way.answer.given("proxy_cache_key")
        if way.kind == "blobs" or zone is None or not keys or not answer.kept("200") or answer.is_stored is False:
            continue
        written = " ".join(keys[-1].args)
        target = ", ".join(serving.targets(answer))
        known = first.setdefault((" ".join(zone.args), written), (target, answer.location))
        if known[0] != target and not _HOSTS.search(written):
            text = (
                f"`{target}` and `{known[0]}` share the zone `{' '.join(zone.args)}`, and `{keys[-1].shown}` "
                "does not name which of them is asked"
            )
            yield placed("shared-key", _at(keys[-1]), text, subject=answer.location.shown, evidence=known[1].place)


def _about_size(http: Http, server: Directive, own: Sequence[Way]) -> Iterator[Placed]:
    """What is worth knowing: a limit for pushes, and a store that stays empty."""
    for way in own:
        answer = way.answer
        zones, buffering = answer.given("proxy_cache"), answer.given("proxy_buffering")
        off = bool(buffering) and buffering[-1].args[:1] == ("off",)
        if way.kind == "blobs" and off and zones and zones[-1].args[:1] != ("off",):
            text = f"nothing is stored here: `{buffering[-1].shown}` beside `{zones[-1].shown}`"
            yield placed("unbuffered-cache", _at(buffering[-1]), text, subject=answer.location.shown)
    uploads = serving.answer(http, server, "/v2/library/alpine/blobs/uploads/") if own else None
    sizes = uploads.given("client_max_body_size") if uploads else []
    if (
        uploads
        and uploads.upstream is not None
        and sizes
        and not re.fullmatch(r"0[kmg]?|\d+g|\d{4,}m", " ".join(sizes[-1].args))
    ):
        text = f"a layer larger than {' '.join(sizes[-1].args)} cannot be pushed: `{sizes[-1].shown}`"
        yield placed("push-limit", _at(sizes[-1]), text, subject=uploads.location.shown)
