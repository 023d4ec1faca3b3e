"""Stop hclmod at any moment and look at what is left: the repository as it was, or as it should be."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hclmod.images import evidence
from tests.support.demo import environment, git
from tests.support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Reply, Seen

FILES = 60
RELEASE = 'resource "helm_release" "w" {\n  name   = "w"\n  atomic = true\n}\n'
WORKLOAD = (
    'resource "kubernetes_deployment" "w" {\n  metadata {\n    name = "w"\n  }\n  spec {\n    template {\n'
    '      spec {\n        container {\n          name  = "w"\n          image = "registry.lan/acme/%s:1.2.3"\n'
    "        }\n      }\n    }\n  }\n}\n"
)
TAGS = "hclmod.tags.json"
PAGES = ("AGENTS.md", "CLAUDE.md")
NGINX = (
    "http {\n    proxy_cache a;\n    proxy_cache_valid 200 10m;\n    server {\n        listen 5000;\n"
    "        location ~ ^/v2/.+/blobs/ { proxy_pass http://registry:5000; }\n"
    "        location /v2/ { proxy_pass http://registry:5000; }\n    }\n}\n"
)
PIPELINES = {
    ".gitlab-ci.yml": "build:\n  only: [main]\n  script:\n    - docker push registry.lan/acme/w0:$CI_COMMIT_SHA\n",
    ".woodpecker.yml": "when:\n  branch: main\n  event: push\nsteps:\n  - name: build\n    commands:\n"
    "      - docker push registry.lan/acme/w1:$CI_COMMIT_SHA\n",
}
DOCS = f"[docs]\nfiles = {json.dumps(PAGES)}\n"
APPLY = ("apply", "--phase", "1")
FOUNDATION = ("foundation", "--policy", "cluster", "--policy-file", "s/p/policy.tf", "--out", "s/keel")
COMMANDS = {
    "fix": ("fix", "--rule", "drop-helm-atomic", "s"),
    "apply": APPLY,
    "apply --in-place": (*APPLY, "--in-place"),
    "pin": ("pin", "s/w0/kubernetes_deployment.w", "--to", "1.2.2", "--allow-downgrade", "--reason", "x"),
    "conventions": ("conventions",),
    "doctor --fix": ("doctor", "--fix"),
    "foundation": FOUNDATION,
    "foundation --commit": (*FOUNDATION, "--commit"),
    "init": ("init",),
    "ci apply --in-place": ("ci", "apply", "--model", "ci", "--in-place"),
    "catch-up plan": ("catch-up", "plan", *APPLY[1:]),
    "tags refresh": ("tags", "refresh", *(f"registry.lan/acme/w{number}:1.2.3" for number in range(4))),
}
State = tuple[str, str, str, str]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


class Ground:
    """A repository on which commands are stopped."""

    def __init__(self, folder: Path, registry: str) -> None:
        self.root, self.temporary = folder / "root", folder / "tmp"
        self.temporary.mkdir(parents=True)
        for number in range(FILES):
            (self.root / f"s/w{number}").mkdir(parents=True)
            text = RELEASE + (WORKLOAD % f"w{number}" if number < 4 else "")
            (self.root / f"s/w{number}/main.tf").write_text(text)
        stacks = json.dumps([f"s/w{number}" for number in range(FILES)])
        mirror = f'[registries."registry.lan"]\nmirror = "{registry}"\nplain_http = true\n'
        for name, text in {**dict.fromkeys(PAGES, "# Agents\n\nNever :latest.\n"), **PIPELINES}.items():
            (self.root / name).write_text(text)
        for number in range(4):
            (self.root / f"c{number}").mkdir()
            (self.root / f"c{number}/nginx.conf").write_text(NGINX)
        config = f'stacks = ["s/*"]\nrules = ["drop-helm-atomic"]\n[phase.1]\nstacks = {stacks}\n{mirror}{DOCS}'
        (self.root / "hclmod.toml").write_text(config)
        git(self.root, "init", "-q", "-b", "main")
        git(self.root, "config", "user.name", "T")
        git(self.root, "config", "user.email", "t@example.net")
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", "base")
        self.seconds: dict[str, float] = {}
        self.whole: dict[str, State] = {}
        self.before: dict[str, State] = {}

    def finish(self, name: str) -> float:
        """Run a command to its end, once, and remember what it leaves: the seconds that it takes."""
        if name not in self.seconds:
            self.prepare(name)
            self.before[name], before = self.state(), time.monotonic()
            _, error = self.start(COMMANDS[name]).communicate()
            self.seconds[name], self.whole[name] = time.monotonic() - before, self.state()
            if self.whole[name] == self.before[name]:
                raise AssertionError(f"{name} did nothing: {error.decode()}")
            self.restore()
        return self.seconds[name]

    def prepare(self, name: str) -> None:
        """Make the repository one that a command changes."""
        if name == "init":
            (self.root / "hclmod.toml").unlink()

    def start(self, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """Start a command."""
        variables = environment(self.root) | {"TMPDIR": str(self.temporary)}
        command = [sys.executable, "-m", "hclmod", *words]
        return subprocess.Popen(
            command, cwd=self.root, env=variables, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def stop(self, name: str, number: signal.Signals, after: float) -> list[str]:
        """Stop a command after some seconds and run another one: what is wrong then."""
        self.prepare(name)
        running = self.start(COMMANDS[name])
        time.sleep(after)
        running.send_signal(number)
        _, error = running.communicate()
        wrong = [] if number == signal.SIGKILL else self._wrong(name)
        if b"Traceback" in error and b"KeyboardInterrupt" not in error:
            wrong.append(error.decode(errors="replace"))
        for each in self.temporary.glob("hclmod-scratch-*"):
            os.utime(each, (0, 0))  # the next run comes later: a folder that is new and empty may be in the making
        self.start(("check", "--rule", "drop-helm-atomic", "s/w0")).communicate()
        wrong += self._wrong(name)
        self.restore()
        return wrong

    def _wrong(self, name: str) -> list[str]:
        wrong = [f"left over: {path}" for path in self.left(name)]
        if name == "tags refresh":
            text = (self.root / TAGS).read_bytes() if (self.root / TAGS).exists() else b""
            if text:
                evidence.parse(text, TAGS)
        elif (state := self.state()) not in (self.before[name], self.whole[name]):
            wrong.append(f"neither as before nor as it should be: {state}")
        return wrong

    def state(self) -> State:
        """What differs from the first commit: in the working tree, on the branch, the snapshot, and new files."""
        branch = git(self.root, "branch", "--list", "hclmod/*").strip()
        tags = (self.root / TAGS).exists()
        new = "".join(f"{path}\n{(self.root / path).read_text()}" for path in self._new())
        diff = git(self.root, "diff", "main", branch) if branch else ""
        return git(self.root, "diff"), diff, "tags" if tags else "", new

    def _new(self) -> list[str]:
        files = git(self.root, "ls-files", "--others", "-z").split("\0")
        return sorted(path for path in files if path and path != TAGS)

    def left(self, name: str) -> list[str]:
        """Files that no run may leave behind."""
        strange = [path for path in self._new() if path not in self.whole[name][3].split("\n")]
        return strange + [str(each) for each in (*(self.root / ".git").glob("hclmod*"), *self.temporary.glob("*"))]

    def restore(self) -> None:
        """Put the repository back."""
        git(self.root, "checkout", "-q", ".")
        git(self.root, "clean", "-qfdx")
        if branch := git(self.root, "branch", "--list", "hclmod/*").strip():
            git(self.root, "branch", "-q", "-D", branch)
        for each in (*self.temporary.glob("*"), *(self.root / ".git").glob("hclmod*")):
            shutil.rmtree(each) if each.is_dir() else each.unlink()


def moments(ground: Ground, count: int, seed: int = 1) -> Iterator[tuple[str, signal.Signals, float]]:
    """Commands, signals and seconds: every command with every signal in turn, at random moments."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    names = list(COMMANDS)
    for number in range(count):
        name = names[number % len(names)]
        yield name, SIGNALS[number // len(names) % 3], chance.uniform(0.05, 1.1 * ground.finish(name))


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A repository whose registry is slow enough to be interrupted."""

    def answer(asked: Seen) -> Reply:
        time.sleep(0.03)
        body = json.dumps({"name": "acme/w", "tags": ["1.2.2", "1.2.3", "latest"]}).encode()
        return (200, {"content-type": "application/json"}, body) if "/tags/list" in asked.path else (404, {}, b"")

    with serving(answer) as server:
        yield Ground(folder, server.host)
