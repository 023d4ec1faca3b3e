"""Clones in the cache: what they fetch, what they push and what they do not, what a killed run leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.errors import GitError, RefusedError
from hclmod.git.address import Address
from hclmod.git.mirror import mirror
from hclmod.ledger import PHASE, message
from tests.support.demo import git
from tests.support.fleet import make

if TYPE_CHECKING:
    from pathlib import Path

OURS = "hclmod/phase-1"
REF = f"refs/heads/{OURS}"
TEXT = message("Phase 1", "", {PHASE: "1"})


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")


@pytest.fixture
def place(tmp_path: Path) -> Address:
    """A repository with one commit, and its branch of one more."""
    make(tmp_path / "server.git", {"a.tf": "a = 1\n"}, {REF: (TEXT, {"a.tf": "a = 2\n"})})
    return Address(f"file://{tmp_path}/server.git")


def commit(tmp_path: Path, branch: str, text: str, name: str) -> str:
    """Push a commit as another person does."""
    work = tmp_path / f"work-{name}"
    git(tmp_path, "clone", "-q", "-b", branch, str(tmp_path / "server.git"), str(work))
    (work / name).write_text(name)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", text)
    git(work, "push", "-q", "origin", f"HEAD:{branch}")
    return git(work, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("depth", [0, 1])
def test_a_foreign_commit_below_ours_is_seen(place: Address, tmp_path: Path, depth: int) -> None:
    foreign = commit(tmp_path, OURS, "by hand", "note")
    commit(tmp_path, OURS, TEXT, "more")
    commit(tmp_path, "main", "base moved", "moved")
    with mirror(tmp_path / "clone.git", place) as clone:
        heads = clone.fetch(clone.heads("", OURS), OURS, depth)
        assert heads.base == "main"
        assert clone.repository().foreign(heads.commit, heads.tip) == [foreign]


@pytest.mark.parametrize("depth", [0, 1])
def test_a_branch_that_the_base_has_overtaken_has_nothing_foreign(place: Address, tmp_path: Path, depth: int) -> None:
    git(tmp_path / "server.git", "update-ref", REF, "refs/heads/main")
    commit(tmp_path, "main", "base moved", "moved")
    with mirror(tmp_path / "clone.git", place) as clone:
        heads = clone.fetch(clone.heads("main", OURS), OURS, depth)
        assert not heads.is_here or not clone.repository().foreign(heads.commit, heads.tip)
        assert heads.tip == git(tmp_path / "server.git", "rev-parse", REF).strip()


def test_a_clone_follows_its_repository(place: Address, tmp_path: Path) -> None:
    for depth, expected in ((1, "1"), (0, "3")):
        made = commit(tmp_path, "main", "more", f"depth-{depth}")
        with mirror(tmp_path / "clone.git", place) as clone:
            heads = clone.fetch(clone.heads("", OURS), OURS, depth)
            assert heads.commit == made
        assert git(tmp_path / "clone.git", "--git-dir=.", "rev-list", "--count", "HEAD").strip() == expected
    git(tmp_path / "server.git", "update-ref", "-d", REF)
    with mirror(tmp_path / "clone.git", place) as clone:
        assert clone.fetch(clone.heads("", OURS), OURS).tip == ""


def test_a_base_may_get_a_name_below_the_old_one_and_back(place: Address, tmp_path: Path) -> None:
    server, old = tmp_path / "server.git", "main"
    for new in ("main/2", "tmp_2", "main"):
        git(server, "branch", "-q", "-m", old, new)
        with mirror(tmp_path / "clone.git", place) as clone:
            assert clone.fetch(clone.heads(new, OURS), OURS).base == new
            (tmp_path / "clone.git/mine").touch()
        old = new
        with mirror(tmp_path / "clone.git", place):
            assert (tmp_path / "clone.git/mine").exists(), "it is not made again"


@pytest.mark.parametrize("name", ["hclmod", f"{OURS}/old"])
def test_a_branch_that_leaves_no_place_is_named(place: Address, tmp_path: Path, name: str) -> None:
    git(tmp_path / "server.git", "update-ref", "-d", f"refs/heads/{OURS}")
    git(tmp_path / "server.git", "branch", name, "main")
    with mirror(tmp_path / "clone.git", place) as clone:
        heads = clone.fetch(clone.heads("", OURS), OURS)
        with pytest.raises(RefusedError, match=f"the branch {name} there leaves no place for {OURS}"):
            clone.push(OURS, heads.commit, "")


def test_a_push_needs_what_it_expects(place: Address, tmp_path: Path) -> None:
    with mirror(tmp_path / "clone.git", place) as clone:
        heads = clone.fetch(clone.heads("", OURS), OURS)
        for expected in ("", heads.commit):
            with pytest.raises(RefusedError, match="changed by another person"):
                clone.push(OURS, heads.commit, expected)
        assert clone.heads("", OURS).tip == heads.tip
        clone.push(OURS, heads.commit, heads.tip)
        assert clone.heads("", OURS).tip == heads.commit
        clone.push(OURS, "", heads.commit)
        assert clone.heads("", OURS).tip == ""


@pytest.mark.parametrize("left", ["clone.git/config.lock", "clone.git/objects/pack/tmp_pack_x", "clone.new/HEAD"])
def test_what_a_killed_run_has_left_is_removed(place: Address, tmp_path: Path, left: str) -> None:
    with mirror(tmp_path / "clone.git", place) as clone:
        first = clone.fetch(clone.heads("", OURS), OURS)
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).touch()
    with mirror(tmp_path / "clone.git", place) as clone:
        assert clone.fetch(clone.heads("", OURS), OURS) == first
    assert not (tmp_path / left).exists() or left.startswith("clone.new")


@pytest.mark.parametrize(("name", "base", "why"), [("empty", "", "no commit"), ("server", "x", "no branch x")])
def test_what_is_not_there_is_said(place: Address, tmp_path: Path, name: str, base: str, why: str) -> None:
    make(tmp_path / "empty.git", {})
    git(tmp_path / "empty.git", "update-ref", "-d", "refs/heads/main")
    asked = Address(place.url.replace("server", name))
    with mirror(tmp_path / "clone.git", asked) as clone, pytest.raises(GitError, match=why):
        clone.heads(base, OURS)
