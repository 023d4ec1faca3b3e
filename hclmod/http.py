"""HTTP for the clients of registries and forges: one request in, one answer out, and a name for each failure.

Secrets are passed apart from other headers and sent only to the origin they belong to, even after a redirect. Plain
HTTP is refused unless the host is allowed to use it. Proxies and certificates come from the environment (`HTTPS_PROXY`,
`NO_PROXY`, `SSL_CERT_FILE`), and `.netrc` is not read.
"""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod import __version__
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterator, Mapping

    import httpx

AGENT = f"hclmod/{__version__}"
LIMIT = 8 * 2**20  # bytes of one answer, unpacked: a list of 100,000 tags has 3 MB
_REPEATABLE = frozenset({"GET", "HEAD"})
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_PORTS = {"http": 80, "https": 443}
_NEXT = re.compile(r"<([^<>]*)>\s*((?:;[^,<]*)*)")
_CUT_OFF = ("disconnected", "closed connection")  # httpx has one error for a lost connection and for nonsense
_IS_NEXT = re.compile(r';\s*rel\s*=\s*"?(?:[^";]*\s)?next\b', re.IGNORECASE)


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, which plain HTTP reaches without a network."""


class Trouble(Enum):
    """Why there is no usable answer."""

    UNREACHABLE = "cannot be reached"
    SLOW = "did not answer in time"
    TOO_LARGE = "sent a larger answer than allowed"
    GARBAGE = "sent an answer that cannot be read"
    PLAIN = "uses plain HTTP, which is not allowed for this host"
    REDIRECT = "redirects too often, or to an address that is not followed"
    FOREIGN = "puts its next page on another host"
    STOPPED = "was not contacted, because the run was interrupted"


class TransportError(HclmodError):
    """A failed request: `trouble` is the kind of failure, `url` the address without its query."""

    def __init__(self, trouble: Trouble, url: str, detail: str = "") -> None:
        self.trouble, self.url = trouble, shown(url)
        super().__init__(f"{self.url} {trouble.value}" + (f": {detail}" if detail else ""))


class Answer(Struct, frozen=True, kw_only=True):
    """An answer of any status; the names of `headers` are in small letters.

    `url` is the address that answered, `asked` the one first requested. They differ after a redirect.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    asked: str = ""

    def json(self) -> Any:
        """The body as JSON; raises `TransportError` (`GARBAGE`) if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise TransportError(Trouble.GARBAGE, self.url, f"not JSON: {error}") from error

    def next_page(self) -> str | None:
        """The URL of the next page (`Link: <...>; rel="next"`); raises `TransportError` (`FOREIGN`) for another origin.

        The server chooses that URL, and the next request would send our secrets there.
        """
        for match in _NEXT.finditer(self.headers.get("link", "")):
            if _IS_NEXT.search(match[2]):
                url = _joined(self.url, match[1])
                if origin(url) != origin(self.asked or self.url):
                    raise TransportError(Trouble.FOREIGN, self.url, shown(url))
                return url
        return None


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds, and how often to ask.

    `total` limits one attempt as a whole, for servers that send a byte now and then. A `Retry-After` longer than
    `longest_pause` is not waited for. There is no jitter, so runs are repeatable.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    attempts: int = 4
    first_pause: float = 1.0  # then twice as long each time
    longest_pause: float = 60.0


class Transport(Struct, frozen=True):
    """Sends requests over kept connections; may be used by several threads at once."""

    client: httpx.Client
    plain_http: Collection[str]  # `host` or `host:port` that may be contacted without TLS
    patience: Patience = field(default_factory=Patience)
    pause: Callable[[float], object] = time.sleep  # returns true if the run was interrupted

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        secret: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = LIMIT,
    ) -> Answer:
        """Send a request, repeat it if that may help, and return the last answer whatever its status.

        `secret` has headers for the origin of `url` only. GET and HEAD are repeated after 429, 5xx and a failed
        connection, other methods only after 429, when the server did nothing. Raises `TransportError`.
        """
        wait = self.patience.first_pause
        for attempt in range(1, self.patience.attempts + 1):
            last = attempt == self.patience.attempts
            answer = self._attempt(method, url, (headers or {}, secret or {}), body=body, limit=limit, last=last)
            if answer is not None and not _is_worth_repeating(method, answer):
                return answer
            pause = wait if answer is None else max(wait, _retry_after(answer))
            if answer is not None and (last or pause > self.patience.longest_pause):
                return answer
            if self.pause(pause):
                raise TransportError(Trouble.STOPPED, url)
            wait *= 2
        raise AssertionError("the last attempt answers or raises")

    def _attempt(
        self, method: str, url: str, headers: tuple[Mapping[str, str], Mapping[str, str]], *, body: bytes | None,
        limit: int, last: bool,
    ) -> Answer | None:  # fmt: skip
        """One attempt; None if the connection failed and another attempt follows."""
        try:
            return self._follow(method, url, headers, body=body, limit=limit)
        except TransportError as error:
            passing = error.trouble in {Trouble.UNREACHABLE, Trouble.SLOW}
            if last or not passing or method not in _REPEATABLE:
                raise
            return None

    def _follow(
        self, method: str, url: str, headers: tuple[Mapping[str, str], Mapping[str, str]], *, body: bytes | None,
        limit: int,
    ) -> Answer:  # fmt: skip
        """Send, and follow redirects of GET and HEAD."""
        plain, secret = headers
        here = url
        for _ in range(_HOPS):
            sent = {**plain, **(secret if origin(here) == origin(url) else {})}
            answer = self._send(method, here, sent, body=body, limit=limit)
            if answer.status not in _MOVED or method not in _REPEATABLE or "location" not in answer.headers:
                return replace(answer, asked=url)
            here = _joined(here, answer.headers["location"])
        raise TransportError(Trouble.REDIRECT, url)

    def _send(self, method: str, url: str, headers: Mapping[str, str], *, body: bytes | None, limit: int) -> Answer:
        import httpx

        self._refuse_plain(url)
        until = time.monotonic() + self.patience.total
        try:
            with self.client.stream(method, url, headers={"user-agent": AGENT, **headers}, content=body) as response:
                data = _read(response, limit, until)
        except httpx.TimeoutException as error:
            raise TransportError(Trouble.SLOW, url) from error
        except (httpx.LocalProtocolError, UnicodeEncodeError):  # its text would print the header, which may be a secret
            what = "a header cannot be sent: a token with a line break, or with letters beyond ASCII?"
            raise TransportError(Trouble.GARBAGE, url, what) from None
        except (httpx.DecodingError, httpx.InvalidURL, httpx.RemoteProtocolError) as error:
            cut = any(word in str(error) for word in _CUT_OFF)
            raise TransportError(Trouble.UNREACHABLE if cut else Trouble.GARBAGE, url, str(error)) from error
        except httpx.HTTPError as error:
            raise TransportError(Trouble.UNREACHABLE, url, str(error)) from error
        return Answer(status=response.status_code, headers=_lower(response.headers.items()), body=data, url=url)

    def _refuse_plain(self, url: str) -> None:
        scheme, _, _ = origin(url)
        if scheme == "https":
            return
        if scheme != "http" or not is_among(url, self.plain_http):
            raise TransportError(Trouble.PLAIN if scheme == "http" else Trouble.REDIRECT, url)


@contextmanager
def open_transport(
    *,
    plain_http: Collection[str] = (),
    patience: Patience | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[Transport]:
    """Open connections that are closed at the end of the `with`.

    `pause` sleeps for some seconds, and returns true if the run was interrupted.
    """
    patience = patience or Patience()
    with _client(patience) as client:
        yield Transport(client, frozenset(plain_http), patience, pause)


def _client(patience: Patience) -> httpx.Client:
    """The connections. No proxy is asked for this machine: a secret may go here in plain HTTP, and nowhere else."""
    import httpx

    timeout = httpx.Timeout(patience.read, connect=patience.connect)
    trusted = _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    limits = httpx.Limits(max_connections=64)
    direct = {f"all://{f'[{host}]' if ':' in host else host}": None for host in LOOPBACK}
    try:
        return httpx.Client(timeout=timeout, verify=trusted, follow_redirects=False, limits=limits, mounts=direct)
    except (ImportError, ValueError, httpx.InvalidURL) as error:  # its text may hold the proxy's password
        hint = "Look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. A proxy is written http://HOST:PORT."
        raise HclmodError("the environment names a proxy that cannot be used", hint=hint) from error


@cache
def _trusted(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The certificates that are trusted, by what the environment names; reading them takes longer than a request."""
    import httpx

    try:
        return httpx.create_ssl_context()
    except OSError as error:  # an error of TLS is one, too
        reason = error.strerror or error
        raise HclmodError(f"the certificates cannot be read: {reason}", hint="Look at SSL_CERT_FILE.") from error


