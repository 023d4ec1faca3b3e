"""Where a remote leads: the host, the repository there, and which forge that is.

A token goes to a host that is known to belong to its forge, or that the person or CI names. A guess from the name of a
host would send it to whoever chose that name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN: Mapping[str, str] = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "forgejo",
    "gitea.com": "gitea",
}
"""The forges of hosts that everybody knows."""

_OF_SSH: Mapping[str, str] = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
"""Hosts that answer SSH on the port of HTTPS for another host, which has the API."""

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>\[[0-9a-fA-F:]+\]|[^/:@\[\]]+):(?P<path>(?!//|:).+)")
_WEB = ("http", "https")
_SCHEMES = (*_WEB, "ssh", "git", "git+ssh", "ssh+git")


class Place(Struct, frozen=True):
    """A repository on a host: `web` is the address of the forge, `repo` the path of the repository on that host."""

    host: str
    repo: str
    web: str

    @property
    def name(self) -> str:
        """The name that two addresses of one repository share, whatever protocol they use."""
        return f"{self.host}/{self.repo}".lower()


def place(address: str) -> Place | None:
    """Where an address of git leads; None for a folder, or what is not an address.

    The forge of an address over SSH is taken to answer over HTTPS on the same host.
    """
    if "://" not in address:
        match = _SCP.fullmatch(address)
        return _at(match["host"].strip("[]"), match["path"], "") if match and len(match["host"]) > 1 else None
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not host:
        return None
    shown = f"[{host}]" if ":" in host else host
    web = f"{parts.scheme}://{shown}{f':{port}' if port else ''}" if parts.scheme in _WEB else ""
    return _at(host, unquote(parts.path), web)


def _at(host: str, path: str, web: str) -> Place | None:
    host = _OF_SSH.get(host.lower(), host)
    repo = path.strip("/").removesuffix(".git").strip("/")
    if any(each in ("", ".", "..") for each in repo.split("/")) or any(each < " " for each in repo):
        return None
    shown = f"[{host}]" if ":" in host else host
    return Place(host.lower(), repo, web or f"https://{shown.lower()}")


def named(text: str) -> Place:
    """The repository that a config names: an address, or `HOST/OWNER/NAME`."""
    location = place(text) or place(f"https://{text}")
    if location is None or "/" not in location.repo:
        hint = "Write it as in `git.example.net/you/infra`, or as an address that git takes."
        raise HclmodError(f"not the address of a repository: `{text}`", hint=hint)
    return location


def below(location: Place, url: str) -> Place:
    """The same place where the person gives the forge's address, which may have a path above its repositories."""
    above = urlsplit(url).path.strip("/")
    repo = location.repo.removeprefix(f"{above}/") if above else location.repo
    return Place(location.host, repo, url.rstrip("/"))
