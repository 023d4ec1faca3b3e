"""The demo as a real git repository, and hclmod as a process, for the tests that look from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"


def environment(folder: Path) -> dict[str, str]:
    """An environment in which nothing of this machine's person matters."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "HCLMOD"))}
    return kept | {"HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}


def git(folder: Path, *args: str) -> str:
    """Run git and give back what it prints."""
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.net", *args]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True)
    return done.stdout


def repository(folder: Path, source: Path = FIXTURES / "demo") -> Path:
    """A copy of `source` below `folder`, committed."""
    root = folder / "repository"
    shutil.copytree(source, root)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "T")
    git(root, "config", "user.email", "t@example.net")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


def hclmod(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run hclmod as a process of its own."""
    command = [sys.executable, "-m", "hclmod", *args]
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)


def state(root: Path) -> tuple[str, bytes, dict[str, bytes]]:
    """What must not change: HEAD, the index, every file."""
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    return (root / ".git" / "HEAD").read_text(), (root / ".git" / "index").read_bytes(), files
