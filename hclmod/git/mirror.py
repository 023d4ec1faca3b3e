"""A bare clone of another person's repository in a cache: fetch its base and our branch, push our branch.

Nothing of the clone is ever run: no hook, no monitor, no helper that a checkout names, no submodule. A login goes to
git through its environment and to the host of the address only, never into a command line or a file.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from hclmod.errors import GitError, RefusedError
from hclmod.git import Repository
from hclmod.git.address import may_have_login
from hclmod.git.remotes import Remote, in_the_way
from hclmod.git.shell import UNTRUSTING, Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.git.address import Address
    from hclmod.git.shell import Answer

_BASE = "refs/remotes/origin/"
_USER, _SECRET = "HCLMOD_FLEET_USER", "HCLMOD_FLEET_SECRET"
_HELPER = f'!f() {{ test "$1" = get && echo "username=${_USER}" && echo "password=${_SECRET}"; }}; f'
_CAREFUL = {
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone names the program that brings the rest
    "GIT_LFS_SKIP_SMUDGE": "1",  # a checkout says which server has large files
}
# What a local repository runs for us is git alone, without its hooks.
_OTHER_SIDE = " ".join(
    (
        f"git -c core.hooksPath={os.devnull} -c core.fsmonitor=false -c gc.auto=0 -c receive.autogc=false",
        "-c core.alternateRefsCommand=true",  # the program that says nothing
        "-c receive.denyCurrentBranch=refuse",  # to update its files would run its filters
    )
)
_NOTHING = "no commits selected"
"""What git says of a shallow branch that has nothing beyond the base."""
_LISTED = 300  # bytes of a file in a list, about


class Heads(Struct, frozen=True):
    """What a repository has: its base branch with the commit, and the commit of our branch (empty: it has none).

    `is_here` says whether our branch was fetched. One that has nothing beyond the base may be left out.
    """

    base: str
    commit: str
    tip: str
    is_here: bool = False


class Mirror(Struct, frozen=True):
    """The clone of the repository at `url`, which has no login in it."""

    folder: Path
    url: str
    _git: Shell

    def heads(self, base: str, branch: str) -> Heads:
        """Ask the repository for the branch `base` (empty: its default one) and for ours."""
        asked, ours = f"refs/heads/{base}" if base else "HEAD", f"refs/heads/{branch}"
        there = (f"--upload-pack={_OTHER_SIDE} upload-pack",) if self._is_local else ()
        listed = self._git.out("ls-remote", "--symref", *there, "--", self.url, asked, ours)
        pairs = [line.split("\t", 1) for line in listed.decode(errors="replace").splitlines() if "\t" in line]
        links = {name: value.removeprefix("ref: ") for value, name in pairs if value.startswith("ref: ")}
        commits = {name: value for value, name in pairs if not value.startswith("ref: ")}
        if asked not in commits:
            raise GitError(f"it has no {f'branch {base}' if base else 'commit'}", hint="Name its `base`.")
        name = links.get(asked, asked)
        if not name.startswith("refs/heads/"):
            raise GitError("it does not say which its default branch is", hint="Name its `base`.")
        return Heads(name.removeprefix("refs/heads/"), commits[asked], commits.get(ours, ""))

    def fetch(self, heads: Heads, branch: str, depth: int = 0) -> Heads:
        """Bring both branches here; `depth` commits of the base, 0 for all. What came may be newer than asked for."""
        ref = f"{_BASE}{heads.base}"
        if self._at(ref) != heads.commit or (not depth and (self.folder / "shallow").exists()):
            shallow = (f"--depth={depth}",) if depth else ("--unshallow",) if (self.folder / "shallow").exists() else ()
            self._forget_other_bases(ref)
            self._fetch(*shallow, refspec=f"+refs/heads/{heads.base}:{ref}")
        ours = f"refs/heads/{branch}"
        if not heads.tip:
            self._git.run("update-ref", "-d", ours)
        elif self._at(ours) != heads.tip:
            beyond = (f"--shallow-exclude={heads.base}",) if depth else ()
            if _NOTHING in self._fetch(*beyond, refspec=f"+{ours}:{ours}", unless=_NOTHING).words:
                self._git.run("update-ref", "-d", ours)
        commit, tip = self._at(ref), self._at(ours)
        self._git.out("update-ref", "--no-deref", "HEAD", commit)
        return Heads(heads.base, commit, tip or heads.tip, is_here=bool(tip))

    def require_size(self, commit: str, files: int, size: int) -> None:
        """Refuse a commit with more files, or with more bytes in all of them."""
        limit = files * _LISTED
        listed = self._git.first(limit, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        entries = listed.split(b"\0")
        if len(listed) >= limit or len(entries) - 1 > files:
            raise RefusedError(f"it has more than {files} files", hint="Raise `max_files` if you trust it.")
        sizes = (each.partition(b"\t")[0].split()[-1] for each in entries if each)
        if (whole := sum(int(each) for each in sizes if each.isdigit())) > size:
            hint = "Raise `max_megabytes` if you trust it."
            raise RefusedError(f"its files have {whole >> 20} MB, more than {size >> 20} MB", hint=hint)

    def push(self, branch: str, commit: str, expected: str) -> None:
        """Let `branch` there be a commit (empty: be gone), but only where it still is at `expected` (empty: absent)."""
        ref = f"refs/heads/{branch}"
        words = ("--porcelain", "--no-verify", "--no-recurse-submodules", f"--force-with-lease={ref}:{expected}")
        there = (f"--receive-pack={_OTHER_SIDE} receive-pack",) if self._is_local else ()
        answer = self._git.run("push", *words, *there, "--", self.url, f"{commit}:{ref}")
        if not answer.status:
            return
        text = f"{answer.out.decode(errors='replace')}\n{answer.words}"
        if "stale info" in text or "fetch first" in text or "reference already exists" in text:
            raise RefusedError(f"{branch} was changed by another person meanwhile", hint="Run again to see it.")
        if other := in_the_way(text):
            raise RefusedError(f"the branch {other} there leaves no place for {branch}", hint="Rename or remove it.")
        raise GitError(f"push: {_reason(text)}")

    def repository(self) -> Repository:
        """The clone as commands take it."""
        return Repository.bare(self.folder)

    def remote(self) -> Remote:
        """The repository as what opens pull requests takes it."""
        settings = {**self._git.settings, "remote.origin.url": self.url, "push.pushOption": ""}
        return Remote("origin", self.url, replace(self._git, settings=settings))

    @property
    def _is_local(self) -> bool:
        return self.url.startswith(("/", "file://"))

    def _at(self, ref: str) -> str:
        return self._git.run("rev-parse", "--verify", "--quiet", ref).out.decode().strip()

    def _forget_other_bases(self, ref: str) -> None:
        """Remove the bases of earlier runs: `release` would leave no place for `release/2`."""
        names = self._git.out("for-each-ref", "--format=%(refname)", _BASE).splitlines()
        gone = [name for name in names if name != ref.encode()]
        if gone:
            self._git.out("update-ref", "--stdin", stdin=b"".join(b"delete %s\n" % name for name in gone))

    def _fetch(self, *words: str, refspec: str, unless: str = "") -> Answer:
        """Fetch; a failure with the words `unless` is an answer, too."""
        quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        there = (f"--upload-pack={_OTHER_SIDE} upload-pack",) if self._is_local else ()
        answer = self._git.run("fetch", *quiet, *there, *words, "--", self.url, refspec)
        if answer.status and not (unless and unless in answer.words):
            raise GitError(f"fetch: {_reason(answer.words) or 'it was stopped: larger than `max_megabytes`?'}")
        return answer


def _reason(words: str) -> str:
    """The line of git's words that says why: the first one that is not advice."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "!", "remote:"))]
    return (telling or lines or [""])[0]


