"""Small repositories for the tests of origins: written as texts, asked as an model, changed at a site."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from hclmod.engine.project import in_memory
from hclmod.hcl import syntax, values
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.hcl.views import top_level
from hclmod.terraform.model import Model
from hclmod.terraform.origins import Hole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hclmod.engine.project import Project
    from hclmod.hcl.views import Attribute, Block
    from hclmod.terraform.origins import Origin, Site
    from hclmod.terraform.resources import ImageUse

Files = dict[str, str]

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="NO `terraform` ON THE PATH: nobody checked what hclmod thinks of values"
)


def source(path: str, text: str | bytes) -> Source:
    data = text.encode() if isinstance(text, str) else text
    return Source(Document(path, data), syntax.parse(data))


def workload(image: str, name: str = "web", head: str = "", more: str = "") -> str:
    """A deployment whose only container has this expression as its image."""
    return (
        f'resource "kubernetes_deployment" "{name}" {{\n  {head}\n  metadata {{\n    namespace = "ns"\n  }}\n'
        f'  spec {{\n    template {{\n      spec {{\n        container {{\n          name  = "{name}"\n'
        f"          image = {image}\n        }}\n{more}      }}\n    }}\n  }}\n}}\n"
    )


def project(files: Mapping[str, str | bytes], config: str = "", folders: Sequence[Path | None] = (None,)) -> Project:
    """A project of files in memory."""
    texts = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return in_memory({**texts, "hclmod.toml": config.encode()} if config else texts, rule_folders=folders)


def model(files: Mapping[str, str | bytes], *stacks: str) -> Model:
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return Model(stacks or ("s",), data, data.get)


def uses(files: Mapping[str, str | bytes], *stacks: str) -> dict[str, ImageUse]:
    return {use.id.full: use for use in model(files, *stacks).uses}


def told(origin: Origin) -> str:
    """Each part with its chain; `?` for a hole, `=` for what is not quoted, `@` another document than `s/main.tf`."""
    words = []
    for part in origin:
        chain = "".join(f" < {step}" for step in part.chain)
        if isinstance(part, Hole):
            words.append(f"?{part.text}{chain}: {part.why}")
        elif part.site is None:
            words.append(f"={part.text}{chain}")
        else:
            other = "" if part.site.document == "s/main.tf" else f" @{part.site.document}"
            words.append(f"{part.text}{chain}{other}")
    return " + ".join(words)


def _attributes(body: tuple[dict[str, Attribute], tuple[Block, ...]]) -> Iterator[Attribute]:
    attributes, blocks = body
    yield from attributes.values()
    for block in blocks:
        yield from _attributes((block.attributes, block.blocks()))


def literal(files: Mapping[str, str], site: Site) -> tuple[int, int]:
    """Where in its document the bytes of a site stand."""
    body = top_level(source(site.document, files[site.document]))
    (attribute,) = (each for each in _attributes(body) if each.path == site.path)
    span = values.literals(attribute.value)[site.place]
    return span.start, span.end


def written(files: Mapping[str, str], site: Site) -> str:
    start, end = literal(files, site)
    return files[site.document].encode()[start:end].decode()


def replaced(files: Mapping[str, str], site: Site, text: str) -> Files:
    """The same files with other bytes at a site, and nowhere else."""
    start, end = literal(files, site)
    data = files[site.document].encode()
    return {**files, site.document: (data[:start] + text.encode() + data[end:]).decode()}


class Terraform:
    """The real one, without providers: only the outputs of a folder."""

    def __init__(self, root: Path, folder: str) -> None:
        self.root, self.folder = root, root / folder

    def outputs(self, files: Files) -> dict[str, str]:
        """The outputs of the folder's configuration."""
        fresh = not self.folder.exists()
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        if fresh:
            self._run("init", "-backend=false", "-input=false", "-no-color")
        lines = self._run("apply", "-auto-approve", "-input=false", "-json").splitlines()
        (*_, found) = (message["outputs"] for line in lines if "outputs" in (message := json.loads(line)))
        return {name: output["value"] for name, output in found.items()}

    def _run(self, *arguments: str) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=environment | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
