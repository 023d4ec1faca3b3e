"""The demo as a real git repository, and hclmod run on it: in this process, or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

from click import Command
from click.testing import CliRunner

from hclmod.cli import main
from hclmod.rulekit import folders, loading

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"

STRANGE = ("CI", "GIT", "FORGEJO", "HCLMOD", "PYTHONDONTWRITEBYTECODE")
Done = subprocess.CompletedProcess[str]


def environment(folder: Path) -> dict[str, str]:
    """An environment in which nothing of this machine's person, nor of the forge that runs the tests, matters."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(STRANGE)}
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1", "HCLMOD_CACHE": ""}
    return kept | {"HOME": str(folder)} | plain


def git(folder: Path, *args: str) -> str:
    """Run git and give back what it prints."""
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.net", *args]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True)
    return done.stdout


def repository(folder: Path, source: Path = FIXTURES / "demo") -> Path:
    """A copy of `source` below `folder`, committed; git works once for each source, then the result is copied."""
    root = folder / "repository"
    shutil.copytree(_committed(source), root, symlinks=True)
    git(root, "update-index", "-q", "--refresh")  # it knows the files by their inodes
    return root


@cache
def _committed(source: Path) -> Path:
    root = Path(_scratch().name) / str(len(list(Path(_scratch().name).iterdir())))
    shutil.copytree(source, root)
    git(root, "init", "-q", "-b", "main", "--template=")
    git(root, "config", "user.name", "T")
    git(root, "config", "user.email", "t@example.net")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Where the committed sources lie until Python ends."""
    return tempfile.TemporaryDirectory(prefix="hclmod-tests-")


@cache
def _kept() -> str:
    """The folder in which hclmod keeps what it has found in this process; with `--all` it keeps nothing."""
    return str(Path(_scratch().name) / "kept") if os.environ.get("TESTS_KEEP") else ""


class _Stdin(io.BytesIO):
    name = "<stdin>"


class _Program(Command):
    """The entry point `hclmod` as click's runner wants it: words in, an exit code out."""

    def main(self, args: object = (), **_: object) -> None:  # type: ignore[override]
        """Run the real `main`, which reads the words of the process."""
        with mock.patch.object(sys, "argv", ["hclmod", *args]):  # type: ignore[misc]
            main()


def hclmod(folder: Path, *args: str, stdin: str = "", **variables: str) -> Done:
    """Run hclmod in this process, as if it had been started in `folder`; an error that it does not expect is raised.

    It knows what earlier calls have found, unless all tests run: then each call begins anew.
    """
    words = {**environment(folder), "HCLMOD_CACHE": _kept(), **variables}
    try:
        with contextlib.chdir(folder), mock.patch.dict(os.environ, words, clear=True):
            result = CliRunner().invoke(_Program("hclmod"), args, input=_Stdin(stdin.encode()), catch_exceptions=False)
    finally:
        _forget_rules()
    out, err = result.stdout_bytes.decode(), result.stderr_bytes.decode()
    return subprocess.CompletedProcess(["hclmod", *args], result.exit_code, out, err)


def _forget_rules() -> None:
    """Rules of one's own are loaded once in a process; the next test has others in a folder of the same name."""
    builtin = loading._package(folders.builtin_folder())
    own = [each for each in sys.modules if each.startswith("hclmod_rules_") and each.split(".")[0] != builtin]
    for name in own:
        del sys.modules[name]
    if own:
        loading._module_rule.cache_clear()
        loading._package.cache_clear()


def process(folder: Path, *args: str, stdin: str = "", **variables: str) -> Done:
    """Run hclmod as a process of its own; for what only a process can show."""
    command = [sys.executable, "-m", "hclmod", *args]
    words = {**environment(folder), **variables}
    done = subprocess.run(command, cwd=folder, env=words, input=stdin.encode(), capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def state(root: Path) -> tuple[str, bytes, dict[str, bytes]]:
    """What must not change: HEAD, the index, every file."""
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    return (root / ".git" / "HEAD").read_text(), (root / ".git" / "index").read_bytes(), files
