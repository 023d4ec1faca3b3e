"""The files of a repository as one run sees them: at a revision, in the working tree, or in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from hclmod import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hclmod.git import Entry, Repository

    Fetch = Callable[[Sequence[str]], Mapping[str, bytes]]

_REGULAR = ("100644", "100755")
_SUBMODULE = "160000"

LINK = "a symbolic link; its target is read where it lies"
"""Why a symbolic link is left."""


class Tree(Mapping[str, bytes]):
    """The bytes of files by their path from the root, with forward slashes.

    A file is read when it is asked for, and once. One that has vanished meanwhile is not there. `left` are the paths
    of those that are never read, such as symbolic links, with the reason, `unread` those of files that could not be.
    """

    def __init__(self, paths: Iterable[str], fetch: Fetch, left: Mapping[str, str] | None = None) -> None:
        self.left, self._given = left or {}, paths
        self._fetch, self._bytes = fetch, dict[str, bytes]()
        self.unread: set[str] = set()

    @cached_property
    def _paths(self) -> dict[str, None]:
        return dict.fromkeys(path for path in sorted(self._given) if path not in self.left)

    def load(self, paths: Iterable[str]) -> None:
        """Read files in one go, for what is dear to ask one by one."""
        missing = [path for path in paths if path in self and path not in self._bytes]
        if missing:
            read = self._fetch(missing)
            self._bytes.update(read)
            self.unread.update(set(missing) - read.keys())

    def ending(self, endings: tuple[str, ...]) -> list[str]:
        """The paths that end so, sorted."""
        return [path for path in self._paths if path.endswith(endings)]

    def changed(self, changes: Mapping[str, bytes]) -> Tree:
        """The same files with other bytes for some of them, which may be new."""
        other = Tree({*self._paths, *changes}, self._fetch, self.left)
        other._bytes = {**self._bytes, **changes}
        return other

    def __getitem__(self, path: str) -> bytes:
        if path not in self._bytes:
            self.load([path])
        return self._bytes[path]

    def __contains__(self, path: object) -> bool:
        return path in self._paths and path not in self.unread

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def in_memory(texts: Mapping[str, bytes]) -> Tree:
    """Files that are known already, as those of a fixture."""
    return Tree(texts, lambda paths: {path: texts[path] for path in paths})


def on_disk(
    root: Path,
    named: Iterable[str] = (),
    left: Mapping[str, str] | None = None,
    closed: dict[str, str] | None = None,
) -> Tree:
    """The working tree below `root`, without caches and links; and the files that are `named`, wherever they lie.

    `closed` takes the folders that are not looked into, with the reason.
    """
    return Tree(chain(files.names(root, closed), named), lambda paths: files.read(root, paths), left)


def at_revision(repository: Repository, revision: str, closed: dict[str, str] | None = None) -> Tree:
    """The files of a commit; `closed` takes the submodules."""
    entries = _entries(repository, revision, closed)
    links = {path: LINK for path, entry in entries.items() if entry.mode not in _REGULAR}
    return Tree(entries, lambda paths: repository.read([entries[path] for path in paths], revision), links)


def tracked(repository: Repository, root: Path, revision: str, closed: dict[str, str] | None = None) -> Tree:
    """The files of a commit with the bytes that they have in the working tree; `closed` takes the submodules."""
    entries = _entries(repository, revision, closed)
    links = {path: LINK for path, entry in entries.items() if entry.mode not in _REGULAR}
    return Tree(entries, lambda paths: files.read(root, paths), links)


def _entries(repository: Repository, revision: str, closed: dict[str, str] | None) -> dict[str, Entry]:
    entries = {entry.path: entry for entry in repository.entries(revision)}
    submodules = [path for path, entry in entries.items() if entry.mode == _SUBMODULE]
    if closed is not None:
        closed |= dict.fromkeys(submodules, files.OTHER)
    return {path: entry for path, entry in entries.items() if entry.mode != _SUBMODULE}
