"""Who does the tasks: any `concurrent.futures.Executor` whose threads each have a child process.

The child does the work. One that takes too long is killed with all that it has started, one that dies costs its
repository alone, and a new one takes its place. A `ProcessPoolExecutor` loses all its processes with one, and a worker
of Dask may not have such a pool.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING

import msgspec

from hclmod.fleet.rows import Outcome
from hclmod.fleet.work import Done, blank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from hclmod.fleet.work import Shared, Task

DASK = "dask:"
"""How the name of an executor begins that is a cluster of Dask, with its address behind it."""

TASKS = 500
"""After so many tasks a child ends and another one begins."""


class Child:
    """A process that does tasks one after another."""

    def __init__(self, shared: Shared) -> None:
        self.shared, self.tasks, self._rest = shared, 0, b""
        command = [sys.executable, "-P", "-m", "hclmod.fleet.child"]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True)
        self._write(msgspec.json.encode(shared))

    def do(self, task: Task) -> Done:
        """The answer to a task; a failure where there is none in time."""
        self.tasks += 1
        self._write(msgspec.json.encode(task))
        line = self._line(time.monotonic() + self.shared.timeout)
        if line:
            return msgspec.json.decode(line, type=Done)
        end = self.close()
        seconds = f"{self.shared.timeout:g} seconds"
        why = f"it took more than {seconds}" if line is None else f"the worker ended ({_ending(end)})"
        return Done(blank(task, Outcome.FAILED, why))

    @property
    def is_fresh(self) -> bool:
        """Whether it can take another task."""
        return self._process.poll() is None and self.tasks < TASKS

    def close(self) -> int:
        """End it and all that it has started; its exit code, if it ended by itself."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        return self._process.wait()

    def _write(self, data: bytes) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):  # then no answer comes
                self._process.stdin.write(data + b"\n")
                self._process.stdin.flush()

    def _line(self, until: float) -> bytes | None:
        """The next line; empty where the process has ended, None where it took too long."""
        handle = self._process.stdout.fileno() if self._process.stdout else -1
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([handle], [], [], left)[0]:
                return None
            if not (data := os.read(handle, 1 << 16)):
                return b""
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name


_children: dict[int, Child] = {}
"""The child of each thread."""

_gate, _closed = threading.Lock(), threading.Event()
"""A child is started and entered in one step, and none is after the end of the run."""


def do(shared: Shared, task: Task) -> Done:
    """Do a task in the child of this thread."""
    me = threading.get_ident()
    child = _children.get(me)
    if child is None or not child.is_fresh or child.shared != shared:
        if child is not None:
            child.close()
        with _gate:
            if _closed.is_set():
                return Done(blank(task, Outcome.FAILED, "the run has ended"))
            child = _children[me] = Child(shared)
    return child.do(task)


def close_all() -> None:
    """End all children of this process."""
    while _children:
        _children.popitem()[1].close()


@contextmanager
def executor(name: str, jobs: int, shared: Shared) -> Iterator[tuple[Executor, object, int]]:
    """Lend who does the tasks, with what it takes for `shared`, and how many tasks it does at once."""
    if name.startswith(DASK):
        from hclmod.fleet import cluster

        with cluster.executor(name.removeprefix(DASK), shared) as (there, handle, threads):
            yield there, handle, jobs or threads
        return
    threads = jobs or 2
    _closed.clear()
    pool = ThreadPoolExecutor(threads, "hclmod-fleet")
    try:
        yield pool, shared, threads
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        with _gate:
            _closed.set()
        close_all()
