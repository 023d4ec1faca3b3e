"""What the tests of the text layer share: parse, change, and ask the real `terraform fmt` in batches."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hclmod.hcl import alignment, edits, syntax
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTILE = sorted((Path(__file__).parents[2] / "fixtures" / "_hostile").glob("*.tf"))

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="NO `terraform` ON THE PATH: nothing was compared with its formatter"
)


def source(text: str | bytes) -> Source:
    data = text.encode() if isinstance(text, str) else text
    return Source(Document("main.tf", data), syntax.parse(data))


def block(text: str | bytes, *path: str) -> Block:
    """The first block of the text, or the first one at a path of types below it."""
    return top_level(source(text))[1][0].find(*path)[0]


def attribute(text: str | bytes, name: str) -> Attribute:
    """The attribute of this name at the top, or in the first block."""
    attributes, blocks = top_level(source(text))
    return attributes[name] if name in attributes else blocks[0].attributes[name]


def edited(before: Source, made: Sequence[edits.Edit]) -> Source:
    data = edits.apply(before.data, made)
    return Source(Document("main.tf", data), syntax.reparse(before.tree, before.data, sorted(made), data))


def applied(before: Source, fix: edits.Fix) -> Source:
    """The document after a fix, aligned again, as the engine does it."""
    made = sorted(fix.edits)
    after = edited(before, made)
    return edited(after, alignment.realign(before, made, after))


def formatted(texts: Sequence[bytes]) -> list[bytes | None]:
    """Each text as `terraform fmt` writes it, None where it refuses; one process for all that are valid."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{number}.tf" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text)
        if _fmt(folder):
            return [path.read_bytes() for path in paths]
        return [path.read_bytes() if _fmt(path) else None for path in paths]


def _fmt(path: Path) -> bool:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_CLI_ARGS")}
    done = subprocess.run(
        ["terraform", "fmt", "-list=false", str(path)],
        capture_output=True,
        env=environment | {"TF_CLI_CONFIG_FILE": os.devnull},
        check=False,
    )
    return done.returncode == 0
