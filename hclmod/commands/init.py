"""`hclmod init`: a first `hclmod.toml` from what the repository holds, with the phases left for a person to name."""

from __future__ import annotations

import json
import os
import posixpath
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from hclmod import journal
from hclmod.config import file
from hclmod.engine import tree
from hclmod.engine.project import Project
from hclmod.errors import ConfigError
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source, parse, unreadable
from hclmod.hcl.views import top_level
from hclmod.images.evidence import Snapshot
from hclmod.reports.model import count
from hclmod.scan import risk
from hclmod.terraform import stacks as stack
from hclmod.terraform.code import CODE, JSON
from hclmod.terraform.kubernetes import RELEASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hclmod.hcl.views import Block
    from hclmod.terraform.model import Model

_HEAD = """\
"$schema" = "urn:hclmod:config"  # the id of the JSON schema in hclmod/schemas
# {found}
stacks  = {stacks}  # the folders that Terraform is run in
exclude = {exclude}

# The rollout in phases, by risk: what is easy to put back first. Move stacks as you know better, then uncomment.
"""
_PHASE = """
# [phase.{number}]
# title  = "{title}"
# stacks = [
{stacks}
# ]
"""
_TAIL = """
# What an image floats on where the tag snapshot has no answer: "latest", "major", a tag, or "never" with a reason.
# [images."ghcr.io/example/*"]
# float = "latest"
"""


def init(root: Path) -> Path:
    """Write a first `hclmod.toml` for the repository at `root`; one that is there is a `ConfigError`."""
    project = Project(root, file.parse(b"", file.FILE_NAME), Snapshot({}), tree.on_disk(root))
    folders = {path.rpartition("/")[0] for path in project.tree.ending((*CODE, *JSON))}
    if not os.path.lexists(root / file.FILE_NAME) and not folders and not project.model.stacks:
        raise ConfigError("no Terraform here", hint="Run it at the root of a repository with .tf or .tofu files.")
    return write(root, project.model, folders)


def write(root: Path, model: Model, folders: Iterable[str]) -> Path:
    """Write the file into `root`; `folders` are all that hold `.tf` files. One that is there is a `ConfigError`."""
    path = root / file.FILE_NAME
    if os.path.lexists(path):
        raise ConfigError(f"{path.name} exists", hint="Change it by hand; nothing was written.")
    journal.replace_all(root, {path.name: text(model, folders).encode()}, {})
    return path


def text(model: Model, folders: Iterable[str]) -> str:
    """The text of the file: globs that find the model's stacks and no others, and a phase to be filled in."""
    stacks = [path for path in model.stacks if path or _is_run_in(model, path)]
    globs = _globs(stacks)
    exclude = _excluded(globs, stacks, folders)
    text = _text(len(set(stacks) - set(exclude)), len(exclude))
    head = _HEAD.format(found=text, stacks=json.dumps(globs), exclude=json.dumps(exclude))
    result = file.parse(head.encode(), file.FILE_NAME)
    busy = dict(_busy(model))
    phases = [
        _PHASE.format(
            number=number,
            title=title,
            stacks="\n".join(f'#  "{stack.name_of(path, result)}",  # {busy[path]}' for path in paths),
        )
        for number, (title, paths) in enumerate(risk.steps(model, busy), 1)
    ]
    return head + ("".join(phases) or "# (nothing here runs a container)\n") + _TAIL


def _is_run_in(model: Model, folder: str) -> bool:
    """Whether the folder's own files declare what Terraform is run for; copies of generated ones do not."""
    names = (path for path in model.texts(folder) if path.endswith(CODE) and posixpath.dirname(path) == folder)
    documents = (Document(path, model.text(path)) for path in names)
    sources = (parse(each) for each in documents if unreadable(each.data) is None)
    return any(_declares(block) for each in sources if isinstance(each, Source) for block in top_level(each)[1])


def _declares(block: Block) -> bool:
    backend = block.type == "terraform" and (block.blocks("backend") or block.blocks("cloud"))
    return block.type in {"resource", "module", "provider"} or bool(backend)


def _text(stacks: int, excluded: int) -> str:
    """How many stacks there are, and what `exclude` is about."""
    text = f"The globs find {count(stacks, 'stack')}"
    why = "modules that stacks call, and templates (`_` before the name)"
    return f"{text}; in `exclude` is what they would find besides: {why}." if excluded else f"{text}."


def _globs(stacks: Sequence[str]) -> list[str]:
    """One glob for each folder that holds several stacks, else the stack's own path."""
    beside: dict[str, list[str]] = defaultdict(list)
    for path in stacks:
        beside[posixpath.dirname(path) if path else ""].append(path or ".")
    several = [posixpath.join(parent, "*") for parent, paths in beside.items() if len(paths) > 1 and parent]
    single = [path for parent, paths in beside.items() if len(paths) == 1 or not parent for path in paths]
    return sorted([*several, *single])


def _excluded(globs: Sequence[str], stacks: Sequence[str], folders: Iterable[str]) -> list[str]:
    """What the globs find besides stacks: modules, and folders that are named as templates."""
    result = file.parse(f"stacks = {json.dumps(globs)}".encode(), file.FILE_NAME)
    owners = {stack.owner(folder, result) for folder in folders}
    templates = {path for path in stacks if posixpath.basename(path).startswith("_")}
    return sorted({owner for owner in owners if owner is not None} - set(stacks) | templates)


def _busy(model: Model) -> list[tuple[str, str]]:
    """The stacks that run something, and how much."""
    images = Counter(use.id.stack for use in model.uses)
    releases = Counter(each.id.stack for each in model.workloads if each.block.kind == RELEASE)
    busy = (path for path in model.stacks if images[path] + releases[path])
    return [
        (path, ", ".join(count(n, noun) for n, noun in ((images[path], "image"), (releases[path], "release")) if n))
        for path in busy
        if not posixpath.basename(path).startswith("_")
    ]
