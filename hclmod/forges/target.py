"""Which pull request on which forge: from the command line, else from what CI tells in its environment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hclmod.errors import HclmodError
from hclmod.forges.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.forges.dialects import Dialect

_PULL = re.compile(r"refs/pull/(\d+)/")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that another workflow ran on: whose branch, which, and the commit."""

    owner: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Target:
    """A pull request: the forge, the base of its API, the repository, the number; and the token for that host alone."""

    dialect: Dialect
    api: str
    repo: str
    number: int
    token: str = field(repr=False)
    token_name: str
    head: Head | None = None  # where the number is 0: the pull request that has this head

    @property
    def name(self) -> str:
        """How a person is told of it."""
        return f"{self.repo}{f'#{self.number}' if self.number else ''} at {urlsplit(self.api).netloc}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the target; an empty text is not known."""

    forge: str = ""
    url: str = ""
    repo: str = ""
    number: str = ""
    head: Head | None = None

    def over(self, other: Wanted) -> Wanted:
        """This, and the other's word where this says nothing."""
        return Wanted(
            self.forge or other.forge,
            self.url or other.url,
            self.repo or other.repo,
            self.number or other.number,
            self.head or other.head,
        )


def find(target: Wanted, environment: Mapping[str, str], *, asks: bool = True) -> Target:
    """The target; `HclmodError` where something is not known, with the option that tells it.

    Who `asks` the forge nothing needs no token.
    """
    known = target.over(_from_ci(environment))
    number = known.number or ("0" if known.head else "")
    for value, option in ((known.forge, "--forge"), (known.repo, "--repo"), (number, "--number")):
        if not value:
            hint = f"Give {option}; in CI it is known where the run belongs to a pull request."
            raise HclmodError(f"which pull request is meant is not known: no {option.removeprefix('--')}", hint=hint)
    if known.forge not in DIALECTS:
        raise HclmodError(f"`{known.forge}` is no forge", hint=f"One of {', '.join(DIALECTS)}.")
    if not number.isascii() or not number.isdecimal():
        raise HclmodError(f"`{number}` is no number of a pull request", hint="Give --number 12.")
    dialect = DIALECTS[known.forge]
    api = api_of(dialect, known.url)
    name = next((each for each in _tokens(dialect, environment) if environment.get(each)), "")
    if not name and asks:
        hint = f"Set {' or '.join(dialect.tokens)}. {dialect.permission}"
        raise HclmodError(f"there is no token for {urlsplit(api).netloc} in the environment", hint=hint)
    head = None if int(number) else known.head
    return Target(dialect, api, known.repo, int(number), environment.get(name, "").strip(), name, head)


def _tokens(dialect: Dialect, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that may hold the token; Gitea's own runner names it as GitHub's does."""
    return (*dialect.tokens, "GITHUB_TOKEN") if _is_gitea_runner(environment) else dialect.tokens


def api_of(dialect: Dialect, url: str) -> str:
    """The base of the API of a forge at `url`, which may be the API's own."""
    url = url.rstrip("/") or {"github": "https://github.com", "gitlab": "https://gitlab.com"}.get(dialect.name, "")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise HclmodError(f"`{url}` is no address of a forge", hint="Give --url https://git.example.net.")
    if dialect.name == "github" and parts.hostname in ("github.com", "www.github.com", "api.github.com"):
        return "https://api.github.com"
    return url if url.endswith(dialect.api) or parts.hostname.startswith("api.") else f"{url}{dialect.api}"


def plain_hosts(api: str, *, told: bool) -> tuple[str, ...]:
    """The hosts that may be asked without TLS: this machine, and the forge's where a person said so."""
    host = urlsplit(api).hostname or ""
    return (host,) if told or host in _LOOPBACK else ()


def _from_ci(environment: Mapping[str, str]) -> Wanted:
    def text(name: str) -> str:
        return environment.get(name, "")

    if text("CI") == "woodpecker":
        return Wanted(text("CI_FORGE_TYPE"), text("CI_FORGE_URL"), text("CI_REPO"), text("CI_COMMIT_PULL_REQUEST"))
    if text("GITLAB_CI"):
        return Wanted(
            "gitlab", text("CI_API_V4_URL"), text("CI_MERGE_REQUEST_PROJECT_ID"), text("CI_MERGE_REQUEST_IID")
        )
    if text("GITHUB_ACTIONS") or _is_gitea_runner(environment):
        forge = "gitea" if _is_gitea_runner(environment) else "github"
        url = text("GITHUB_API_URL") or text("GITHUB_SERVER_URL")
        return Wanted(forge, url, text("GITHUB_REPOSITORY"), *_of_event(environment))
    return Wanted()


def _is_gitea_runner(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("GITEA_ACTIONS") or environment.get("FORGEJO_ACTIONS"))


def _of_event(environment: Mapping[str, str]) -> tuple[str, Head | None]:
    """The number in the ref of a pull request, else in the event; or the head that the workflow before this ran on.

    GitHub leaves `pull_requests` of `workflow_run` empty for forks, so the pull request has to be asked for.
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
    """What stands in nested objects, as text; empty where it does not."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) else ""
