"""What must not be shown: all that only files say which git filters, and the values of sensitive variables.

Such a text may come up anywhere, in a message about another file too, so it is taken out of what is printed.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from hclmod import files
from hclmod.errors import GitError
from hclmod.hcl.source import GIT_CRYPT
from hclmod.terraform.code import CODE, NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from hclmod.engine.project import Project
    from hclmod.reports.model import Report

HIDDEN = "(hidden)"
_SHORT = 4  # shorter texts stand in the words of every message
_QUOTED = re.compile(rb'"((?:[^"\\\n]|\\.)+)"')
_VALUE = re.compile(rb"(?m)^[^#\n]*?(?:[:=]|-)[ \t]+[\"']?([^\s\"'#][^\n\"'#]*)")
_PARTS = re.compile(r"[^\s:/@,;=]+")
_LABELS = re.compile(rb'(?m)^[ \t]*(?:resource|data)[ \t]+"[^"\n]*"')
_SENSITIVE = re.compile(rb'(?m)^variable[ \t]+"([^"\n]+)"[ \t]*\{([^}]*)^\}')
_IS_SENSITIVE = re.compile(rb"(?m)^\s*sensitive\s*=\s*true\b")
_DEFAULT = re.compile(rb'(?m)^\s*default\s*=\s*"((?:[^"\\\n]|\\.)+)"')
_DATA = (".yaml", ".yml", ".json", ".toml", ".env")
_GIVING = (*NATIVE, ".tfvars.json")


def hidden(project: Project, paths: Iterable[str] | None = None, base: str | None = None) -> frozenset[str]:
    """The files that git filters, in the working tree or at `base`; of `paths` alone, where they are given."""
    asked = list(project.tree if paths is None else paths)
    if not asked or not ("git" in vars(project) or _has_filters(project, asked)):
        return frozenset()
    try:
        return project.git.filtered(asked, base)
    except GitError:
        return _now(project, asked)


def _now(project: Project, paths: Iterable[str]) -> frozenset[str]:
    """The same without a commit; none where there is no repository, and so no filter."""
    try:
        return project.git.filtered(paths)
    except GitError:
        return frozenset()


def _has_filters(project: Project, paths: Iterable[str]) -> bool:
    """Whether attributes in the folders of these files, or above, name a filter."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    names = [str(PurePosixPath(folder, ".gitattributes")) for folder in folders]
    git = files.git_folder(project.root)
    own = files.read(git, ["info/attributes"]) if git else {}
    return any(b"filter" in data for data in (*files.read(project.root, names).values(), *own.values()))


def texts(
    project: Project, near: Iterable[str] | None = None, base: str | None = None, closed: frozenset[str] | None = None
) -> tuple[str, ...]:
    """The texts that are not to be shown, the longest first.

    `near` are files whose folders alone matter, and `closed` those of them that git filters, where that is known.
    """
    folders = None if near is None else {path.rpartition("/")[0] for path in near}
    closed = hidden(project, near, base) if closed is None else closed
    if closed:  # what they say may come up in any message
        closed, folders = closed if near is None else hidden(project, None, base), None
    secret = set(_sensitive(project, folders))
    named = [path for path in closed if path.endswith((*_GIVING, *_DATA))]
    read = {path: data for path in named if (data := project.tree.get(path)) and not data.startswith(GIT_CRYPT)}
    if read:
        texts = (project.tree.get(path, b"").decode(errors="replace") for path in project.tree if path not in closed)
        public = "\n".join((*project.tree, *texts))
        inside = {each for path, data in read.items() for each in _inside(path, data)}
        secret |= {each for each in inside if each not in public}
    return tuple(sorted(secret, key=lambda each: (-len(each), each)))


def _inside(path: str, data: bytes) -> Iterator[str]:
    """The values of a document, whole and in the parts that an image or an address has."""
    pattern = _QUOTED if path.endswith(NATIVE) else _VALUE
    for value in pattern.findall(_LABELS.sub(b"", data)):
        text = value.decode(errors="replace").strip()
        yield from (each for each in (text, *_PARTS.findall(text)) if len(each) >= _SHORT)


def _sensitive(project: Project, folders: Container[str] | None) -> Iterator[str]:
    """The values given to variables that are declared as sensitive, and their parts that stand nowhere else."""
    code = [path for path in project.tree.ending(_GIVING) if folders is None or path.rpartition("/")[0] in folders]
    names, values = set(), set[str]()
    for data in (project.tree.get(path, b"") for path in code if path.endswith(CODE)):
        for name, body in _SENSITIVE.findall(data) if b"sensitive" in data else ():
            if _IS_SENSITIVE.search(body):
                names.add(re.escape(name))
                values |= set(_long(_DEFAULT.findall(body)))
    if names:
        given = re.compile(rb'(?m)^\s*"?(?:' + b"|".join(sorted(names)) + rb')"?\s*[=:]\s*"((?:[^"\\\n]|\\.)+)"')
        for path in code:
            values |= set(_long(each for each in given.findall(project.tree.get(path, b"")) if b"${" not in each))
    yield from values
    if values:
        rest = "\n".join((*code, *(project.tree.get(path, b"").decode(errors="replace") for path in code)))
        for value in values:
            rest = rest.replace(value, "")
        parts = {part for value in values for part in _PARTS.findall(value)}
        yield from (part for part in parts if len(part) >= _SHORT and part not in rest)


def _long(values: Iterable[bytes]) -> Iterator[str]:
    return (each.decode(errors="replace") for each in values if len(each) >= _SHORT)


def cleaner(
    project: Project, near: Iterable[str] | None = None, base: str | None = None, closed: frozenset[str] | None = None
) -> Callable[[str], str]:
    """What takes secret texts out of a text; the arguments are those of `texts`."""
    every = texts(project, near, base, closed)
    if not every:
        return lambda text: text
    secret = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)")
    return lambda text: secret.sub(HIDDEN, text)


def without(report: Report, clean: Callable[[str], str]) -> Report:
    """The same report with every secret text taken out."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(report), clean), type(report))


_SAYS = {"title", "why", "address", "message", "effect", "origins", "before", "after", "cells", "text", "lines"}
"""The fields of a report whose texts come from a repository."""


def _cleaned(value: Any, clean: Callable[[str], str], *, says: bool = False) -> Any:
    match value:
        case str():
            return clean(value) if says else value
        case dict():
            return {key: _cleaned(each, clean, says=key in _SAYS) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each, clean, says=says) for each in value]
    return value
