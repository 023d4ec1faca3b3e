"""Standard output and standard error that never stop the work: what cannot be written is said at the end."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO, cast

from hclmod.errors import HclmodError

UNTOLD = 4
"""The exit code of a run that did its work and could not print all of its report."""

MISSING = "Only the report is missing. The work is done."


class UntoldError(HclmodError):
    """The work is done, and its report is not."""

    exit_code = UNTOLD


class _Sink(io.RawIOBase):
    """A file descriptor that takes everything: what nobody reads any more is dropped, other errors are kept."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.error = number, ""
        self.is_open = True

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether a person watches."""
        return os.isatty(self.number)

    def fileno(self) -> int:
        """The number of the descriptor."""
        return self.number

    def write(self, data: Any) -> int:
        """Write what can be written, and say that all was."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and self.is_open:
            try:
                rest = rest[os.write(self.number, rest) :]
            except BrokenPipeError:  # `| head` has read enough
                self.is_open = False
            except OSError as error:
                self.is_open, self.error = False, error.strerror or str(error)
        return size


def install() -> None:
    """Put both streams of the process in place of Python's, unless something else is there already."""
    if sys.stdout is not None and sys.stdout is sys.__stdout__:
        sys.stdout = _wrapped(cast("TextIO", sys.stdout))
    if sys.stderr is not None and sys.stderr is sys.__stderr__:
        sys.stderr = _wrapped(cast("TextIO", sys.stderr))


def _wrapped(stream: TextIO) -> TextIO:
    """The stream in its own encoding; a character that it does not have is printed by its number."""
    try:
        number = stream.fileno()
        stream.flush()
    except (OSError, ValueError):
        return stream
    lines = os.isatty(number) or number == 2
    return io.TextIOWrapper(
        io.BufferedWriter(_Sink(number)), stream.encoding, "backslashreplace", line_buffering=lines, write_through=False
    )


def finish() -> None:
    """Write what still waits; an `UntoldError` where standard output did not take all."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Sink) and raw.error:
        why, raw.error = raw.error, ""
        raise UntoldError(f"cannot write to standard output: {why}", hint=MISSING)
