"""A plan needs no work tree: a bare repository gives the report and the commit of a checkout."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import hclmod
from hclmod.commands.apply import apply_phase, plan_phases, tell
from hclmod.config.file import FILE_NAME
from hclmod.engine.bare import open_commit
from hclmod.errors import ConfigError
from hclmod.git import Repository
from hclmod.images.evidence import Snapshot
from hclmod.reports import json
from tests.support.demo import git, repository

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.engine.project import Project

WHO = {"NAME": "T", "EMAIL": "t@example.net", "DATE": "1700000000 +0000"}


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        for what, value in WHO.items():
            monkeypatch.setenv(f"GIT_{role}_{what}", value)
    settings = tmp_path / "gitconfig"
    settings.write_text('[filter "shout"]\nclean = tr a-z A-Z\nsmudge = tr A-Z a-z\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def bare(root: Path) -> tuple[Repository, str]:
    """A bare clone of a checkout, with nothing of the checkout left, and its commit."""
    target = root.parent / "bare.git"
    git(root.parent, "clone", "-q", "--bare", str(root), str(target))
    commit = git(root, "rev-parse", "HEAD").strip()
    return Repository.bare(target), commit


def outcome(project: Project, commit: str) -> tuple[str, str | None]:
    reports = plan_phases(project, [3], base=commit)
    shown = tell(project, reports, base=commit)
    applied = apply_phase(project, reports[0], shown.sections[0], base=commit)
    return json.write(shown), applied.commit


def test_a_bare_repository_gives_the_report_and_the_commit_of_a_checkout(tmp_path: Path) -> None:
    root = repository(tmp_path)
    clone, commit = bare(root)
    expected = outcome(hclmod.open(root), commit)
    shutil.rmtree(root)
    assert outcome(open_commit(clone, commit), commit) == expected
    assert expected[1] is not None


def test_files_that_git_filters_stay_hidden(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / ".gitattributes").write_text("stacks/beacon/*.tf filter=shout\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "filtered")
    clone, commit = bare(root)
    expected = outcome(hclmod.open(root), commit)
    shutil.rmtree(root)
    report, made = outcome(open_commit(clone, commit), commit)
    assert (report, made) == expected
    assert '"hidden": true' in report


def test_a_bare_repository_is_left_as_it_was_by_a_plan(tmp_path: Path) -> None:
    clone, commit = bare(repository(tmp_path))
    before = sorted(str(each) for each in clone.root.rglob("*"))
    plan_phases(open_commit(clone, commit), [3], base=commit)
    assert sorted(str(each) for each in clone.root.rglob("*")) == before


def test_the_config_and_the_tags_that_are_given_win(tmp_path: Path) -> None:
    clone, commit = bare(repository(tmp_path))
    project = open_commit(clone, commit, settings=b'stacks = ["x"]\n', otherwise=b'stacks = ["y"]\n', tags=Snapshot({}))
    assert (project.config.stacks, project.tags.images) == (("x",), {})
    assert open_commit(clone, commit, otherwise=b'stacks = ["y"]\n').config.stacks == ("stacks/*",)


def test_a_commit_without_a_config(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / FILE_NAME).unlink()
    (root / FILE_NAME).symlink_to("README.md")  # a link is none
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "no config")
    clone, commit = bare(root)
    with pytest.raises(ConfigError, match=r"has no hclmod\.toml"):
        open_commit(clone, commit)
    assert open_commit(clone, commit, otherwise=b"stacks = []\n").config.stacks == ()
