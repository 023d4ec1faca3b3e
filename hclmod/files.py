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
    from collections.abc import Iterable, Iterator, Sequence

_CACHES = frozenset({".git", ".terraform", ".terragrunt-cache", ".venv", "node_modules"})


NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""How files of a checkout are opened: never through a link, and nothing is waited for."""


Closed = dict[str, str]
"""Folders that are not looked into, with the reason."""

OTHER = "another repository"

UNREAD = "it cannot be read: not a regular file, no permission, or gone meanwhile"
"""Why there is nothing to say about a file that was listed."""


def find(paths: Iterable[Path], endings: tuple[str, ...] = (".tf",), closed: Closed | None = None) -> Iterator[Path]:
    """The files that are named, and those with these endings below a named folder, sorted; not caches, not links.

    `closed` takes the folders below that are not looked into.
    """
    for path in paths:
        if path.is_dir():
            yield from map(Path, _below(os.fspath(path), endings, {} if closed is None else closed))
        elif path.exists():
            yield path
        else:
            raise HclmodError(f"{path} does not exist", hint="Name files or folders that do.")


def _below(folder: str, endings: tuple[str, ...], closed: Closed) -> Iterator[str]:
    """The files below a folder; what has a `.git` of its own is another repository, such as a submodule.

    A folder's entries come with their kind: a `Path` and a question about each file would take five times as long.
    """
    folders = [folder]
    while folders:
        each = folders.pop()
        entries = _entries(each, closed)
        if each != folder and _is_repository(each, entries):
            closed[each] = OTHER
            continue
        inner: list[str] = []
        for entry in entries:
            if entry.is_symlink():
                continue
            if entry.is_dir():
                inner += [] if entry.name in _CACHES else [entry.path]
            elif entry.name.endswith(endings):
                yield entry.path
        folders += reversed(inner)


def _is_repository(folder: str, entries: Sequence[os.DirEntry[str]]) -> bool:
    """Whether a folder has a `.git`; one that gives no entries may still have it."""
    if entries:
        return any(entry.name == ".git" for entry in entries)
    return os.path.lexists(os.path.join(folder, ".git"))  # noqa: PTH118 - a string, as above


def _entries(folder: str, closed: Closed) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing where it may not be looked into."""
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda each: each.name)
    except OSError as error:
        closed[folder] = (error.strerror or str(error)).lower()
        return []


def names(root: Path, closed: Closed | None = None) -> Iterator[str]:
    """The path from `root`, with forward slashes, of every file below it; not of caches and links.

    `closed` takes the folders that are not looked into.
    """
    start = len(os.path.join(root, ""))  # noqa: PTH118 - a string is what `os.scandir` gives back
    left: Closed = {}
    yield from (path[start:].replace(os.sep, "/") for path in _below(os.fspath(root), ("",), left))
    if closed is not None:
        closed |= {path[start:].replace(os.sep, "/"): why for path, why in left.items()}


def foreign(root: Path, path: Path) -> str:
    """Why a file that a person named is none of the repository's; empty for one that is."""
    absolute, top = Path(os.path.abspath(path)), Path(os.path.abspath(root))  # noqa: PTH100 - links are not followed
    folder, real = os.path.realpath(absolute.parent), os.path.realpath(top)
    if not _is_below(folder, real):
        inside = absolute.is_relative_to(top)
        return "a link on its path leads out of the repository" if inside else "it lies outside of the repository"
    between = Path(folder).relative_to(real)
    for each in (between, *between.parents):
        if each.parts and os.path.lexists(Path(real, each, ".git")):
            return f"{each.as_posix()} is another repository"
    return ""


def read(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The contents of those files that are there, are not links, lie below `root` and can be read."""
    top = os.path.realpath(root)
    plain, inside = {"": True}, {"": True}
    results: dict[str, bytes] = {}
    for name in paths:
        folder, _, _ = name.rpartition("/")
        if folder not in inside:
            path = os.path.join(top, folder)  # noqa: PTH118 - a string
            inside[folder] = _is_plain(top, folder, plain) or _is_below(os.path.realpath(path), top)
        if inside[folder]:
            with suppress(OSError):
                results[name] = read_regular(os.path.join(top, name))  # noqa: PTH118
    return results


def _is_plain(top: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether neither a folder below `top` nor one around it is a link: then it lies there, which is soon known."""
    if folder not in known:
        parent, _, last = folder.rpartition("/")
        named = last not in ("", "..") and not folder.startswith("/") and _is_plain(top, parent, known)
        known[folder] = named and not os.path.islink(f"{top}/{folder}")  # noqa: PTH114 - a string
    return known[folder]


def is_there(root: Path, name: str) -> bool:
    """Whether the checkout has anything of that name on disk."""
    return os.path.lexists(root / name)


def linked(root: Path, name: str) -> str:
    """The path from `root` of what a name of the checkout leads to through links; an error where that lies outside."""
    real, top = os.path.realpath(root / name), os.path.realpath(root)
    if not _is_below(real, top):
        raise HclmodError(f"{name} lies outside of the repository: a link leads there", hint="Name a file in it.")
    return Path(os.path.relpath(real, top)).as_posix()


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
    _is_in_checkout(path)
    return path


def _is_in_checkout(path: Path) -> bool:
    """Whether a path lies in a checkout by its name; an `HclmodError` where a link leads it out of there."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    top = next((each for each in absolute.parents if os.path.lexists(each / ".git")), None)
    if top is not None and not _is_below(os.path.realpath(path), os.path.realpath(top)):
        raise HclmodError(f"{path} lies outside of the repository: a link leads there", hint="Name another path.")
    return top is not None


def load(path: Path) -> bytes:
    """The bytes of a file that a person named; of what is not a file only outside of a checkout, as from a pipe."""
    return read_regular(os.path.realpath(path)) if _is_in_checkout(path) else path.read_bytes()


def save(path: Path, data: bytes) -> None:
    """Write a file that a person named, and its folders; one that is new and cannot be written whole is removed."""
    new = not os.path.lexists(given(path))
    path.parent.mkdir(parents=True, exist_ok=True)
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
