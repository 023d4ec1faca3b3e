"""The commit that a report is about: as CI knows it, else as the remote does, and never a dead link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hclmod.forges import web
from hclmod.reports import json as stored
from hclmod.reports.model import Commit
from tests.support.demo import git, hclmod, repository
from tests.support.reports import full

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.net", "GITHUB_REPOSITORY": "o/r"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "main.tf").write_text("")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "base")
    return tmp_path


def known(root: Path, **environment: str) -> tuple[str, str]:
    """The name of the repository, and the address of a line below that of the commit."""
    commit = web.commit(root, "HEAD", environment)
    assert commit is not None
    assert commit.id == git(root, "rev-parse", "HEAD").strip()
    assert commit.date == git(root, "log", "-1", "--format=%cs").strip()
    return commit.repository, commit.lines.replace(commit.id, "C")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (GITHUB, ("o/r", "https://git.example.net/o/r/blob/C/{path}#L{line}")),
        (GITHUB | {"GITEA_ACTIONS": "true"}, ("o/r", "https://git.example.net/o/r/src/commit/C/{path}#L{line}")),
        (
            {"GITLAB_CI": "true", "CI_SERVER_URL": "https://git.example.net/", "CI_PROJECT_PATH": "a/b/c"},
            ("a/b/c", "https://git.example.net/a/b/c/-/blob/C/{path}#L{line}"),
        ),
        (
            {"CI": "woodpecker", "CI_FORGE_TYPE": "forgejo", "CI_FORGE_URL": "https://f.example", "CI_REPO": "o/r"},
            ("o/r", "https://f.example/o/r/src/commit/C/{path}#L{line}"),
        ),
        (
            {"CI": "woodpecker", "CI_FORGE_TYPE": "bitbucket", "CI_FORGE_URL": "https://b", "CI_REPO": "o/r"},
            ("o/r", ""),
        ),
        (GITHUB | {"GITHUB_REPOSITORY": "o/r#{path}"}, ("o/r#{path}", "")),
        ({}, ("", "")),
    ],
)
def test_ci_knows_the_repository(root: Path, environment: dict[str, str], expected: tuple[str, str]) -> None:
    assert known(root, **environment) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("git@github.com:you/infra.git", ("you/infra", "https://github.com/you/infra/blob/C/{path}#L{line}")),
        ("https://u:secret@github.com/you/infra", ("you/infra", "https://github.com/you/infra/blob/C/{path}#L{line}")),
        ("https://gitlab.com/a/b/c.git", ("a/b/c", "https://gitlab.com/a/b/c/-/blob/C/{path}#L{line}")),
        ("https://codeberg.org/o/r", ("o/r", "https://codeberg.org/o/r/src/commit/C/{path}#L{line}")),
        ("https://git.example.net/you/infra", ("you/infra", "")),
        ("../somewhere", ("", "")),
    ],
)
def test_a_remote_knows_the_repository(root: Path, address: str, expected: tuple[str, str]) -> None:
    git(root, "remote", "add", "origin", address)
    assert known(root) == (expected[0], ""), "the remote does not have the commit yet"
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert known(root) == expected


def test_no_repository_and_no_commit_are_nothing(tmp_path: Path) -> None:
    assert web.commit(tmp_path, "HEAD", {}) is None
    git(tmp_path, "init", "-q")
    assert web.commit(tmp_path, "HEAD", GITHUB) is None


OWN = f"https://git.example.net/o/r/blob/{'0' * 40}/{{path}}#L{{line}}"


@pytest.mark.parametrize(
    ("lines", "environment", "expected"),
    [
        ("https://github.com/o/r/{path}#{line}", {}, "https://github.com/o/r/{path}#{line}"),
        ("https://git.example.net/o/r/{path}#{line}", {}, ""),
        ("https://github.com.evil.example/o/r/{path}#{line}", {}, ""),
        ("https://[::1/{path}#{line}", {}, ""),
        ("https://evil.example/{path}#{line}", GITHUB, OWN),
        ("https://git.example.net/someone/else/{path}#{line}", GITHUB, OWN),
        ("", GITHUB, OWN),
        ("https://evil.example/{path}#{line}", GITHUB | {"GITHUB_SERVER_URL": "http://git.example.net"}, ""),
    ],
)
def test_a_stored_report_chooses_no_address(lines: str, environment: dict[str, str], expected: str) -> None:
    commit = Commit(id="0" * 40, date="2026-12-01", repository="o/r", lines=lines)
    assert web.trusted(replace(full(), commit=commit), environment).commit == replace(commit, lines=expected)
    assert web.trusted(full(), environment) == full()


@pytest.mark.parametrize(
    "lines",
    ["javascript:alert(1)/{path}{line}", 'https://a/"{path}{line}', "https://a/{path}", "https://a/ b/{path}{line}"],
)
def test_an_address_that_is_none_is_refused(lines: str) -> None:
    commit = Commit(id="0" * 40, date="2026-12-01", repository="o/r", lines=lines)
    data = stored.write(replace(full(), commit=commit)).encode()
    with pytest.raises(Exception, match=r"commit.lines"):
        stored.read(data, "report.json")


def test_a_dry_run_names_its_commit_and_a_check_of_the_working_tree_none(tmp_path: Path) -> None:
    root = repository(tmp_path)
    planned = stored.read(hclmod(root, "apply", "--phase", "3", "--dry-run", "--format", "json").stdout.encode(), "-")
    assert planned.commit is not None
    assert planned.commit.id == git(root, "rev-parse", "HEAD").strip()
    assert stored.read(stored.write(planned).encode(), "-") == planned
    checked = hclmod(root, "check", "--rule", "drop-helm-atomic", ".", "--format", "json").stdout
    assert '"commit"' not in checked
    assert '"commit"' not in hclmod(root, "apply", "--phase", "3", "--dry-run", "--in-place", "--format", "json").stdout
