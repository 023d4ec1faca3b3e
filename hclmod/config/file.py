"""`hclmod.toml` read into frozen values; one error lists everything that cannot be meant."""

from __future__ import annotations

import json
import os
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod import files
from hclmod.config import cluster, policies, rollout
from hclmod.config.checks import (
    Key,
    Type,
    anything,
    boolean,
    listed,
    matching,
    named,
    narrowed,
    refuse,
    table,
    text,
    texts,
)
from hclmod.config.cluster import Cluster
from hclmod.config.policies import ImagePolicy, Registry
from hclmod.config.rollout import Rollout
from hclmod.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


FILE_NAME = "hclmod.toml"
MARKDOWN = (".md", ".MD", ".markdown")
"""How the names of Markdown files end. MDX is none of them: the comments around the section are errors there."""
_PHASE = re.compile(r"0|[1-9][0-9]?")
_NAME = r"[^\W\d][\w-]*"
_INSTANCE = rf'module\.{_NAME}(?:\[(?:\d+|"[^"\[\]]+")\])?\.'
_WORKLOAD = re.compile(rf"(?:[^/\[]+/)+(?:{_INSTANCE})*{_NAME}\.{_NAME}")
_MAGIC = re.compile(r"[*?\[]")


class Phase(Struct, frozen=True, kw_only=True):
    """One step of the rollout: whose workloads, and which rules (`None`: those of the whole config)."""

    number: int
    title: str
    stacks: tuple[str, ...]
    workloads: tuple[str, ...]
    namespaces: tuple[str, ...]
    rules: tuple[str, ...] | None
    options: Mapping[str, Mapping[str, object]]


class Conventions(Struct, frozen=True, kw_only=True):
    """The Markdown files that get the section on conventions, below which heading, and which files nobody looks at."""

    files: tuple[str, ...] = ()
    after: str = ""
    exclude: tuple[str, ...] = ()


class Config(Struct, frozen=True, kw_only=True):
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
    workloads: Mapping[str, ImagePolicy] = field(default_factory=dict)  # by STACK/TYPE.NAME
    registries: Mapping[str, Registry] = field(default_factory=dict)  # by the host in image names
    stateful: tuple[str, ...] = ()  # globs over the names of images that hold data, besides those that are known
    keel: Cluster = field(default_factory=Cluster)  # facts about the cluster
    docs: str = ""  # the address of a rule's page, with `{rule}` in place of its id
    conventions: Conventions = field(default_factory=Conventions)
    canonical: str = ""  # the repository where changes belong, where others are mirrors of it
    rollout: Rollout = field(default_factory=Rollout)
    warnings: tuple[str, ...] = ()  # about keys that are still read, and what to write in their place

    def policy_for(self, repository: str) -> ImagePolicy | None:
        """Decide by the most specific pattern, for each key alone; an image goes by any of its names (`redis`)."""
        forms = policies.forms(repository)
        return policies.merged([p for p in self.images if any(fnmatchcase(form, p.pattern) for form in forms)])

    def settled(self, options: cluster.Options) -> tuple[Config, dict[str, dict[str, object]]]:
        """The config with the facts about the cluster that stand among the options of rules, and the other options."""
        facts, rest = cluster.split(options)
        return replace(self, keel=cluster.facts(facts, self.keel)), rest

    def places(self, name: str) -> tuple[str, ...]:
        """List the paths that a stack or workload may mean: the name, alone and below each glob."""
        return _places(name, self.stacks)


def with_table(data: bytes, name: str, entries: Mapping[str, str | Sequence[str]], comment: str = "") -> bytes | None:
    """The text of a config with a new table of texts and lists at its end; None where it has one, or is not TOML."""
    behind = f" # {comment}" if comment else ""
    table = {key: value if isinstance(value, str) else list(value) for key, value in entries.items()}
    lines = [f"{key} = {json.dumps(value)}{behind}\n" for key, value in table.items()]
    newline = "\n" if data and not data.endswith(b"\n") else ""
    added = f"{newline}\n[{name}]\n{''.join(lines)}".encode()
    text = data + (added.replace(b"\n", b"\r\n") if b"\r\n" in data else added)
    try:
        old, new = (tomllib.loads(each.decode("utf-8-sig")) for each in (data, text))
    except ValueError:
        return None
    return text if name not in old and new == {**old, name: table} else None


