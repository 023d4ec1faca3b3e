"""Signals that end a run: what was written until then, and steps that none of them may cut in two."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

written: list[str] = []
"""What this process has written, in the order of writing: what an interruption has to say truly."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by another signal than Ctrl-C, of this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def install() -> None:
    """Begin a run: let SIGTERM and SIGHUP end it as Ctrl-C does, so that nothing is left lying about."""
    written.clear()
    for number in _SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    """End the run; a little later where Python would only print the exception and go on."""
    while frame is not None and not _is_deaf(frame):
        frame = frame.f_back
    if frame is not None:
        threading.Timer(_SOON, os.kill, (os.getpid(), number)).start()
        return
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(number)


_SOON = 0.01
"""So many seconds later a signal comes again."""


def _is_deaf(frame: FrameType) -> bool:
    """Whether Python ignores exceptions of this frame: a destructor, or what removes the lock of an import."""
    code = frame.f_code
    return code.co_name == "__del__" or (code.co_name == "cb" and "importlib" in code.co_filename)


@contextmanager
def perhaps(what: str) -> Iterator[None]:
    """Let an interruption of the block say that this was perhaps written: the other side may have done it."""
    try:
        yield
    except KeyboardInterrupt:
        written.append(f"perhaps {what}")
        raise


@contextmanager
def uncut() -> Iterator[Callable[[], bool]]:
    """Hold signals back until the block is done; what it yields says whether one came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # no other thread hears signals
        yield lambda: False
        return
    old = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number, handler in old.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in heard:
            signal.signal(number, lambda number, _frame: came.append(number))
        yield lambda: bool(came)
    finally:
        for number in heard:
            signal.signal(number, old[number])
        if came:
            signal.raise_signal(came[0])
