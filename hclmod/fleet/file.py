"""`fleet.toml`, globs over local checkouts and standard input, read into one list of repositories."""

from __future__ import annotations

import glob
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod import files
from hclmod.config.checks import (
    Key,
    Type,
    boolean,
    listed,
    matching,
    named,
    narrowed,
    number,
    refuse,
    table,
    text,
    texts,
)
from hclmod.errors import ConfigError, HclmodError
from hclmod.git.address import Address, address
from hclmod.reports.escape import without_login

_TIME = re.compile(r"([1-9]\d{0,5})(s|m|h)")
_RATE = re.compile(r"([1-9]\d{0,5})/(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_EXECUTOR = re.compile(r"processes|dask:\S+")
_FORGE = re.compile(r"github|gitea|forgejo|gitlab")
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Member(Struct, frozen=True, kw_only=True):
    """One repository. Without `base` it is the default branch, without `phases` those of the fleet."""

    address: Address
    base: str = ""
    config: bytes | None = None
    phases: tuple[int, ...] = ()


class Fleet(Struct, frozen=True, kw_only=True):
    """A whole `fleet.toml`. Times are seconds, `depth` 0 is the whole history, `config` is for those without one.

    `rate` has the shortest time between two starts by host, `tokens` the name of a variable by host.
    """

    members: tuple[Member, ...]
    phases: tuple[int, ...] = ()
    jobs: int = 0
    executor: str = "processes"
    cache: str = ""
    timeout: float = 120.0
    depth: int = 0
    config: bytes | None = None
    tags: Path | None = None
    ledger: Path = Path("fleet.ledger.jsonl")
    rate: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    pull_requests: bool = False
    pull_requests_per_hour: int = 20
    forges: Mapping[str, str] = field(default_factory=dict)
    forge_urls: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    draft: bool = False
    stop_after_failures: int = 10
    max_megabytes: int = 500
    max_files: int = 100_000


def _positive(value: Any, key: str) -> Iterator[str]:
    if type(value) is int and value < 0:
        yield f"{key}: write a number from 0 on, not {value}"


def _above_zero(value: Any, key: str) -> Iterator[str]:
    if type(value) is int and value < 1:
        yield f"{key}: write a number from 1 on, not {value}"


def _filled(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and (not value or "\0" in value):
        yield f"{key}: write a name, not {value!r}"


def _phase(value: Any, key: str) -> Iterator[str]:
    if not isinstance(value, list) or any(type(each) is not int or not 0 <= each <= 99 for each in value):
        yield f"{key}: write a list of phases from 0 to 99, such as [3]"
    elif len(set(value)) < len(value):
        yield f"{key}: write each phase once"


_COUNT = narrowed(number, _positive, {"minimum": 0})
_SIZE = narrowed(number, _above_zero, {"minimum": 1})
_PHASES = Type(
    _phase, {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 99}, "uniqueItems": True}
)
_NAME = narrowed(text, _filled, {"minLength": 1})
_FLEET_KEYS: Mapping[str, Key] = {
    "phases": Key(_PHASES, "The phases of a repository that names none. `--phase` wins."),
    "paths": Key(listed(_NAME), "Globs of local checkouts, from the folder of this file."),
    "config": Key(_NAME, "The `hclmod.toml` of repositories that have none."),
    "tags": Key(_NAME, "One tag snapshot for all repositories. Without it each has its own."),
    "ledger": Key(_NAME, "The ledger. Default: the name of this file, ending in `.ledger.jsonl`."),
    "jobs": Key(_COUNT, "Repositories at once. Default: 2, with Dask the threads of the cluster."),
    "executor": Key(matching(_EXECUTOR, 'write "processes" or "dask:tcp://HOST:PORT"'), "Who does the work."),
    "cache": Key(
        _NAME, "The folder of the clones, from the folder of this file. Default: `$XDG_CACHE_HOME/hclmod/fleet`."
    ),
    "timeout": Key(matching(_TIME, 'write a time such as "120s"'), "Time for one repository.", default="120s"),
    "depth": Key(_COUNT, "Commits to fetch. 0 is the whole history, which says which phases are done.", default=0),
    "rate": Key(named(matching(_RATE, 'write a rate such as "1/s"')), "How many repositories may begin, by host."),
    "tokens": Key(
        named(matching(_VARIABLE, "write the name of a variable")),
        "The environment variable with the token, by host. Without it git asks its own helpers.",
    ),
    "pull_requests": Key(boolean, "Open or update a pull request for each branch, as `hclmod pr` does.", default=False),
    "pull_requests_per_hour": Key(_COUNT, "The most new ones in an hour. 0 means any number.", default=20),
    "forges": Key(
        named(matching(_FORGE, "write github, gitea, forgejo or gitlab")),
        "Which forge a host is, for hosts that not everybody knows.",
    ),
    "forge_urls": Key(
        named(matching(_URL, "write an address such as `https://git.example.net`")),
        "The address of the forge by the host of the repository, where it has another one.",
    ),
    "labels": Key(texts, "Labels for the pull requests."),
    "draft": Key(boolean, "Open pull requests as drafts.", default=False),
    "stop_after_failures": Key(_COUNT, "Stop after so many failures in a row. 0 never stops.", default=10),
    "max_megabytes": Key(_SIZE, "The largest repository.", default=500),
    "max_files": Key(_SIZE, "The most files in one repository.", default=100_000),
}
_REPO_KEYS: Mapping[str, Key] = {
    "url": Key(_NAME, "The address, as `git clone` takes it."),
    "path": Key(_NAME, "A local checkout in place of `url`, from the folder of this file."),
    "base": Key(text, "The branch to start from. Default: the default branch."),
    "config": Key(_NAME, "An `hclmod.toml` to use in place of the repository's own."),
    "phases": Key(_PHASES, "The phases of this repository."),
}
KEYS = {"fleet": _FLEET_KEYS, "repo": _REPO_KEYS}
"""The keys of the tables of the file."""

_ROOT = table(
    {
        "fleet": Key(table(_FLEET_KEYS), "What holds for all repositories."),
        "repo": Key(listed(table(_REPO_KEYS)), "One repository."),
    }
)


def read(name: str, stdin: bytes = b"") -> Fleet:
    """The fleet that a name means: a TOML file, `-` for a list in `stdin`, else globs over local checkouts."""
    if name == "-":
        lines = (line.strip() for line in stdin.decode("utf-8-sig", "surrogateescape").splitlines())
        addresses = [_address(line, Path()) for line in lines if line and not line.startswith("#")]
        return _checked(Fleet(members=tuple(Member(address=each) for each in addresses)), "standard input")
    path = Path(name)
    if path.is_file():
        return _checked(parse(files.load(path), path), name)
    return _checked(Fleet(members=tuple(_checkouts([name], Path()))), name)


def parse(data: bytes, path: Path) -> Fleet:
    """The fleet of a file's bytes; what it names is looked for in its folder."""
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint="Fix the syntax at that place.") from error
    refuse(str(path), _ROOT(raw, ""))
    refuse(str(path), _places(raw.get("repo", [])))
    settings, folder = dict(raw.get("fleet", {})), path.parent
    members = [_member(each, folder) for each in raw.get("repo", [])]
    members += _checkouts(settings.pop("paths", []), folder)
    made = {name: _value(name, value, folder) for name, value in settings.items()}
    if "cache" in made and not made.get("executor", "").startswith("dask:"):  # there each worker has its own
        made["cache"] = str(_place(made["cache"], folder))
    return Fleet(members=tuple(members), **{"ledger": path.with_suffix(".ledger.jsonl"), **made})


