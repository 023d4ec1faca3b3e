"""Stacks: the directories in which Terraform is run, and which phase each of their resources belongs to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field

from hclmod.errors import ConfigError, HclmodError, nearest
from hclmod.terraform.code import CODE, JSON
from hclmod.terraform.ids import BlockId, ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.config.policies import ImagePolicy
    from hclmod.terraform.apps import Apps


ROOT = "."
"""The name of the stack that lies at the root of the repository, whose path is empty."""


Parts = tuple[str, ...]


class Stack(Struct, frozen=True):
    """A directory that Terraform is run in, with the files of code below it that no other stack owns.

    `name` is the path without the fixed part of the glob that found it: `diun` for `stacks/diun`.
    """

    name: str
    path: str
    files: tuple[str, ...]


def discover(paths: Iterable[str], config: Config, apps: Apps | None = None) -> tuple[Stack, ...]:
    """The stacks among these tracked files, sorted by path; without globs the folders that hold files of code.

    A folder with a `terragrunt.hcl` alone is a stack whose module lies elsewhere: one that a glob finds, or without
    globs one below which there is no other such file. So is the folder of a Python program, with its documents.
    """
    every = sorted(paths)
    files = [path for path in every if path.endswith((*CODE, *JSON))]
    owners: dict[str, str | None] = {}
    below: dict[str, list[str]] = defaultdict(list)
    for file in files:
        folder = file.rpartition("/")[0]
        if folder not in owners:
            owners[folder] = owner(folder, config)
        if (stack := owners[folder]) is not None:
            below[stack].append(file)
    for folder in _with_terragrunt(every, config):
        below.setdefault(folder, [])
    for folder, app in (apps or {}).items():
        if owner(folder, config) == folder:
            below[folder] += app.documents
    return tuple(Stack(name_of(path, config), path, tuple(below[path])) for path in sorted(below))


def _with_terragrunt(paths: Sequence[str], config: Config) -> Iterator[str]:
    folders = [path.removesuffix(_TERRAGRUNT) for path in paths if f"/{path}".endswith(f"/{_TERRAGRUNT}")]
    for folder in folders:
        inner = not config.stacks and any(other != folder and other.startswith(folder) for other in folders)
        path = folder.rstrip("/")
        if path and not inner and owner(path, config) == path:
            yield path


_TERRAGRUNT = "terragrunt.hcl"


def owner(folder: str, config: Config) -> str | None:
    """The innermost stack that a folder belongs to, or None where it belongs to none or to an excluded one."""
    parts = PurePosixPath(folder).parts
    if not config.stacks:
        return None if _is_in(parts, config.exclude) else folder
    for length in range(len(parts), -1, -1):
        if _is_in(parts[:length], config.exclude):
            return None
        if _is_in(parts[:length], config.stacks):
            return "/".join(parts[:length])
    return None


def owned(path: str, files: Iterable[str], config: Config) -> frozenset[str]:
    """Those of the files that the stack at this path owns, and no stack below it."""
    return frozenset(file for file in files if owner(file.rpartition("/")[0], config) == path)


def name_of(path: str, config: Config) -> str:
    """The short name of a stack; the root of the repository is `.`."""
    glob = _first(PurePosixPath(path).parts, config.stacks)
    return path or ROOT if glob is None else "/".join(path.split("/")[len(_fixed_parts(glob)) :]) or path or ROOT


def _fixed_parts(glob: str) -> tuple[str, ...]:
    parts = PurePosixPath(glob).parts
    magic = next((index for index, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts) - 1)
    return parts[:magic]


@lru_cache(maxsize=1 << 14)  # the parents of a hundred stacks are asked about a hundred times
def _is_in(parts: Parts, globs: tuple[str, ...]) -> bool:
    """Whether one of the globs matches a path."""
    return bool(globs) and _first(parts, globs) is not None


def _first(parts: Parts, globs: tuple[str, ...]) -> str | None:
    """The first of the globs that matches a path."""
    plain, magic = _in_order(globs)
    number = plain.get(parts, len(globs))
    ahead = (at for at, patterns in magic if at < number and _matches(parts, patterns))
    number = min(next(ahead, number), number)
    return globs[number] if number < len(globs) else None


@lru_cache(maxsize=8)
def _in_order(globs: tuple[str, ...]) -> tuple[dict[Parts, int], list[tuple[int, Parts]]]:
    """The globs by their place: the paths among them, which are found at once, and those with wildcards."""
    parts = [PurePosixPath(glob).parts for glob in globs]
    plain = {each: at for at, each in reversed([*enumerate(parts)]) if not _MAGIC.search("".join(each))}
    return plain, [(at, each) for at, each in enumerate(parts) if _MAGIC.search("".join(each))]


_MAGIC = re.compile(r"[*?[]")


def _matches(parts: Parts, patterns: Parts) -> bool:
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


class Target(Struct, frozen=True):
    """A resource that the config names: `STACK/ADDRESS`, or `STACK/sub/folder/ADDRESS` for one folder of the stack.

    `STACK/module.a.ADDRESS` is the one that this call of a module makes, wherever the module lies.
    """

    stack: str  # its path
    folder: str | None  # the path of the folder, where one is named
    address: str
    module: str = ""  # the instance, such as `module.a`, where one is named

    def is_at(self, block: BlockId) -> bool:
        """Whether this names the resource of this block."""
        return self.address == block.address and self.folder in (None, block.folder)


PhaseOf = Callable[[ResourceId], int | None]
"""The phase of a resource, as `Assignment.phase_of`."""


class Assignment(Struct, frozen=True):
    """Which phase each stack and each single workload belongs to, and what is decided for single workloads."""

    stacks: Mapping[str, int]  # by path
    targets: Mapping[Target, int]
    decided: Mapping[Target, ImagePolicy] = field(default_factory=dict)

    def phase_of(self, resource: ResourceId) -> int | None:
        """The phase of a resource: the one that names it (with its call or folder first), else its stack's, else none.

        Without an instance of its module, what is named by a call is passed over.
        """
        target = next((each for each in _targets(resource) if each in self.targets), None)
        return self.stacks.get(resource.stack) if target is None else self.targets[target]

    def policy_of(self, resource: ResourceId) -> ImagePolicy | None:
        """What `[workloads]` says of a workload, None for nothing; it is named as for `phase_of`."""
        target = next((each for each in _targets(resource) if each in self.decided), None)
        return None if target is None else self.decided[target]

    def stacks_of(self, phase: int) -> frozenset[str]:
        """The paths of the stacks in which the phase has anything to do."""
        whole = {path for path, number in self.stacks.items() if number == phase}
        return frozenset(whole | {target.stack for target, number in self.targets.items() if number == phase})


def _targets(resource: ResourceId) -> tuple[Target, ...]:
    """How a resource may be named, the most exact way first."""
    stack, module, folder, address = resource
    called = (Target(stack, None, address, module),) if module else ()
    return (*called, Target(stack, folder, address), Target(stack, None, address))


def assign(config: Config, stacks: Sequence[Stack], *, known_only: bool = False) -> Assignment:
    """Resolve the names in the config's phases; a stack that does not exist is a `ConfigError` with a suggestion.

    With `known_only`, where `stacks` are not all there are, names of others are passed over.
    """
    known = _by_name(stacks)
    whole: dict[str, int] = {}
    targets: dict[Target, int] = {}

    def passed_over(name: str) -> bool:
        return known_only and not any(each == ROOT or _plain(name).startswith(f"{each}/") for each in known)

    for number, phase in config.phases.items():
        where = f"phase.{number}"
        for name in phase.stacks:
            if known_only and _plain(name) not in known:
                continue
            whole[_path(name, known, f"{where}.stacks", config)] = number
        for name in phase.workloads:
            if not passed_over(name):
                targets[target(name, known, f"{where}.workloads", config)] = number
    decided = {
        target(name, known, "workloads", config): policy
        for name, policy in config.workloads.items()
        if not passed_over(name)
    }
    return Assignment(whole, targets, decided)


def resolve(name: str, stacks: Sequence[Stack], where: str, config: Config) -> Target:
    """The resource that an option such as `allowlist = "kyverno/kubernetes_manifest.inject"` names."""
    return target(name, _by_name(stacks), where, config)


def target(name: str, known: Mapping[str, Sequence[str]], where: str, config: Config) -> Target:
    """Split STACK[/folder]/ADDRESS; `known` maps names and paths of stacks to the paths that they may mean."""
    head, whole = cut(name)
    module, address = split(whole)
    parts = _plain(head).split("/")
    for length in range(len(parts), -1, -1):
        stack = "/".join(parts[:length]) or ROOT
        if stack in known:
            path = _path(stack, known, where, config)
            rest = parts[length:]
            return Target(path, "/".join([path, *rest] if path else rest) if rest else None, address, module)
    return Target(_path(head, known, where, config), None, address, module)


def split(address: str) -> tuple[str, str]:
    """The instance of the module and the address in it: `module.a` and `kubernetes_deployment.web`."""
    rest, _, name = address.rpartition(".")
    module, _, kind = rest.rpartition(".")
    return module, f"{kind}.{name}"


def cut(name: str) -> tuple[str, str]:
    """STACK and ADDRESS of `STACK/ADDRESS`; a key such as `module.a["x/y"]` may hold slashes, a stack no bracket."""
    head, bracket, keys = name.partition("[")
    stack, _, address = head.rpartition("/")
    return stack, address + bracket + keys


def missing(target: str, known: Iterable[str], unread: Mapping[str, str]) -> str:
    """What to do about a `STACK/ADDRESS` that is not known: documents there that were not read, else the nearest."""
    asked = f"/{cut(target)[0]}/"
    if there := [f"{path} was not read: {why}." for path, why in sorted(unread.items()) if asked in f"/{path}"]:
        return " ".join(there)
    return nearest(target, known, "Write STACK/TYPE.NAME.", cutoff=0.8)


def named(name: str, stacks: Sequence[Stack]) -> str:
    """The path of the stack with this name or path, or the end of one; a `HclmodError` for none or more than one."""
    known = _by_name(stacks)
    ending = [each.path for each in stacks if each.path.endswith(f"/{_plain(name)}")]
    match known.get(_plain(name), ending):
        case (path,):
            return path
        case [] | ():
            raise HclmodError(f"no stack `{name}`", hint=nearest(name, known, "`hclmod survey` lists all stacks."))
        case paths:
            raise HclmodError(f"`{name}` is {' and '.join(paths)}", hint="Write the path of one of them.")


def _plain(name: str) -> str:
    """A path as the stacks have it: `./a/` is `a`."""
    return "/".join(PurePosixPath(name).parts) or ROOT


def _by_name(stacks: Sequence[Stack]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = defaultdict(list)
    for stack in stacks:
        for name in sorted({stack.name, stack.path or ROOT}):
            known[name].append(stack.path)
    return dict(known)


def _path(name: str, known: Mapping[str, Sequence[str]], where: str, config: Config) -> str:
    match known.get(_plain(name), ()):
        case (path,):
            return path
        case ():
            hint = nearest(name, known, "A stack is a folder with .tf files that `stacks` finds.")
            raise ConfigError(f"{config.path}: {where} names `{name}`, and there is no such stack", hint=hint)
        case paths:
            hint = "Write the path of the one that is meant, or globs that keep their names apart."
            raise ConfigError(f"{config.path}: {where} names `{name}`, which is {' and '.join(paths)}", hint=hint)
