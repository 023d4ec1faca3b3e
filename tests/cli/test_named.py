"""`check` on files and folders that a person names: what is read of them, and with which other files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.demo import git, hclmod

if TYPE_CHECKING:
    from pathlib import Path

FLOAT = ("check", "--rule", "float-image-tag")
MODULE = """variable "tag" {
  default = "1.0.0"
}
resource "kubernetes_deployment" "web" {
  spec {
    template {
      spec {
        container {
          name  = "web"
          image = "acme/web:${var.tag}"
        }
      }
    }
  }
}
"""
CALL = 'module "app" {\n  source = "../modules/app"\n  tag    = "latest"\n}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {"modules/app/main.tf": MODULE, "a/main.tf": CALL, "hclmod.toml": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    return tmp_path


@pytest.mark.parametrize("name", ["bad.tf", "bad.tfvars", "bad.hcl"])
@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_named_file_is_read_whatever_it_holds(root: Path, command: str, name: str) -> None:
    (root / "a" / name).write_text("x = [\n")
    done = hclmod(root, command, *FLOAT[1:], f"a/{name}")
    assert "1 skipped" in done.stdout
    assert done.returncode == 1


def test_a_named_file_without_anything_for_a_rule_is_a_success(root: Path) -> None:
    (root / "a/good.tfvars").write_text("x = []\n")
    assert hclmod(root, *FLOAT, "a/good.tfvars").returncode == 0


@pytest.mark.parametrize("named", [".", "modules", "modules/app/main.tf"])
def test_a_module_is_judged_as_its_callers_see_it(root: Path, named: str) -> None:
    done = hclmod(root, *FLOAT, "-v", named)
    assert "1.0.0" not in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("named", [".", "modules/app/main.tf"])
def test_a_module_that_nobody_calls_is_judged_by_its_defaults(root: Path, named: str) -> None:
    (root / "a/main.tf").unlink()
    done = hclmod(root, *FLOAT, "-v", named)
    assert "1.0.0" in done.stdout
    assert done.returncode == 1


PHASE = '[phase.1]\nstacks = ["a"]\n'


def test_a_module_that_cannot_be_read_is_named(root: Path) -> None:
    (root / "hclmod.toml").write_text(PHASE)
    (root / "modules/app/main.tf").write_text(MODULE.removesuffix("}\n"))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin")
    done = hclmod(root, "apply", "--phase", "1", "--dry-run")
    assert "modules/app/main.tf" in done.stdout
    assert "1 skipped" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"), [("locals {}\n", True), (MODULE, False), ('resource "kubernetes_namespace" "a" {\n}\n', False)]
)
def test_a_phase_in_which_nothing_is_to_do_says_so(root: Path, text: str, said: bool) -> None:  # noqa: FBT001
    (root / "hclmod.toml").write_text(PHASE)
    (root / "a/main.tf").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin")
    done = hclmod(root, "apply", "--phase", "1", "--dry-run")
    assert ("phase 1 has nothing to do" in done.stderr) == said


def test_a_pin_that_is_refused_shows_no_change(root: Path) -> None:
    two = MODULE.replace(
        "        }\n", '        }\n        container {\n          image = "acme/two:1.0.0"\n        }\n', 1
    )
    (root / "a/main.tf").write_text(two)
    done = hclmod(root, "pin", "a/kubernetes_deployment.web", "--to", "1.1.0", "--reason", "x", "--diff")
    assert (done.returncode, done.stdout.strip()) == (1, "")
    assert "Name one of" in done.stderr
