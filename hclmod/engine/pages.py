"""The Markdown documents of a project, and which of them the config names for the section."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.config.file import MARKDOWN
from hclmod.engine.outcomes import Skipped
from hclmod.engine.run import PageFile
from hclmod.engine.settle import settle
from hclmod.engine.texts import Markdown
from hclmod.errors import ConfigError
from hclmod.hcl.document import Document
from hclmod.hcl.source import unreadable
from hclmod.markdown.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.engine.outcomes import Changed, Refused, Unchanged
    from hclmod.engine.project import Project
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.rule import Context

_RECORD = re.compile(r"(?:^|/)(?:\d{4}-\d{2}-\d{2}[^/]*|(?i:archived?|changelog[^/]*|post-?mortems?))(?:/|$)")
"""What a day or a release left behind: it says what was true then."""

_REFERENCE = re.compile(rb"(?:\xef\xbb\xbf)?\s*@([^\s@]+)\s*")
_HOPS = 8


def find(project: Project) -> tuple[PageFile, ...]:
    """Every page that may say something, sorted; a `ConfigError` for one that the config names and that is not there.

    A link is its target, and a page that only refers to another one (`@AGENTS.md`) leaves the section to that.
    """
    excluded, tree = project.config.conventions.exclude, project.tree
    known = [path for path in tree.ending(MARKDOWN) if not _is_left(path, excluded)]
    tree.load(known)
    pages = {path: PageFile(path) for path in known if path in tree}
    for name in project.config.conventions.files:
        path = _resolved(project, name)
        for _ in range(_HOPS):
            target = _target(path, tree[path])
            if not target:
                break
            if target not in tree:
                raise ConfigError(f"{path} refers to {target}, which is not there", hint=f"Fix {path}.")
            pages[path] = PageFile(path, follows=target)
            path = target
        else:
            raise ConfigError(f"{name} and the pages that it refers to refer to each other", hint=f"Fix {path}.")
        if not path.endswith(MARKDOWN):
            raise ConfigError(
                f"{name} leads to {path}, which is not a Markdown file", hint="Name a Markdown file in [docs]."
            )
        pages[path] = PageFile(path, managed=True)
    return tuple(pages[path] for path in sorted(pages))


def _is_left(path: str, excluded: Sequence[str]) -> bool:
    return bool(_RECORD.search(path)) or any(fnmatchcase(path, each) for each in excluded)


def _resolved(project: Project, name: str) -> str:
    """The path of a page that the config names."""
    plain = posixpath.normpath(name)
    path = plain if plain in project.tree else files.linked(project.root, plain)
    if project.tree.get(path) is None:
        hint = "Create the file, or take it out of `files` in [docs]."
        raise ConfigError(f"{project.config.path}: docs.files names {name}, which is not there", hint=hint)
    return path


def _target(path: str, data: bytes) -> str:
    """The page that a page consists of a reference to; empty for one with words of its own."""
    if not (match := _REFERENCE.fullmatch(data)):
        return ""
    name = match[1].decode(errors="replace")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def settled(
    file: PageFile, data: bytes, rules: Sequence[Loaded], context: Context
) -> Unchanged | Changed | Skipped | Refused:
    """What becomes of one page."""
    if why := unreadable(data):
        return Skipped(file.path, why.reason)
    page = Page(document=Document(file.path, data), managed=file.managed, follows=file.follows)
    return settle(Markdown(page), rules, context)
