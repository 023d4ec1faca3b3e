"""Repositories of `terraform_data`, which needs no provider, whose phase rolls one resource after another."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.demo import environment, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RULE = '''"""Move on.

Why: A test.
"""

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, change, fixes


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the next number."""
    attribute = block.attribute("input")
    if attribute and attribute.value.text == '"1"':
        make = lambda: fixes.replace(attribute.value, b"2", attribute.value.quoted)
        yield change(attribute, "old", "moves on", make, effect="rolls the pods")


rule = Rule(check, kinds=("terraform_data",))
'''
NAMES = [f"s{number:02}" for number in range(1, 13)]
SIZES = {name: 1 + number % 3 for number, name in enumerate(NAMES)} | {"s07": 7}
"""How many resources each stack has. One has more than fit into a window."""

AFTER = {"s01": ("s05",), "s02": ("s01",), "s03": ("s02", "s05"), "s08": ("s07",), "s10": ("s09", "s08")}
"""Which stacks read from which."""

WORDS = ("--rules-dir", "rules", "--phase", "1")


def document(size: int, value: str = "1") -> str:
    """A stack with so many resources."""
    return "".join(f'resource "terraform_data" "r{number}" {{\n  input = "{value}"\n}}\n' for number in range(size))


def repository(folder: Path, sizes: Mapping[str, int], after: Mapping[str, tuple[str, ...]]) -> Path:
    """A repository with the first numbers committed."""
    root = folder / "repository"
    (root / "rules").mkdir(parents=True)
    (root / "rules/move_on.py").write_text(RULE)
    names = json.dumps([*sizes])
    (root / "hclmod.toml").write_text(
        f'stacks = ["stacks/*"]\nrules = ["move-on"]\n[phase.1]\nstacks = {names}\n[rollout]\nrunner = "terraform"\n'
    )
    for name, size in sizes.items():
        (root / "stacks" / name).mkdir(parents=True)
        (root / "stacks" / name / "main.tf").write_text(document(size))
        blocks = (f'dependency "{each}" {{\n  config_path = "../{each}"\n}}\n' for each in after.get(name, ()))
        if text := "".join(blocks):
            (root / "stacks" / name / "terragrunt.hcl").write_text(text)
    (root / ".gitignore").write_text(".terraform*\nterraform.tfstate*\nhclmod.catch-up.json\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "T")
    git(root, "config", "user.email", "t@example.net")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


def terraform(folder: Path, *words: str) -> str:
    """Run terraform in a stack and give back what it prints."""
    kept = {key: value for key, value in environment(folder).items() if not key.startswith("TF_")}
    done = subprocess.run(
        ["terraform", *words],
        cwd=folder,
        env=kept | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def begin(root: Path) -> None:
    """Apply every stack as it is, so that Terraform has a state."""
    for path in sorted((root / "stacks").iterdir()):
        terraform(path, "init", "-backend=false", "-input=false", "-no-color")
        terraform(path, "apply", "-auto-approve", "-input=false", "-no-color")


def running(root: Path) -> dict[str, str]:
    """What Terraform's states hold: the number of each resource by STACK/ADDRESS."""
    result = {}
    for path in sorted((root / "stacks").glob("*/terraform.tfstate")):
        state: dict[str, Any] = json.loads(path.read_text())
        for resource in state["resources"]:
            values = resource["instances"][0]["attributes"]["output"]
            name = f"stacks/{path.parent.name}/{resource['type']}.{resource['name']}"
            result[name] = str(values["value"])
    return result
