"""No rendering shows what git filters, nor the value of a sensitive variable."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.support.demo import git, hclmod

if TYPE_CHECKING:
    from pathlib import Path

MARK = "s3cr3t_mark"
IMAGE = (
    'resource "kubernetes_deployment" "w" {\n  spec {\n    template {\n      spec {\n        container {\n'
    '          name  = "w"\n          image = %s\n        }\n      }\n    }\n  }\n}\n'
)
RULES = ("--rule", "float-image-tag", "--rule", "ignore-keel-drift")
FORMATS = ("text", "json", "markdown", "html", "sarif", "github", "diff")
COMMANDS = [
    *(("apply", "--phase", "1", "--dry-run", "-v", "--format", form) for form in FORMATS),
    *(("check", *RULES, "-v", "s", "--format", form) for form in FORMATS),
    *(("survey", "--format", form) for form in ("text", "json", "csv", "markdown")),
    *(("owners", "--format", form) for form in ("text", "json", "csv", "markdown")),
    *(("trace", "s/kubernetes_deployment.w", "--format", form) for form in ("text", "json")),
    *(("explain", "s/kubernetes_deployment.w", "--format", form) for form in ("text", "json")),
    ("audit",),
    ("pin", "s/kubernetes_deployment.w", "--to", "1.2.2", "--allow-downgrade", "--reason", "x", "--dry-run"),
    ("comment", "--phase", "1", "--dry-run"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "s").mkdir(parents=True)
    git(root, "init", "-q")
    git(root, "config", "filter.hide.clean", "base64")
    git(root, "config", "filter.hide.smudge", "base64 -d")
    (root / "hclmod.toml").write_text('[phase.1]\nstacks = ["s"]\n[images."*"]\nfloat = "latest"\n')
    return root


def committed(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / "s" / name.replace("_", ".")).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")


def _said(text: str) -> str:
    """The text as a person reads it: Markdown writes a backslash before some signs, and parts others."""
    return re.sub("[\\\\\u200b]", "", text)


@pytest.fixture
def commands(request: pytest.FixtureRequest, everything: bool) -> list[tuple[str, ...]]:  # noqa: FBT001 - a fixture
    """A third of the commands, another one for each test."""
    return COMMANDS if everything else COMMANDS[zlib.crc32(request.node.name.encode()) % 3 :: 3]


def leaks(root: Path, commands: list[tuple[str, ...]]) -> list[str]:
    done = {words: hclmod(root, *words) for words in commands}
    assert all(each.returncode in (0, 1) for each in done.values()), [each.stderr for each in done.values()]
    return [" ".join(words) for words, each in done.items() if MARK in _said(each.stdout + each.stderr)]


def test_without_a_filter_every_command_shows_the_image(folder: Path, commands: list[tuple[str, ...]]) -> None:
    committed(folder, main_tf=IMAGE % f'"registry.lan/{MARK}:1.14.2"')
    assert len(leaks(folder, commands)) > len(commands) // 2, "the commands read the file"


def test_a_document_that_git_filters(folder: Path, commands: list[tuple[str, ...]]) -> None:
    (folder / ".gitattributes").write_text("s/*.tf filter=hide\n")
    committed(folder, main_tf=IMAGE % f'"registry.lan/{MARK}:1.14.2"')
    assert leaks(folder, commands) == []


def test_a_filter_that_is_not_committed_yet(folder: Path, commands: list[tuple[str, ...]]) -> None:
    committed(folder, main_tf=IMAGE % f'"registry.lan/{MARK}:1.14.2"')
    (folder / ".gitattributes").write_text("s/*.tf filter=hide\n")
    assert leaks(folder, commands) == []


def test_a_filter_in_the_attributes_of_the_person(folder: Path, commands: list[tuple[str, ...]]) -> None:
    (folder.parent / "attributes").write_text("s/*.tf filter=hide\n")
    git(folder, "config", "core.attributesFile", str(folder.parent / "attributes"))
    committed(folder, main_tf=IMAGE % f'"registry.lan/{MARK}:1.14.2"')
    assert leaks(folder, commands) == []


def test_a_value_of_another_document_that_git_filters(folder: Path, commands: list[tuple[str, ...]]) -> None:
    (folder / ".gitattributes").write_text("s/*.tfvars filter=hide\n")
    value = f'image = "registry.lan/{MARK}:1.14.2"\n'
    committed(folder, main_tf=IMAGE % "var.image" + 'variable "image" {}\n', terraform_tfvars=value)
    assert leaks(folder, commands) == []


def test_the_value_of_a_sensitive_variable(folder: Path, commands: list[tuple[str, ...]]) -> None:
    variable = f'variable "image" {{\n  default   = "registry.lan/{MARK}:1.14.2"\n  sensitive = true\n}}\n'
    committed(folder, main_tf=IMAGE % "var.image" + variable)
    assert leaks(folder, commands) == []


def test_a_value_that_is_given_to_a_sensitive_variable(folder: Path, commands: list[tuple[str, ...]]) -> None:
    variable = 'variable "image" {\n  sensitive = true\n}\n'
    value = f'image = "registry.lan/{MARK}:1.14.2"\n'
    committed(folder, main_tf=IMAGE % "var.image" + variable, terraform_tfvars=value)
    assert leaks(folder, commands) == []
