"""The hooks as people have them: the real pre-commit clones, installs and runs them in a real git repository."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.demo import ROOT, git

PRE_COMMIT = shutil.which("pre-commit", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
SHIPPED = ("hclmod", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
RELEASE = 'resource "helm_release" "x" {\n  name   = "x"\n  atomic = true\n}\n'
FIXED = 'resource "helm_release" "x" {\n  name = "x"\n}\n'
pytestmark = pytest.mark.slow
ARGS = 'args: ["--rule", "drop-helm-atomic"]'


class Hooks(NamedTuple):
    """Where hclmod is cloned from, and where pre-commit keeps what it installed."""

    source: Path
    home: Path

    def run(self, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        env = kept | {
            "PRE_COMMIT_HOME": str(self.home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "NO_COLOR": "1", "PATH": f"{Path(PRE_COMMIT or '').parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        done = subprocess.run(args, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if "Could not find a version" in done.stdout or "No matching distribution" in done.stdout:
            pytest.skip("NO PACKAGE INDEX: pre-commit could not install the hooks, so nobody ran them")
        return done


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    """One for all processes that run tests: pre-commit itself lets one of them install while the others wait."""
    if PRE_COMMIT is None:
        pytest.skip("NO `pre-commit` ON THE PATH: nobody ran the hooks")
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "hooks"
    made = tmp_path_factory.mktemp("source")
    _commit(made)
    shared.mkdir(exist_ok=True)
    with contextlib.suppress(OSError):  # another process was faster
        made.rename(shared / "source")
    return Hooks(shared / "source", shared / "home")


def _commit(source: Path) -> None:
    """Commit what an installation needs of this repository."""
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    git(source, "init", "-q", "-b", "main")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "hclmod")


@pytest.fixture
def root(tmp_path: Path, hooks: Hooks) -> Path:
    """A repository with hooks in its configuration, and one file that is not as the rule wants it."""
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "T")
    git(tmp_path, "config", "user.email", "t@example.net")
    rev = git(hooks.source, "rev-parse", "HEAD").strip()
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks.source}\n  rev: {rev}\n  hooks:\n"
        f"  - id: hclmod-check\n    stages: [manual]\n    {ARGS}\n  - id: hclmod-fix\n    {ARGS}\n"
    )
    (tmp_path / "release.tf").write_text(RELEASE)
    (tmp_path / "notes.txt").write_text(RELEASE)
    git(tmp_path, "add", "-A")
    return tmp_path


def test_try_repo_runs_both_hooks(root: Path, hooks: Hooks) -> None:
    done = hooks.run(root, "pre-commit", "try-repo", str(hooks.source), "--verbose", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"hook id: {each}\n" in done.stdout for each in ("hclmod-check", "hclmod-fix"))
    assert done.stdout.count("No phase is done yet") == 2
    assert (root / "release.tf").read_text() == RELEASE


def test_check_fails_and_changes_nothing(root: Path, hooks: Hooks) -> None:
    done = hooks.run(root, "pre-commit", "run", "--hook-stage", "manual", "--all-files", "hclmod-check")
    assert done.returncode == 1
    assert "drop-helm-atomic" in done.stdout
    assert "pygohcl" in done.stdout, "HashiCorp's parser was installed with the hook"
    assert "notes.txt" not in done.stdout
    assert (root / "release.tf").read_text() == RELEASE


def test_fix_changes_the_file_and_fails_then_passes(root: Path, hooks: Hooks) -> None:
    first = hooks.run(root, "pre-commit", "run", "hclmod-fix")
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout
    assert (root / "release.tf").read_text() == FIXED
    git(root, "add", "release.tf")
    second = hooks.run(root, "pre-commit", "run", "hclmod-fix")
    assert (second.returncode, (root / "release.tf").read_text()) == (0, FIXED)


def test_what_is_not_staged_stays_as_it_is(root: Path, hooks: Hooks) -> None:
    filler = "# a line\n" * 20
    (root / "release.tf").write_text(RELEASE + filler)
    git(root, "add", "release.tf")
    (root / "release.tf").write_text(RELEASE + filler + "# not staged, atomic = true\n")
    hooks.run(root, "pre-commit", "install")
    refused = hooks.run(root, "git", "commit", "-m", "half of it")
    assert refused.returncode == 1
    assert (root / "release.tf").read_text() == FIXED + filler + "# not staged, atomic = true\n"
    assert git(root, "show", ":release.tf") == RELEASE + filler
    git(root, "checkout", "-q", "--", "release.tf")
    hooks.run(root, "pre-commit", "run", "hclmod-fix")
    git(root, "add", "release.tf")
    (root / "release.tf").write_text(FIXED + filler + "# not staged\n")
    assert hooks.run(root, "git", "commit", "-m", "all of it").returncode == 0
    assert git(root, "show", "HEAD:release.tf") == FIXED + filler
    assert (root / "release.tf").read_text().endswith("# not staged\n")


def test_files_that_are_not_ours_start_nothing(root: Path, hooks: Hooks) -> None:
    (root / ".terraform.lock.hcl").write_text("")
    git(root, "add", "-A")
    done = hooks.run(root, "pre-commit", "run", "hclmod-fix", "--files", "notes.txt", ".terraform.lock.hcl")
    assert done.returncode == 0
    assert "no files to check" in done.stdout
