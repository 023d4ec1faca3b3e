"""A folder for the time of one block; what a run that was killed has left is removed by the next one."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod import interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "hclmod-scratch-"
_FRESH = 5.0
"""So many seconds a folder may be without its lock: it is being made."""


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder that nobody else may read, and remove it with all that is in it."""
    import tempfile

    path, lock = Path(), -1
    try:
        with interrupts.uncut():  # a signal that waited until here is raised at the end of this block
            path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = os.open(path, os.O_RDONLY)
            _is_free(lock)
        yield path
    finally:
        with interrupts.uncut():
            if lock >= 0:
                _remove(path)
                os.close(lock)


def clean() -> None:
    """Remove the folders of this user that no process holds any more."""
    where = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - as `tempfile`, which takes long to load
    with suppress(OSError), os.scandir(where) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    there = entry.stat(follow_symlinks=False)
    if there.st_uid != os.getuid():
        return
    handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        young = abs(time.time() - there.st_mtime) < _FRESH and not any(Path(entry.path).iterdir())
        if not young and _is_free(handle):
            _remove(entry.path)
    finally:
        os.close(handle)


def _remove(folder: str | Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _is_free(handle: int) -> bool:
    """Take the lock of a folder, unless another process has it."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
