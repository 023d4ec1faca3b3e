"""The working tree: find `.tf` files, read them, and put new bytes in place of a file in one step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CACHES = frozenset({".git", ".terraform", ".terragrunt-cache", ".venv", "node_modules"})


_NEW = 0o644


def find(paths: Iterable[Path], endings: tuple[str, ...] = (".tf",)) -> Iterator[Path]:
    """The files that are named, and those with these endings below a named folder, sorted; not caches, not links."""
    for path in paths:
        if path.is_dir():
            yield from map(Path, _below(os.fspath(path), endings))
        elif path.exists():
            yield path
        else:
            raise HclmodError(f"{path} does not exist", hint="Name files or folders that do.")


def _below(folder: str, endings: tuple[str, ...]) -> Iterator[str]:
    """The files below a folder; what has a `.git` of its own is another repository, such as a submodule.

    A folder's entries come with their kind: a `Path` and a question about each file would take five times as long.
    """
    folders: list[str] = []
    for entry in _entries(folder):
        if _is_folder(entry):
            folders += [] if entry.is_symlink() or entry.name in _CACHES else [entry.path]
        elif entry.name.endswith(endings) and not entry.is_symlink():
            yield entry.path
    for each in folders:
        if not os.path.exists(os.path.join(each, ".git")):  # noqa: PTH110, PTH118 - strings, as above
            yield from _below(each, endings)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing where it may not be looked into."""
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda each: each.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def names(root: Path) -> Iterator[str]:
    """The path from `root`, with forward slashes, of every file below it; not of caches and links."""
    start = len(os.path.join(root, ""))  # noqa: PTH118 - a string is what `os.scandir` gives back
    return (path[start:].replace(os.sep, "/") for path in _below(os.fspath(root), ("",)))


def leads_out(root: Path, path: Path) -> str:
    """The path from `root` of a file below it that a link on the way leads out of it; empty for any other."""
    absolute, top = Path(os.path.abspath(path)), root.absolute()  # noqa: PTH100 - links are not followed
    if not absolute.is_relative_to(top) or absolute.parent.resolve().is_relative_to(root.resolve()):
        return ""
    return absolute.relative_to(top).as_posix()


def read(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The contents of those files that are there, are not links and can be read."""
    results = ((name, _read(root / name)) for name in paths)
    return {name: data for name, data in results if data is not None}


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def replace_all(root: Path, changes: Mapping[str, bytes], *, fresh: bool = False) -> None:
    """Write every change below `root`: all new files are complete on disk before the first one takes its place.

    A file that is not there is an error, unless `fresh` ones are meant.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for name, data in changes.items():
            path = root / name
            if leads_out(root, path):
                raise HclmodError(
                    f"{name} lies outside of the repository: a link leads there", hint="Name another path."
                )
            ready.append((_written_beside(path, data, fresh=fresh), path))
        while ready:
            temporary, path = ready[0]
            os.replace(temporary, path)  # noqa: PTH105 - the string says that it is one system call
            ready.pop(0)
    except OSError as error:
        hint = "Nothing else was written. Make the file writable or free space, then run again."
        raise HclmodError(f"cannot write {path}: {error.strerror}", hint=hint) from error
    finally:
        for temporary, _ in ready:
            Path(temporary).unlink(missing_ok=True)


def _written_beside(path: Path, data: bytes, *, fresh: bool) -> str:
    """A temporary file with the new bytes and the old file's mode; a fresh one has the usual mode."""
    import tempfile

    new = fresh and not path.exists()
    mode = _NEW if new else path.stat().st_mode & 0o7777
    if not new and not os.access(path, os.W_OK):
        raise PermissionError(13, "the file is read-only", str(path))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
    except OSError:
        Path(temporary).unlink()
        raise
    return temporary
