"""How fast repositories of one host may be asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Pace:
    """When each host may be asked again; `seconds` is the shortest time between two starts, by host."""

    def __init__(self, seconds: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._free: dict[str, float] = {}

    def wait(self, url: str) -> float:
        """The seconds until the host of an address may be asked; 0 for now."""
        return max(0.0, self._free.get(host(url), 0.0) - self._clock())

    def took(self, url: str) -> None:
        """Note that the host is asked now."""
        name = host(url)
        if name in self._seconds:
            self._free[name] = self._clock() + self._seconds[name]


def host(url: str) -> str:
    """The host of an address, also of `user@host:path`; empty for a local path."""
    if "://" in url:
        return (urlsplit(url).hostname or "").lower()
    ahead, colon, _ = url.partition(":")
    return ahead.rpartition("@")[2].lower() if colon and "/" not in ahead else ""
