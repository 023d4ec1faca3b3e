"""One thread for all work: of each kind only the newest is done, and what was begun before it stops."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hclmod.lsp.look import Watch

Result = TypeVar("Result")


class _StaleError(Exception):
    """Newer work of the same kind waits."""


class Worker:
    """Does work beside the loop that reads messages, one thing at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "hclmod")
        self._current: dict[Hashable, tuple[Future[object], threading.Event]] = {}

    async def run(self, kind: Hashable, work: Callable[[Watch], Result]) -> Result:
        """The result of `work`; a `CancelledError` where newer work of the same `kind` came meanwhile."""
        self.drop(kind)
        stop = threading.Event()

        def watch(_name: str) -> None:
            if stop.is_set():
                raise _StaleError

        future = self._pool.submit(work, watch)
        self._current[kind] = mine = (future, stop)  # type: ignore[assignment]
        try:
            return await asyncio.wrap_future(future)
        except _StaleError:
            raise asyncio.CancelledError from None
        finally:
            stop.set()
            if self._current.get(kind) is mine:
                del self._current[kind]

    def drop(self, kind: Hashable) -> None:
        """Stop the work of a kind: what waits is not begun, what runs ends at its next stack."""
        if kind in self._current:
            future, stop = self._current.pop(kind)
            stop.set()
            future.cancel()

    def close(self) -> None:
        """Begin nothing more."""
        for kind in list(self._current):
            self.drop(kind)
        self._pool.shutdown(wait=False, cancel_futures=True)
