"""The files of a repository as one run sees them: at a revision, in the working tree, or in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.errors import GitError
from hclmod.hcl.source import LARGE, is_large, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hclmod.git import Entry, Repository

    Fetch = Callable[[Sequence[str]], Mapping[str, bytes]]

_REGULAR = ("100644", "100755")
_SUBMODULE = "160000"

LINK = "a symbolic link; its target is read where it lies"
"""Why a symbolic link is left."""

AWAY = "outside of the sparse checkout (`git sparse-checkout add` its folder)"
"""Why a file is not written that git knows and that is not on disk. It is read as git has it."""

UNREAD = files.UNREAD


class Tree(Mapping[str, bytes]):
    """The bytes of files by their path from the root, with forward slashes.

    A file is read when it is asked for, and once. One that has vanished meanwhile is not there. `left` are the paths
    of those that are never read, such as symbolic links, with the reason, `unread` those of files that could not be.
    `away` are files that are not on disk: they are read from git and not written. `closed` takes those that were read,
    and files that are too large to be parsed, with the reason.
    """

    def __init__(
        self,
        paths: Iterable[str],
        fetch: Fetch,
        left: Mapping[str, str] | None = None,
        *,
        away: Iterable[str] = (),
        closed: dict[str, str] | None = None,
    ) -> None:
        self.left, self._given = left or {}, paths
        self.away, self._closed = frozenset(away), {} if closed is None else closed
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
            self._closed |= {path: AWAY for path in read if path in self.away}
            self._closed |= {path: LARGE for path, data in read.items() if is_large(data) and is_text(data)}
            self.unread.update(set(missing) - read.keys())

    def ending(self, endings: tuple[str, ...]) -> list[str]:
        """The paths that end so, sorted."""
        return [path for path in self._paths if path.endswith(endings)]

    def naming(self, names: Iterable[str], left: Mapping[str, str]) -> Tree:
        """The same files and those of these names, wherever they lie; `left` are never read."""
        every, unread = (*self._paths, *names), {**self.left, **left}
        return Tree(every, self._fetch, unread, away=self.away, closed=self._closed)

    def changed(self, changes: Mapping[str, bytes]) -> Tree:
        """The same files with other bytes for some of them, which may be new."""
        other = Tree({*self._paths, *changes}, self._fetch, self.left, away=self.away, closed=self._closed)
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


def on_disk(root: Path, closed: dict[str, str] | None = None) -> Tree:
    """The working tree below `root`, without caches and links.

    `closed` takes the folders that are not looked into and the files that are too large, with the reason.
    """
    away = _away(root)
    paths = chain(files.names(root, closed), away)
    return Tree(paths, partial(_on_disk, root, away), away=away, closed=closed)


def _away(root: Path) -> dict[str, Entry]:
    """The files below the top of a repository that a sparse checkout leaves out."""
    git = files.git_folder(root)
    if git is None or not files.read(git, ["info/sparse-checkout"]):
        return {}
    from hclmod.git import Repository

    try:
        away = (each for each in Repository.open(root).away() if each.mode in _REGULAR)
        return {each.path: each for each in away if not files.is_there(root, each.path)}
    except GitError:
        return {}


def _on_disk(root: Path, away: Mapping[str, Entry], paths: Sequence[str]) -> dict[str, bytes]:
    """The bytes of files: on disk, or those that git has where nothing is on disk."""
    read = files.read(root, paths)
    missing = [away[path] for path in paths if path in away and path not in read]
    if not missing:
        return read
    from hclmod.git import Repository

    try:
        return Repository.open(root).read(missing, fetching=False) | read
    except GitError:
        return read


def at_revision(repository: Repository, revision: str, closed: dict[str, str] | None = None) -> Tree:
    """The files of a commit; `closed` takes the submodules."""
    entries = _entries(repository, revision, closed)
    links = {path: LINK for path, entry in entries.items() if entry.mode not in _REGULAR}
    return Tree(
        entries, lambda paths: repository.read([entries[path] for path in paths], revision), links, closed=closed
    )


def tracked(repository: Repository, root: Path, revision: str, closed: dict[str, str] | None = None) -> Tree:
    """The files of a commit with the bytes that they have in the working tree; `closed` takes the submodules."""
    entries = _entries(repository, revision, closed)
    links = {path: LINK for path, entry in entries.items() if entry.mode not in _REGULAR}
    away = _away(root)
    return Tree(entries, partial(_on_disk, root, away), links, away=away, closed=closed)


def _entries(repository: Repository, revision: str, closed: dict[str, str] | None) -> dict[str, Entry]:
    entries = {entry.path: entry for entry in repository.entries(revision)}
    submodules = [path for path, entry in entries.items() if entry.mode == _SUBMODULE]
    if closed is not None:
        closed |= dict.fromkeys(submodules, files.OTHER)
    return {path: entry for path, entry in entries.items() if entry.mode != _SUBMODULE}
