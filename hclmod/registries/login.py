"""The dance that a registry asks for with 401: `Basic`, or a `Bearer` token of the service that it names.

Who gets what: name and password go to the registry itself (`Basic`), or to the token service that the registry
named. A registry that was trusted with them could pass them on itself, so another host is no harm, as long as the way
there is encrypted; in plain HTTP they go only to hosts that the config names for it, for `transport` asks no other.
Redirects take nothing along to another origin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hclmod.registries.refusal import refusal
from hclmod.transport import TransportError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.registries.credentials import Credentials
    from hclmod.transport import Answer, Transport

_PARAMETER = re.compile(
    r'(?:(?P<scheme>[A-Za-z][\w-]*)\s+)?(?P<key>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))'
)


def authorization(answer: Answer, credentials: Credentials | None, transport: Transport, repository: str) -> str | None:
    """The `Authorization` header that answers a 401; None where there is nothing to answer with."""
    if credentials and credentials.token:
        return f"Bearer {credentials.token}"
    asked = dict(challenges(answer.headers.get("www-authenticate", "")))
    if "bearer" in asked:
        return f"Bearer {_token(asked['bearer'], credentials, transport, repository, answer.url)}"
    if "basic" in asked and credentials and credentials.username:
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
    asked: dict[str, str], credentials: Credentials | None, transport: Transport, repository: str, asker: str
) -> str:
    realm = asked.get("realm", "")
    if urlsplit(realm).scheme not in {"https", "http"}:
        raise TransportError(Trouble.GARBAGE, asker, "it wants a token and does not say where to get one")
    query = {"service": asked.get("service", ""), "scope": asked.get("scope") or f"repository:{repository}:pull"}
    query = {name: value for name, value in query.items() if value}
    if credentials and credentials.identity:
        answer = _trade(realm, query, credentials.identity, transport)
    else:
        secret = {"authorization": credentials.basic} if credentials and credentials.username else {}
        answer = transport.request("GET", _with_query(realm, query), secret=secret)
    if error := refusal(answer):
        raise error
    return _read(answer)


def _trade(realm: str, query: dict[str, str], identity: str, transport: Transport) -> Answer:
    """Trade an identity token for an access token (docker: `registry/spec/auth/oauth.md`)."""
    form = {**query, "grant_type": "refresh_token", "client_id": "hclmod", "refresh_token": identity}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return transport.request("POST", realm, headers=kind, body=urlencode(form).encode())


def _with_query(realm: str, query: dict[str, str]) -> str:
    parts = urlsplit(realm)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))


def _read(answer: Answer) -> str:
    told = answer.json()
    token = (told.get("token") or told.get("access_token")) if isinstance(told, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise TransportError(Trouble.GARBAGE, answer.url, "the answer holds no token")
    return token
