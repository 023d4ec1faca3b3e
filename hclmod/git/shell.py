"""Run git; the only module that imports GitPython, and only where a commit is made.

Most commands ask git a few small questions, and GitPython takes longer to load than they take to be answered.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, Popen
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENVIRONMENT = Lock()
# What a hook finds set, or a person left set, and would lead git to another repository, index or meaning.
_ELSEWHERE = """
    GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
    GIT_NAMESPACE GIT_PREFIX GIT_IMPLICIT_WORK_TREE GIT_INTERNAL_SUPER_PREFIX GIT_QUARANTINE_PATH GIT_CONFIG
    GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_ATTR_SOURCE GIT_REPLACE_REF_BASE GIT_NO_REPLACE_OBJECTS
    GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS
"""
_NOT_BARE = ("-c", "safe.bareRepository=explicit")  # one in a checkout brings a config and filters of its own
UNTRUSTING = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",  # seconds
}
"""Settings for repositories of other people: git runs nothing for them and tidies up nothing."""


class Answer(Struct, frozen=True):
    """What a run of git gives: its status, what it printed, and what it said on standard error."""

    status: int
    out: bytes
    words: str


class Shell(Struct, frozen=True):
    """Runs git; a `light` one without GitPython, which takes longer to load than all else that a hook needs."""

    folder: str
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    light: bool = False

    def run(self, *args: str, stdin: bytes = b"") -> Answer:
        """What git answers, whatever its status; a `GitError` where there is no git."""
        start = _start_light if self.light else _start
        process = start(self._words(args), self.environment)
        out, words = process.communicate(stdin)
        return Answer(process.returncode, out, words.decode("utf-8", "backslashreplace").strip())

    def first(self, limit: int, *args: str) -> bytes:
        """What git prints, up to so many bytes: it is stopped where it would print more. A failure gives less."""
        with _start_light(self._words(args), self.environment, DEVNULL) as process:
            out = process.stdout.read(limit) if process.stdout else b""
            process.kill()
            return out

    def out(self, *args: str, stdin: bytes = b"") -> bytes:
        """What git prints; a `GitError` with its words where it fails."""
        answer = self.run(*args, stdin=stdin)
        if answer.status:
            raise GitError(f"git {args[0]}: {answer.words or f'failed with status {answer.status}'}")
        return answer.out

    def line(self, *args: str, stdin: bytes = b"") -> str:
        """The one line that git prints."""
        return os.fsdecode(self.out(*args, stdin=stdin).removesuffix(b"\n"))

    def _words(self, args: Sequence[str]) -> list[str]:
        options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        return ["-C", self.folder, *_NOT_BARE, *options, *args]


def _start_light(args: list[str], environment: Mapping[str, str], err: int = PIPE) -> Popen[bytes]:
    git = os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git"
    here = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE.split()}
    plain = {**here, "LANGUAGE": "C", "LC_ALL": "C", **environment}
    try:
        return Popen([git, *args], stdin=PIPE, stdout=PIPE, stderr=err, env=plain)
    except OSError as error:
        raise _no_git() from error


def _no_git() -> GitError:
    return GitError("git was not found", hint="Install git, or set GIT_PYTHON_GIT_EXECUTABLE.")


def _start(args: list[str], environment: Mapping[str, str]) -> Any:
    try:
        from git import Git, GitCommandNotFound
    except ModuleNotFoundError:
        raise
    except ImportError as error:  # GitPython looks for git as it loads
        raise _no_git() from error
    try:
        with _home():
            command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *args]
            return Git().execute(command, istream=PIPE, as_process=True, env=environment)
    except (GitCommandNotFound, OSError) as error:
        raise _no_git() from error


@contextmanager
def _home() -> Iterator[None]:
    """Hide `_ELSEWHERE` while a process starts: GitPython can add to the environment, not take away."""
    with _ENVIRONMENT:
        hidden = {name: os.environ.pop(name) for name in _ELSEWHERE.split() if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(hidden)
