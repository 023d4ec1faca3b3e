"""What documents declare, each read once: by an earlier run, ahead by two processes, or when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import cache, halves
from hclmod.hcl import source
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source, unreadable
from hclmod.terraform.declarations import Declarations, declarations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hclmod.cache import Cache


_MANY = 4
"""So much more text than for other work a helper has to read: the trees that it has parsed are lost with it."""


class Documents:
    """The declarations of documents by their path; `kept` has those that an earlier run has found."""

    def __init__(self, read: Callable[[str], bytes | None], kept: Cache) -> None:
        self._read, self._kept = read, kept
        self._ahead: dict[str, Declarations | str] = {}

    def declared(self, path: str) -> Declarations | str | None:
        """What a document declares, or why it cannot be read; None where there is none."""
        data = self._read(path)
        if data is None:
            return None
        if path in self._ahead:
            return self._ahead.pop(path)
        key = cache.key("declarations", path, data)
        return self._kept.get(Declarations, key) or self._new(path, key, _declared(path, data))

    def read_ahead(self, paths: Iterable[str]) -> None:
        """Read documents with the help of another process, if there is much text that no earlier run has read."""
        new: list[tuple[str, bytes, bytes]] = []
        for path in paths:
            if (data := self._read(path)) is not None:
                key = cache.key("declarations", path, data)
                if known := self._kept.get(Declarations, key):
                    self._ahead[path] = known
                else:
                    new.append((path, key, data))
        if sum(len(data) for _, _, data in new) < _MANY * halves.BYTES or not halves.may_fork():
            return
        work = [(path, data) for path, _, data in new]
        for index, result in halves.shared(lambda index: _declared(*work[index]), len(work), Declarations | str):
            path, key, _ = new[index]
            self._ahead[path] = self._new(path, key, result)

    def _new(self, path: str, key: bytes, result: Declarations | str) -> Declarations | str:
        return result if isinstance(result, str) else self._kept.put(result, key, (path,))


def _declared(path: str, data: bytes) -> Declarations | str:
    why = unreadable(data)
    result = source.parse(Document(path, data)) if why is None or why.generated else why
    return declarations(result) if isinstance(result, Source) else result.reason
