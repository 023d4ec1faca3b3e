"""A person's clone with the branch of a phase, the server that it was cloned from, and the small forge on top."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hclmod.forges import branches, destination, propose
from hclmod.forges.destination import Wishes
from hclmod.forges.proposals import Proposal
from hclmod.git.remotes import remotes
from hclmod.http import Patience, open_transport
from tests.support.demo import git
from tests.support.forge import TOKEN, Forge
from tests.support.pulls import PullRequests, bare
from tests.support.reports import full

if TYPE_CHECKING:
    from hclmod.forges.proposals import Proposed
    from hclmod.reports.model import Report

BRANCH = "hclmod/phase-3"
NO_WAIT = Patience(attempts=3, first_pause=0.01, longest_pause=60)


def commit(root: Path, text: str, *, phase: int | None = 3, name: str = "main.tf") -> str:
    """Commit a file on the branch that is checked out, with the trailers of a phase."""
    (root / name).write_text(text)
    git(root, "add", "-A")
    trailers = f"\n\nHclmod-Phase: {phase}\nHclmod-Rules: some-rule\nHclmod-Version: 0.2.0" if phase is not None else ""
    git(root, "commit", "-q", "-m", f"Phase {phase}: Title{trailers}")
    return git(root, "rev-parse", "HEAD").strip()


@cache
def _scratch() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="hclmod-tests-")


@cache
def _template() -> Path:
    """The clone and its server, made once."""
    root = Path(_scratch().name, "clone")
    root.mkdir()
    git(root, "init", "-q", "-b", "main", "--template=")
    git(root, "config", "user.name", "T")
    git(root, "config", "user.email", "t@example.net")
    commit(root, "a = 1\n", phase=None)
    bare(root, root.parent / "server.git")
    git(root, "checkout", "-q", "-b", BRANCH)
    commit(root, "a = 2\n")
    git(root, "checkout", "-q", "main")
    return root


@dataclass
class Site:
    """The clone `root`, the repository `server`, the forge with its pull requests."""

    root: Path
    server: Path
    forge: Forge
    pulls: PullRequests
    pauses: list[float]

    def wishes(self, **more: str) -> Wishes:
        """What a person has to say of a remote that is a folder."""
        place = {"forge": self.forge.kind, "url": self.forge.server.url, "repo": "o/r", "via": "api"}
        return Wishes(**{**place, **more})

    def run(
        self, report: Report | None = None, *, token: str = TOKEN, patience: Patience = NO_WAIT, **more: Any
    ) -> Proposed:
        """Propose phase 3, as the command does for a branch that holds its plan."""
        names = [name for name in ("remote", "forge", "url", "repo", "head_repo", "via", "canonical") if name in more]
        wishes = self.wishes(**{name: more.pop(name) for name in names})
        environment = {self.forge.dialect.tokens[0]: token} if token else {}
        where = destination.find(remotes(str(self.root)), wishes, environment)
        destination.require_token(where)
        checked = branches.check(where.remote, BRANCH, more.pop("base", ""), 3)
        wanted = Proposal(
            phase=3, branch=BRANCH, tip=checked.tip, base=checked.base, report=report or full(), **more
        )  # fmt: skip
        with open_transport(plain_http=("127.0.0.1",), patience=patience, pause=self.pauses.append) as transport:
            return propose.propose(transport, where, wanted, checked)

    def remade(self, text: str = "a = 3\n") -> str:
        """Make the branch again, as `apply --replace` does."""
        git(self.root, "checkout", "-q", "-B", BRANCH, "main")
        made = commit(self.root, text)
        git(self.root, "checkout", "-q", "main")
        return made

    @property
    def tip(self) -> str:
        return git(self.root, "rev-parse", BRANCH).strip()

    @property
    def there(self) -> dict[str, str]:
        """The refs of the server."""
        rows = git(self.server, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(row.split(" ") for row in rows)

    def pushed_by_another(self, text: str, *, phase: int | None = None) -> str:
        """Let somebody else push to the branch."""
        other = self.root.parent / "other"
        git(self.root.parent, "clone", "-q", str(self.server), str(other))
        git(other, "config", "user.name", "U")
        git(other, "config", "user.email", "u@example.net")
        git(
            other,
            "checkout",
            "-q",
            "-B",
            BRANCH,
            f"origin/{BRANCH}" if f"refs/heads/{BRANCH}" in self.there else "HEAD",
        )
        made = commit(other, text, phase=phase)
        git(other, "push", "-q", "origin", BRANCH)
        shutil.rmtree(other)
        return made


def site(kind: str, folder: Path) -> Site:
    """A site below `folder`."""
    root, server = folder / "clone", folder / "server.git"
    shutil.copytree(_template(), root)
    shutil.copytree(_template().parent / "server.git", server)
    git(root, "update-index", "-q", "--refresh")
    git(root, "remote", "add", "origin", str(server))
    git(root, "fetch", "-q", "origin")
    forge = Forge(kind)
    forge.pulls = PullRequests(forge, server)
    return Site(root, server, forge, forge.pulls, [])