def load(path: Path) -> Config:
    """Read the file at `path`."""
    try:
        data = files.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse(data, str(path))


def find(folder: Path) -> Path | None:
    """Look for the config in `folder` and its parents, up to the root of the git repository."""
    start = folder.resolve()
    for candidate in (start, *start.parents):
        if os.path.lexists(candidate / FILE_NAME):
            return candidate / FILE_NAME
        if (candidate / ".git").exists():
            break
    return None


def parse(data: bytes, path: str) -> Config:
    """Make a config of a file's bytes; `path` is for messages."""
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint="Fix the syntax at that place.") from error
    refuse(path, _ROOT(raw, ""))
    config = _config(path, raw)
    refuse(path, _claimed_twice(config))
    return config


def _below(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and (not value or value[0] == "/" or "\\" in value or ".." in value.split("/")):
        yield f"{key}: write a path below the config's folder, with `/`, not {value!r}"


def _markdown(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and not value.endswith(MARKDOWN):
        yield f"{key}: write the path of a Markdown file, which ends in .md or .markdown, not {value!r}"


def _workload(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, str) and not _WORKLOAD.fullmatch(value):
        yield f"{key}: write STACK/TYPE.NAME, such as `ebooks/kubernetes_deployment.web`, not {value!r}"


def _through(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or not _PHASE.fullmatch(str(value)):
        yield f"{key}: write the number of the last phase that is done, 0 to 99, not {value!r}"


def _phase_number(name: str, key: str) -> Iterator[str]:
    if not _PHASE.fullmatch(name):
        yield f"{key}: a phase is a number from 0 to 99, such as [phase.3]"


def _one_line(value: str, key: str) -> Iterator[str]:
    if not value.strip() or len(value.splitlines()) > 1:
        yield f"{key}: write words on one line"


_PATH = narrowed(text, _below, {"pattern": "^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\\\]+$"})
_NAMED = r"^([^/\[]+/)+(module\.[^\W\d][\w-]*(\[(\d+|\"[^\"\[\]]+\")\])?\.)*[^\W\d][\w-]*\.[^\W\d][\w-]*$"
_TARGET = narrowed(_PATH, _workload, {"pattern": _NAMED})
_PATHS = listed(_PATH)
_PAGES = listed(narrowed(_PATH, _markdown, {"pattern": r"\.(md|MD|markdown)$"}))
_LINE = narrowed(text, _one_line, {"pattern": "^[^\\r\\n]+$"})
_OPTIONS = named(named(anything))
_MARKER_KEYS: Mapping[str, Key] = {
    "paths": Key(texts, "Attribute paths that `ignore_changes` lists, such as `metadata[0].annotations`."),
    "kinds": Key(texts, "Resource types. Default: those that own pods."),
    "comment": Key(
        _LINE,
        "Words for the comment, behind the name of the marker. A built-in marker may have them too.",
    ),
    "above": Key(
        boolean, "Whether a new list of one entry stands on one line, with the comment above it.", default=False
    ),
    "when": Key(
        named(text), 'Attribute paths and the literals that they must hold, such as {"spec.type" = "LoadBalancer"}.'
    ),
}
_PHASE_KEYS: Mapping[str, Key] = {
    "title": Key(text, "The name of the phase in reports and commits."),
    "stacks": Key(_PATHS, "Stacks, by path or by name under a glob's fixed part."),
    "workloads": Key(listed(_TARGET), "STACK/TYPE.NAME, for stacks whose workloads belong to several phases."),
    "namespaces": Key(texts, "Namespaces whose workloads belong to the phase."),
    "rules": Key(texts, "Rules of this phase. Default: those of the whole file."),
    "options": Key(_OPTIONS, "Options of a rule, for this phase."),
}
_ADDRESS = re.compile(r"https?://[^\s{}]+\{rule\}[^\s{}]*")
_REPORT_KEYS: Mapping[str, Key] = {
    "docs": Key(
        matching(_ADDRESS, "write an address with `{rule}` in place of the rule's id"),
        "Where the pages of rules are, such as `https://git.example/hclmod/docs/rules/{rule}.md`. SARIF links them.",
    ),
}
_DOCS_KEYS: Mapping[str, Key] = {
    "files": Key(
        _PAGES,
        "Markdown files (`.md`, `.markdown`) in which `hclmod conventions` keeps its section, such as `AGENTS.md`.",
    ),
    "after": Key(
        _LINE,
        "The heading, or its beginning, behind whose text a new section goes. Default: the end of the file.",
    ),
    "exclude": Key(_PATHS, "Globs of more Markdown files whose statements are not looked at."),
}
_CANONICAL = Key(_LINE, "The repository where changes belong: `git.example.net/you/infra`. `pr` opens none elsewhere.")
_ROOT_KEYS: Mapping[str, Key] = {
    "$schema": Key(text, "The JSON schema of this file, for editors."),
    "stacks": Key(_PATHS, "Globs of directories in which Terraform is run."),
    "exclude": Key(_PATHS, "Globs of directories among them that are not stacks."),
    "rules": Key(texts, "Rules of a phase that names none. Default: every built-in rule."),
    "through": Key(Type(_through, {"type": "integer", "minimum": 0, "maximum": 99}), "The last phase that is done."),
    "tags": Key(_PATH, "The tag snapshot.", default="hclmod.tags.json"),
    "except_unproven": Key(_PATHS, "Documents that a phase may leave out when their change cannot be proven."),
    "options": Key(_OPTIONS, "Options of a rule, for every phase."),
    "keel": Key(cluster.TYPE, "Facts about the cluster. `hclmod explain RULE` lists those that a rule reads."),
    "phase": Key(
        named(table(_PHASE_KEYS), Type(_phase_number, {"pattern": "^(0|[1-9][0-9]?)$"})),
        "A step of the rollout: which workloads, and which rules.",
    ),
    "images": Key(
        named(policies.IMAGE, policies.PATTERN), "Glob over an image's full or familiar name, without a tag."
    ),
    "workloads": Key(
        named(policies.WORKLOAD, _TARGET),
        "STACK/TYPE.NAME: what holds for the images of one workload, before `images`.",
    ),
    "registries": Key(
        named(policies.REGISTRY, policies.HOST), "How to reach a registry, by its host as image names have it."
    ),
    "stateful": Key(texts, "Globs over the names of more images that hold data."),
    "report": Key(table(_REPORT_KEYS), "What reports link to."),
    "docs": Key(table(_DOCS_KEYS), "The Markdown files of the repository, for `hclmod conventions`."),
    "remote": Key(table({"canonical": _CANONICAL}), "Where pull requests go, for `hclmod pr`."),
    "rollout": Key(rollout.TYPE, "The pace of `hclmod catch-up`."),
    "markers": Key(
        named(table(_MARKER_KEYS)),
        "What the cluster writes, by a name of your choice that `markers` of `keel` lists.",
    ),
}
_ROOT = table(_ROOT_KEYS)


def schema() -> dict[str, Any]:
    """The JSON schema of `hclmod.toml`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:hclmod:config",
        "title": FILE_NAME,
        "description": "Which stacks of a Terraform repository are refactored in which phase, and by which rules.",
        **_ROOT.schema,
    }


def _config(path: str, raw: Mapping[str, Any]) -> Config:
    phases = sorted((int(number), _phase(int(number), body)) for number, body in raw.get("phase", {}).items())
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
        images=policies.images(raw.get("images", {})),
        markers=raw.get("markers", {}),
        workloads={name: ImagePolicy(pattern=name, **body) for name, body in raw.get("workloads", {}).items()},
        registries={name: Registry(**body) for name, body in raw.get("registries", {}).items()},
        stateful=tuple(raw.get("stateful", ())),
        docs=raw.get("report", {}).get("docs", ""),
        conventions=_conventions(raw.get("docs", {})),
        canonical=raw.get("remote", {}).get("canonical", ""),
        keel=cluster.facts(raw.get("keel", {})),
        rollout=rollout.rollout(raw.get("rollout", {})),
        warnings=tuple(f"{path}: {each}" for each in cluster.deprecated(raw)),
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


def _conventions(raw: Mapping[str, Any]) -> Conventions:
    files, exclude = tuple(raw.get("files", ())), tuple(raw.get("exclude", ()))
    return Conventions(files=files, after=raw.get("after", ""), exclude=exclude)


def _optional(rules: list[str] | None) -> tuple[str, ...] | None:
    return None if rules is None else tuple(rules)


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
