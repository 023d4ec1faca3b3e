"""`hclmod.toml` read into frozen values; all that cannot be meant is told in one error."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hclmod.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Check = Callable[[Any, str], Iterator[str]]
FILE_NAME = "hclmod.toml"
_PHASE = re.compile(r"0|[1-9][0-9]?")
_NAME = r"[^\W\d][\w-]*"
_INSTANCE = rf'module\.{_NAME}(?:\[(?:\d+|"[^"\]./]+")\])?\.'
_ADDRESS = re.compile(rf"(?:{_INSTANCE})*{_NAME}\.{_NAME}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_MAGIC = re.compile(r"[*?\[]")
_KINDS = {bool: "a boolean", int: "a number", str: "a string", list: "an array", dict: "a table"}


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the rollout: whose workloads, and which rules (`None`: those of the whole config)."""

    number: int
    title: str
    stacks: tuple[str, ...]
    workloads: tuple[str, ...]
    namespaces: tuple[str, ...]
    rules: tuple[str, ...] | None
    options: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """What a person decided for the images that `pattern` matches: `latest`, `major`, a tag, or `never`."""

    pattern: str
    float: str
    reason: str


@dataclass(frozen=True, slots=True)
class Config:
    """A whole `hclmod.toml`; `rules` is `None` where the file leaves the choice to the built-in ones."""

    path: str
    stacks: tuple[str, ...]
    exclude: tuple[str, ...]
    rules: tuple[str, ...] | None
    through: int | None
    tags: str
    except_unproven: tuple[str, ...]
    options: Mapping[str, Mapping[str, object]]
    phases: Mapping[int, Phase]
    images: tuple[ImagePolicy, ...]  # the most specific first
    markers: Mapping[str, Mapping[str, object]]

    def policy_for(self, repository: str) -> ImagePolicy | None:
        """Decide by the most specific pattern; an image may go by `redis` or `docker.io/library/redis`."""
        forms = _forms(repository)
        matching = (p for p in self.images if any(fnmatchcase(form, p.pattern) for form in forms))
        return next(matching, None)

    def places(self, name: str) -> tuple[str, ...]:
        """List the paths that a stack or workload may mean: the name, alone and below each glob."""
        return _places(name, self.stacks)


def load(path: Path) -> Config:
    """Read the file at `path`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse(data, str(path))


def find(folder: Path) -> Path | None:
    """Look for the config in `folder` and its parents, up to the root of the git repository."""
    start = folder.resolve()
    for candidate in (start, *start.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate / FILE_NAME
        if (candidate / ".git").exists():
            break
    return None


def parse(data: bytes, path: str) -> Config:
    """Make a config of a file's bytes; `path` is for messages."""
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint="Mend the syntax at that place.") from error
    refuse(path, _ROOT(raw, ""))
    config = _config(path, raw)
    refuse(path, _claimed_twice(config))
    return config


def refuse(path: str, problems: Iterable[str]) -> None:
    """Raise one error that lists all problems; without any, do nothing."""
    lines = [f"{path}: {problem}" for problem in problems]
    if lines:
        raise ConfigError("\n".join(lines))


def dotted(parent: str, name: str) -> str:
    """Write the key `name` of the table `parent`, quoted where TOML would quote it."""
    key = name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return f"{parent}.{key}" if parent else key


def table(fields: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """Accept a table with these keys and no others."""

    def check(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            known = fields.get(name)
            yield from known(inner, dotted(key, name)) if known else _unknown(key, name, fields)
        missing = [name for name in required if isinstance(value, dict) and name not in value]
        yield from (f"{dotted(key, name)}: missing; add it" for name in missing)

    return check


def named(check: Check, name_check: Check | None = None) -> Check:
    """Accept a table whose keys the user chooses, with values that hold to `check`."""

    def check_all(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, dict), key, "a table", value)
        for name, inner in value.items() if isinstance(value, dict) else ():
            inside = dotted(key, name)
            yield from name_check(name, inside) if name_check else ()
            yield from check(inner, inside)

    return check_all


def text(value: Any, key: str) -> Iterator[str]:
    """Accept any string."""
    yield from _problem(isinstance(value, str), key, "a string", value)


def _listed(check: Check) -> Check:
    def check_all(value: Any, key: str) -> Iterator[str]:
        yield from _problem(isinstance(value, list), key, "an array of strings", value)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from check(item, f"{key}[{index}]")

    return check_all


def _problem(fine: bool, key: str, wanted: str, value: object) -> Iterator[str]:  # noqa: FBT001
    if not fine:
        yield f"{key}: write {wanted}, not {_KINDS.get(type(value), type(value).__name__)}"


def _unknown(parent: str, name: str, known: Iterable[str]) -> Iterator[str]:
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(known))}"
    yield f"{dotted(parent, name)}: unknown key; {advice}"


def _path(value: Any, key: str) -> Iterator[str]:
    yield from text(value, key)
    if isinstance(value, str) and (not value or value[0] == "/" or "\\" in value or ".." in value.split("/")):
        yield f"{key}: write a path below the config's folder, with `/`, not {value!r}"


def _workload(value: Any, key: str) -> Iterator[str]:
    yield from _path(value, key)
    if isinstance(value, str) and not (
        "/" in value.strip("/") and "//" not in value and _ADDRESS.fullmatch(value.rpartition("/")[2])
    ):
        yield f"{key}: write STACK/TYPE.NAME, such as `ebooks/kubernetes_deployment.web`, not {value!r}"