def _places(repos: list[Mapping[str, Any]]) -> Iterator[str]:
    for index, each in enumerate(repos):
        if ("url" in each) == ("path" in each):
            yield f"repo[{index}]: write either `url` or `path`"


def _value(name: str, value: Any, folder: Path) -> Any:
    match name:
        case "timeout":
            return _seconds(value)
        case "rate":
            return {host: _UNITS[each.rpartition("/")[2]] / int(each.partition("/")[0]) for host, each in value.items()}
        case "config":
            return _content(_place(value, folder))
        case "tags" | "ledger":
            return _place(value, folder)
        case "phases" | "labels":
            return tuple(value)
    return value


def _seconds(value: str) -> float:
    return float(value[:-1]) * _UNITS[value[-1]]


def _member(raw: Mapping[str, Any], folder: Path) -> Member:
    where = raw["url"] if "url" in raw else str(_place(raw["path"], folder))
    config = _content(_place(raw["config"], folder)) if "config" in raw else None
    return Member(
        address=_address(where, folder), base=raw.get("base", ""), config=config, phases=tuple(raw.get("phases", ()))
    )


def _address(text: str, folder: Path) -> Address:
    """An address without a login; one with a secret behind its `?` would be stored and shown with it."""
    place = address(text, folder)
    if (shown := without_login(place.url)) != place.url:
        hint = "Write https://USER:TOKEN@HOST/..., or name the variable that has the token in `tokens`."
        raise HclmodError(f"{shown} has a secret behind its `?`", hint=hint)
    return place


