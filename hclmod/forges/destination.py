"""Where a pull request goes: which remote, which forge, which repository there, and which way.

The address of the remote says the host and the repository. The forge of a host that not everybody knows comes from the
command line or from CI, and never from the repository: whoever wrote that would choose who gets the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from hclmod.errors import HclmodError, nearest
from hclmod.forges.dialects import DIALECTS
from hclmod.forges.places import KNOWN, below, named, place
from hclmod.forges.proposals import API, PUSH, Where
from hclmod.forges.target import Target, api_of, from_ci, host_of, is_gitea_runner, require_address
from hclmod.git.remotes import chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hclmod.forges.dialects import Dialect
    from hclmod.forges.places import Place
    from hclmod.forges.target import Request
    from hclmod.git.remotes import Remote


class Wishes(Struct, frozen=True, kw_only=True):
    """What a person says of the place; an empty text leaves it open. `canonical` is what the config says."""

    remote: str = ""
    forge: str = ""
    url: str = ""
    repo: str = ""
    head_repo: str = ""
    via: str = ""
    canonical: str = ""


def find(remotes: Sequence[Remote], wishes: Wishes, environment: Mapping[str, str]) -> Where:
    """The place, with a token if there is one; an `HclmodError` says which option is missing."""
    if wishes.url:
        require_address(wishes.url)
    remote = chosen(remotes, wishes.remote or _canonical(remotes, wishes) or "origin")
    _refuse_split(remote)
    location = place(remote.url)
    _refuse_mirror(remotes, remote, location, wishes)
    ci = from_ci(environment)
    dialect = DIALECTS[_kind(location, wishes, ci, remote)]
    url = wishes.url or (ci.url if _is_host_of(location, ci.url) else "") or (location.web if location else "")
    location = below(location, wishes.url) if location is not None and wishes.url else location
    head_repo = wishes.head_repo or (location.repo if location else wishes.repo)
    repo = wishes.repo or (location.repo if location else "")
    if not repo:
        raise HclmodError(f"the address of remote {remote.name} names no repository of a forge", hint="Give --repo.")
    _refuse_fork(remote, location, wishes)
    via = wishes.via or (PUSH if dialect.name == "gitea" else API)
    api = api_of(dialect, url)
    name, token = _token(dialect, environment, api, ci)
    target = Target(dialect=dialect, api=api, repo=repo, number=0, token=token, token_name=name)
    return Where(
        remote=remote,
        target=target,
        head_repo=head_repo,
        via=via,
        is_fork_meant=bool(wishes.head_repo),
        is_via_chosen=bool(wishes.via),
    )


def require_token(where: Where) -> None:
    """Refuse to go by the API without a token."""
    target = where.target
    if where.via == API and not target.token:
        dialect = target.dialect
        tokenless = "" if dialect.name == "github" else " --via push needs none."
        hint = f"Set {' or '.join(dialect.tokens)}. {dialect.pull_permission}{tokenless}"
        raise HclmodError(f"no token for {urlsplit(target.api).netloc} in the environment", hint=hint)


def _canonical(remotes: Sequence[Remote], wishes: Wishes) -> str:
    """The remote that leads to the repository that the config names; empty for none."""
    if not wishes.canonical:
        return ""
    name = named(wishes.canonical).name
    return next((each.name for each in remotes if (at := place(each.url)) and at.name == name), "")


def _refuse_split(remote: Remote) -> None:
    """Refuse a remote that pushes to another repository than the one whose branches it shows, or to several."""
    target, source = place(remote.url), place(remote.source)
    several = len(remote.url.splitlines()) > 1
    if several or (
        remote.source and remote.source != remote.url and not (target and source and target.name == source.name)
    ):
        what = "to several repositories" if several else "to another repository than it fetches from"
        raise HclmodError(f"remote {remote.name} pushes {what}", hint="Name one that does not with --remote.")


def _refuse_mirror(remotes: Sequence[Remote], remote: Remote, location: Place | None, wishes: Wishes) -> None:
    """Refuse a remote that is not where the config says that pull requests belong."""
    if not wishes.canonical or wishes.head_repo:
        return
    name = named(wishes.canonical).name
    if location is None or location.name != name:
        other = _canonical(remotes, wishes)
        hint = f"Give --remote {other}." if other else f"Add a remote for it: git remote add canonical https://{name}"
        raise HclmodError(f"remote {remote.name} is not {name}, where hclmod.toml says that changes belong", hint=hint)


def _refuse_fork(remote: Remote, location: Place | None, wishes: Wishes) -> None:
    """Refuse a remote that leads to another repository than the pull request, unless the person says so."""
    if location is None:
        return
    if wishes.head_repo and wishes.head_repo.lower() != location.repo.lower():
        hint = f"Give the remote of {wishes.head_repo} with --remote."
        raise HclmodError(f"remote {remote.name} pushes to {location.repo}, not to {wishes.head_repo}", hint=hint)
    other = wishes.repo and not wishes.repo.isdecimal() and wishes.repo.lower() != location.repo.lower()
    if other and not wishes.head_repo:
        hint = f"If {location.repo} is your fork, give --head-repo {location.repo}. Otherwise give another --remote."
        raise HclmodError(f"remote {remote.name} pushes to {location.repo}, not to {wishes.repo}", hint=hint)


def _kind(location: Place | None, wishes: Wishes, ci: Request, remote: Remote) -> str:
    """The name of the forge."""
    if wishes.forge:
        if wishes.forge not in DIALECTS:
            hint = nearest(wishes.forge, DIALECTS, f"Use one of {', '.join(DIALECTS)}.")
            raise HclmodError(f"unknown forge `{wishes.forge}`", hint=hint)
        return wishes.forge
    host = host_of(wishes.url) if wishes.url else location.host if location else ""
    known = KNOWN.get(host) or ("github" if host.endswith(".ghe.com") else "")
    if not known and ci.forge in DIALECTS and _is_host_of(location, ci.url):
        known = ci.forge
    if not known:
        hint = "Give --forge github, gitea, forgejo or gitlab, or set HCLMOD_FORGE."
        raise HclmodError(f"hclmod does not know which forge {host or f'remote {remote.name}'} is", hint=hint)
    return known


def _is_host_of(location: Place | None, url: str) -> bool:
    """Whether an address that CI names is on the host of the remote; GitHub's API has a host of its own."""
    host = host_of(url).removeprefix("api.")
    return location is not None and bool(host) and host == location.host


def _token(dialect: Dialect, environment: Mapping[str, str], api: str, ci: Request) -> tuple[str, str]:
    """The variable with the token, and the token.

    Gitea's runner names the token of its job as GitHub does. That one is for its own host and goes to no other.
    """
    is_runner = is_gitea_runner(environment)
    is_own = is_runner and host_of(ci.url) == host_of(api)
    of_job = environment.get("GITHUB_TOKEN", "").strip() if is_runner and not is_own else ""
    for name in (*dialect.tokens, "GITHUB_TOKEN") if is_own else dialect.tokens:
        token = environment.get(name, "").strip()
        if token and token != of_job:
            return name, token
    return "", ""
