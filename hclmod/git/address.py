"""Addresses of repositories: what git may be given, and the login taken out of them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMES = ("https", "http", "ssh", "git", "file")
_SCP = re.compile(r"(?:[\w.-]+@)?(?!(?:https?|ssh|git|file):)[\w.-]+:(?!//)[^:].*")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls of a terminal, and bytes that are not text: a ledger cannot hold them."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class Address(Struct, frozen=True):
    """An address of http without a login, and the user and the secret (a password or a token) that stood in it."""

    url: str
    user: str = ""
    secret: str = ""

    @property
    def name(self) -> str:
        """What the usual spellings of one address share: no `.git` and no `/` at the end, the host in small letters."""
        if self.url.startswith(("/", "file:")):
            return self.url
        scheme, sign, rest = self.url.rpartition("://")
        between = "/" if sign else ":"
        host, _, path = rest.partition(between)
        return f"{scheme}{sign}{host.lower()}{between}{path.rstrip('/').removesuffix('.git')}"


def address(text: str, folder: Path) -> Address:
    """Read an address as a person wrote it, a path from `folder`; an `HclmodError` for what git may not be given."""
    if not text or _UNSEEN.search(text) or text.startswith("-"):
        raise _no_address(text)
    if "://" not in text:
        if _SCP.fullmatch(text) and not os.path.lexists(folder / text):
            return Address(text)
        if "::" in text:
            raise _no_address(text)
        return Address(os.path.realpath(folder / text))
    try:
        parts = urlsplit(text)
    except ValueError as error:  # of `https://[a`
        raise _no_address(text) from error
    if parts.scheme not in _SCHEMES:
        raise HclmodError(f"{parts.scheme}:// is not supported", hint=_HINT)
    if parts.scheme not in {"http", "https"} or not (parts.username or parts.password):
        plain = f"{parts.username}@" if parts.username else ""
        netloc = plain + parts.netloc.rpartition("@")[2]
        return Address(urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")))
    url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    return Address(url, unquote(parts.username or ""), unquote(parts.password or ""))


def _no_address(text: str) -> HclmodError:
    """The error, without what may be a login."""
    return HclmodError(f"{text.rpartition('@')[2]!r} is not an address", hint=_HINT)


def with_token(place: Address, token: str) -> Address:
    """The address with the token of its host, unless a secret stood in it."""
    return place if place.secret else Address(place.url, place.user or "x-access-token", token)


_HINT = "Write an address as `git clone` takes it: https, ssh, git, file, `user@host:path` or a path."


def may_have_login(url: str) -> bool:
    """Whether a login may go to this address: over TLS, or to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.hostname or "") in _HERE
