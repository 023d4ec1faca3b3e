"""The configuration of nginx, read by crossplane: a tree of directives with their lines."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from itertools import accumulate
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod import scratch
from hclmod.caches.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIMIT = 1 << 18
"""Larger texts are not parsed."""

CONTROL_FLOW = "a template whose conditions or loops decide what it says"
_NESTED = 60
_OPENING = re.compile(r"(?:^|[;{}\s])(?:server|location|upstream|http)\b[^;{}]{0,500}\{")
_CACHING = re.compile(r"\bproxy_(?:pass|cache)\b")


class Directive(Struct, frozen=True):
    """One directive with its arguments, its place, and what stands in its block (None without a block)."""

    name: str
    args: tuple[str, ...]
    path: str
    line: int
    block: tuple[Directive, ...] | None = None

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"

    @property
    def shown(self) -> str:
        """The directive as it is written, without what stands in its block."""
        return " ".join((self.name, *self.args))

    def all(self, name: str) -> list[Directive]:
        """The directives of a name that stand directly in its block."""
        return [each for each in self.block or () if each.name == name]

    def below(self) -> Iterator[Directive]:
        """Every directive in its block, at any depth."""
        for each in self.block or ():
            yield each
            yield from each.below()


class Unread(Struct, frozen=True):
    """A text that is not read, with the line (0: the whole file) and the reason."""

    path: str
    line: int
    why: str
    is_broken: bool = False


def is_nginx(text: Text) -> bool:
    """Whether a text may be a configuration of nginx that passes requests on."""
    if text.path.endswith((".sh", ".bash")) and text.whole:
        return False
    return _CACHING.search(text.text) is not None and _OPENING.search(text.text) is not None


def is_part(text: Text) -> bool:
    """Whether a text may be a file that another configuration includes."""
    return text.whole and text.path.endswith((".conf", ".inc", ".nginx")) and "proxy_" in text.text


def parse(text: Text) -> Directive | Unread:
    """The text as one directive without a name, around all that it says."""
    if text.has_control_flow:
        return Unread(text.path, text.line(1), CONTROL_FLOW)
    plain = text.plain
    if len(plain) > LIMIT or _depth(plain) > _NESTED:
        return Unread(text.path, text.line(1), "too large or nested too deeply")
    result = _crossplane(plain)
    if errors := result["errors"]:
        number = errors[0]["line"]
        why = re.sub(r" in \S+:\d+$", "", str(errors[0]["error"])) or "the text ends inside of a directive"
        return Unread(text.path, text.line(number or len(text.lines)), f"nginx cannot read it: {why}", is_broken=True)
    return Directive("", (), text.path, text.line(1), _directives(text, result["parsed"]))


def _depth(text: str) -> int:
    """How many blocks are open at once, at most, if every brace is one of a block."""
    return max(accumulate((1 if match[0] == "{" else -1 for match in re.finditer("[{}]", text)), initial=0))


def _crossplane(text: str) -> dict[str, Any]:
    import crossplane

    with scratch.folder() as folder:
        file = folder / "nginx.conf"
        file.write_text(text + "\n", encoding="utf-8", errors="replace", newline="")
        # `single`: what `include` names is never opened from here
        payload = crossplane.parse(str(file), single=True, strict=False, check_ctx=False, check_args=False)
    return payload["config"][0]  # type: ignore[no-any-return]


def _directives(text: Text, parsed: Sequence[dict[str, Any]]) -> tuple[Directive, ...]:
    return tuple(_directive(text, each) for each in parsed if each["directive"] != "#")


def _directive(text: Text, entry: dict[str, Any]) -> Directive:
    block = entry.get("block")
    return Directive(
        name=entry["directive"],
        args=tuple(entry["args"]),
        path=text.path,
        line=text.line(entry["line"]),
        block=None if block is None else _directives(text, block),
    )


_PLAIN = re.compile(r"[\w-]*")
HOLE = "include"
"""The name of a directive whose file is not in this repository."""


def joined(root: Directive, known: Mapping[str, Directive], included: set[str]) -> Directive:
    """The configuration with the files of the repository in the place of `include`; `included` takes their paths.

    A file that is not there keeps its `include`, except one that sets nothing about caching.
    """
    return _Joining(known, included).whole(root, DEPTH)


DEPTH = 5
"""A file that is included by more files than that, one in another, is not read."""

FILES = 500
"""Nor are more than so many in one configuration."""


class _Joining:
    """The includes of one configuration."""

    def __init__(self, known: Mapping[str, Directive], included: set[str]) -> None:
        self.known, self.included, self.left = known, included, FILES

    def whole(self, root: Directive, depth: int) -> Directive:
        """A directive with what is included in its block."""
        return Directive(root.name, root.args, root.path, root.line, tuple(self._inside(root.block or (), depth)))

    def _inside(self, block: Sequence[Directive], depth: int) -> Iterator[Directive]:
        for each in block:
            if each.name == HOLE and each.args:
                yield from self._included(each, depth)
            elif each.block is not None:
                yield self.whole(each, depth)
            else:
                yield each

    def _included(self, include: Directive, depth: int) -> Iterator[Directive]:
        files = matches(include, self.known) if depth and self.left > 0 else []
        self.left -= len(files)
        self.included.update(files)
        for file in files:
            yield from self._inside(self.known[file].block or (), depth - 1)
        if not files and not _is_harmless(include.args[0]):
            yield include


def _is_harmless(path: str) -> bool:
    """Whether a file sets nothing about caching, by its name."""
    name = path.rpartition("/")[2]
    stem = name.removesuffix(".conf")
    is_plain = _PLAIN.fullmatch(stem) is not None and ("ssl" in stem or name.endswith("_params"))
    return is_plain or name == "mime.types" or "/modules-enabled/" in f"/{path}"


def matches(include: Directive, known: Mapping[str, object]) -> list[str]:
    """The files of the repository that an `include` names, from the nearest folder around the file that says so.

    nginx takes a path from the folder of `nginx.conf`. Of one from the root of the machine only the end is compared.
    """
    pattern = include.args[0]
    parts = pattern.strip("/").split("/")
    counts = (1, 2, 3) if "*" not in parts[-1] else (2, 3)
    tails = ["/".join(parts[-count:]) for count in counts] if pattern.startswith("/") else [pattern]
    folder = posixpath.dirname(include.path)
    folders = [folder, *(str(each) for each in PurePosixPath(folder).parents)] if folder else [""]
    for each in folders:
        for tail in tails:
            own = posixpath.normpath(posixpath.join(each, tail))
            if files := [path for path in sorted(known) if path != include.path and fnmatch.fnmatchcase(path, own)]:
                return files
    return []
