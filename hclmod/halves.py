"""Work that this process shares with one helper: a copy of it, which gives its answers back through a pipe.

This process begins with the first piece and the helper with the last one, until they meet. What the helper does not
give back, since something ended it, is done here.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableSequence
    from multiprocessing.connection import Connection

Value = TypeVar("Value")

BYTES = 1_000_000
"""Above this much text to parse a helper pays for its start (`benchmarks/`)."""


def may_fork() -> bool:
    """Whether a copy of this process works: Go's runtime, once pygohcl has brought it, hangs in one.

    Other threads leave their locks behind, and only Linux lets the libraries of the system be copied.
    """
    alone = threading.current_thread() is threading.main_thread()
    return alone and "pygohcl" not in sys.modules and sys.platform == "linux"


def shared(work: Callable[[int], Value], count: int, kind: Any) -> Iterator[tuple[int, Value]]:
    """The number and the answer of each of `count` pieces of work, as they come; `kind` is the type of the answers.

    Of several errors that of the first piece is raised, when all others are done: who did them does not matter.
    """
    from multiprocessing import get_context

    context: Any = get_context("fork" if may_fork() else "spawn")
    ends, (mine, other) = context.RawArray("q", [0, count]), context.Pipe()
    helper = context.Process(target=_help, args=(work, ends, other, mine), daemon=True)
    gc.freeze()  # else the collector of the helper would touch, and so copy, all that both have
    helper.start()
    gc.unfreeze()
    other.close()
    missing, failed = set(range(count)), dict[int, Exception]()
    try:
        for index, answer in _both(work, ends, mine, kind):
            if index not in missing:  # both may do the piece where they meet
                continue
            missing.remove(index)
            if isinstance(answer, Exception):
                failed[index] = answer
            else:
                yield index, answer
        yield from ((index, work(index)) for index in sorted(missing))
        if failed:
            raise failed[min(failed)]
    finally:
        mine.close()
        helper.terminate()
        helper.join()


def _both(
    work: Callable[[int], Value], ends: MutableSequence[int], helper: Connection, kind: Any
) -> Iterator[tuple[int, Value | Exception]]:
    """What is done here, what the helper gives back meanwhile, and then the rest of it."""
    while ends[0] < ends[1]:
        ends[0] += 1
        yield ends[0] - 1, _tried(work, ends[0] - 1)
        while (answer := _received(helper, kind, seconds=0)) is not None:
            yield answer
    while (answer := _received(helper, kind, seconds=None)) is not None:
        yield answer


def _received(helper: Connection, kind: Any, *, seconds: float | None) -> tuple[int, Any] | None:
    """The next answer of the helper; None where it gives none in time, or no more."""
    try:
        if not helper.poll(seconds):
            return None
        index, answer = helper.recv()
    except (EOFError, OSError):
        return None
    return index, msgspec.msgpack.decode(answer, type=kind) if isinstance(answer, bytes) else answer


def _help(work: Callable[[int], object], ends: MutableSequence[int], pipe: Connection, other: Connection) -> None:
    """Be the helper: it ends where the two meet, or when nobody reads any more."""
    other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it and ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError), pipe:
        while ends[0] < ends[1]:
            ends[1] -= 1
            pipe.send((ends[1], _packed(_tried(work, ends[1]))))


def _tried(work: Callable[[int], Value], index: int) -> Value | Exception:
    try:
        return work(index)
    except Exception as error:  # noqa: BLE001 - it is raised when all is done
        return error


def _packed(answer: object) -> object:
    """An answer as msgpack; as it is where that cannot say it: an error, or half a character."""
    try:
        return answer if isinstance(answer, Exception) else msgspec.msgpack.encode(answer)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return answer
