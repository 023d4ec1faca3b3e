"""One comment that stays: identified by a hidden marker and its author, updated in place, not touched if the same."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from hclmod.errors import HclmodError
from hclmod.http import TransportError, Trouble
from hclmod.numbers import whole_number
from hclmod.reports.escape import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.forges.target import Head, Target
    from hclmod.http import Answer, Transport

_PAGES = 200
"""The most pages of comments to read: 10,000 comments are more than any pull request has."""

_ATTEMPTS = 3
_SLOW_DOWN = 60.0  # seconds; GitHub asks for a minute where it names no time


class ForgeError(HclmodError):
    """The forge refused a request, or its answer makes no sense."""


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


class _Forge:
    """The API calls for one pull request."""

    def __init__(self, transport: Transport, target: Target) -> None:
        self.transport, self.target = transport, target

    def me(self) -> tuple[str, ...]:
        """The token's login, or the logins of CI's robots if the token may not read its own user."""
        answer = self._ask("GET", "/user")
        dialect = self.target.dialect
        if answer.status == 403 and dialect.robots and _limited_for(answer) is None:
            return dialect.robots
        name = str(self._read(answer, dict).get(dialect.login, ""))
        if not name:
            raise ForgeError(
                f"{self.target.name} does not say which user the token belongs to", hint="Give --author LOGIN."
            )
        return (name,)

    def number_of(self, head: Head) -> int:
        """The open pull request whose head is this commit of this branch (GitHub)."""
        repo = self.target.dialect.repo(self.target.repo)
        branch = quote(f"{head.owner}:{head.branch}", safe=":")
        answer = self._ask("GET", f"/repos/{repo}/pulls?state=open&per_page=100&head={branch}")
        for each in self._read(answer, list):
            if isinstance(each, dict) and isinstance(each.get("head"), dict) and each["head"].get("sha") == head.commit:
                return int(each["number"])
        hint = "It may be closed, or have newer commits with a run of their own. Otherwise give --number."
        raise ForgeError(f"no open pull request of {self.target.name} has commit {head.commit[:12]}", hint=hint)

    def comments(self) -> Iterator[Mapping[str, Any]]:
        """All comments of the pull request, page by page; no address in an answer is followed."""
        dialect, seen = self.target.dialect, set[object]()
        for page in range(1, _PAGES + 1):
            answer = self._ask("GET", f"{self._comments}?per_page={dialect.page}&limit={dialect.page}&page={page}")
            results = [each for each in self._read(answer, list) if isinstance(each, dict)]
            fresh = [each for each in results if each.get("id") not in seen]
            yield from fresh
            seen |= {each.get("id") for each in fresh}
            if not fresh or not _goes_on(answer, len(results), len(seen), dialect.page):
                return

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
        body = json.dumps({"body": text}).encode()
        try:
            answer = self._ask(method, path, body)
        except TransportError as error:
            if error.trouble is Trouble.SLOW:
                hint = "The comment may exist anyway. Run again, which finds it."
                raise ForgeError(str(error), hint=hint) from error
            raise
        written: Mapping[str, Any] = self._read(answer, dict)
        return written

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send a request, and repeat it after a pause if a 403 means too many requests (GitHub's secondary limits)."""
        headers = {"accept": "application/json", **({"content-type": "application/json"} if body is not None else {})}
        secret = self.target.dialect.secret(self.target.token)
        url = self.target.api + path
        for _ in range(_ATTEMPTS - 1):
            answer = self.transport.request(method, url, headers=headers, secret=secret, body=body)
            wait = _limited_for(answer)
            if wait is None or wait > self.transport.patience.longest_pause:
                return answer
            if self.transport.pause(wait):
                raise TransportError(Trouble.STOPPED, url)
        return self.transport.request(method, url, headers=headers, secret=secret, body=body)

    def _read(self, answer: Answer, kind: type[Any]) -> Any:
        if not 200 <= answer.status < 300:
            raise self._error(answer)
        value = answer.json()
        if not isinstance(value, kind):
            raise ForgeError(f"unexpected answer of {self.target.name}", hint="Check --url.")
        return value

    def _error(self, answer: Answer) -> ForgeError:
        hint = self._hint(answer)
        text = _words(answer).replace(self.target.token, "***")
        return ForgeError(f"{self.target.name} answered {answer.status}{f': {text}' if text else ''}", hint=hint)

    def _hint(self, answer: Answer) -> str:
        """What to do next."""
        if answer.status == 429 or _limited_for(answer) is not None:
            again = answer.headers.get("retry-after", "")
            return f"Too many requests. Try again later{f' (Retry-After: {clip(again, 40)})' if again else ''}."
        if answer.status in (401, 403):
            what = "was rejected and may have expired" if answer.status == 401 else "has no permission for this"
            return f"The token in {self.target.token_name} {what}. {self.target.dialect.permission}"
        if answer.status >= 500:
            return "The forge has an internal problem. Try again later."
        return _HINTS.get(answer.status, "Check --url and --forge.")


_REJECTED = "The comment was rejected. The pull request may be locked, or the text too long."
_MOVED = "The repository seems to have moved. Give its new name with --repo, or its host with --url."
_HINTS = {
    400: _REJECTED, 413: _REJECTED, 422: _REJECTED, 301: _MOVED, 302: _MOVED, 307: _MOVED, 308: _MOVED,
    404: "The repository or pull request does not exist, or the token cannot see it. Check --repo and --number.",
}  # fmt: skip


def _goes_on(answer: Answer, count: int, seen: int, page: int) -> bool:
    """Whether there is another page: by the forge's header for it, else if this page was full."""
    headers = answer.headers
    if "x-next-page" in headers:
        return bool(headers["x-next-page"].strip())
    if "link" in headers:
        return 'rel="next"' in headers["link"]
    if (total := whole_number(headers.get("x-total-count", ""))) is not None:
        return seen < total
    return count >= page


def _limited_for(answer: Answer) -> float | None:
    """The seconds to wait after a 403 that means too many requests; None for any other answer."""
    if answer.status != 403:
        return None
    after = answer.headers.get("retry-after", "").strip()
    if after.isascii() and after.isdecimal():
        return float(after)
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in answer.body[:2000].lower()
    return _SLOW_DOWN * 60 if limited and "x-ratelimit-reset" in answer.headers else _SLOW_DOWN if limited else None


def _words(answer: Answer) -> str:
    """The forge's own words, on one line."""
    try:
        value = answer.json()
    except TransportError:
        return ""
    words = value.get("message") or value.get("error") if isinstance(value, dict) else ""
    details = value.get("errors") if isinstance(value, dict) else None
    text = f"{words} {json.dumps(details)}" if details else f"{words or ''}"
    return clip(one_line(text), 300)
