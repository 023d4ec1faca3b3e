"""What must not be shown or stored: what only files say that git filters, and the values of sensitive variables."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.errors import GitError
from hclmod.hcl.source import GIT_CRYPT
from hclmod.lazy import lazily
from hclmod.terraform.code import CODE, NATIVE

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from hclmod.engine.project import Project

_SHORT = 4  # shorter texts stand in the words of every message
_QUOTED = lazily(rb'"((?:[^"\\\n]|\\.)+)"')
_VALUE = lazily(rb"(?m)^[^#\n]*?(?:[:=]|-)[ \t]+[\"']?([^\s\"'#][^\n\"'#]*)")
_PARTS = lazily(r"[^\s:/@,;=]+")
_LABELS = lazily(rb'(?m)^[ \t]*(?:resource|data)[ \t]+"[^"\n]*"')
_SENSITIVE = lazily(rb'(?m)^variable[ \t]+"([^"\n]+)"[ \t]*\{([^}]*)^\}')
_IS_SENSITIVE = lazily(rb"(?m)^[ \t]*sensitive\s*=\s*true\b")
_DEFAULT = lazily(rb'(?m)^[ \t]*default\s*=\s*"((?:[^"\\\n]|\\.)+)"')
_DATA = (".yaml", ".yml", ".json", ".toml", ".env")
_GIVING = (*NATIVE, ".tfvars.json")


def hidden(project: Project, paths: Iterable[str] | None = None, base: str | None = None) -> frozenset[str]:
    """The files that git filters, in the working tree or at `base`; of `paths` alone, where they are given.

    Git is asked each time: attributes may also come from the person's own files.
    """
    asked = list(project.tree if paths is None else paths)
    if not asked:
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
    secret = {*_sensitive(project, folders), *filtered(project, closed)}
    return tuple(sorted(secret, key=lambda each: (-len(each), each)))


def filtered(project: Project, closed: frozenset[str]) -> set[str]:
    """The texts that only these files say, which git filters; none of one that is locked."""
    named = [path for path in closed if path.endswith((*_GIVING, *_DATA))]
    read = {path: data for path in named if (data := project.tree.get(path)) and not data.startswith(GIT_CRYPT)}
    if not read:
        return set()
    texts = (project.tree.get(path, b"").decode(errors="replace") for path in project.tree if path not in closed)
    public = "\n".join((*project.tree, *texts))
    inside = {each for path, data in read.items() for each in _inside(path, data)}
    return {each for each in inside if each not in public}


def _inside(path: str, data: bytes) -> Iterator[str]:
    """The values of a document, whole and in the parts that an image or an address has."""
    pattern = _QUOTED if path.endswith(NATIVE) else _VALUE
    for value in pattern.findall(_LABELS.sub(b"", data)):
        text = value.decode(errors="replace").strip()
        yield from (each for each in (text, *_PARTS.findall(text)) if len(each) >= _SHORT)


def _sensitive(project: Project, folders: Container[str] | None) -> set[str]:
    """The values given to variables that are declared as sensitive, and their parts that stand nowhere else."""
    paths = project.tree.ending(_GIVING)
    code = {
        path: project.tree.get(path, b"") for path in paths if folders is None or path.rpartition("/")[0] in folders
    }
    bodies = _sensitive_variables(data for path, data in code.items() if path.endswith(CODE))
    defaults = (value for body in bodies.values() for value in _DEFAULT.findall(body))
    values = set(_long((*defaults, *_given(bodies, code.values()))))
    return values | (_parts(values, code) if values else set())


def _sensitive_variables(texts: Iterable[bytes]) -> dict[bytes, bytes]:
    """The variables that documents declare as sensitive: all that stands in their blocks, by name."""
    result: dict[bytes, bytes] = defaultdict(bytes)
    for name, body in (each for data in texts if b"sensitive" in data for each in _SENSITIVE.findall(data)):
        if _IS_SENSITIVE.search(body):
            result[name] += body
    return result


def _given(names: Iterable[bytes], texts: Iterable[bytes]) -> Iterator[bytes]:
    """The texts that documents give to variables, where they are whole."""
    words = sorted(names)
    every = b"|".join(map(re.escape, words))
    if every:
        given = re.compile(rb'(?m)^[ \t]*"?(?:' + every + rb')"?\s*[=:]\s*"((?:[^"\\\n]|\\.)+)"')
        naming = (data for data in texts if any(word in data for word in words))
        yield from (value for data in naming for value in given.findall(data) if b"${" not in value)


def _parts(values: Collection[str], code: Mapping[str, bytes]) -> set[str]:
    """The parts of these values that stand nowhere else in the code."""
    rest = "\n".join((*code, *(data.decode(errors="replace") for data in code.values())))
    for value in sorted(values, key=lambda each: (-len(each), each)):
        rest = rest.replace(value, "")
    parts = {part for value in values for part in _PARTS.findall(value)}
    return {part for part in parts if len(part) >= _SHORT and part not in rest}


def _long(values: Iterable[bytes]) -> Iterator[str]:
    return (each.decode(errors="replace") for each in values if len(each) >= _SHORT)
