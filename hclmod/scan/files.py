"""Files beside Terraform that name images: Dockerfiles, compose files, pipelines; their names say what they are."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeVar

from hclmod import cache, patterns
from hclmod.cache import NONE
from hclmod.hcl import source, syntax
from hclmod.hcl.document import Document
from hclmod.hcl.source import unreadable
from hclmod.lazy import lazily
from hclmod.scan import expressions
from hclmod.scan.expressions import Carriers
from hclmod.terraform.code import CODE
from hclmod.yaml.scalars import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hclmod.cache import Cache
    from hclmod.hcl.source import Source

Value = TypeVar("Value")

_COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml", "*.compose.y*ml", "*-compose.y*ml")
_DOCKERFILE = ("Dockerfile", "Dockerfile.*", "*Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*")
_NO_DOCKERFILE = ("*.md", "*.dockerignore")
_PIPELINES = (
    ".woodpecker.y*ml", ".woodpecker/*.y*ml", ".drone.y*ml", ".gitlab-ci.y*ml", "azure-pipelines.y*ml",
    ".github/workflows/*.y*ml", ".forgejo/workflows/*.y*ml", ".gitea/workflows/*.y*ml", ".circleci/config.y*ml",
    ".github/actions/*/action.y*ml", ".gitlab/ci/*.y*ml", ".gitlab-ci/*.y*ml", ".azure-pipelines/*.y*ml",
    ".travis.y*ml", "bitbucket-pipelines.y*ml", ".buildkite/*.y*ml", ".semaphore/*.y*ml", ".tekton/*.y*ml",
    "cloudbuild.y*ml",
)  # fmt: skip
_LINE = lazily(rb"^[ \t]*(FROM|ARG|COPY)[ \t]+([^\r\n]+?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_FROM = lazily(rb"(?:--[\w-]+=\S+[ \t]+)*([^\s#]+)(?:[ \t]+as[ \t]+(\S+))?[ \t]*", re.IGNORECASE)
_COPIED = lazily(rb"(?:--[\w-]+=\S+[ \t]+)*?--from=(\S+)")
_ARGUMENT = lazily(rb"(\w+)=[\"']?([^\s\"']+)")
_USED = lazily(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def is_compose(path: str) -> bool:
    """Whether this is a compose file."""
    return _named(path, _COMPOSE)


def is_dockerfile(path: str) -> bool:
    """Whether this describes how an image is built."""
    return _named(path, _DOCKERFILE) and not _named(path, _NO_DOCKERFILE)


def is_pipeline(path: str, *, anywhere: bool = False) -> bool:
    """Whether a CI service runs this file; `anywhere` also one that lies in another folder, to be brought elsewhere."""
    above = ("", "*/") if anywhere else ("",)
    return path.endswith("ml") and any(fnmatchcase(path, f"{each}{glob}") for glob in _PIPELINES for each in above)


def _named(path: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path.rpartition("/")[2], glob) for glob in globs)


def base_images(data: bytes) -> Iterator[Scalar]:
    """The images that a Dockerfile builds on or copies from, not its own stages; arguments are at their defaults."""
    arguments: dict[str, str] = {}
    stages = {"scratch"}
    for line in _LINE.finditer(data):
        word, rest = line[1].upper(), line[2]
        if word == b"ARG" and (given := _ARGUMENT.match(rest)):
            arguments[given[1].decode()] = given[2].decode(errors="replace")
            continue
        used = _FROM.fullmatch(rest) if word == b"FROM" else _COPIED.match(rest)
        if used:
            text = _filled(used[1].decode(errors="replace"), arguments)
            if text.lower() not in stages and not text.isdecimal():
                yield Scalar(text, line.start(2) + used.start(1))
            if word == b"FROM" and used[2]:
                stages.add(used[2].decode(errors="replace").lower())


def _filled(text: str, arguments: dict[str, str]) -> str:
    def value(used: re.Match[str]) -> str:
        return arguments.get(used[1] or used[3]) or used[2] or f"${{{used[1] or used[3]}}}"

    return _USED.sub(value, text)


def pattern(path: str) -> str:
    """A regular expression that finds the files that `fileset` would, with this path."""
    return _WORD.sub(_pattern, path)


_WORD = lazily(r"\*\*/?|[*?]|\{([^{}]*)\}|[^*?{]+|\{")


def _pattern(word: re.Match[str]) -> str:
    """A regular expression for one word of what `fileset` understands."""
    if word[1] is not None:
        return f"(?:{'|'.join(map(re.escape, word[1].split(',')))})"
    simple = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return simple.get(word[0]) or re.escape(word[0])


class Files:
    """All files by their paths; `known` are the same for looking up, `kept` is what earlier runs have found."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], bytes | None], kept: Cache = NONE) -> None:
        self.paths, self.read, self._kept = tuple(sorted(paths)), read, kept
        self.known = frozenset(self.paths)
        self._beside: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            self._beside[posixpath.dirname(path)].append(path)
        self._carriers: dict[str, Carriers] = {}
        self._live: dict[str, str] = {}
        self._matches: dict[str, tuple[tuple[str, bool | None], ...]] = {}

    def matching(self, pattern: str) -> Sequence[tuple[str, bool | None]]:
        """The files that a pattern matches, or may match: None for one at which it takes too long."""
        if pattern not in self._matches:
            matches = ((path, patterns.fullmatch(pattern, path)) for path in self.paths)
            self._matches[pattern] = tuple((path, does) for path, does in matches if does is not False)
        return self._matches[pattern]

    def text(self, path: str) -> bytes | str:
        """The bytes of a file, or why they are not to be read."""
        data = self.read(path)
        if data is None:
            return "it is not there"
        why = unreadable(data)
        return why.reason if why and not why.generated else data

    def live(self, folder: str) -> str:
        """The code of a folder without its comments."""
        if folder not in self._live:
            self._live[folder] = self._of_folder(str, "live", folder, _without_comments)
        return self._live[folder]

    def carriers(self, folder: str) -> Carriers:
        """What the `.tf` files of a folder say."""
        if folder not in self._carriers:
            self._carriers[folder] = self._of_folder(Carriers, "carriers", folder, expressions.carriers)
        return self._carriers[folder]

    def sources(self, folder: str) -> list[Source]:
        """The `.tf` and `.hcl` files of a folder that can be parsed."""
        return _parsed(self._texts(folder))

    def _texts(self, folder: str) -> dict[str, bytes]:
        names = [path for path in self._beside.get(folder, ()) if path.endswith((*CODE, ".hcl"))]
        return {path: data for path in names if isinstance(data := self.text(path), bytes)}

    def _of_folder(self, kind: type[Value], name: str, folder: str, make: Callable[[Sequence[Source]], Value]) -> Value:
        """What follows from the sources of a folder; they are parsed only where no earlier run has found it."""
        texts = self._texts(folder)
        key = cache.key(name, *(part for entry in texts.items() for part in entry))
        known = self._kept.get(kind, key)
        return self._kept.put(make(_parsed(texts)), key, tuple(texts)) if known is None else known


def _parsed(texts: Mapping[str, bytes]) -> list[Source]:
    parsed = [source.parse(Document(path, data)) for path, data in texts.items()]
    return [each for each in parsed if not isinstance(each, source.Unread)]


def _without_comments(sources: Sequence[Source]) -> str:
    """The text of documents with blanks for comments."""
    return "\n".join(map(_uncommented, sources))


def _uncommented(source: Source) -> str:
    text = bytearray(source.data)
    for comment in syntax.comments(source.tree.root_node):
        text[comment.start_byte : comment.end_byte] = b" " * (comment.end_byte - comment.start_byte)
    return text.decode()
