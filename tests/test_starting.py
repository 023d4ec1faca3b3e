"""A first configuration: it finds the stacks that are there and no others, and overwrites nothing."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from hclmod import api
from hclmod.config import parse
from hclmod.errors import ConfigError
from hclmod.stack import discover
from tests.demo import hclmod, repository
from tests.trees import workload

if TYPE_CHECKING:
    from pathlib import Path

CALL = 'module "m" {\n  source = "%s"\n}\n'
GRUNT = 'terraform {\n  source = "../../modules/app"\n}\n'
WEB = workload('"a:1"')


@pytest.mark.parametrize(
    ("files", "stacks", "exclude", "found"),
    [
        ({"stacks/a/main.tf": WEB, "stacks/b/main.tf": ""}, ["stacks/*"], [], ["stacks/a", "stacks/b"]),
        ({"stacks/a/main.tf": WEB}, ["stacks/a"], [], ["stacks/a"]),
        ({"main.tf": WEB}, ["."], [], [""]),
        ({"main.tf": CALL % "./modules/m", "modules/m/a.tf": WEB}, ["."], [], [""]),
        ({"a/main.tf": CALL % "../m", "b/main.tf": "", "m/a.tf": WEB}, ["a", "b"], [], ["a", "b"]),
        (
            {"x/a/main.tf": CALL % "../m", "x/b/main.tf": "", "x/m/a.tf": WEB},
            ["x/*"],
            ["x/m"],
            ["x/a", "x/b"],
        ),
        ({"s/a/main.tf": "", "s/_t/main.tf": WEB}, ["s/*"], ["s/_t"], ["s/a"]),
        (
            {"live/a/terragrunt.hcl": GRUNT, "live/b/terragrunt.hcl": GRUNT, "modules/app/main.tf": WEB},
            ["live/*"],
            [],
            ["live/a", "live/b"],
        ),
        ({"README.md": ""}, [], [], []),
    ],
)
def test_the_stacks_that_it_finds(
    tmp_path: Path, files: dict[str, str], stacks: list[str], exclude: list[str], found: list[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    written = api.init(tmp_path).read_bytes()
    raw = tomllib.loads(written.decode())
    assert (raw["stacks"], raw["exclude"]) == (stacks, exclude)
    assert not stacks or [each.path for each in discover(files, parse(written, "hclmod.toml"))] == found


def test_what_it_says_can_be_uncommented_and_used(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "hclmod.toml").unlink()
    assert hclmod(root, "init").returncode == 0
    text = (root / "hclmod.toml").read_text()
    assert '"beacon",  # 2 images' in text
    assert "_template" not in text.split("# [phase.1]")[1]
    lines = text.splitlines(keepends=True)
    start = lines.index("# [phase.1]\n")
    used = [
        line.removeprefix("# ") if start <= at < lines.index("# ]\n") + 1 else line for at, line in enumerate(lines)
    ]
    (root / "hclmod.toml").write_text("".join(used).replace("#   ", "  "))
    done = hclmod(root, "apply", "--phase", "1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Phase 1: What nobody would miss")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "hclmod.toml").write_text("stacks = []\n")
    with pytest.raises(ConfigError, match="exists"):
        api.init(tmp_path)
    assert (tmp_path / "hclmod.toml").read_text() == "stacks = []\n"
    done = hclmod(tmp_path, "init")
    assert (done.returncode, done.stdout) == (2, "")
