"""What a person decides in `hclmod.toml` about images, single workloads and registries: values and their checks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hclmod.config.checks import Check, boolean, table, text

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_MAGIC = re.compile(r"[*?\[]")
_KEPT = re.compile(r"(?:patch|minor|major|all|(?:glob|regexp):\S.*)", re.ASCII)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[a-f0-9:]+\])(?::\d{1,5})?"
)
_MIRROR = re.compile(_HOST.pattern + r"(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_AT_ONCE = 64
_CLOSE = 0.8

WORDS = ("latest", "major", "never")
"""What `float` says besides a tag."""


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """What a person decided for the images that `pattern` matches, or for one workload; empty is not said.

    `float` is `latest`, `major`, a tag or `never`, and `reason` says why. Images of one `group` move together or not
    at all; an empty one leaves the group of a wider pattern. `policy` (`minor`, `glob:...`) is for images whose tag has
    to stay: how what runs is updated all the same.
    """

    pattern: str
    float: str = ""
    reason: str = ""
    group: str | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """How to reach a registry.

    `mirror` (`host:port/prefix`) is asked in its place, `plain_http` allows to ask it without TLS, `requests` is how
    many requests may be under way at once.
    """

    mirror: str = ""
    plain_http: bool = False
    requests: int = 4


def pattern(name: str, key: str) -> Iterator[str]:
    """Accept the name of an image, or a glob over names."""
    if not name or "@" in name or ":" in name.rpartition("/")[2]:
        yield f"{key}: write the image's name alone, without a tag or a digest"


def image(value: Any, key: str) -> Iterator[str]:
    """Accept a table of `[images]`."""
    yield from _IMAGE(value, key)
    yield from _decided(value, key, IMAGE_FIELDS)


def workload(value: Any, key: str) -> Iterator[str]:
    """Accept a table of `[workloads]`."""
    yield from _WORKLOAD(value, key)
    yield from _decided(value, key, WORKLOAD_FIELDS)


def _decided(value: Any, key: str, fields: Mapping[str, Check]) -> Iterator[str]:
    said = value if isinstance(value, dict) else {}
    if isinstance(value, dict) and not said.keys() & (fields.keys() - {"reason"}):
        others = " or ".join(f"`{name}`" for name in fields if name not in {"float", "reason"})
        yield f"{key}.float: missing; add it, or {others}"
    floated, kept = said.get("float"), said.get("policy")
    if isinstance(floated, str) and not _TAG.fullmatch(floated):
        yield f"{key}.float: write `latest`, `major`, `never` or a tag, not {floated!r}"
    elif isinstance(floated, str) and (word := _missed(floated)):
        yield f"{key}.float: {floated!r} would be taken as a tag; did you mean `{word}`?"
    if floated == "never" and not said.get("reason"):
        yield f'{key}.reason: missing; say why the image may never float: reason = "..."'
    if isinstance(kept, str) and not _KEPT.fullmatch(kept):
        yield f"{key}.policy: write `patch`, `minor`, `major`, `all`, `glob:...` or `regexp:...`, not {kept!r}"


def _missed(floated: str) -> str | None:
    """The word that was meant by letters that are nearly it, or differ in case; `test` and `latest2` are tags."""
    if floated in WORDS or not floated.isalpha():
        return None
    near = difflib.get_close_matches(floated.lower(), WORDS, 1, _CLOSE)
    return next((word for word in near if abs(len(word) - len(floated)) <= 1), None)


def host(name: str, key: str) -> Iterator[str]:
    """Accept the host of a registry as image names have it."""
    if not _HOST.fullmatch(name):
        yield f"{key}: write the registry as image names have it, such as `ghcr.io` or `registry.lan:5000`"
    elif name in {"registry-1.docker.io", "index.docker.io"}:
        yield f"{key}: images of Docker Hub are named `docker.io`; write that"


def registry(value: Any, key: str) -> Iterator[str]:
    """Accept a table of `[registries]`."""
    yield from _REGISTRY(value, key)


def _mirror(value: Any, key: str) -> Iterator[str]:
    yield from text(value, key)
    if isinstance(value, str) and not _MIRROR.fullmatch(value):
        yield f"{key}: write `host:port/prefix`, without `https://` and without a tag, not {value!r}"


def _requests(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or not 1 <= value <= _AT_ONCE:
        yield f"{key}: write how many requests may be under way at once, 1 to {_AT_ONCE}, not {value!r}"


WORKLOAD_FIELDS: Mapping[str, Check] = {"float": text, "reason": text, "policy": text}
IMAGE_FIELDS: Mapping[str, Check] = {**WORKLOAD_FIELDS, "group": text}
REGISTRY_FIELDS: Mapping[str, Check] = {"mirror": _mirror, "plain_http": boolean, "requests": _requests}
_IMAGE, _WORKLOAD, _REGISTRY = table(IMAGE_FIELDS), table(WORKLOAD_FIELDS), table(REGISTRY_FIELDS)


def images(raw: Mapping[str, Mapping[str, str]]) -> tuple[ImagePolicy, ...]:
    """Take the checked tables of `[images]`, the most specific pattern first."""
    return tuple(sorted((chosen(name, body) for name, body in raw.items()), key=_generality))


def chosen(name: str, raw: Mapping[str, str]) -> ImagePolicy:
    """Take one checked table of `[images]` or `[workloads]`."""
    return ImagePolicy(name, **raw)


def settings(raw: Mapping[str, Any]) -> Registry:
    """Take one checked table of `[registries]`."""
    return Registry(**raw)


def merged(policies: Sequence[ImagePolicy]) -> ImagePolicy | None:
    """Join policies, the strongest first: each key comes from the first one that says it, `reason` with its `float`."""
    if not policies:
        return None
    decided = next((each for each in policies if each.float), policies[0])
    group = next((each.group for each in policies if each.group is not None), None)
    policy = next((each.policy for each in policies if each.policy), "")
    return replace(decided, group=group, policy=policy)


def forms(repository: str) -> set[str]:
    """List the names by which an image may go: `redis`, `library/redis`, `docker.io/library/redis`."""
    first, _, rest = repository.partition("/")
    hub = not rest or not (first == "localhost" or "." in first or ":" in first)
    name = f"docker.io/{repository}" if hub else repository
    if not name.startswith("docker.io/"):
        return {name}
    short = name.removeprefix("docker.io/").removeprefix("library/")
    official = {"docker.io/library/" + short, "library/" + short} if "/" not in short else set()
    return {short, "docker.io/" + short, *official}


def _generality(policy: ImagePolicy) -> tuple[bool, int, str]:
    return bool(_MAGIC.search(policy.pattern)), -len(policy.pattern), policy.pattern
