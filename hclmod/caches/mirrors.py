"""The mirrors that `hosts.toml` gives to containerd.

Source: containerd: docs/hosts.md, core/remotes/docker/config/hosts.go.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.caches.texts import Text

_HOST = re.compile(r"^[ \t]*(?:\[host\.|server[ \t]*=[ \t]*\")", re.MULTILINE)
_ALL = ("pull", "resolve", "push")


class Mirror(Struct, frozen=True, kw_only=True):
    """One `[host."URL"]`, with the server behind it (empty where none is named).

    The server is one of its own, with `is_server`. `target` is where the file is written to, else its own path.
    """

    path: str
    line: int
    url: str
    server: str
    capabilities: tuple[str, ...]
    target: str
    is_server: bool = False

    @property
    def folder(self) -> str:
        """The name of the folder that the file is put into, which is the registry that it is about."""
        return self.target.rpartition("/")[0].rpartition("/")[2].lower()


def is_hosts(text: Text) -> bool:
    """Whether a text may be such a file."""
    is_script = text.whole and not text.path.endswith((".toml", ".tpl", ".tftpl", ".tmpl", ".j2", ".template"))
    return not is_script and _HOST.search(text.text) is not None


def mirrors(text: Text) -> Iterator[Mirror]:
    """The mirrors of a file, in their order; none of a text that is not TOML."""
    plain = text.plain
    try:
        data = tomllib.loads(plain)
    except (ValueError, RecursionError):
        return
    hosts, server = data.get("host"), data.get("server")
    named = server if isinstance(server, str) else ""
    entries = [(url, entry, f'[host."{url}"]') for url, entry in (hosts if isinstance(hosts, dict) else {}).items()]
    for url, entry, head in [*entries, *([(named, data, "server")] if named else [])]:
        number = plain.count("\n", 0, max(0, plain.find(head))) + 1
        yield Mirror(
            path=text.path,
            line=text.line(number),
            url=url,
            server=named,
            capabilities=tuple(_capabilities(entry)),
            target=text.target or text.path,
            is_server=head == "server",
        )


def _capabilities(entry: Any) -> Iterator[str]:
    """What a host may be asked for: all where it is not said."""
    given = entry.get("capabilities") if isinstance(entry, dict) else None
    yield from (str(each).lower() for each in given) if isinstance(given, list) and given else _ALL