def _through(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or not _PHASE.fullmatch(str(value)):
        yield f"{key}: write the number of the last phase that is done, 0 to 99, not {value!r}"


def _phase_number(name: str, key: str) -> Iterator[str]:
    if not _PHASE.fullmatch(name):
        yield f"{key}: a phase is a number from 0 to 99, such as [phase.3]"


def _pattern(name: str, key: str) -> Iterator[str]:
    if not name or "@" in name or ":" in name.rpartition("/")[2]:
        yield f"{key}: write the image's name alone, without a tag or a digest"


def _image(value: Any, key: str) -> Iterator[str]:
    yield from _IMAGE(value, key)
    floated = value.get("float") if isinstance(value, dict) else None
    if isinstance(floated, str) and not _TAG.fullmatch(floated):
        yield f"{key}.float: write `latest`, `major`, `never` or a tag, not {floated!r}"
    if floated == "never" and not value.get("reason"):
        yield f'{key}.reason: missing; say why the image may never float: reason = "..."'


def _anything(_value: Any, _key: str) -> Iterator[str]:
    yield from ()


_TEXTS = _listed(text)
_PATHS = _listed(_path)
_OPTIONS = named(named(_anything))
_IMAGE_FIELDS: Mapping[str, Check] = {"float": text, "reason": text}
_IMAGE = table(_IMAGE_FIELDS, required=["float"])
_MARKER_FIELDS: Mapping[str, Check] = {"paths": _TEXTS, "kinds": _TEXTS, "when": named(text)}
_PHASE_FIELDS: Mapping[str, Check] = {
    "title": text,
    "stacks": _PATHS,
    "workloads": _listed(_workload),
    "namespaces": _TEXTS,
    "rules": _TEXTS,
    "options": _OPTIONS,
}
_ROOT_FIELDS: Mapping[str, Check] = {
    "stacks": _PATHS,
    "exclude": _PATHS,
    "rules": _TEXTS,
    "through": _through,
    "tags": _path,
    "except_unproven": _PATHS,
    "options": _OPTIONS,
    "phase": named(table(_PHASE_FIELDS), _phase_number),
    "images": named(_image, _pattern),
    "markers": named(table(_MARKER_FIELDS)),
}
_ROOT = table(_ROOT_FIELDS)


def _config(path: str, raw: Mapping[str, Any]) -> Config:
    phases = sorted((int(number), _phase(int(number), body)) for number, body in raw.get("phase", {}).items())
    images = (ImagePolicy(n, i["float"], i.get("reason", "")) for n, i in raw.get("images", {}).items())
    return Config(
        path=path,
        stacks=tuple(raw.get("stacks", ())),
        exclude=tuple(raw.get("exclude", ())),
        rules=_optional(raw.get("rules")),
        through=raw.get("through"),
        tags=raw.get("tags", "hclmod.tags.json"),
        except_unproven=tuple(raw.get("except_unproven", ())),
        options=raw.get("options", {}),
        phases=dict(phases),
        images=tuple(sorted(images, key=_generality)),
        markers=raw.get("markers", {}),
    )


def _phase(number: int, raw: Mapping[str, Any]) -> Phase:
    return Phase(
        number=number,
        title=raw.get("title", ""),
        stacks=tuple(raw.get("stacks", ())),
        workloads=tuple(raw.get("workloads", ())),
        namespaces=tuple(raw.get("namespaces", ())),
        rules=_optional(raw.get("rules")),
        options=raw.get("options", {}),
    )


def _optional(rules: list[str] | None) -> tuple[str, ...] | None:
    return None if rules is None else tuple(rules)


def _generality(policy: ImagePolicy) -> tuple[bool, int, str]:
    return bool(_MAGIC.search(policy.pattern)), -len(policy.pattern), policy.pattern


def _forms(repository: str) -> set[str]:
    first, _, rest = repository.partition("/")
    hub = not rest or not (first == "localhost" or "." in first or ":" in first)
    name = f"docker.io/{repository}" if hub else repository
    if not name.startswith("docker.io/"):
        return {name}
    short = name.removeprefix("docker.io/").removeprefix("library/")
    official = {"docker.io/library/" + short, "library/" + short} if "/" not in short else set()
    return {short, "docker.io/" + short, *official}


def _places(name: str, globs: Iterable[str]) -> tuple[str, ...]:
    folders = {_fixed_part(PurePosixPath(glob)) for glob in globs}
    return (PurePosixPath(name).as_posix(), *sorted((f / name).as_posix() for f in folders if f.parts))


def _fixed_part(glob: PurePosixPath) -> PurePosixPath:
    magic = [index for index, part in enumerate(glob.parts) if _MAGIC.search(part)]
    return PurePosixPath(*glob.parts[: magic[0]]) if magic else glob.parent


def _claimed_twice(config: Config) -> Iterator[str]:
    for kind in ("stacks", "workloads", "namespaces"):
        owners: dict[str, int] = {}
        for phase in config.phases.values():
            for name in getattr(phase, kind):
                places = config.places(name)
                earlier = {owners[place] for place in places if place in owners} - {phase.number}
                owners.update(dict.fromkeys(places, phase.number))
                for number in sorted(earlier):
                    yield f"phase.{phase.number}.{kind}: {name!r} is in phase {number} too; leave it in one"
