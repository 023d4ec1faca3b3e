"""Whether code or a pipeline names a file: a file that nothing names is dead."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hclmod.scan import files as build_files

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from hclmod.scan.files import Files


def belongs(path: str, stack: str, folders: AbstractSet[str]) -> bool:
    """Whether a file is a stack's; at the root of the repository only what lies beside the `.tf` files is."""
    return path.startswith(f"{stack}/") if stack else posixpath.dirname(path) in folders


def is_ordered(path: str, orders: str) -> bool:
    """Whether a pipeline names the file, or the folder that it is built in."""
    names = [path] if "/" not in path or not build_files.is_dockerfile(path) else [path, posixpath.dirname(path)]
    return any(
        name in orders and re.search(rf"(?<![\w.-])(?:\./)?{re.escape(name)}/?(?![\w/-])", orders) for name in names
    )


def is_named(files: Files, path: str, stack: str, folders: AbstractSet[str]) -> bool:
    """Whether code of the stack names the file, or a folder around it, by a path from where the code stands."""
    home = posixpath.dirname(path)
    above = [home, *map(str, PurePosixPath(home).parents)] if home else [""]
    for folder in ("" if each == "." else each for each in above):
        own = posixpath.relpath(path, folder or ".")
        inner = posixpath.dirname(own) if home not in folders else ""
        named = rf"(?:[\"'\s=(,]|\./|\}}/){re.escape(own)}(?![\w.-])"
        around = rf"[.}}]/{re.escape(inner)}/?[\"'\s]"
        code = files.live(folder)
        if (own in code and re.search(named, code)) or (inner and inner in code and re.search(around, code)):
            return True
        if folder == stack:
            break
    return False
