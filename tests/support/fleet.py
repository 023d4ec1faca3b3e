"""Many small repositories behind a real `git daemon`, and fleets that list them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from subprocess import PIPE
from typing import TYPE_CHECKING

from hclmod.ledger import PHASE, message
from tests.support.demo import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    Branches = Mapping[str, tuple[str, Mapping[str, str]]]

CONFIG = 'stacks = ["s/*"]\nrules = ["drop-helm-atomic"]\n[phase.1]\ntitle = "One"\nstacks = ["web"]\n'
RELEASE = 'resource "helm_release" "web" {\n  name   = "web"\n  atomic = true\n}\n'
WORKLOAD = """resource "kubernetes_deployment" "web" {
  metadata {
    name = "web"
  }
  spec {
    template {
      spec {
        container {
          name  = "web"
          image = "registry.lan/acme/web:1.2.%d"
        }
      }
    }
  }
}
"""
BRANCH = "refs/heads/hclmod/phase-1"
KINDS = ("unchanged", "refused", "unreachable", "foreign", "diverged")
"""What a repository can be besides one that changes."""


def files(number: int, kind: str) -> dict[str, str]:
    """The files of a repository."""
    release = RELEASE.replace("  atomic = true\n", "") if kind == "unchanged" else RELEASE
    config = CONFIG.replace('"web"', '"nowhere"') if kind == "refused" else CONFIG
    return {"hclmod.toml": config, "s/web/main.tf": release + WORKLOAD % (number % 3), "README.md": f"{number}\n"}


def make(folder: Path, files: Mapping[str, str], branches: Branches | None = None) -> None:
    """A bare repository with one commit on `main`, and branches of one more commit (message, files) each."""
    folder.mkdir(parents=True)
    _git(folder, b"", "init", "-q", "--bare", "--template=", "-b", "main")
    stream = _commit("refs/heads/main", "base\n", files, "")
    for name, (text, changed) in (branches or {}).items():
        stream += _commit(name, text, changed, "refs/heads/main")
    _git(folder, stream, "fast-import", "--quiet")


def _commit(ref: str, text: str, files: Mapping[str, str], parent: str) -> bytes:
    lines = [f"commit {ref}", "committer T <t@example.net> 1700000000 +0000", f"data {len(text)}\n{text}"]
    lines += [f"from {parent}"] if parent else []
    lines += [f"M 100644 inline {path}\ndata {len(each)}\n{each}" for path, each in files.items()]
    return ("\n".join(lines) + "\n\n").encode()


def _git(folder: Path, stdin: bytes, *args: str) -> bytes:
    command = ["git", "-C", str(folder), *args]
    return subprocess.run(command, input=stdin, env=environment(folder), capture_output=True, check=True).stdout


def build(root: Path, kinds: Sequence[str]) -> None:
    """Repositories of these kinds below `root`, by number; one that is unreachable is not there."""
    for number, kind in enumerate(kinds):
        if kind == "unreachable":
            continue
        branches = {}
        if kind == "foreign":
            branches[BRANCH] = ("by hand\n", {"note.txt": "mine\n"})
        if kind == "diverged":
            branches[BRANCH] = (message("Phase 1: One", "", {PHASE: "1"}), {"s/web/main.tf": "# older\n"})
        make(root / f"r{number}.git", files(number, kind), branches)


def kinds(count: int, each: Mapping[str, int]) -> list[str]:
    """The kinds of so many repositories, spread over the list; the others change."""
    special = [kind for kind, number in each.items() for _ in range(number)]
    step = count / max(1, len(special))
    result = ["changed"] * count
    for index, kind in enumerate(special):
        result[int(index * step)] = kind
    return result


def refs(root: Path) -> dict[str, str]:
    """The branches of all repositories with their commits."""
    listed = {}
    for folder in sorted(root.glob("*.git")):
        for line in _git(folder, b"", "for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines():
            name, commit = line.split()
            listed[f"{folder.name} {name}"] = commit
    return listed


@contextmanager
def daemon(root: Path) -> Iterator[str]:
    """Serve the repositories below `root` for reading and writing; the address of the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={root}"]
    command += ["--export-all", "--enable=receive-pack", "--max-connections=64", str(root)]
    process = subprocess.Popen(command, env=environment(root), stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(port, process)
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("git daemon did not start")


def toml(url: str, count: int, settings: str = "") -> str:
    """A `fleet.toml` that lists repositories by number."""
    repos = "".join(f'[[repo]]\nurl = "{url}/r{number}.git"\n' for number in range(count))
    return f"[fleet]\nphases = [1]\n{settings}{repos}"


def variables(folder: Path) -> dict[str, str]:
    """An environment in which equal work makes equal commits."""
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()}
    return environment(folder) | who | {"XDG_CACHE_HOME": str(folder / "cache")}


_WHO = {"NAME": "T", "EMAIL": "t@example.net", "DATE": "1700000001 +0000"}


def start(folder: Path, *words: str, **more: str) -> subprocess.Popen[bytes]:
    """Start `hclmod fleet` in a folder, as a process of its own."""
    command = [sys.executable, "-m", "hclmod", "fleet", *words]
    return subprocess.Popen(command, cwd=folder, env=variables(folder) | more, stdout=PIPE, stderr=PIPE, stdin=PIPE)


def fleet(folder: Path, *words: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run `hclmod fleet` to its end."""
    process = start(folder, *words, **more)
    out, err = process.communicate(stdin.encode())
    return subprocess.CompletedProcess(words, process.returncode, out.decode(), err.decode())


def copied(source: Path, target: Path) -> None:
    """Put repositories back as they were."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
