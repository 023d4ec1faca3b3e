"""Put new bytes in place of files: of all or of none, and only where a file still is what was read.

The journal holds the bytes before and after. It is on disk before the first file changes and goes when the last one has
changed, so the next run takes back what a run that was killed has begun.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import files, interrupts, locks
from hclmod.errors import HclmodError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NAME = "hclmod-journal"
"""The journal, in the folder `.git` where there is one, else (with a dot before it) in the root."""

_NEW = 0o644
_FREE = "Nothing was written. Make the file writable or free space, then run again."


class _Change(Struct, frozen=True, kw_only=True):
    """One file: its place, its name for messages, its bytes before (None: it is new) and after (None: it goes)."""

    name: str
    path: str
    before: bytes | None
    after: bytes | None
    temporary: str

    @property
    def spare(self) -> str:
        """Where the new bytes wait until they take the file's place."""
        return os.path.join(os.path.dirname(self.path), self.temporary)  # noqa: PTH118, PTH120 - strings, as in `os.replace`


def replace_all(root: Path, changes: Mapping[str, bytes | None], read: Mapping[str, bytes | None]) -> None:
    """Write every change below `root`, or none of them; a file with None is deleted.

    `read` are the bytes that each change was made from, None for a file that was not there. Where a file holds other
    bytes by now, nothing is written and an `HclmodError` names it.
    """
    if not changes:
        return
    with locks.writing(root):
        recover_locked(root)
        token = os.urandom(4).hex()
        ready = [
            _Change(
                name=name,
                path=_place(root, name),
                before=read.get(name),
                after=data,
                temporary=f".hclmod-{token}-{number}",
            )
            for number, (name, data) in enumerate(changes.items())
        ]
        with interrupts.uncut() as stopped:
            _write(root, ready, stopped)


def _place(root: Path, name: str) -> str:
    """Where a path of the checkout lies; an error where a link leads out of it."""
    if name.startswith("/") or ".." in name.split("/") or files.foreign(root, root / name):
        raise HclmodError(f"{name} lies outside of the repository", hint="Name another path.")
    path = root / name
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - a string, as in `os.replace`


def _write(root: Path, changes: list[_Change], stopped: Callable[[], bool]) -> None:
    """Check, prepare, replace; a signal that comes before the first replacement takes all back."""
    for change in changes:
        _require_same(change)
    begun: list[_Change] = []
    change = changes[0]
    try:
        _store(root, changes)
        for change in changes:
            _prepare(change)
            _stop_if(stopped())
        for change in changes:
            _require_same(change)
            begun.append(change)
            _put(change)
    except OSError as error:
        _undo(root, changes, begun)
        raise HclmodError(f"cannot write {change.name}: {error.strerror}", hint=_FREE) from error
    except BaseException:
        _undo(root, changes, begun)
        raise
    _forget(root, changes)
    interrupts.written += [change.name for change in changes]


def _stop_if(stopped: bool) -> None:  # noqa: FBT001 - the one thing it is about
    if stopped:
        raise KeyboardInterrupt


def _undo(root: Path, changes: Iterable[_Change], begun: Iterable[_Change]) -> None:
    """Take back what was begun; where that fails too, the journal stays for the next run."""
    try:
        _take_back(begun)
    except OSError as error:
        hint = "Free space, then run hclmod again: it puts the old bytes back."
        raise HclmodError(f"files were written in part and cannot be put back: {error.strerror}", hint=hint) from error
    _forget(root, changes)


def _require_same(change: _Change) -> None:
    """Raise where the file is not what was read."""
    try:
        now = _read(change.path)
    except OSError as error:
        raise HclmodError(f"cannot write {change.name}: {error.strerror}", hint=_FREE) from error
    if now != change.before:
        what = "was changed" if now is not None and change.before is not None else "appeared" if now else "vanished"
        raise RefusedError(f"{change.name} {what} while hclmod ran", hint="Nothing was written. Run again.")


def _read(path: str) -> bytes | None:
    """The bytes of a regular file, None where there is nothing."""
    try:
        return files.read_regular(path)
    except FileNotFoundError:
        return None


def _prepare(change: _Change) -> None:
    """Write the new bytes beside the file, with its mode, owner and extended attributes."""
    if change.before is not None and not os.access(change.path, os.W_OK):
        raise PermissionError(13, "the file is read-only", change.path)
    if change.after is None:
        return
    if change.before is None:
        Path(change.path).parent.mkdir(parents=True, exist_ok=True)
    _create(change.spare, change.after)
    if change.before is None:
        Path(change.spare).chmod(_NEW)
    elif not _alike(change.path, change.spare):
        Path(change.spare).unlink()  # the file itself is written, which changes nothing but its bytes


