"""That `explain`, `audit`, `fix` and `apply` decide about an image alike, wherever a word of the config stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.commands import apply, audit, check, explain
from hclmod.engine.project import Project, open_project
from tests.support.demo import git
from tests.support.trees import workload

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.engine.outcomes import PhaseReport

RULE = "float-image-tag"
CONFIG = f"""
stacks = ["stacks/*"]
rules = ["{RULE}"]
[phase.1]
stacks = ["one", "two"]
[images."ghcr.io/lanternworks/*"]
float = "latest"
[workloads."%s"]
float = "never"
reason = "the firmware wants it"
"""
AWNING = '"ghcr.io/lanternworks/awning:1.4.2"'
CRANK = '"ghcr.io/lanternworks/crank:1.4.2"'
BY_TAG = '"ghcr.io/lanternworks/awning:${var.tag}"'
CALL = 'module "m" {\n  source = "../../modules/web"\n%s}\n'
GIVEN = CALL % '  tag    = "1.4.2"\n'
MINE, WEB = "kubernetes_deployment.mine", "kubernetes_deployment.web"
CALLED = f"module.m.{WEB}"

TREES = {
    "a workload of its own": (
        {
            "stacks/one/main.tf": workload(AWNING, "mine") + workload(CRANK, "web"),
            "stacks/two/main.tf": workload(AWNING, "web"),
        },
        {f"one/{MINE}": "never", f"one/{WEB}": "latest", f"two/{WEB}": "latest"},
    ),
    "one that another one has to stay with": (
        {
            "stacks/one/main.tf": workload(AWNING, "mine") + workload(AWNING, "web"),
            "stacks/two/main.tf": workload(AWNING, "web"),
        },
        {f"one/{MINE}": "never", f"one/{WEB}": "stays with", f"two/{WEB}": "latest"},
    ),
    "an argument of a shared module": (
        {
            "modules/web/main.tf": 'variable "tag" {}\n' + workload(BY_TAG, "web"),
            "stacks/one/main.tf": GIVEN,
            "stacks/two/main.tf": GIVEN,
        },
        {f"one/{CALLED}": "never", f"two/{CALLED}": "latest"},
    ),
    "a default of a shared module": (
        {
            "modules/web/main.tf": 'variable "tag" {\n  default = "1.4.2"\n}\n' + workload(BY_TAG, "web"),
            "stacks/one/main.tf": CALL % "",
            "stacks/two/main.tf": CALL % "",
        },
        {f"one/{CALLED}": "never", f"two/{CALLED}": "never"},
    ),
    "an image of a shared module": (
        {
            "modules/web/main.tf": workload(AWNING, "web"),
            "stacks/one/main.tf": CALL % "",
            "stacks/two/main.tf": CALL % "",
        },
        {f"one/{CALLED}": "never", f"two/{CALLED}": "never"},
    ),
    "a literal that is read for more than images": (
        {
            "stacks/one/main.tf": f'locals {{\n  image = {CRANK}\n}}\noutput "image" {{\n  value = local.image\n}}\n'
            + workload(AWNING, "mine")
            + workload("local.image", "web"),
            "stacks/two/main.tf": workload(AWNING, "web"),
        },
        {f"one/{MINE}": "never", f"two/{WEB}": "latest", f"one/{WEB}": "more than images use it"},
    ),
}


def in_tree(root: Path, name: str) -> tuple[Project, dict[str, str]]:
    files, wanted = TREES[name]
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "hclmod.toml").write_text(CONFIG % next(iter(wanted)))
    return open_project(root), wanted


def said(report: PhaseReport) -> tuple[set[str], set[str]]:
    """What a report changes, and what it says beside."""
    found = [each.finding for each in report.findings]
    return {each.message for each in found if each.fix}, {each.message for each in found if not each.fix}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", TREES)
def test_audit_and_fix_and_apply_say_the_same(tmp_path: Path, name: str) -> None:
    workspace, _ = in_tree(tmp_path, name)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "base")
    (applied,) = apply.plan_phases(workspace, [1])
    (fixed,) = check.plan_fix(workspace, [tmp_path], [RULE])
    changes, left = said(audit.audit(workspace, rules=[RULE]))
    assert changes == said(applied)[0] == said(fixed)[0]
    assert left == said(applied)[1]
    assert any("hclmod.toml says never: the firmware wants it" in each for each in left)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", TREES)
def test_explain_says_of_a_workload_what_apply_does(tmp_path: Path, name: str) -> None:
    workspace, wanted = in_tree(tmp_path, name)
    for target, words in wanted.items():
        told = [line for line in explain.explain(workspace, target) if line.startswith(f"  {RULE} ")]
        assert any(words in line for line in told), target
        assert any("leaves unchanged: " not in line for line in told) == (words == "latest"), target