def _place(text: str, folder: Path) -> Path:
    """What a text names, from `folder`; `~` is the person's own."""
    try:
        return folder / Path(text).expanduser()
    except RuntimeError as error:
        raise HclmodError(f"{text}: there is no such person here", hint="Write the whole path.") from error


def _content(path: Path) -> bytes:
    try:
        return files.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint="Name an hclmod.toml.") from error


def _checkouts(patterns: list[str], folder: Path) -> Iterator[Member]:
    """The repositories among the folders that globs find, sorted."""
    for pattern in patterns:
        names = glob.glob(str(_place(pattern, Path(glob.escape(str(folder))))))  # noqa: PTH207 - patterns may be absolute
        there = [each for each in sorted(names) if _may_be_checkout(each)]
        if not there:
            raise HclmodError(f"{pattern} finds no git checkout", hint="Name a fleet.toml or `-`.")
        yield from (Member(address=address(each, folder)) for each in there)


def _may_be_checkout(folder: str) -> bool:
    """Whether a folder has a `.git`, or may not be looked into: then its row says so."""
    return os.path.lexists(f"{folder}/.git") or (os.path.isdir(folder) and not os.access(folder, os.X_OK))  # noqa: PTH112 - a string


def _checked(fleet: Fleet, name: str) -> Fleet:
    """The fleet, unless it is empty or names a repository twice."""
    if not fleet.members:
        raise HclmodError(f"{name} names no repository", hint="Add [[repo]] with a `url`.")
    names = Counter(each.address.name for each in fleet.members)
    if twice := sorted({each.address.url for each in fleet.members if names[each.address.name] > 1}):
        raise HclmodError(f"{name} names a repository twice: {', '.join(twice)}", hint="Leave one of them.")
    return fleet


def unset(fleet: Fleet, environment: Mapping[str, str]) -> list[str]:
    """The variables that should hold a token and hold none; workers of Dask have an environment of their own."""
    here = not fleet.executor.startswith("dask:")
    return sorted({each for each in fleet.tokens.values() if here and not environment.get(each, "").strip()})


def settled(fleet: Fleet, phase: int | None, ledger: Path | None, *, needs_phase: bool = True) -> Fleet:
    """The fleet with what the command line says; an error where a repository has no phase to do."""
    if phase is not None:
        members = tuple(replace(each, phases=(phase,)) for each in fleet.members)
        fleet = replace(fleet, members=members, phases=(phase,))
    without = [each for each in fleet.members if not (each.phases or fleet.phases)]
    if without and needs_phase:
        raise HclmodError(
            f"no phase to do for {without[0].address.url}", hint="Give --phase N, or `phases` in [fleet]."
        )
    return fleet if ledger is None else replace(fleet, ledger=ledger)
