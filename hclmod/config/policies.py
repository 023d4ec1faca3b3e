"""What a person decides in `hclmod.toml` about images, single workloads and registries: values and their checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from hclmod.config.checks import Check, Key, Type, boolean, matching, narrowed, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


class ImagePolicy(Struct, frozen=True, kw_only=True):
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

    @property
    def is_exact(self) -> bool:
        """Whether a person named one image or workload, and not a pattern for many."""
        return not _MAGIC.search(self.pattern)


class Registry(Struct, frozen=True):
    """How to reach a registry.

    `mirror` (`host:port/prefix`) is asked in its place, `plain_http` allows to ask it without TLS, `requests` is how
    many requests may be under way at once.
    """

    mirror: str = ""
    plain_http: bool = False
    requests: int = 4


def _pattern(name: str, key: str) -> Iterator[str]:
    if not name or "@" in name or ":" in name.rpartition("/")[2]:
        yield f"{key}: write the image's name alone, without a tag or a digest"


def _decided(keys: Mapping[str, Key]) -> Check:
    """The check of what the keys of `[images]` and `[workloads]` say together."""

    def check(value: Any, key: str) -> Iterator[str]:
        message = value if isinstance(value, dict) else {}
        if isinstance(value, dict) and not message.keys() & (keys.keys() - {"reason"}):
            others = " or ".join(f"`{name}`" for name in keys if name not in {"float", "reason"})
            yield f"{key}.float: missing; add it, or {others}"
        if message.get("float") == "never" and not message.get("reason"):
            yield f'{key}.reason: missing; say why the image may never float: reason = "..."'

    return check


def _float(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and not _TAG.fullmatch(value):
        yield f"{key}: write `latest`, `major`, `never` or a tag, not {value!r}"
    elif isinstance(value, str) and (word := _missed(value)):
        yield f"{key}: {value!r} would be taken as a tag; did you mean `{word}`?"


def _missed(floated: str) -> str | None:
    """The word that was meant by letters that are nearly it, or differ in case; `test` and `latest2` are tags."""
    if floated in WORDS or not floated.isalpha():
        return None
    import difflib

    near = difflib.get_close_matches(floated.lower(), WORDS, 1, _CLOSE)
    return next((word for word in near if abs(len(word) - len(floated)) <= 1), None)


def _host(name: str, key: str) -> Iterator[str]:
    if not _HOST.fullmatch(name):
        yield f"{key}: write the registry as image names have it, such as `ghcr.io` or `registry.lan:5000`"
    elif name in {"registry-1.docker.io", "index.docker.io"}:
        yield f"{key}: images of Docker Hub are named `docker.io`; write that"


def _requests(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or not 1 <= value <= _AT_ONCE:
        yield f"{key}: write how many requests may be under way at once, 1 to {_AT_ONCE}, not {value!r}"


def _choice(keys: Mapping[str, Key]) -> Type:
    """A table of `[images]` or `[workloads]`."""
    reasoned = {
        "if": {"required": ["float"], "properties": {"float": {"const": "never"}}},
        "then": {"required": ["reason"], "properties": {"reason": {"minLength": 1}}},
    }
    one = [{"required": [name]} for name in keys if name != "reason"]
    return narrowed(table(keys), _decided(keys), {"anyOf": one, **reasoned})


WORKLOAD_KEYS: Mapping[str, Key] = {
    "float": Key(
        narrowed(text, _float, {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"}),
        "`latest`, `major`, `never`, or the tag to float on, such as `release`.",
    ),
    "reason": Key(text, "Why. Required for `never`."),
    "policy": Key(
        matching(_KEPT, "write `patch`, `minor`, `major`, `all`, `glob:...` or `regexp:...`"),
        "How the image may be updated in the cluster where its tag has to stay.",
    ),
}
IMAGE_KEYS: Mapping[str, Key] = {
    **WORKLOAD_KEYS,
    "group": Key(
        text, "Images of one group move together or not at all. An empty one leaves the group of a wider pattern."
    ),
}
REGISTRY_KEYS: Mapping[str, Key] = {
    "mirror": Key(
        matching(_MIRROR, "write `host:port/prefix`, without `https://` and without a tag"),
        "host:port/prefix to query in its place.",
    ),
    "plain_http": Key(boolean, "Whether to query it without TLS.", default=False),
    "requests": Key(
        Type(_requests, {"type": "integer", "minimum": 1, "maximum": _AT_ONCE}),
        "How many requests may run at once.",
        default=4,
    ),
}
PATTERN = Type(_pattern, {"pattern": "^([^@]*/)?[^@/:]+$"})
HOST = Type(_host, {"pattern": "^(?!(registry-1|index)\\.docker\\.io$)[a-z0-9.:\\[\\]-]+$"})
IMAGE, WORKLOAD, REGISTRY = _choice(IMAGE_KEYS), _choice(WORKLOAD_KEYS), table(REGISTRY_KEYS)


def images(raw: Mapping[str, Mapping[str, str]]) -> tuple[ImagePolicy, ...]:
    """Take the checked tables of `[images]`, the most specific pattern first."""
    return tuple(sorted((ImagePolicy(pattern=name, **body) for name, body in raw.items()), key=_generality))


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
