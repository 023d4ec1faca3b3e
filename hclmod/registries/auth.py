"""Credentials as Docker keeps them in `config.json`: `auths`, `credHelpers`, `credsStore` (docker: `cli/config`)."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hclmod.errors import ConfigError
from hclmod.http import LOOPBACK, TransportError, Trouble, is_among, origin, shown
from hclmod.registries.errors import Refusal, RegistryError, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.http import Answer, Transport

SECONDS = 20
"""How long a credential helper may take: some wait for a person to unlock a key ring."""

_HELPER = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_HOSTS = frozenset({"registry-1.docker.io", "docker.io", "index.docker.io"})
PLAIN = "HCLMOD_PLAIN_HTTP"
_TOKEN_USER = "<token>"  # noqa: S105 - the name by which helpers say that the secret is an identity token


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password, an identity token to exchange for others, or a token to send as it is."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of the `Authorization` header for name and password."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class Keychain:
    """The credentials of one `config.json`; helpers run when a registry requires a login, once for each host."""

    path: str
    config: Mapping[str, Any] = field(repr=False)
    plain: frozenset[str] = frozenset()  # `host` or `host:port` to which a person lets logins go without TLS
    _cache: dict[str, Credentials | None] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def find(self, host: str) -> Credentials | None:
        """Return the credentials for a host, or None. Raises `ConfigError` for what cannot be read."""
        with self._lock:
            if host not in self._cache:
                self._cache[host] = self._look(host)
            return self._cache[host]

    def require_tls(self, url: str) -> None:
        """Raise a `RegistryError` where a login would go over the network in clear text and no person allowed that.

        `plain_http` of a checkout is not enough: its author could read the passwords of all who run hclmod on it.
        """
        scheme, host, port = origin(url)
        if scheme != "http" or is_among(url, LOOPBACK | self.plain):
            return
        hint = f"Set {PLAIN}={host}:{port} in the environment if the network is yours, or use TLS."
        raise RegistryError(Refusal.LOGIN, f"{shown(url)}: no login is sent over plain HTTP", hint=hint)

    def _look(self, host: str) -> Credentials | None:
        keys = _keys(host)
        helpers = self._table("credHelpers")
        helper = next((helpers[key] for key in keys if key in helpers), None) or self.config.get("credsStore")
        if helper:
            server = next((key for key in keys if key in helpers), keys[0])
            if credentials := _ask_helper(str(helper), server):
                return credentials
        auths = self._table("auths")
        return next((self._entry(key, auths[key]) for key in keys if auths.get(key)), None)

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self.config.get(name) or {}
        if not isinstance(table, dict):
            raise ConfigError(f"{self.path}: `{name}` is not an object", hint="Log in again with `docker login`.")
        return table

    def _entry(self, key: str, raw: Any) -> Credentials | None:
        entry = {name: str(value) for name, value in raw.items()} if isinstance(raw, dict) else {}
        username, password = entry.get("username", ""), entry.get("password", "")
        if entry.get("auth"):
            try:
                username, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
            except (binascii.Error, ValueError) as error:
                hint = "Log in again with `docker login`."
                raise ConfigError(f"{self.path}: `auth` of {key} is not base64", hint=hint) from error
        credentials = Credentials(
            username, password.rstrip("\0"), entry.get("identitytoken", ""), entry.get("registrytoken", "")
        )
        return None if credentials == Credentials() else credentials


def load(environment: Mapping[str, str]) -> Keychain:
    """Read `config.json` in `DOCKER_CONFIG`, else in `~/.docker`; without one all queries are anonymous.

    `HCLMOD_PLAIN_HTTP` names the hosts to which logins may go without TLS.
    """
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or Path.home()) / ".docker")
    path, plain = folder / "config.json", frozenset(environment.get(PLAIN, "").replace(",", " ").split())
    try:
        read = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Keychain(str(path), {}, plain)
    except (OSError, ValueError, RecursionError) as error:
        hint = "Fix the file, or point DOCKER_CONFIG to another folder."
        raise ConfigError(f"{path}: cannot be read: {type(error).__name__}", hint=hint) from error
    if not isinstance(read, dict):
        raise ConfigError(f"{path}: not a JSON object", hint="Fix the file, or point DOCKER_CONFIG to another folder.")
    return Keychain(str(path), read, plain)


def _keys(host: str) -> tuple[str, ...]:
    """The names under which Docker may keep a host, the usual one first."""
    if host in _HUB_HOSTS:
        return (_HUB_KEY, *sorted(_HUB_HOSTS), *(f"https://{each}" for each in sorted(_HUB_HOSTS)))
    return (host, *(f"{scheme}{host}{end}" for scheme in ("https://", "http://") for end in ("", "/", "/v1/", "/v2/")))


def _ask_helper(helper: str, server: str) -> Credentials | None:
    """Run `docker-credential-HELPER get`; None if it has nothing for the server."""
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise ConfigError(f"invalid name of a credential helper: {helper!r}", hint="Check Docker's config.json.")
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=SECONDS, check=False, env=os.environ
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"{program} did not answer within {SECONDS} s", hint=f"Try: {program} get") from error
    except OSError as error:
        hint = "Install it, or remove it from Docker's config.json."
        raise ConfigError(f"{program} does not run: {error.strerror}", hint=hint) from error
    if done.returncode != 0:
        return None  # helpers fail if they have nothing
    try:
        answer = json.loads(done.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{program} printed an answer that cannot be read") from error
    return Credentials(identity=secret) if username == _TOKEN_USER else Credentials(username, secret)


_PARAMETER = re.compile(
    r'(?:(?P<scheme>[A-Za-z][\w-]*)\s+)?(?P<key>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))'
)


def authorization(
    answer: Answer, keychain: Keychain, host: str, transport: Transport, *, repository: str
) -> str | None:
    """The `Authorization` header that answers a 401 of a host; None without matching credentials."""
    credentials = keychain.find(host)
    if credentials:
        keychain.require_tls(answer.url)
    if credentials and credentials.token:
        return f"Bearer {credentials.token}"
    schemes = dict(challenges(answer.headers.get("www-authenticate", "")))
    if "bearer" in schemes:
        if credentials and (realm := schemes["bearer"].get("realm")):
            keychain.require_tls(realm)
        return f"Bearer {_token(schemes['bearer'], credentials, transport, repository=repository, asker=answer.url)}"
    if "basic" in schemes and credentials and credentials.username:
        return credentials.basic
    return None


def challenges(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The schemes of a `WWW-Authenticate` header, in small letters, each with its parameters (RFC 9110 11.6.1)."""
    scheme, parameters = "", dict[str, str]()
    for match in _PARAMETER.finditer(header):
        if match["scheme"]:
            if scheme:
                yield scheme, parameters
            scheme, parameters = match["scheme"].lower(), {}
        quoted = match["quoted"]
        value = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        parameters[match["key"].lower()] = value
    if scheme:
        yield scheme, parameters


