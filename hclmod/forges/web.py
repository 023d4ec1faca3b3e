"""Where people look at a commit: the name of its repository, and the address of a line, where a forge is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.errors import GitError
from hclmod.forges.places import KNOWN, place
from hclmod.forges.target import host_of, is_gitea_runner
from hclmod.git.remotes import remotes
from hclmod.git.shell import Shell
from hclmod.reports.model import Commit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hclmod.git.remotes import Remote
    from hclmod.reports.model import Report

_LINES = {
    "github": "blob/{commit}/{{path}}#L{{line}}",
    "gitlab": "-/blob/{commit}/{{path}}#L{{line}}",
    "gitea": "src/commit/{commit}/{{path}}#L{{line}}",
    "forgejo": "src/commit/{commit}/{{path}}#L{{line}}",
}
"""How each forge writes the address of a line, below the address of the repository."""

_SHOW = ("show", "--no-patch", "--no-show-signature", "--format=%H %cs")
_PLAIN = re.compile(r"[\w./~-]+", re.ASCII)


def commit(root: Path, rev: str, environment: Mapping[str, str]) -> Commit | None:
    """A commit as CI knows it, else as the remote `origin` does; None where there is none.

    A line has an address only if CI gives that of the forge, or a forge that everybody knows has the commit.
    """
    try:
        every = remotes(str(root))
        known = Shell(str(root), light=True).line(*_SHOW, f"{rev}^{{commit}}")
    except GitError:
        return None
    remote = next((each for each in every if each.name == "origin"), every[0] if len(every) == 1 else None)
    name, _, date = known.partition(" ")
    kind, web, repo = _of_ci(environment) or _of_remote(remote, name)
    return Commit(id=name, date=date, repository=repo, lines=_lines(kind, web, repo, name))


def _lines(kind: str, web: str, repo: str, commit: str) -> str:
    """The address of a line of a commit, empty where the forge is not known."""
    is_linked = kind in _LINES and web.startswith("https://") and _PLAIN.fullmatch(repo)
    return f"{web}/{repo}/{_LINES[kind].format(commit=commit)}" if is_linked else ""


def _of_ci(environment: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The forge, its address and the repository, as CI says; None elsewhere."""
    kind, web, repo = "", "", ""
    if environment.get("CI") == "woodpecker":
        kind, web, repo = (environment.get(each, "") for each in ("CI_FORGE_TYPE", "CI_FORGE_URL", "CI_REPO"))
    elif environment.get("GITLAB_CI"):
        kind, web, repo = "gitlab", environment.get("CI_SERVER_URL", ""), environment.get("CI_PROJECT_PATH", "")
    elif environment.get("GITHUB_ACTIONS") or is_gitea_runner(environment):
        kind = "gitea" if is_gitea_runner(environment) else "github"
        web, repo = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    return (kind, web.rstrip("/"), repo) if web and repo else None


def _of_remote(remote: Remote | None, name: str) -> tuple[str, str, str]:
    """The same as the address of a remote says; a forge only if everybody knows it and it has the commit."""
    location = place(remote.url) if remote else None
    if remote is None or location is None:
        return "", "", ""
    holding = remote.shell.run("for-each-ref", "--count=1", f"--contains={name}", f"refs/remotes/{remote.name}")
    kind = KNOWN.get(location.host, "") if holding.out.strip() else ""
    return kind, f"https://{location.host}", location.repo


def trusted(report: Report, environment: Mapping[str, str]) -> Report:
    """A stored report, which may come from anyone: in CI with links to the repository of this run alone.

    Elsewhere it keeps its links to forges that everybody knows.
    """
    if report.commit is None:
        return report
    commit, ci = report.commit, _of_ci(environment)
    known = host_of(commit.lines) in KNOWN
    lines = _lines(*ci, commit.id) if ci else commit.lines if known else ""
    return replace(report, commit=replace(commit, lines=lines))
