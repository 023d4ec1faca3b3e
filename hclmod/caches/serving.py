"""What nginx does with one address: which location answers, where it passes it on, what it stores and for how long.

Sources: nginx.org/en/docs/http/ngx_http_proxy_module.html, and docs/facts.md, Caches 3.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import patterns
from hclmod.caches import locations
from hclmod.caches.nginx import HOLE, Directive
from hclmod.caches.texts import UNKNOWN
from hclmod.caches.variables import Variables, maps
from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NOT_STORED = re.compile(r"0+[smhdwMy]?|")
_TIME = re.compile(r"(?:\d+(?:ms|[smhdwMy])?)+")
_PLAIN = frozenset({"200", "301", "302"})
"""What `proxy_cache_valid TIME` without a status is about."""


class Http(Struct, frozen=True):
    """The `http` block of a configuration, its `map` blocks by variable, and its `upstream` blocks by name."""

    block: Directive
    maps: Mapping[str, Directive]
    upstreams: Mapping[str, Directive]


class Answer(Struct, frozen=True, dict=True):
    """What answers one address of a server: `http` and `server` around it, and the locations, outermost first."""

    http: Http
    server: Directive
    chain: tuple[Directive, ...]
    uri: str

    @property
    def location(self) -> Directive:
        """The location that answers; the server itself where none does."""
        return self.chain[-1] if self.chain else self.server

    @cached_property
    def variables(self) -> Variables:
        """The variables of the request."""
        result = Variables(self.uri, self.http.maps)
        result.run(self.server.block or ())
        if self.chain:
            result.run(self.location.block or ())
        return result

    def given(self, name: str) -> list[Directive]:
        """The directives of a name that hold here: those of the innermost level that has any."""
        for level in (*reversed(self.chain), self.server, self.http.block):
            if own := level.all(name):
                return own
        return []

    @property
    def upstream(self) -> Directive | None:
        """The `proxy_pass` that passes the address on; None where nothing does."""
        own = self.location.all("proxy_pass")
        inner = [each for block in self.location.all("if") for each in block.all("proxy_pass")]
        return next(iter((*own, *inner)), None) if self.chain else None

    @property
    def is_open(self) -> bool:
        """Whether a file that is not in the repository may say more about this place."""
        return any(level.all(HOLE) for level in (*self.chain, self.server))

    @property
    def zone(self) -> Directive | None:
        """The `proxy_cache` that is on here, with a buffer to store from."""
        own = self.given("proxy_cache")
        buffering = self.given("proxy_buffering")
        unbuffered = bool(buffering) and buffering[-1].args[:1] == ("off",)
        on = own and own[-1].args[:1] != ("off",) and self.upstream is not None and not unbuffered
        return own[-1] if on else None

    def kept(self, status: str) -> tuple[Directive, str] | None:
        """How long an answer of this status is stored by `proxy_cache_valid`, and by which; None where it is not."""
        for each in self.given("proxy_cache_valid"):
            *statuses, time = each.args or ("",)
            if status in (statuses or _PLAIN) or "any" in statuses:
                return None if _NOT_STORED.fullmatch(time) else (each, time)
        return None

    @property
    def is_stored(self) -> bool | None:
        """Whether answers are stored and given from the store; None where a condition decides that is not known."""
        if self.zone is None:
            return False
        conditions = [each.args for name in ("proxy_no_cache", "proxy_cache_bypass") for each in self.given(name)]
        results = [self.variables.any_set(each) for each in conditions]
        if True in results:
            return False
        return None if None in results or self.is_open else True


def http(root: Directive) -> Http:
    """The `http` block of a configuration; a text without one stands for it."""
    block = next((each for each in root.block or () if each.name == "http"), root)
    return Http(block, maps(root), {each.args[0]: each for each in block.all("upstream") if each.args})


def servers(root: Directive) -> list[Directive]:
    """The servers of a configuration; a text that has locations alone is one."""
    http = next((each for each in root.block or () if each.name == "http"), root)
    own = http.all("server")
    return own or ([http] if http.all("location") else [])


def answer(http: Http, server: Directive, uri: str) -> Answer | None:
    """What answers an address; None where a regular expression or a rewrite decides that is not followed."""
    try:
        chain = locations.find(server, uri)
    except locations.UndecidedError:
        return None
    result = Answer(http, server, chain, uri)
    return None if _is_rewritten(result) else result


def _is_rewritten(answered: Answer) -> bool:
    """Whether a `rewrite` may give the address to another location."""
    levels = [answered.server, *([answered.location] if answered.chain else [])]
    rules = [each for level in levels for each in level.all("rewrite")]
    return any(
        patterns.search(each.args[0], answered.uri) is not False and each.args[2:] != ("break",)
        for each in rules
        if len(each.args) > 1
    )


def targets(answered: Answer) -> list[str]:
    """The hosts, with their ports, to which an address is passed on; `UNKNOWN` in what is not known."""
    if answered.upstream is None or not answered.upstream.args:
        return []
    written = answered.upstream.args[0]
    filled = answered.variables.text(written)
    host = _host(filled if filled is not None else written)
    if host in answered.http.upstreams:
        return [each.args[0] for each in answered.http.upstreams[host].all("server") if each.args]
    return [re.sub(r"\$\{?\w+\}?", UNKNOWN, host)]


def _host(url: str) -> str:
    return re.sub(r"^\w+://", "", url).split("/")[0]


def ports(server: Directive) -> set[int] | None:
    """The ports that a server listens on, by default 80; None where one of them is not known."""
    result: set[int] = set()
    for each in server.all("listen"):
        address = each.args[0] if each.args else ""
        if address.startswith("unix:"):
            continue
        text = address.rpartition(":")[2] if ":" in address and not address.endswith("]") else address
        number = whole_number(text)
        if number is None and (UNKNOWN in address or "$" in address):
            return None
        result.add(80 if number is None else number)
    return result or {80}


def probes(server: Directive, rest: Sequence[str]) -> Iterator[str]:
    """Addresses of the registry API that a server may be asked for, each ending in one of `rest`.

    Names of one, two and three parts, and one below each prefix that the locations of the server name.
    """
    roots = [f"/v2/{name}" for name in ("library/alpine", "acme/web", "acme/tools/cli", "alpine")]
    for each in server.below():
        if each.name == "location" and each.args and "/v2" in (written := locations.pattern(each)):
            prefix = _LITERAL.match(written.removeprefix("^"))
            own = prefix[0].replace("\\", "") if prefix else ""
            if own.startswith("/") and "/v2" in own and "manifests" not in own and "blobs" not in own:
                roots += [f"{own.rstrip('/')}/acme/web", *([f"{own}acme/web"] if not own.endswith("/") else [])]
    yield from dict.fromkeys(f"{root}/{each}" for root in roots[:_MOST] for each in rest)


_MOST = 60
"""So many names are tried, each for every kind of address."""

_LITERAL = re.compile(r"(?:[\w/-]|\\?\.(?![*+?]))+")
