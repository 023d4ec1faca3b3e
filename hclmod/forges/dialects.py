"""How the APIs of GitHub, Gitea (Forgejo) and GitLab differ (docs/facts.md, Forges 1, Forges 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Dialect(Struct, frozen=True, kw_only=True):
    """The API of one kind of forge.

    `comments` and `comment` are paths below the API with `{repo}`, `{number}` and `{id}`. `edit` is the HTTP
    method that changes a comment. `login` is the field with an author's name. `limit` is the maximum length of a
    comment in characters, and of the text of a pull request. `robots` are the users of CI tokens, which may not read
    their own user.

    `project` is the path of the repository, `pulls` that of its pull requests below it. `text` is the field with the
    text of one, `number` that with its number, `draft` what begins the title of a draft (empty: it has a field of its
    own). `heads` are the refs where the server keeps the commits of pull requests.
    """

    name: str
    api: str
    tokens: tuple[str, ...]  # environment variables, the first that is set
    header: tuple[str, str]  # name, and the value with `{token}`
    comments: str
    comment: str
    edit: str
    login: str
    limit: int
    page: int
    permission: str
    project: str
    pulls: str
    text: str
    number: str
    draft: str
    heads: str
    pull_permission: str
    robots: tuple[str, ...] = ()

    def secret(self, token: str) -> dict[str, str]:
        """The header that carries the token."""
        name, value = self.header
        return {name: value.format(token=token)}

    def repo(self, repo: str) -> str:
        """The repository as a path: GitLab wants its slashes escaped."""
        return quote(repo, safe="" if self.name == "gitlab" else "/")

    def author(self, comment: Mapping[str, Any]) -> str:
        """Who wrote a comment."""
        who = comment.get("author" if self.name == "gitlab" else "user")
        return str(who.get(self.login, "")) if isinstance(who, dict) else ""


GITHUB = Dialect(
    name="github",
    api="/api/v3",  # of GitHub Enterprise Server; github.com has a host of its own for it
    tokens=("GITHUB_TOKEN", "GH_TOKEN"),
    header=("authorization", "Bearer {token}"),
    comments="/repos/{repo}/issues/{number}/comments",
    comment="/repos/{repo}/issues/comments/{id}",
    edit="PATCH",
    login="login",
    limit=65_000,  # GitHub refuses 65,536 characters, and 262,144 bytes
    page=100,
    permission="In a workflow: `permissions: pull-requests: write` (never granted to forks, see docs/ci).",
    project="/repos/{repo}",
    pulls="pulls",
    text="body",
    number="number",
    draft="",
    heads="refs/pull/{number}/head",
    pull_permission="It needs `pull-requests: write`, and in a workflow the setting that lets Actions create them.",
    robots=("github-actions[bot]",),
)

GITEA = Dialect(
    name="gitea",
    api="/api/v1",
    tokens=("GITEA_TOKEN", "FORGEJO_TOKEN"),
    header=("authorization", "token {token}"),
    comments="/repos/{repo}/issues/{number}/comments",
    comment="/repos/{repo}/issues/comments/{id}",
    edit="PATCH",
    login="login",
    limit=65_000,  # none is documented; what GitHub takes is enough to read
    page=50,
    permission="The token needs the scopes `write:issue` and `read:user`.",
    project="/repos/{repo}",
    pulls="pulls",
    text="body",
    number="number",
    draft="WIP: ",
    heads="refs/pull/{number}/head",
    pull_permission="It needs the scopes `write:repository` and `write:issue`.",
    robots=("gitea-actions", "forgejo-actions"),
)

GITLAB = Dialect(
    name="gitlab",
    api="/api/v4",
    tokens=("GITLAB_TOKEN",),
    header=("private-token", "{token}"),
    comments="/projects/{repo}/merge_requests/{number}/notes",
    comment="/projects/{repo}/merge_requests/{number}/notes/{id}",
    edit="PUT",
    login="username",
    limit=990_000,  # GitLab takes 1,000,000
    page=100,
    permission="The token needs the scope `api`; CI_JOB_TOKEN cannot write notes, so create a project access token.",
    project="/projects/{repo}",
    pulls="merge_requests",
    text="description",
    number="iid",
    draft="Draft: ",
    heads="refs/merge-requests/{number}/head",
    pull_permission="It needs the scope `api`. CI_JOB_TOKEN cannot open merge requests.",
)

DIALECTS = {"github": GITHUB, "gitea": GITEA, "forgejo": GITEA, "gitlab": GITLAB}
