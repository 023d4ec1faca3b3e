"""Requests to the API of a forge: limits are waited for, pages are read, an answer becomes a value or an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod.errors import HclmodError
from hclmod.http import TransportError, Trouble
from hclmod.numbers import whole_number
from hclmod.reports.escape import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.forges.target import Target
    from hclmod.http import Answer, Transport

PAGES = 200
"""The most pages of a list to read: 10,000 comments are more than any pull request has."""

_ATTEMPTS = 3
_SLOW_DOWN = 60.0  # seconds; GitHub asks for a minute where it names no time


class ForgeError(HclmodError):
    """The forge refused a request, or its answer makes no sense; `status` is that of the answer, 0 without one."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0, words: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status, self.words = status, words


class Api(Struct, frozen=True):
    """The API of a forge; `hints` says by status what to do next, `permission` what the token has to be allowed."""

    transport: Transport
    target: Target
    permission: str
    hints: Mapping[int, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, value: object = None) -> Answer:
        """Send a request, and repeat it after a pause if a 403 means too many requests (GitHub's secondary limits)."""
        body = None if value is None else json.dumps(value).encode()
        headers = {"accept": "application/json", **({"content-type": "application/json"} if body is not None else {})}
        secret = self.target.dialect.secret(self.target.token) if self.target.token else {}
        url = self.target.api + path
        for _ in range(_ATTEMPTS - 1):
            answer = self.transport.request(method, url, headers=headers, secret=secret, body=body)
            wait = limited_for(answer)
            if wait is None or wait > self.transport.patience.longest_pause:
                return answer
            if self.transport.pause(wait):
                raise TransportError(Trouble.STOPPED, url)
        return self.transport.request(method, url, headers=headers, secret=secret, body=body)

    def read(self, answer: Answer, kind: type[Any]) -> Any:
        """The value of a good answer; `ForgeError` for another status or another kind of value."""
        if not 200 <= answer.status < 300:
            raise self._error(answer)
        try:
            value = answer.json()
        except TransportError as error:
            raise ForgeError(error.message, hint="That is no API, perhaps a page to log in. Check --url.") from error
        if not isinstance(value, kind):
            raise ForgeError(f"unexpected answer of {self.target.name}", hint="Check --url.")
        return value

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """All objects of a list, page by page; no address in an answer is followed."""
        size, seen = self.target.dialect.page, set[str]()
        sign = "&" if "?" in path else "?"
        for page in range(1, PAGES + 1):
            answer = self.ask("GET", f"{path}{sign}per_page={size}&limit={size}&page={page}")
            results = [each for each in self.read(answer, list) if isinstance(each, dict)]
            fresh = [each for each in results if str(each.get("id")) not in seen]
            yield from fresh
            seen |= {str(each.get("id")) for each in fresh}
            if not fresh or not _goes_on(answer, len(results), len(seen), size):
                return

    def _error(self, answer: Answer) -> ForgeError:
        words = _words(answer)
        words = words.replace(self.target.token, "***") if self.target.token else words
        text = f"{self.target.name} answered {answer.status}{f': {words}' if words else ''}"
        return ForgeError(text, hint=self._hint(answer), status=answer.status, words=words)

    def _hint(self, answer: Answer) -> str:
        """What to do next."""
        if answer.status == 429 or limited_for(answer) is not None:
            again = answer.headers.get("retry-after", "")
            return f"Too many requests. Try again later{f' (Retry-After: {clip(again, 40)})' if again else ''}."
        if answer.status in (401, 403) and not self.target.token:
            return f"Set {' or '.join(self.target.dialect.tokens)}. {self.permission}"
        if answer.status in (401, 403):
            what = "was rejected and may have expired" if answer.status == 401 else "has no permission for this"
            return f"The token in {self.target.token_name} {what}. {self.permission}"
        if answer.status >= 500:
            return "The forge has an internal problem. Try again later."
        return self.hints.get(answer.status, "Check --url and --forge.")


_MOVED = "The repository seems to have moved. Give its new name with --repo, or its host with --url."
MOVED = dict.fromkeys((301, 302, 303, 307, 308), _MOVED)
"""What to do next where a forge sends to another address."""


def limited_for(answer: Answer) -> float | None:
    """The seconds to wait after a 403 that means too many requests; None for any other answer."""
    if answer.status != 403:
        return None
    after = answer.headers.get("retry-after", "").strip()
    if after.isascii() and after.isdecimal():
        return float(after)
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in answer.body[:2000].lower()
    return _SLOW_DOWN * 60 if limited and "x-ratelimit-reset" in answer.headers else _SLOW_DOWN if limited else None


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
