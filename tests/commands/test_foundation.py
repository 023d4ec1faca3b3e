"""The command: files of all or none, the same words for what cannot be, a second run without a change."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from hclmod.config.file import with_table
from tests.support.demo import git, hclmod, state

if TYPE_CHECKING:
    from pathlib import Path

KYVERNO = """\
resource "helm_release" "kyverno" {
  name    = "kyverno"
  chart   = "kyverno"
  version = "3.9.0"
}
"""
NEW = {"stacks/keel/main.tf", "stacks/kyverno/keel-annotations.tf"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "stacks/kyverno").mkdir(parents=True)
    (folder / "stacks/kyverno/main.tf").write_text(KYVERNO)
    (folder / "hclmod.toml").write_text('stacks = ["stacks/*"]\n')
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@example.net")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    return folder


def names(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
    }


def test_it_writes_all_files_and_the_second_run_none(root: Path) -> None:
    before = names(root)
    done = hclmod(root, "foundation")
    assert done.returncode == 0, done.stderr
    assert "3 files written, nothing committed." in done.stdout
    assert names(root) == before | NEW
    assert git(root, "log", "--oneline").count("\n") == 1
    then = state(root)
    again = hclmod(root, "foundation")
    assert (again.returncode, state(root)) == (0, then)
    assert "Nothing to do" in again.stdout


def test_a_dry_run_writes_nothing_and_git_applies_its_diff(root: Path) -> None:
    before = state(root)
    diff = hclmod(root, "foundation", "--dry-run", "--diff").stdout
    assert state(root) == before
    subprocess.run(["git", "apply"], cwd=root, input=diff, text=True, check=True)
    assert names(root) >= NEW
    assert "Nothing to do" in hclmod(root, "foundation").stdout


def test_a_commit_leaves_the_working_tree_alone(root: Path) -> None:
    (root / "stacks/kyverno/more.tf").write_text("# not committed\n")
    before = state(root)
    done = hclmod(root, "foundation", "--commit")
    assert (done.returncode, state(root)) == (0, before), done.stderr
    lines = git(root, "show", "--name-only", "--format=%B", "hclmod/phase-0").splitlines()
    assert {"Hclmod-Phase: 0", *NEW} <= set(lines)
    assert "hclmod/phase-0 is up to date" in hclmod(root, "foundation", "--commit").stdout
    done = hclmod(root, "foundation", "--commit", "--chart", "1.1.0")
    assert (done.returncode, "--replace" in done.stderr) == (2, True)
    assert hclmod(root, "foundation", "--commit", "--chart", "1.1.0", "--replace").returncode == 0
    assert 'tag = "0.21.1"' in git(root, "show", "hclmod/phase-0:stacks/keel/main.tf")


def test_what_cannot_be_is_said_and_nothing_is_written(root: Path) -> None:
    before = state(root)
    done = hclmod(root, "foundation", "--chart", "1.0.6", "--out", "elsewhere/keel")
    assert (done.returncode, state(root)) == (1, before)
    assert "Nothing was written: chart 1.0.6 was never published. Take 1.2.0" in done.stderr


def test_words_that_mean_nothing_are_errors(root: Path) -> None:
    assert hclmod(root, "foundation", "--policy", "x").returncode == 2
    done = hclmod(root, "foundation", "--set", "schedule")
    assert (done.returncode, "KEY=VALUE" in done.stderr) == (2, True)
    done = hclmod(root, "foundation", "--set", "scedule=@every 1h")
    assert (done.returncode, "schedule" in done.stderr) == (2, True)


def test_replace_is_for_the_branch_of_a_commit(root: Path) -> None:
    before = state(root)
    done = hclmod(root, "foundation", "--replace")
    assert (done.returncode, "--commit" in done.stderr, state(root)) == (2, True, before)


def test_a_wish_that_what_is_there_does_not_have_is_named(root: Path) -> None:
    assert hclmod(root, "foundation").returncode == 0
    before = state(root)
    done = hclmod(root, "foundation", "--policy", "cluster", "--out", "stacks/other", "--update")
    assert (done.returncode, state(root)) == (1, before)
    assert "nothing was changed for --policy cluster: the MutatingPolicy inject-keel-annotations" in done.stderr
    assert "nothing was changed for --out stacks/other" in done.stderr
    assert "Nothing to do" not in done.stdout
    done = hclmod(root, "foundation", "--policy", "mutating", "--enrol", "label", "--out", "stacks/keel")
    assert (done.returncode, "Nothing to do" in done.stdout) == (0, True)


@pytest.mark.parametrize(("version", "word"), [("0.20.0", "downgrades"), ("0.30.0", "upgrades")])
def test_an_update_says_in_which_direction_the_version_goes(root: Path, version: str, word: str) -> None:
    assert hclmod(root, "foundation").returncode == 0
    done = hclmod(root, "foundation", "--update", "--keel-version", version)
    assert done.returncode == 0, done.stderr
    assert f"{word} the release" in done.stdout


def test_the_table_goes_into_the_config_that_was_read(root: Path, tmp_path: Path) -> None:
    (root / "ci").mkdir()
    (root / "hclmod.toml").rename(root / "ci/hclmod.toml")
    (tmp_path / "out.toml").write_text('stacks = ["stacks/*"]\n')
    done = hclmod(root, "foundation", "--config", str(tmp_path / "out.toml"), "--dry-run")
    assert f"Add to [keel] in {tmp_path / 'out.toml'}: exempt" in " ".join(done.stdout.split())
    assert hclmod(root, "foundation", "--config", "ci/hclmod.toml").returncode == 0
    assert "[keel]" in (root / "ci/hclmod.toml").read_text()


def test_a_config_outside_is_not_written_and_neither_is_that_of_the_repository(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "out.toml"
    outside.write_text('stacks = ["stacks/*"]\n')
    before = (root / "hclmod.toml").read_text(), outside.read_text()
    done = hclmod(root, "foundation", "--config", str(outside), "--enrol", "allowlist")
    assert done.returncode == 0, done.stderr
    assert names(root) >= NEW
    assert ((root / "hclmod.toml").read_text(), outside.read_text()) == before
    assert "enrolment_list = 'stacks/kyverno/keel-annotations.tf" in done.stdout


def test_a_config_that_is_not_committed_is_named(root: Path) -> None:
    git(root, "rm", "-q", "--cached", "hclmod.toml")
    git(root, "commit", "-q", "-m", "no config")
    done = hclmod(root, "foundation", "--commit")
    assert done.returncode == 0, done.stderr
    assert "hclmod.toml is not among the files that are changed" in done.stdout
    assert "hclmod.toml" not in git(root, "show", "--name-only", "--format=", "hclmod/phase-0").splitlines()


def test_a_folder_that_a_link_leads_out_of_the_repository_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "stacks/keel").symlink_to(tmp_path / "outside")
    done = hclmod(root, "foundation")
    assert done.returncode != 0
    assert list((tmp_path / "outside").iterdir()) == []
    assert not (root / "stacks/kyverno/keel-annotations.tf").exists()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", '\n[keel]\na = ["b"] # c\nd = "e" # c\n'),
        ("x = 1", 'x = 1\n\n[keel]\na = ["b"] # c\nd = "e" # c\n'),
        ("[t]\nx = 1\n", '[t]\nx = 1\n\n[keel]\na = ["b"] # c\nd = "e" # c\n'),
        ("x = 1\r\n", 'x = 1\r\n\r\n[keel]\r\na = ["b"] # c\r\nd = "e" # c\r\n'),
        ("[keel]\n", None),
        ("keel.x = 1\n", None),
        ("x =", None),
    ],
)
def test_a_table_is_added_to_the_config(text: str, wanted: str | None) -> None:
    made = with_table(text.encode(), "keel", {"a": ["b"], "d": "e"}, "c")
    assert made == (None if wanted is None else wanted.encode())