def _create(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | files.NO_LINKS, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _alike(path: str, spare: str) -> bool:
    """Give the new file what the old one has besides its bytes; False where that cannot be, or other names share it."""
    old = os.stat(path)  # noqa: PTH116 - a string, as in `os.replace`
    if old.st_nlink > 1:
        return False
    try:
        mine = os.stat(spare)  # noqa: PTH116
        if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            os.chown(spare, old.st_uid, old.st_gid)
        Path(spare).chmod(stat.S_IMODE(old.st_mode))
        return _same_attributes(path, spare)
    except OSError:
        return False


def _same_attributes(path: str, spare: str) -> bool:
    """Copy extended attributes, where the system has them."""
    if not hasattr(os, "listxattr"):
        return True
    try:
        names = os.listxattr(path)
    except OSError:  # a file system without them
        return True
    for name in names:
        value = os.getxattr(path, name)
        if name not in os.listxattr(spare) or os.getxattr(spare, name) != value:
            os.setxattr(spare, name, value)
    return True


def _put(change: _Change) -> None:
    """Give a file its new bytes: in one step, or into the file itself where a new file would not be like it."""
    if change.after is None:
        Path(change.path).unlink()
    elif os.path.lexists(change.spare):
        os.replace(change.spare, change.path)  # noqa: PTH105 - the string says that it is one system call
    else:
        _overwrite(change.path, change.after)


def _overwrite(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC | files.NO_LINKS)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _take_back(begun: Iterable[_Change]) -> list[str]:
    """Give files their old bytes, where they hold the new ones or a part of them; the names of those."""
    taken = []
    for change in begun:
        now = _read(change.path)
        if now == change.before or not _is_ours(change, now):
            continue  # not begun, or changed by someone else since
        if change.before is None:
            Path(change.path).unlink()
        else:
            with suppress(FileNotFoundError):
                Path(change.spare).unlink()
            _create(change.spare, change.before)
            if now is None:
                Path(change.spare).chmod(_NEW)
                os.replace(change.spare, change.path)  # noqa: PTH105
            elif not _alike(change.path, change.spare):
                Path(change.spare).unlink()
                _overwrite(change.path, change.before)
            else:
                os.replace(change.spare, change.path)  # noqa: PTH105
        taken.append(change.name)
    return taken


def _is_ours(change: _Change, now: bytes | None) -> bool:
    """Whether a file holds what a change writes or a part of it, or is gone as the change wants it."""
    return now is None if change.after is None else now is not None and change.after.startswith(now)


def _file(root: Path) -> Path:
    """Where the journal of a repository lies."""
    git = files.git_folder(root)
    return git / NAME if git else root / f".{NAME}"


def _store(root: Path, changes: Iterable[_Change]) -> None:
    """Write the journal, complete or not at all."""
    rows = [
        {
            "name": change.name,
            "before": None if change.before is None else base64.b64encode(change.before).decode(),
            "after": None if change.after is None else base64.b64encode(change.after).decode(),
            "temporary": change.temporary,
        }
        for change in changes
    ]
    file = _file(root)
    begun = file.with_name(f"{file.name}.new")
    begun.unlink(missing_ok=True)
    _create(str(begun), json.dumps({"version": 1, "changes": rows}).encode())
    begun.replace(file)


def _forget(root: Path, changes: Iterable[_Change]) -> None:
    """Remove the journal, then what still waits beside files."""
    file = _file(root)
    for each in changes:
        with suppress(OSError):
            Path(each.spare).unlink()
    for path in (file, file.with_name(f"{file.name}.new")):
        path.unlink(missing_ok=True)


def recover(root: Path) -> tuple[str, ...]:
    """Take back what a run that was killed has begun; the names of the files that have their old bytes again.

    Does nothing while another run writes.
    """
    if not any(os.path.lexists(path) for path in (_file(root), _file(root).with_name(f"{_file(root).name}.new"))):
        return ()
    try:
        with locks.writing(root, patience=0):
            return recover_locked(root)
    except (locks.BusyError, PermissionError):
        return ()


def recover_locked(root: Path) -> tuple[str, ...]:
    """The same, for a run that holds the lock."""
    file = _file(root)
    file.with_name(f"{file.name}.new").unlink(missing_ok=True)
    try:
        rows = json.loads(files.read_regular(str(file)))["changes"]
        changes = [_read_back(root, row) for row in rows]
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        hint = f"Look at it, then delete {file.name}."
        raise HclmodError(f"the journal of an earlier run cannot be read: {error}", hint=hint) from error
    with interrupts.uncut():
        taken = _take_back(changes)
        _forget(root, changes)
    return tuple(taken)


def _read_back(root: Path, row: Mapping[str, str]) -> _Change:
    temporary = row["temporary"]
    if "/" in temporary or not temporary.startswith(".hclmod-"):
        raise ValueError(f"{temporary} is not the name of a temporary file")
    return _Change(
        name=row["name"],
        path=_place(root, row["name"]),
        before=None if row["before"] is None else base64.b64decode(row["before"]),
        after=None if row["after"] is None else base64.b64decode(row["after"]),
        temporary=temporary,
    )
