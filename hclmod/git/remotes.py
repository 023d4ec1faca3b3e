"""What a remote has, and pushing one branch there; the only module that talks to a remote.

Git brings its own credentials. Hooks do not run, and nothing but the one ref is pushed whatever the configuration says.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import interrupts
from hclmod.errors import GitError
from hclmod.git.shell import Shell
from hclmod.ledger import PHASE, TREE, is_amended, trailer
from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hclmod.git.shell import Answer

_CAREFUL = {
    "core.hooksPath": os.devnull,
    "protocol.ext.allow": "never",
    "push.pushOption": "",  # an empty value forgets those of the person
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",  # seconds
}
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")


class Commit(Struct, frozen=True):
    """A commit of a branch, and the phases that its trailers name; none where hclmod did not make it as it is."""

    id: str
    phases: tuple[int, ...]


class Pushed(Struct, frozen=True):
    """What a push did: `ref` is the one that the remote changed, which a hook may have chosen.

    `reason` says why the remote refused, empty where it did not. `words` is all that it said.
    """

    ref: str
    reason: str
    words: str


class Remote(Struct, frozen=True):
    """A remote by its name, with the address that pushes go to; `shell` runs git in the repository.

    `source` is the address that fetches come from, empty for the same one.
    """

    name: str
    url: str
    shell: Shell
    source: str = ""

    def refs(self, *patterns: str) -> dict[str, str]:
        """The refs of the remote that these patterns name, each with its commit; contacts the remote."""
        answer = self.shell.run("ls-remote", "--refs", self.name, *patterns)
        if answer.status:
            raise self.failure(answer.words)
        pairs = (line.split("\t") for line in answer.out.decode(errors="replace").splitlines())
        return {ref: commit for commit, ref in pairs}

    def default(self) -> str:
        """The branch that the remote's HEAD is; contacts the remote."""
        answer = self.shell.run("ls-remote", "--symref", self.name, "HEAD")
        if answer.status:
            raise self.failure(answer.words)
        for line in answer.out.decode(errors="replace").splitlines():
            if line.startswith("ref: refs/heads/") and line.endswith("\tHEAD"):
                return line.removeprefix("ref: refs/heads/").removesuffix("\tHEAD")
        raise GitError(f"remote {self.name} does not say which branch is its default", hint="Give --base BRANCH.")

    def default_here(self) -> str:
        """The same as it was when the remote was last fetched; empty where that is not known."""
        answer = self.shell.run("symbolic-ref", "--quiet", f"refs/remotes/{self.name}/HEAD")
        known = answer.out.decode(errors="replace").strip().removeprefix(f"refs/remotes/{self.name}/")
        names = (known,) if known else ("main", "master")
        return next((each for each in names if self.tracked(each)), "")

    def tracked(self, branch: str) -> str:
        """The commit that a branch had when the remote was last fetched; empty for none."""
        return self._commit(f"refs/remotes/{self.name}/{branch}")

    def here(self, branch: str) -> str:
        """The commit of a branch of this repository; empty for none."""
        return self._commit(f"refs/heads/{branch}")

    def fetch(self, ref: str, commit: str) -> None:
        """Get a commit that `ref` of the remote has, unless it is here."""
        if self.shell.run("cat-file", "-e", f"{commit}^{{commit}}").status:
            answer = self.shell.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.name, ref)
            if answer.status:
                raise self.failure(answer.words)

    def commits(self, base: str, tip: str) -> tuple[Commit, ...]:
        """What `tip` adds to `base`, the newest first."""
        form = f"--format=%H%x1f%T%x1f{trailer(PHASE)}%x1f{trailer(TREE)}"
        plain = ("--no-show-signature", "--encoding=UTF-8", "--topo-order")
        out = self.shell.out("log", "-z", *plain, form, f"{base}..{tip}", "--").decode(errors="replace")
        return tuple(_commit(record) for record in out.split("\0") if record.strip())

    def common(self, one: str, other: str) -> str:
        """The newest commit that two commits stand on; `GitError` where there is none, as in a shallow clone."""
        answer = self.shell.run("merge-base", one, other)
        if answer.status:
            hint = f"A shallow clone lacks commits. Get them: git fetch --unshallow {self.name}"
            raise GitError(f"{one[:12]} and {other[:12]} have no commit in common", hint=hint)
        return answer.out.decode().strip()

    def is_same(self, one: str, other: str) -> bool:
        """Whether two commits hold the same files and stand on the same commits; they may differ by their day."""
        trees = self.shell.out("rev-parse", f"{one}^{{tree}}", f"{one}^@")
        return trees == self.shell.out("rev-parse", f"{other}^{{tree}}", f"{other}^@")

    def push(self, commit: str, ref: str, *, expected: str | None, options: Sequence[str] = ()) -> Pushed:
        """Make `ref` of the remote this commit, if it is `expected` there (empty: absent, None: whatever it is)."""
        lease = () if expected is None else (f"--force-with-lease={ref}:{expected}",)
        words = [word for option in options for word in ("-o", option)]
        with interrupts.uncut():
            answer = self.shell.run(*_PUSH, *words, *lease, self.name, f"{commit}:{ref}")
            pushed = _pushed(answer, ref)
            if pushed is None or not pushed.reason:
                interrupts.written.append(f"{'' if pushed else 'perhaps '}{ref} of {self.name}")
        if pushed is None:
            raise self.failure(answer.words, "The push may have arrived all the same. Run again, which sees it.")
        return pushed

    def drop(self, ref: str) -> None:
        """Delete a ref of the remote."""
        self.shell.out("push", "--quiet", "--no-verify", self.name, f":{ref}")

    def remember(self, branch: str, number: int, commit: str) -> None:
        """Keep which commit of a branch a pull request got, where the server makes no branch of it."""
        self.shell.out("update-ref", f"refs/hclmod/pr/{number}/{branch}", commit)

    def remembered(self, branch: str) -> int:
        """The newest pull request of a branch that this repository pushed to; 0 for none."""
        out = self.shell.out("for-each-ref", "--format=%(refname)", f"refs/hclmod/pr/*/{branch}").decode()
        numbers = (whole_number(line.split("/")[3]) for line in out.splitlines())
        return max((each for each in numbers if each is not None), default=0)

    def failure(self, words: str, otherwise: str = "") -> GitError:
        """The error for what git says where it did not get an answer of the remote; `otherwise` is the hint."""
        last = next((line for line in words.splitlines() if line.startswith(("fatal:", "error:"))), words)
        for sign, hint in _HINTS.items():
            if sign in words:
                return GitError(f"remote {self.name}: {_short(last)}", hint=hint)
        return GitError(f"remote {self.name}: {_short(last)}", hint=otherwise or f"Try `git ls-remote {self.name}`.")

    def _commit(self, ref: str) -> str:
        return self.shell.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").out.decode().strip()


