"""One comment that stays: identified by a hidden marker and its author, updated in place, not touched if the same."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from hclmod.forges.calls import MOVED, Api, ForgeError, limited_for
from hclmod.http import TransportError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.forges.target import Head, Target
    from hclmod.http import Transport


class Outcome(Enum):
    """What happened to the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ABSENT = "not created, because there is nothing to report"


class Posted(Struct, frozen=True):
    """What happened to the comment, and its address (empty if the forge does not give one)."""

    outcome: Outcome
    url: str


def marker(key: str) -> str:
    """The hidden line with which a comment begins; `key` separates comments on the same pull request."""
    return f"<!-- hclmod: {key} -->\n"


def post(
    transport: Transport, target: Target, key: str, body: str, *, author: str = "", worth_it: bool = True
) -> Posted:
    """Create or update the comment; writes nothing if it already has this text.

    `author` is the comment's author, by default the token's user. A new comment is created only if `worth_it`.
    """
    forge = _Forge(transport, target)
    if target.head is not None:
        forge = _Forge(transport, replace(target, number=forge.number_of(target.head)))
    text = marker(key) + body
    marked = [each for each in forge.comments() if str(each.get("body", "")).startswith(marker(key).strip())]
    me = (author,) if author or not marked else forge.me()
    mine = [each for each in marked if target.dialect.author(each) in me]
    if not mine:
        return Posted(Outcome.CREATED, _url(forge.create(text))) if worth_it else Posted(Outcome.ABSENT, "")
    if _plain(str(mine[0].get("body", ""))) == _plain(text):
        return Posted(Outcome.UNCHANGED, _url(mine[0]))
    return Posted(Outcome.UPDATED, _url(forge.edit(mine[0], text)))


def _plain(body: str) -> str:
    """The body without what forges may change: line ends, and whitespace around it."""
    return body.replace("\r\n", "\n").strip()


def _url(comment: Mapping[str, Any]) -> str:
    return str(comment.get("html_url") or "")


_REJECTED = "The comment was rejected. The pull request may be locked, or the text too long."
_HINTS = MOVED | {
    400: _REJECTED, 413: _REJECTED, 422: _REJECTED,
    404: "The repository or pull request does not exist, or the token cannot see it. Check --repo and --number.",
}  # fmt: skip


class _Forge:
    """The API calls for one pull request."""

    def __init__(self, transport: Transport, target: Target) -> None:
        self.target, self.api = target, Api(transport, target, target.dialect.permission, _HINTS)

    def me(self) -> tuple[str, ...]:
        """The token's login, or the logins of CI's robots if the token may not read its own user."""
        answer = self.api.ask("GET", "/user")
        dialect = self.target.dialect
        if answer.status == 403 and dialect.robots and limited_for(answer) is None:
            return dialect.robots
        name = str(self.api.read(answer, dict).get(dialect.login, ""))
        if not name:
            raise ForgeError(
                f"{self.target.name} does not say which user the token belongs to", hint="Give --author LOGIN."
            )
        return (name,)

    def number_of(self, head: Head) -> int:
        """The open pull request whose head is this commit of this branch (GitHub)."""
        repo = self.target.dialect.repo(self.target.repo)
        branch = quote(f"{head.owner}:{head.branch}", safe=":")
        answer = self.api.ask("GET", f"/repos/{repo}/pulls?state=open&per_page=100&head={branch}")
        for each in self.api.read(answer, list):
            if isinstance(each, dict) and isinstance(each.get("head"), dict) and each["head"].get("sha") == head.commit:
                return int(each["number"])
        hint = "It may be closed, or have newer commits with a run of their own. Otherwise give --number."
        raise ForgeError(f"no open pull request of {self.target.name} has commit {head.commit[:12]}", hint=hint)

    def comments(self) -> Iterator[Mapping[str, Any]]:
        """All comments of the pull request."""
        return self.api.pages(self._comments)

    def create(self, text: str) -> Mapping[str, Any]:
        """Create a comment."""
        return self._write("POST", self._comments, text)

    def edit(self, comment: Mapping[str, Any], text: str) -> Mapping[str, Any]:
        """Change a comment."""
        return self._write(self.target.dialect.edit, self._path(self.target.dialect.comment, comment["id"]), text)

    @property
    def _comments(self) -> str:
        return self._path(self.target.dialect.comments)

    def _path(self, template: str, number: object = "") -> str:
        repo = self.target.dialect.repo(self.target.repo)
        return template.format(repo=repo, number=self.target.number, id=number)

    def _write(self, method: str, path: str, text: str) -> Mapping[str, Any]:
        try:
            answer = self.api.ask(method, path, {"body": text})
        except TransportError as error:
            if error.trouble is Trouble.SLOW:
                hint = "The comment may exist anyway. Run again, which finds it."
                raise ForgeError(str(error), hint=hint) from error
            raise
        written: Mapping[str, Any] = self.api.read(answer, dict)
        return written
