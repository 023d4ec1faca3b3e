"""The files of rules: the built-in ones and those of folders that a person names. None of their code is run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hclmod.errors import RuleError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def builtin_folder() -> Path:
    """Where the built-in rules lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parents[1]
    installed = here / "rules"
    return installed if installed.is_dir() else here.parent / "rules"


def available(folder: Path | None = None) -> dict[str, Path]:
    """The rules of a folder (the built-in ones by default), id to file, sorted by id."""
    if folder is None:
        return dict(_builtin(""))
    if not folder.is_dir():
        raise RuleError(f"there is no folder of rules {folder}")
    return _rules(folder)


def group(name: str) -> tuple[str, ...]:
    """The ids of the built-in rules in the subfolder `name`: they run when a command names them, never by default."""
    return tuple(_builtin(name))


def every(folder: Path | None = None) -> dict[str, Path]:
    """The rules of a folder and, of the built-in ones, those of its subfolders, sorted by id."""
    return dict(_every_builtin()) if folder is None else available(folder)


@cache
def _builtin(name: str) -> Mapping[str, Path]:
    """The built-in rules of a subfolder, which do not change while the program runs."""
    return _rules(builtin_folder() / name)


@cache
def _every_builtin() -> Mapping[str, Path]:
    below = sorted(each.name for each in builtin_folder().glob("[a-z]*/") if each.is_dir())
    return dict(sorted(rule for name in ("", *below) for rule in _builtin(name).items()))


def _rules(folder: Path) -> dict[str, Path]:
    return {file.stem.replace("_", "-"): file for file in sorted(folder.glob("[a-z]*.py"))}


def find(rule: str, folders: Sequence[Path | None] = (None,)) -> Path:
    """The file of a rule; an unknown id is a `RuleError` with the nearest known one."""
    known = {name: path for folder in folders for name, path in every(folder).items()}
    if rule not in known:
        hint = nearest(rule, known, f"Known rules: {', '.join(sorted(known)) or 'none'}.")
        raise RuleError(f"there is no rule `{rule}`", hint=hint)
    return known[rule]
