"""The process that does the work on repositories, one after another: `python -m hclmod.fleet.child`.

It reads what holds for all and then one task a line, and writes one answer a line. It ends, with every git that it has
started, as soon as nobody writes to it any more: also where the process that started it was killed.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from queue import Queue
from typing import BinaryIO

import msgspec

from hclmod import scratch
from hclmod.fleet.work import Shared, Task, work

_MEMORY = 4 << 30
"""The most bytes of memory for this process, and for each git: what needs more harms the machine."""


def main() -> None:
    """Answer tasks until the input ends."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may come between the answers
    shared = msgspec.json.decode(questions.readline(), type=Shared)
    _limit(shared)
    scratch.clean()
    tasks: Queue[bytes] = Queue()
    threading.Thread(target=_listen, args=(questions, tasks), daemon=True).start()
    while True:
        done = work(shared, msgspec.json.decode(tasks.get(), type=Task))
        answers.write(msgspec.json.encode(done) + b"\n")
        answers.flush()


def _listen(questions: BinaryIO, tasks: Queue[bytes]) -> None:
    for line in questions:
        tasks.put(line)
    os.killpg(0, signal.SIGKILL)


def _limit(shared: Shared) -> None:
    """No file that git writes, and no process, may grow beyond all measure."""
    import resource

    for which, size in ((resource.RLIMIT_FSIZE, shared.max_megabytes << 20), (resource.RLIMIT_AS, _MEMORY)):
        _, hard = resource.getrlimit(which)
        with suppress(OSError, ValueError):  # macOS has no limit of memory
            resource.setrlimit(which, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


if __name__ == "__main__":
    main()
