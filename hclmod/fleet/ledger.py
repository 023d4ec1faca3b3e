"""The ledger of a fleet: one row a line, added and never changed, each on disk before the next repository begins."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from hclmod import files
from hclmod.errors import HclmodError
from hclmod.fleet.rows import Outcome, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

Known = dict[tuple[str, int], Row]
"""The last row of each repository in each phase."""


class Ledger:
    """The rows so far, and the file that takes new ones; one run at a time has it."""

    def __init__(self, rows: list[Row], file: FileIO, path: Path) -> None:
        self.rows, self._file, self._path = rows, file, path

    @property
    def known(self) -> Known:
        """The last row of each repository in each phase."""
        return latest(self.rows)

    def add(self, row: Row) -> None:
        """Put a row on disk."""
        line = msgspec.json.encode(row) + b"\n"
        with _in_plain_words(self._path):
            while line:  # a disk that gets full takes a part, and nothing at the next try
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        self.rows.append(row)


def latest(rows: list[Row]) -> Known:
    """The last row of each repository in each phase."""
    return {(row.url, row.phase): row for row in rows}


def pushed(rows: list[Row]) -> Known:
    """The last row of each repository in each phase that says what its branch has, or that it was removed."""
    return latest([row for row in rows if row.commit or row.outcome is Outcome.CLOSED])


def read(path: Path) -> list[Row]:
    """The rows of a ledger; none where there is no file. A last line that a kill has cut is none."""
    if not os.path.lexists(path):
        return []
    with _in_plain_words(path):
        return _rows(files.load(path), path)[0]


@contextmanager
def begin(path: Path) -> Iterator[Ledger]:
    """Lend the ledger to this run; an `HclmodError` where another run has it."""
    import fcntl

    with _in_plain_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(files.given(path), os.O_RDWR | os.O_CREAT | os.O_APPEND | files.NO_LINKS, 0o644)
    with os.fdopen(handle, "ab", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise HclmodError(f"{path}: the ledger is not a file", hint=_HINT)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HclmodError(f"another run uses {path}", hint="Wait for it, or name another --ledger.") from error
        rows, whole = _rows(files.load(path), path)
        file.truncate(whole)
        yield Ledger(rows, file, path)


_HINT = "Name another --ledger, or repair this one and run again."


@contextmanager
def _in_plain_words(path: Path) -> Iterator[None]:
    """Say in plain words that a ledger cannot be used: it is a link or a folder, or the disk is full."""
    try:
        yield
    except OSError as error:
        raise HclmodError(f"{path}: the ledger cannot be used: {error.strerror}", hint=_HINT) from error


def _rows(data: bytes, path: Path) -> tuple[list[Row], int]:
    """The rows, and how many bytes are whole lines."""
    whole = data.rfind(b"\n") + 1
    rows = []
    for number, line in enumerate(data[:whole].splitlines(), 1):
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise HclmodError(f"{path}:{number}: not a row: {error}", hint="Remove that line.") from error
    return rows, whole