def _token(
    challenge: dict[str, str], credentials: Credentials | None, transport: Transport, *, repository: str, asker: str
) -> str:
    realm = challenge.get("realm", "")
    if urlsplit(realm).scheme not in {"https", "http"}:
        raise TransportError(Trouble.GARBAGE, asker, "it requires a token and does not say where to get one")
    scope = challenge.get("scope") or f"repository:{repository}:pull"
    query = {"service": challenge.get("service", ""), "scope": scope}
    query = {name: value for name, value in query.items() if value}
    if credentials and credentials.identity:
        answer = _exchange(realm, query, credentials.identity, transport)
    else:
        secret = {"authorization": credentials.basic} if credentials and credentials.username else {}
        answer = transport.request("GET", _with_query(realm, query), secret=secret)
    if error := refusal(answer):
        raise error
    return _read(answer)


def _exchange(realm: str, query: dict[str, str], identity: str, transport: Transport) -> Answer:
    """Exchange an identity token for an access token (docker: `registry/spec/auth/oauth.md`)."""
    form = {**query, "grant_type": "refresh_token", "client_id": "hclmod", "refresh_token": identity}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return transport.request("POST", realm, headers=kind, body=urlencode(form).encode())


def _with_query(realm: str, query: dict[str, str]) -> str:
    parts = urlsplit(realm)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))


def _read(answer: Answer) -> str:
    document = answer.json()
    token = (document.get("token") or document.get("access_token")) if isinstance(document, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise TransportError(Trouble.GARBAGE, answer.url, "the answer has no token")
    return token