_HINTS = {
    "does not support push options": "The server does not take push options. Use --via api.",
    "could not read Username": "Git has no login for this remote. Set up a credential helper or an SSH key.",
    "Authentication failed": "Git's login for this remote was rejected. Update it in the credential helper.",
    "Permission denied": "The SSH key is not allowed to use this remote.",
    "Could not resolve host": "The host is not known. Check the address of the remote.",
}


def remotes(root: str, environment: Mapping[str, str] | None = None) -> tuple[Remote, ...]:
    """The remotes of the repository in a folder, each with the address that pushes go to."""
    shell = Shell(root, {"GIT_OPTIONAL_LOCKS": "0", **(environment or {})}, _CAREFUL, light=True)
    names = shell.out("remote").decode(errors="replace").splitlines()
    return tuple(
        Remote(name, _address(shell, "--push", name), shell, _address(shell, name))
        for name in names
        if not name.startswith("-")
    )


def chosen(every: Iterable[Remote], name: str) -> Remote:
    """The remote of this name; a `GitError` that lists them where there is none."""
    by_name = {each.name: each for each in every}
    if name in by_name:
        return by_name[name]
    names = ", ".join(by_name)
    hint = f"Remotes here: {names}. Give --remote NAME." if by_name else "Add one: git remote add origin ADDRESS"
    raise GitError(f"remote {name} does not exist", hint=hint)


def in_the_way(words: str) -> str:
    """The branch of a remote that a pushed one would be a folder of, or lie in, by what git says; empty for none."""
    match = _IN_THE_WAY.search(words)
    return match[1] if match else ""


_IN_THE_WAY = re.compile(r"'refs/heads/([^']+)' exists; cannot create")


def _address(shell: Shell, *words: str) -> str:
    """The addresses of a remote, each on a line."""
    answer = shell.run("remote", "get-url", "--all", *words)
    return answer.out.decode(errors="replace").strip()


def _commit(record: str) -> Commit:
    oid, tree, trailers, trees = record.split("\x1f")
    numbers = "" if is_amended(tree, trees) else trailers
    phases = (whole_number(each) for each in numbers.replace("\x1e", " ").split())
    return Commit(oid.strip(), tuple(each for each in phases if each is not None))


def _pushed(answer: Answer, ref: str) -> Pushed | None:
    """What a push did, by the line that git prints for its ref; None where there is none, and nobody knows."""
    rows = [line.split("\t") for line in answer.out.decode(errors="replace").splitlines()]
    for flag, names, summary in (row for row in rows if len(row) == 3):
        if flag == "!":
            other = in_the_way(answer.words)
            reason = f"{other} is a branch there and leaves no place for it" if other else _reason(summary)
            return Pushed(ref, reason, answer.words)
        return Pushed(names.partition(":")[2] or ref, "", answer.words)
    return None


def _reason(summary: str) -> str:
    """What stands in brackets behind `[remote rejected]`, else the summary."""
    inside = summary[summary.find("(") + 1 : summary.rfind(")")] if summary.endswith(")") else ""
    return _short(inside or summary)


def _short(words: str) -> str:
    return " ".join(words.split())[:500]
