"""Locks between runs on one repository. They go with the process, however it ends."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "hclmod-lock"
"""The file of a lock, in the folder `.git` where there is one, else (with a dot before it) in the root."""

PATIENCE = 60.0
"""So many seconds a run waits for another one that writes."""


class BusyError(HclmodError):
    """Another run writes to the repository."""


@contextmanager
def hold(root: Path, name: str, busy: str) -> Iterator[int | None]:
    """Keep other runs from doing the same for as long as the block lasts, or raise a `BusyError` that says `busy`.

    Yields a handle for child processes: one that inherits it keeps the lock after this process, until it ends.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield None
        return
    git = files.git_folder(root)
    file = git / f"{NAME}-{name}" if git else root / f".{NAME}-{name}"
    handle = os.open(file, os.O_RDWR | os.O_CREAT | files.NO_LINKS, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(busy, hint="Wait until it has ended, then run again.") from error
        except OSError:  # a file system without locks
            pass
        yield handle
    finally:
        os.close(handle)


@contextmanager
def writing(root: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Keep other runs from writing meanwhile, and wait so many seconds for one that does."""
    try:
        import fcntl
    except ImportError:  # Windows: the comparison of bytes has to be enough
        yield
        return
    folder = os.open(root, os.O_RDONLY)
    end = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= end:
                    hint = "Nothing was written. Wait for the other run, then run again."
                    raise BusyError("another run of hclmod writes to this repository", hint=hint) from error
                time.sleep(0.02)
            except OSError:  # a file system without locks
                break
        yield
    finally:
        os.close(folder)
