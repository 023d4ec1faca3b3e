"""Stacks that are Python programs: folders with a `cdktf.json` whose language is Python, and the documents below.

CDK for Terraform and its continuation CDK Terrain read the same file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.python import ENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Read = Callable[[str], bytes | None]
    Apps = Mapping[str, "App"]

FILE = "cdktf.json"
_ENVIRONMENT = "pyvenv.cfg"
_OUTPUT = "imports"
_NEVER = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "cdktf.out", "tests", "test"})


class App(Struct, frozen=True, kw_only=True):
    """A program: the command that synthesises it, the folder of its generated bindings, its documents."""

    command: str
    output: str
    documents: tuple[str, ...]


def find(paths: Iterable[str], read: Read) -> Mapping[str, App]:
    """The programs among files, by the folder of their `cdktf.json`."""
    every = tuple(paths)
    homes = [path for path in every if path.endswith(FILE) and f"/{path}".endswith(f"/{FILE}")]
    known = {path.removesuffix(FILE).rstrip("/"): _settings(read(path)) for path in homes}
    environments = tuple(path.removesuffix(_ENVIRONMENT) for path in every if path.endswith(f"/{_ENVIRONMENT}"))
    python = {home: settings for home, settings in known.items() if settings.get("language") == "python"}
    if not python:
        return {}
    documents: dict[str, list[str]] = {home: [] for home in python}
    for path in sorted(each for each in every if each.endswith(ENDING) and not each.startswith(environments)):
        home = _home(path, known)
        if home in documents and not _is_foreign(path, home, _output(python[home])):
            documents[home].append(path)
    return {
        home: App(command=str(settings.get("app", "")), output=_output(settings), documents=tuple(documents[home]))
        for home, settings in sorted(python.items())
    }


def _settings(data: bytes | None) -> Mapping[str, object]:
    try:
        settings = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _output(settings: Mapping[str, object]) -> str:
    return str(settings.get("codeMakerOutput") or _OUTPUT).strip("./")


def home_of(path: str, homes: Iterable[str]) -> str | None:
    """The innermost of these folders around a document; None where it lies in none."""
    return _home(path, dict.fromkeys(homes))


def _home(path: str, homes: Mapping[str, object]) -> str | None:
    folder = path.rpartition("/")[0]
    while folder not in homes:
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    return folder


def _is_foreign(path: str, home: str, output: str) -> bool:
    """Whether a document is generated, of an environment of Python, or a test."""
    inner = path.removeprefix(f"{home}/" if home else "")
    folders = inner.split("/")[:-1]
    return inner.startswith(f"{output}/") or any(each in _NEVER or each.startswith(".") for each in folders)
