"""The working tree: find files and read them. No other module opens a path of the checkout, but to write `journal`."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CACHES = frozenset({".git", ".terraform", ".terragrunt-cache", ".venv", "node_modules"})


NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""How files of a checkout are opened: never through a link, and nothing is waited for."""


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
    """The contents of those files that are there, are not links, lie below `root` and can be read."""
    top = os.path.realpath(root)
    inside: dict[str, bool] = {}
    results: dict[str, bytes] = {}
    for name in paths:
        folder, _, _ = name.rpartition("/")
        if folder not in inside:
            inside[folder] = _is_below(os.path.realpath(os.path.join(top, folder)), top)  # noqa: PTH118 - a string
        if inside[folder]:
            with suppress(OSError):
                results[name] = read_regular(os.path.join(top, name))  # noqa: PTH118
    return results


def content(root: Path, name: str) -> bytes | None:
    """The bytes of one file of the checkout, None where there is none; an `HclmodError` where it cannot be read."""
    path = root / name
    if not os.path.lexists(path):
        return None
    if not _is_below(os.path.realpath(path), os.path.realpath(root)):
        raise HclmodError(f"{name} lies outside of the repository: a link leads there", hint="Put a file there.")
    try:
        return read_regular(os.path.realpath(path))
    except OSError as error:
        raise HclmodError(f"{name} cannot be read: {error.strerror}") from error


def read_regular(path: str) -> bytes:
    """The bytes of a file that is one: no link, and nothing that one would wait for, such as a FIFO."""
    handle = os.open(path, os.O_RDONLY | NO_LINKS)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return file.read()


def given(path: Path) -> Path:
    """A file that a person named; an `HclmodError` where a link inside of a checkout leads it out of there."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    top = next((each for each in absolute.parents if os.path.lexists(each / ".git")), None)
    if top is not None and not _is_below(os.path.realpath(absolute), os.path.realpath(top)):
        raise HclmodError(f"{path} lies outside of the repository: a link leads there", hint="Name another path.")
    return path


def load(path: Path) -> bytes:
    """The bytes of a file that a person named."""
    return given(path).read_bytes()


def save(path: Path, data: bytes) -> None:
    """Write a file that a person named; one that is new and cannot be written whole is removed."""
    new = not os.path.lexists(given(path))
    try:
        path.write_bytes(data)
    except BaseException:
        if new:
            path.unlink(missing_ok=True)
        raise


def git_folder(root: Path) -> Path | None:
    """The folder of git's own files; None where there is no repository."""
    git = root / ".git"
    if git.is_dir():
        return None if git.is_symlink() else git
    try:
        text = read_regular(os.fspath(git)).decode()
    except (OSError, ValueError):
        return None
    folder = root / text.removeprefix("gitdir: ").rstrip("\n")
    return folder if text.startswith("gitdir: ") and folder.is_dir() else None


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(os.path.join(top, ""))  # noqa: PTH118 - strings
