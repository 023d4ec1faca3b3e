"""The files of a repository, each read when something leads to it."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod import carriers, engine, syntax
from hclmod.document import Document, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.carriers import Carriers
    from hclmod.trivia import Source


class Files:
    """All files by their paths; `known` are the same for looking up."""

    def __init__(self, paths: tuple[str, ...], read: Callable[[str], bytes | None]) -> None:
        self.paths, self._read = paths, read
        self.known = frozenset(paths)
        self._beside: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._beside[posixpath.dirname(path)].append(path)
        self._carriers: dict[str, Carriers] = {}
        self._live: dict[str, str] = {}

    def text(self, path: str) -> bytes | str:
        """The bytes of a file, or why they are not to be read."""
        data = self._read(path)
        why = "it is not there" if data is None else unreadable(data)
        return why if why and not why.startswith("generated") else data or b""

    def sources(self, folder: str) -> tuple[Source, ...]:
        """The `.tf` and `.hcl` files of a folder that can be parsed."""
        names = [path for path in self._beside.get(folder, ()) if path.endswith((".tf", ".hcl"))]
        texts = ((path, self.text(path)) for path in names)
        parsed = [engine.parse(Document(path, data)) for path, data in texts if isinstance(data, bytes)]
        return tuple(each for each in parsed if not isinstance(each, engine.Skipped))

    def live(self, folder: str) -> str:
        """The code of a folder without its comments."""
        if folder not in self._live:
            self._live[folder] = "\n".join(map(_without_comments, self.sources(folder)))
        return self._live[folder]

    def carriers(self, folder: str) -> Carriers:
        """What the `.tf` files of a folder say."""
        if folder not in self._carriers:
            self._carriers[folder] = carriers.carriers(self.sources(folder))
        return self._carriers[folder]


def _without_comments(source: Source) -> str:
    text = bytearray(source.data)
    for comment in syntax.comments(source.tree.root_node):
        text[comment.start_byte : comment.end_byte] = b" " * (comment.end_byte - comment.start_byte)
    return text.decode()
