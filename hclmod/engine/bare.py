"""A project of a commit alone: nothing of it lies on disk but git's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.config import file as config
from hclmod.engine import tree
from hclmod.engine.project import Project
from hclmod.errors import ConfigError
from hclmod.images import evidence
from hclmod.rulekit import loading

if TYPE_CHECKING:
    from hclmod.git import Repository
    from hclmod.images.evidence import Snapshot


def open_commit(
    repository: Repository,
    commit: str,
    *,
    settings: bytes | None = None,
    otherwise: bytes | None = None,
    tags: Snapshot | None = None,
) -> Project:
    """The project of a commit, with its `hclmod.toml` and its tag snapshot; `settings` and `tags` win over those.

    `otherwise` is the config of a commit that has none, without which that is a `ConfigError`. Rules are built-in ones.
    """
    closed: dict[str, str] = {}
    there = tree.at_revision(repository, commit, closed)
    data = there.get(config.FILE_NAME, otherwise) if settings is None else settings
    if data is None:
        raise ConfigError(f"the repository has no {config.FILE_NAME}", hint="Add one, or name one for the fleet.")
    read = config.parse(data, config.FILE_NAME)
    known = tags if tags is not None else _tags(there, read.tags)
    project = Project(repository.root, read, known, there, closed=closed, repository=repository, commit=commit)
    loading.check_options(project.options_of(None), project.rule_folders)
    return project


def _tags(there: tree.Tree, name: str) -> Snapshot:
    data = there.get(name)
    return evidence.parse(data, name) if data else evidence.Snapshot({})
