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

    from hclmod.git import Repository

    Fetch = Callable[[Sequence[str]], Mapping[str, bytes]]

_REGULAR = ("100644", "100755")


class Tree(Mapping[str, bytes]):
    """The bytes of files by their path from the root, with forward slashes.

    A file is read when it is asked for, and once. One that has vanished meanwhile is not there. `links` are the paths
    of symbolic links, which are never read, `unread` those of files that could not be.
    """

    def __init__(self, paths: Iterable[str], fetch: Fetch, links: Iterable[str] = ()) -> None:
        self.links, self._given = frozenset(links), paths
        self._fetch, self._bytes = fetch, dict[str, bytes]()
        self.unread: set[str] = set()

    @cached_property
    def _paths(self) -> dict[str, None]:
        return dict.fromkeys(path for path in sorted(self._given) if path not in self.links)

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
        other = Tree({*self._paths, *changes}, self._fetch, self.links)
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


def on_disk(root: Path, named: Iterable[str] = (), links: Iterable[str] = ()) -> Tree:
    """The working tree below `root`, without caches and links; and the files that are `named`, wherever they lie."""
    return Tree(chain(files.names(root), named), lambda paths: files.read(root, paths), links)


def at_revision(repository: Repository, revision: str) -> Tree:
    """The files of a commit."""
    entries = {entry.path: entry for entry in repository.entries(revision)}
    links = (path for path, entry in entries.items() if entry.mode not in _REGULAR)
    return Tree(entries, lambda paths: repository.read([entries[path] for path in paths], revision), links)


def tracked(repository: Repository, root: Path, revision: str) -> Tree:
    """The files of a commit with the bytes that they have in the working tree."""
    entries = {entry.path: entry for entry in repository.entries(revision)}
    links = (path for path, entry in entries.items() if entry.mode not in _REGULAR)
    return Tree(entries, lambda paths: files.read(root, paths), links)
