"""What a run stands on: where paths start, the configuration, the tag snapshot, the rules that a person trusts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod.config import file as config
from hclmod.errors import ConfigError, HclmodError
from hclmod.images import evidence
from hclmod.rulekit import loading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.images.evidence import Snapshot


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a run stands on: where paths start, the config, the tag snapshot, and the rule folders a person named."""

    root: Path
    config: Config
    tags: Snapshot
    folders: tuple[Path | None, ...] = (None,)
    options: Mapping[str, Mapping[str, object]] | None = None  # from the command line; they win

    def options_of(self, number: int | None) -> dict[str, dict[str, object]]:
        """The options of every rule: of the file, then of the phase, then of the command line."""
        phase = self.config.phases.get(number) if number is not None else None
        layers = [self.config.options, phase.options if phase else {}, self.options or {}]
        rules = sorted({rule for layer in layers for rule in layer})
        return {rule: {k: v for layer in layers for k, v in layer.get(rule, {}).items()} for rule in rules}

    def rules_of(self, number: int) -> tuple[str, ...]:
        """The rules of a phase in its order: its own, else those of the file, else all built-in ones."""
        rules = self.config.phases[number].rules
        rules = self.config.rules if rules is None else rules
        return tuple(loading.available()) if rules is None else rules


def open_workspace(
    folder: Path,
    *,
    file: Path | None = None,
    rules: Sequence[Path] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Workspace:
    """Find and read `hclmod.toml` (or `file`) and the tag snapshot; what is not there is empty.

    `rules` are folders of rules that the caller trusts: their code is run.
    """
    path = file or config.find(folder)
    if path is None:
        root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
        read = config.parse(b"", "hclmod.toml")
        return Workspace(root, read, _tags(root / read.tags), (None, *rules), options)
    read = config.load(path)
    workspace = Workspace(path.parent.resolve(), read, _tags(path.parent / read.tags), (None, *rules), options)
    loading.check_options(workspace.options_of(None), workspace.folders)
    return workspace


def _tags(path: Path) -> Snapshot:
    return evidence.load(path) if path.is_file() else evidence.Snapshot({})


def settings(texts: Sequence[str]) -> dict[str, dict[str, object]]:
    """Options from `RULE.OPTION=VALUE`."""
    options: dict[str, dict[str, object]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        rule, dot, option = name.partition(".")
        if not (equals and dot and rule and option):
            raise HclmodError(f"`{text}` sets nothing", hint="Write RULE.OPTION=VALUE.")
        options.setdefault(rule, {})[option] = value
    return options


def phase_numbers(workspace: Workspace, wanted: str, *, dry_run: bool = False) -> tuple[int, ...]:
    """`3`, or for a dry run `all`: every phase of the config."""
    if wanted == "all" and dry_run:
        if not workspace.config.phases:
            raise ConfigError(f"{workspace.config.path} has no phases", hint="Add [phase.1] with stacks = [...].")
        return tuple(workspace.config.phases)
    if not wanted.isdecimal():
        raise HclmodError(f"`{wanted}` is no phase", hint="Give a number; `all` goes with --dry-run.")
    return (int(wanted),)


def name_of(root: Path, path: Path) -> str:
    """The path of a file from `root`, with forward slashes; links on the way are followed, the file itself is not."""
    absolute = path.absolute()
    resolved = absolute.parent.resolve() / absolute.name
    return Path(os.path.relpath(resolved, root)).as_posix()


def on_disk(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The contents of those files that are there and are no links."""
    paths = {name: root / name for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file() and not path.is_symlink()}
