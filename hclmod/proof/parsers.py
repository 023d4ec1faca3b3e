"""The parsers that sit in judgement: HashiCorp's own (pygohcl, else the `terraform` binary) and python-hcl2.

They are the only users of those packages here, loaded when the first document changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from hclmod import hurry

SECONDS = 30
"""How long `terraform fmt` may take over one document."""

HEREDOC_LINES = 20_000
"""A document with a heredoc and more lines than this takes HashiCorp's parser minutes (docs/facts.md, Parsers 5)."""


class Accepted(Struct, frozen=True):
    """An official parser reads the document."""

    judge: str


class Rejected(Struct, frozen=True):
    """A parser does not read the text, in its own words."""

    judge: str
    why: str


class Absent(Struct, frozen=True):
    """Neither pygohcl nor `terraform` is installed."""


def official(data: bytes) -> Accepted | Rejected | Absent:
    """What HashiCorp's parser says of a whole document; what pygohcl rejects, `terraform` may still save."""
    if b"<<" in data and data.count(b"\n") > HEREDOC_LINES:
        return Rejected("hclmod", f"with a heredoc and more than {HEREDOC_LINES} lines, reading it would take minutes")
    verdict = _gohcl(data)
    return verdict if isinstance(verdict, Accepted) else _terraform(data) or verdict


def _gohcl(data: bytes) -> Accepted | Rejected | Absent:
    try:
        import pygohcl
    except ImportError:
        return Absent()
    judge = _named("pygohcl")
    try:
        pygohcl.loads(data.decode("utf-8-sig"))
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError, RecursionError, ValueError) as error:
        return Rejected(judge, " ".join(str(error).split()))
    return Accepted(judge)


def _terraform(data: bytes) -> Accepted | Rejected | None:
    binary = shutil.which("terraform")
    if binary is None:
        return None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_CLI_ARGS")}
    environment["TF_CLI_CONFIG_FILE"] = os.devnull
    command = [binary, "fmt", "-no-color", "-"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=environment, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        hurry.note()
        return Rejected("terraform fmt", str(error))
    if done.returncode == 0:
        return Accepted("terraform fmt")
    return Rejected("terraform fmt", " ".join(done.stderr.decode(errors="replace").split()))


def load() -> None:
    """Load python-hcl2 with its grammar, which takes longer than all that it reads for most phases."""
    structure(b"")


def structure(text: bytes) -> dict[str, Any] | Rejected:
    """What python-hcl2 reads in a body, comments left out; blocks are lists of dictionaries marked `__is_block__`.

    Numbers and booleans come with their type's name, since Python takes `true` and `1` for equal.
    """
    return _structure(text.decode("utf-8-sig"))


@lru_cache(maxsize=1024)  # the same `lifecycle` block stands in a hundred stacks
def _structure(text: str) -> dict[str, Any] | Rejected:
    import hcl2
    from hcl2.utils import SerializationOptions
    from lark.exceptions import LarkError

    try:
        read = hcl2.loads(text, serialization_options=SerializationOptions(with_comments=False))
        return {name: _typed(value) for name, value in read.items()}
    except (LarkError, RecursionError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Rejected(_named("python-hcl2"), str(error).split("\n", 1)[0] or type(error).__name__)


def plain(text: bytes) -> dict[str, Any] | None:
    """What pygohcl makes of a body; None where it is not installed or does not read it."""
    try:
        import pygohcl
    except ImportError:
        return None
    try:
        return dict(pygohcl.loads(text.decode("utf-8-sig")))
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError, RecursionError, ValueError):
        return None


def _typed(value: Any) -> Any:
    match value:
        case dict():
            return {key: _typed(each) for key, each in value.items()}
        case list():
            return [_typed(each) for each in value]
        case bool() | int() | float():
            return type(value).__name__, value
    return value


def structural() -> str:
    """The name under which python-hcl2 sits in the report."""
    return _named("python-hcl2")


@cache
def _named(package: str) -> str:
    from importlib.metadata import version

    return f"{package} {version(package)}"