@contextmanager
def mirror(folder: Path, place: Address) -> Iterator[Mirror]:
    """Lend the clone in `folder`, made where it is not there, to one process at a time.

    What a killed run has left in the middle of a step is removed with the whole clone.
    """
    with _locked(folder):
        if any(chain(folder.rglob("*.lock"), (folder / "objects").rglob("tmp_*"))):
            _remove(folder)
        if not folder.exists():
            _make(folder)
        yield Mirror(folder, place.url, _shell(folder, place))


def _remove(folder: Path) -> None:
    """Remove a clone, so that no half of it stays in its place."""
    old = folder.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    shutil.rmtree(old)


def _make(folder: Path) -> None:
    """Make an empty clone, which is there as a whole or not at all."""
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    git = Shell(str(new), {"GIT_DIR": str(new)}, light=True)
    git.out("init", "--quiet", "--bare", "--template=", "--initial-branch=none")
    new.rename(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".locked").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _shell(folder: Path, place: Address) -> Shell:
    """Git in the clone; a login is for the host of the address only, and a secret keeps the person's helpers out."""
    variables, settings = {**_CAREFUL, "GIT_DIR": str(folder)}, dict(UNTRUSTING)
    parts = urlsplit(place.url)
    host = f"credential.{parts.scheme}://{parts.netloc}"
    if (place.user or place.secret) and not may_have_login(place.url):
        raise GitError("a login would go there unencrypted", hint="Write the address with https.")
    if place.secret:
        variables |= {_USER: place.user, _SECRET: place.secret}
        settings |= {"credential.helper": "", f"{host}.helper": _HELPER}
    elif place.user:
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        variables |= {"GIT_CONFIG_COUNT": str(number + 1), f"GIT_CONFIG_KEY_{number}": f"{host}.username"}
        variables[f"GIT_CONFIG_VALUE_{number}"] = place.user
    return Shell(str(folder), variables, settings, light=True)