def is_among(url: str, hosts: Collection[str]) -> bool:
    """Whether `hosts`, each a `host` or `host:port`, have the host of an address."""
    _, host, port = origin(url)
    return host in hosts or f"{host}:{port}" in hosts


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what browsers call the origin."""
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme.lower(), parts.port
    except ValueError as error:
        raise TransportError(Trouble.GARBAGE, url, str(error)) from error
    return scheme, (parts.hostname or "").lower(), port or _PORTS.get(scheme, 0)


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError as error:
        raise TransportError(Trouble.GARBAGE, base, str(error)) from error


def shown(url: str) -> str:
    """The URL as messages print it: without query and user, which may hold secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _read(response: httpx.Response, limit: int, until: float) -> bytes:
    url, data = str(response.url), bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > limit:
            raise TransportError(Trouble.TOO_LARGE, url, f"{limit} bytes")
        if time.monotonic() > until:
            raise TransportError(Trouble.SLOW, url)
    return bytes(data)


def _lower(headers: Collection[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _is_worth_repeating(method: str, answer: Answer) -> bool:
    return answer.status == 429 or (answer.status in _TRY_AGAIN and method in _REPEATABLE)


def _retry_after(answer: Answer) -> float:
    """The seconds of `Retry-After`, a number or a date (RFC 9110 10.2.3); 0 without one."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
