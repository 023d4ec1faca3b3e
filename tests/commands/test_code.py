"""Documents of OpenTofu and in JSON: each is read, or named with the reason, by every command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.demo import git, hclmod
from tests.support.trees import workload

if TYPE_CHECKING:
    from pathlib import Path

WEB = workload('"nginx:1.2.3"')
FILES = {
    "hclmod.toml": 'stacks = ["stacks/*"]\n[phase.1]\nstacks = ["a", "b", "c"]\n',
    "stacks/a/main.tf.json": json.dumps({"resource": {"kubernetes_deployment": {"j": {}}}}),
    "stacks/b/main.tf": WEB,
    "stacks/b/main.tofu": WEB,
    "stacks/c/main.tofu": WEB,
    "stacks/c/main.tofu.json": "{}",
    "stacks/c/main.tf.json": "{}",
}
NAMED = ("stacks/a/main.tf.json", "stacks/b/main.tf", "stacks/c/main.tofu.json", "stacks/c/main.tf.json")
COMMANDS = (
    "survey",
    "owners",
    "audit",
    "apply --phase 1 --dry-run",
    "check --rule float-image-tag .",
    "fix --rule float-image-tag --dry-run .",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "Begin")):
        git(tmp_path, *command)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_what_it_does_not_read(root: Path, command: str) -> None:
    done = hclmod(root, *command.split())
    said = done.stdout + done.stderr
    assert not [path for path in NAMED if path not in said]
    assert "JSON syntax" in said
    assert "OpenTofu reads main.tofu in its place" in said
    assert "OpenTofu reads main.tofu.json in its place" in said


def test_a_document_in_json_that_a_person_named_is_no_success(root: Path) -> None:
    done = hclmod(root, "check", "--rule", "drop-helm-atomic", "stacks/a/main.tf.json")
    assert done.returncode == 1
    assert "JSON syntax" in done.stdout


def test_a_workload_in_json_is_not_just_missing(root: Path) -> None:
    done = hclmod(root, "explain", "stacks/a/kubernetes_deployment.j")
    assert "stacks/a/main.tf.json was not read: JSON syntax" in done.stderr


def test_init_sees_stacks_of_opentofu_and_in_json(root: Path) -> None:
    (root / "hclmod.toml").unlink()
    assert hclmod(root, "init").returncode == 0
    assert "The globs find 3 stacks" in (root / "hclmod.toml").read_text()
