"""A forge on loopback that answers as GitHub, Gitea or GitLab do: pages, permissions, limits, own users.

After their documentation: GitHub's REST API for issue comments, Gitea's swagger, GitLab's notes API (docs/facts.md,
Forges 1). `python -m tests.support.forge github PORT` serves one to people who want to see a comment arrive.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from hclmod.forges.dialects import DIALECTS
from tests.support.servers import Server

if TYPE_CHECKING:
    from tests.support.pulls import PullRequests
    from tests.support.servers import Reply, Seen

TOKEN = "t0ken-of-the-robot"  # noqa: S105 - no secret
REFUSED = {"github": 65_536, "gitea": 10**9, "gitlab": 1_000_000}
ANSWERS = re.compile(
    r"(?:/user|/repos/o/r/pulls|/repos/(?P<repo>.+)/issues/(?:comments/(?P<edit>\d+)|(?P<number>\d+)/comments)"
    r"|/projects/(?P<project>[^/]+)/merge_requests/(?P<iid>\d+)/notes(?:/(?P<note>\d+))?)"
)


class Forge:
    """The state: `comments` in order, `me` the token's user, `fails` the answers to give first.

    `write_fails` are those for the first writes, and `lost_answers` those that are given after a write was done. With
    `pulls` it answers questions about pull requests and no others, without a token if `guests_read`.
    """

    def __init__(self, kind: str, *, me: str = "robot", page: int | None = None) -> None:
        self.kind, self.me, self.page = kind, me, page
        self.dialect = DIALECTS[kind]
        self.comments: list[dict[str, Any]] = []
        self.fails: list[Reply | None] = []
        self.knows_me = True
        self.guests_read = False
        self.open_pulls: list[dict[str, Any]] = []
        self.pulls: PullRequests | None = None
        self.write_fails: list[Reply | None] = []
        self.lost_answers: list[Reply | None] = []
        self.server = Server(self.answer)

    @property
    def writes(self) -> list[Seen]:
        """The requests that would change something."""
        return [each for each in self.server.seen if each.method != "GET"]

    def say(self, body: str, who: str = "somebody", **more: Any) -> dict[str, Any]:
        """Put a comment there."""
        author = {"author": {"username": who}} if self.kind == "gitlab" else {"user": {"login": who}}
        comment = {"id": len(self.comments) + 1000, "body": body, **author, **more}
        if self.kind != "gitlab":
            comment["html_url"] = f"{self.server.url}/o/r/pulls/7#issuecomment-{comment['id']}"
        self.comments.append(comment)
        return comment

    def answer(self, seen: Seen) -> Reply | None:
        """As the forge answers."""
        if self.fails:
            return self.fails.pop(0)
        if seen.method != "GET" and self.write_fails:
            return self.write_fails.pop(0)
        reply = self.done(seen)
        return self.lost_answers.pop(0) if seen.method != "GET" and self.lost_answers else reply

    def done(self, seen: Seen) -> Reply:  # noqa: PLR0911 - one line for each answer
        """Do what is asked, and the answer."""
        parts = urlsplit(seen.path)
        name, value = self.dialect.header
        given = seen.headers.get(name, "")
        if self.pulls is not None and given != value.format(token=TOKEN) and not (self.guests_read and not given):
            return self.told(401 if given else 404, {"message": "Bad credentials" if given else "Not Found"})
        if self.pulls is not None:
            return self.pulls.answer(seen.method, parts.path.removeprefix(self.dialect.api), parts.query, seen.body)
        wanted = ANSWERS.fullmatch(parts.path.removeprefix(self.dialect.api))
        if not parts.path.startswith(self.dialect.api) or wanted is None:
            return self.told(404, {"message": "Not Found"})
        if given != value.format(token=TOKEN):
            return self.told(401, {"message": "Bad credentials"})
        if parts.path.endswith("/pulls"):
            return self.of_branch(parse_qs(parts.query))
        if not parts.path.endswith("/user"):
            return self.about(seen, wanted, parse_qs(parts.query))
        if not self.knows_me:
            return self.told(403, {"message": "Resource not accessible by integration"})
        return self.told(200, {self.dialect.login: self.me})

    def of_branch(self, query: dict[str, list[str]]) -> Reply:
        """The open pull requests of a branch, as GitHub filters them."""
        found = [each for each in self.open_pulls if each["head"]["label"] == query["head"][0]]
        return self.told(200, found)

    def about(self, seen: Seen, wanted: re.Match[str], query: dict[str, list[str]]) -> Reply:
        """The answer of the comments' part of the API."""
        repo = unquote(wanted["repo"] or wanted["project"])
        number, edited = wanted["number"] or wanted["iid"], wanted["edit"] or wanted["note"]
        if repo not in ("o/r", "42") or (number or "7") != "7":
            return self.told(404, {"message": "Not Found"})
        if seen.method == "GET":
            return self.listed(int(query["page"][0]), int(query["per_page"][0]))
        body = json.loads(seen.body)["body"]
        if len(body) > REFUSED[self.kind]:
            return self.told(422, {"message": "Validation Failed", "errors": [{"message": "body is too long"}]})
        if seen.method == "POST" and not edited:
            return self.told(201, self.say(body, self.me))
        if seen.method == self.dialect.edit and edited:
            comment = next(each for each in self.comments if each["id"] == int(edited))
            comment["body"] = body
            return self.told(200, comment)
        return self.told(405, {"message": "Method Not Allowed"})

    def listed(self, page: int, size: int) -> Reply:
        """One page; Gitea gives all comments of an issue at once, whatever size is asked for."""
        size = min(self.page or 10**9 if self.kind == "gitea" else size, self.page or size)
        found = self.comments[(page - 1) * size : page * size]
        more = len(self.comments) > page * size
        if self.kind == "gitlab":
            return self.told(200, found, {"x-next-page": str(page + 1) if more else ""})
        if self.kind == "gitea":
            return self.told(200, found, {"x-total-count": str(len(self.comments))})
        link = {"link": f'<{self.server.url}/x?page={page + 1}>; rel="next"'} if more else {}
        return self.told(200, found, link)

    def told(self, status: int, value: Any, headers: dict[str, str] | None = None) -> Reply:
        """A reply in JSON."""
        return status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode()


if __name__ == "__main__":
    forge = Forge(sys.argv[1])
    print(forge.server.url, flush=True)  # noqa: T201 - for the person, or the script, that started it
    threading.Event().wait()
