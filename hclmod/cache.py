"""What a run keeps for the next one: values by the digest of all that they depend on.

They lie in one SQLite file of the person who runs hclmod. A cache decides nothing: what is missing, damaged, of another
version or of another person is made again. Two runs at once and a kill do no harm, because SQLite's transactions hold.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from hclmod import __version__

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence

Value = TypeVar("Value")

VARIABLE = "HCLMOD_CACHE"
"""The environment variable that names another folder; an empty one means that nothing is kept."""

LIMIT = 256 << 20
"""Above this many bytes the values that were not used for the longest time are removed."""

NO_BYTES = (UnicodeEncodeError, OverflowError, RecursionError)
"""What encoding raises for half a character, a number beyond 64 bits and what is nested too deeply: it is not kept."""

_FILE = "facts.sqlite3"
_MARK = 16  # bytes of the digest in front of each value, of its key and itself: a damaged index finds other values
_WAIT = 0.5  # seconds for another run that writes
_DAY = 86_400
_OLD = 30 * _DAY  # after so long the file of another version is removed
_TABLE = "CREATE TABLE IF NOT EXISTS facts (key BLOB PRIMARY KEY, day INTEGER NOT NULL, value BLOB NOT NULL)"


class Cache:
    """Values that earlier runs have made; without a folder nothing is kept.

    New values are kept in memory until `save` writes them in one go.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._new: dict[bytes, tuple[bytes, tuple[str, ...]]] = {}
        self._used: set[bytes] = set()

    def get(self, kind: type[Value], key: bytes) -> Value | None:
        """The value that is kept under a key; None where there is none, or none that can be read."""
        if self.folder is None:
            return None
        data = self._new[key][0] if key in self._new else self._stored(key)
        if data is None or _digest(key + data[_MARK:]) != data[:_MARK]:
            return None
        try:
            return msgspec.msgpack.decode(memoryview(data)[_MARK:], type=kind)
        except (msgspec.MsgspecError, RecursionError):
            return None

    def put(self, value: Value, key: bytes, files: Sequence[str]) -> Value:
        """Keep a value that was made of these files for the next run, and give it back."""
        if self.folder is not None:
            with suppress(*NO_BYTES):
                data = msgspec.msgpack.encode(value)
                self._new[key] = _digest(key + data) + data, tuple(files)
        return value

    @property
    def files(self) -> frozenset[str]:
        """The files of which new values were made."""
        return frozenset(file for _, files in self._new.values() for file in files)

    def drop(self, files: Collection[str], secrets: Iterable[bytes] = ()) -> None:
        """Forget the new values that were made of one of these files, and those that hold a secret text."""
        every = tuple(secrets)
        self._new = {
            key: (data, made_of)
            for key, (data, made_of) in self._new.items()
            if not any(each in files for each in made_of) and not any(each in data for each in every)
        }

    def save(self) -> None:
        """Write what is new. Where that fails the next run makes it again."""
        connection = self._connection
        if connection is None or not (self._new or self._used):
            return
        import sqlite3

        today = int(time.time()) // _DAY
        with suppress(sqlite3.Error), connection:
            rows = ((key, today, data) for key, (data, _) in self._new.items())
            connection.executemany("REPLACE INTO facts VALUES (?, ?, ?)", rows)
            connection.executemany("UPDATE facts SET day = ? WHERE key = ?", ((today, key) for key in self._used))
            _bound(connection)
        self._new, self._used = {}, set()

    def _stored(self, key: bytes) -> bytes | None:
        if self._connection is None:
            return None
        import sqlite3

        try:
            row = self._connection.execute("SELECT day, value FROM facts WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        if row is None or not isinstance(row[1], bytes):
            return None
        if row[0] != int(time.time()) // _DAY:
            self._used.add(key)
        return row[1]

    @cached_property
    def _connection(self) -> sqlite3.Connection | None:
        """The open file; None where it cannot be used. A damaged one is made again."""
        if self.folder is None or not _is_own(self.folder):
            return None
        import sqlite3

        file = self.folder / _FILE
        for _ in range(2):
            try:
                return _opened(file)
            except sqlite3.OperationalError:  # another run writes, or the disk is full
                return None
            except sqlite3.Error:
                with suppress(OSError):
                    file.unlink()
            except OSError:
                return None
        return None


NONE = Cache(None)
"""Keeps nothing."""


def folder() -> Path | None:
    """Where values are kept: as `HCLMOD_CACHE` says, else in the person's folder for caches; None for nowhere."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named).absolute() / __version__ if named else None
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        above = base if base.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return above / "hclmod" / __version__


def key(*parts: bytes | str) -> bytes:
    """The key of a value that depends on these parts and on the program."""
    from hashlib import blake2b

    digest = blake2b(program(), digest_size=20)
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


@cache
def program() -> bytes:
    """A digest of the program: its files, the packages that it can import, the interpreter, and `terraform`."""
    import shutil

    judge = shutil.which("terraform")
    rows = [sys.version, *sorted(_packages()), _stamp(judge) if judge else ""]
    return _digest("\0".join(rows).encode(errors="surrogateescape") + code(Path(__file__).parent))


@cache
def code(top: Path) -> bytes:
    """A digest of the Python files below a folder, by their names, sizes and times."""
    return _digest("\0".join(sorted(map(_stamp, _files(top)))).encode(errors="surrogateescape"))


def _packages() -> Iterator[str]:
    """The names of the packages that can be imported, with their versions."""
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError), os.scandir(folder or ".") as entries:
            yield from (entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))


def _files(top: str | Path) -> Iterator[str]:
    with suppress(OSError), os.scandir(top) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _files(entry.path)


def _stamp(path: str) -> str:
    try:
        there = Path(path).stat()
    except OSError:
        return path
    return f"{path} {there.st_size} {there.st_mtime_ns}"


def _digest(data: bytes | memoryview) -> bytes:
    from hashlib import blake2b

    return blake2b(data, digest_size=_MARK).digest()


def _is_own(folder: Path) -> bool:
    """Whether the folder is there, or can be made, and nobody but this person may look into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(there.st_mode) and there.st_uid == os.getuid() and not there.st_mode & 0o077


def _opened(file: Path) -> sqlite3.Connection:
    import sqlite3

    fresh = not file.exists()
    connection = sqlite3.connect(file, timeout=_WAIT, isolation_level="DEFERRED")
    try:
        connection.execute("PRAGMA synchronous = OFF")  # each value has a digest of its own
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    if fresh:
        _remove_old(file)
    return connection


def _remove_old(file: Path) -> None:
    """Remove the files of other versions that nobody has used for a month."""
    for other in file.parents[1].glob(f"*/{_FILE}"):
        with suppress(OSError):
            if other != file and time.time() - other.stat().st_mtime > _OLD:
                other.unlink()


def _bound(connection: sqlite3.Connection) -> None:
    """Remove what was not used for the longest time where the file holds too much."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    excess = (pages - free) * size - LIMIT
    if excess <= 0:
        return
    excess += LIMIT // 2
    for key, length in connection.execute("SELECT key, length(value) FROM facts ORDER BY day").fetchall():
        connection.execute("DELETE FROM facts WHERE key = ?", (key,))
        excess -= length
        if excess <= 0:
            break
