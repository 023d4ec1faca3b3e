"""Which pull request on which forge: from the command line, else from the environment that CI sets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hclmod.errors import HclmodError, nearest
from hclmod.forges.dialects import DIALECTS
from hclmod.http import LOOPBACK
from hclmod.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.forges.dialects import Dialect

_PULL = re.compile(r"refs/pull/(\d+)/")


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that another workflow ran on: the branch's owner and name, and the commit."""

    owner: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A pull request: the forge, the base of its API, the repository, the number, and the token for that host only."""

    dialect: Dialect
    api: str
    repo: str
    number: int
    token: str = field(repr=False)
    token_name: str
    head: Head | None = None  # if the number is 0: look for the pull request with this head

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"{self.repo}{f'#{self.number}' if self.number else ''} at {urlsplit(self.api).netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which pull request to comment on; an empty text means unknown."""

    forge: str = ""
    url: str = ""
    repo: str = ""
    number: str = ""
    head: Head | None = None

    def over(self, other: Request) -> Request:
        """This request, with unknown values filled in from the other."""
        return Request(
            forge=self.forge or other.forge,
            url=self.url or other.url,
            repo=self.repo or other.repo,
            number=self.number or other.number,
            head=self.head or other.head,
        )


def find(request: Request, environment: Mapping[str, str], *, offline: bool = False) -> Target:
    """The target; an `HclmodError` names the option to give if something is unknown.

    With `offline` the forge is not contacted: only its kind matters, and GitHub is the default.
    """
    full = request.over(from_ci(environment))
    if full.number and whole_number(full.number) is None:
        raise HclmodError(f"not a pull request number: `{full.number}`", hint="Give --number 12.")
    if full.forge and full.forge not in DIALECTS:
        hint = nearest(full.forge, DIALECTS, f"Use one of {', '.join(DIALECTS)}.")
        raise HclmodError(f"unknown forge `{full.forge}`", hint=hint)
    if offline:
        dialect = DIALECTS[full.forge or "github"]
        return Target(dialect=dialect, api="", repo=full.repo, number=int(full.number or 0), token="", token_name="")
    return _online(full, environment)


def _online(request: Request, environment: Mapping[str, str]) -> Target:
    """The target with the address of its API and its token."""
    number = request.number or ("0" if request.head else "")
    for value, option in ((request.forge, "--forge"), (request.repo, "--repo"), (number, "--number")):
        if not value:
            hint = f"Give {option}. CI provides it if the run belongs to a pull request."
            raise HclmodError(f"cannot find the pull request: no {option.removeprefix('--')}", hint=hint)
    dialect = DIALECTS[request.forge]
    api = api_of(dialect, request.url)
    name = next((each for each in _tokens(dialect, environment) if environment.get(each)), "")
    if not name:
        hint = f"Set {' or '.join(dialect.tokens)}. {dialect.permission}"
        raise HclmodError(f"no token for {urlsplit(api).netloc} in the environment", hint=hint)
    return Target(
        dialect=dialect,
        api=api,
        repo=request.repo,
        number=int(number),
        token=environment.get(name, "").strip(),
        token_name=name,
        head=None if int(number) else request.head,
    )


def _tokens(dialect: Dialect, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that may hold the token; Gitea's own runner names it as GitHub's does."""
    return (*dialect.tokens, "GITHUB_TOKEN") if is_gitea_runner(environment) else dialect.tokens


def api_of(dialect: Dialect, url: str) -> str:
    """The base of the API of a forge at `url`, which may be the API's own."""
    url = url.rstrip("/") or {"github": "https://github.com", "gitlab": "https://gitlab.com"}.get(dialect.name, "")
    require_address(url)
    host = host_of(url)
    if dialect.name == "github" and host in ("github.com", "www.github.com", "api.github.com"):
        return "https://api.github.com"
    return url if url.endswith(dialect.api) or host.startswith("api.") else f"{url}{dialect.api}"


def require_address(url: str) -> None:
    """Raise an `HclmodError` for what is not the address of a forge."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        is_plain = not (parts.username or parts.query)
    except ValueError:  # of `http://[a`, and for a port that is not a number
        is_one = is_plain = False
    if not (is_one and is_plain):
        raise HclmodError(f"invalid address of a forge: `{url}`", hint="Give --url https://git.example.net.")


def host_of(url: str) -> str:
    """The host of an address; empty for what is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def plain_hosts(api: str, *, allowed: bool) -> tuple[str, ...]:
    """The hosts that may be contacted without TLS: this machine, and the forge's if that was `allowed`."""
    host = host_of(api)
    return (host,) if allowed or host in LOOPBACK else ()


def from_ci(environment: Mapping[str, str]) -> Request:
    """What CI says of its forge and of the pull request that it runs for."""

    def value(name: str) -> str:
        return environment.get(name, "")

    if value("CI") == "woodpecker":
        return Request(
            forge=value("CI_FORGE_TYPE"),
            url=value("CI_FORGE_URL"),
            repo=value("CI_REPO"),
            number=value("CI_COMMIT_PULL_REQUEST"),
        )
    if value("GITLAB_CI"):
        return Request(
            forge="gitlab",
            url=value("CI_API_V4_URL"),
            repo=value("CI_MERGE_REQUEST_PROJECT_ID"),
            number=value("CI_MERGE_REQUEST_IID"),
        )
    if value("GITHUB_ACTIONS") or is_gitea_runner(environment):
        number, head = _of_event(environment)
        return Request(
            forge="gitea" if is_gitea_runner(environment) else "github",
            url=value("GITHUB_API_URL") or value("GITHUB_SERVER_URL"),
            repo=value("GITHUB_REPOSITORY"),
            number=number,
            head=head,
        )
    return Request()


def is_gitea_runner(environment: Mapping[str, str]) -> bool:
    """Whether this is a job of Gitea Actions or Forgejo Actions."""
    return bool(environment.get("GITEA_ACTIONS") or environment.get("FORGEJO_ACTIONS"))


def _of_event(environment: Mapping[str, str]) -> tuple[str, Head | None]:
    """The number in the ref of a pull request, else in the event, or the head that the previous workflow ran on.

    GitHub leaves `pull_requests` of `workflow_run` empty for forks, so the pull request has to be looked up.
    """
    if match := _PULL.match(environment.get("GITHUB_REF", "")):
        return match[1], None
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError):
        return "", None
    number = _text(event, "pull_request", "number") or _text(event, "issue", "number")
    owner = _text(event, "workflow_run", "head_repository", "owner", "login")
    branch, commit = _text(event, "workflow_run", "head_branch"), _text(event, "workflow_run", "head_sha")
    return number, Head(owner, branch, commit) if owner and branch and commit else None


def _text(value: object, *keys: str) -> str:
    """A value in nested objects, as text, or an empty text if it is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) else ""
