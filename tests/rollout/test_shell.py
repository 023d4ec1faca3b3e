"""The commands of a batch, as words and as a line for a shell."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.rollout import shell
from hclmod.rollout.items import POLL, Step
from tests.support.rollouts import item, planned

if TYPE_CHECKING:
    from pathlib import Path

WHOLE, PART = Step("stacks/diun"), Step("stacks/diun", ('module.m.terraform_data.a["y z"]', "terraform_data.b"))
TARGETS = """'-target=module.m.terraform_data.a["y z"]' -target=terraform_data.b)"""
APPLYING = [
    ("terraform", WHOLE, "(cd stacks/diun && terraform apply -input=false -auto-approve)"),
    ("tofu", WHOLE, "(cd stacks/diun && tofu apply -input=false -auto-approve)"),
    ("terragrunt", WHOLE, "(cd stacks/diun && terragrunt apply --non-interactive -auto-approve)"),
    (
        "terragrunt --terragrunt-non-interactive",
        WHOLE,
        "(cd stacks/diun && terragrunt apply --terragrunt-non-interactive -auto-approve)",
    ),
    ("scripts/tg", WHOLE, "(cd stacks/diun && ../../scripts/tg apply --non-interactive)"),
    ("/opt/tg -x", WHOLE, "(cd stacks/diun && /opt/tg -x apply --non-interactive)"),
    ("scripts/tg", Step(""), "scripts/tg apply --non-interactive"),
    ("./tg", Step(""), "./tg apply --non-interactive"),
    (
        "terraform",
        PART,
        "(cd stacks/diun && terraform apply -input=false -auto-approve " + TARGETS,
    ),
    ("terraform", Step("-P"), "(cd ./-P && terraform apply -input=false -auto-approve)"),
    ("terraform", Step("stacks/it's"), """(cd 'stacks/it'"'"'s' && terraform apply -input=false -auto-approve)"""),
]


@pytest.mark.parametrize(("name", "step", "line"), APPLYING)
def test_applying(name: str, step: Step, line: str) -> None:
    assert shell.applying(step, name).line == line


def test_a_shell_hands_over_the_words(tmp_path: Path) -> None:
    (tmp_path / "stacks/a b").mkdir(parents=True)
    command = shell.Command("stacks/a b", ("printf", "%s\\n", 'x["y z"]', "$(id)", "it's", "`id`", "*"))
    done = subprocess.run(["sh", "-c", command.line], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['x["y z"]', "$(id)", "it's", "`id`", "*"]


@pytest.mark.parametrize("name", ["terraform", "terragrunt", "scripts/tg"])
def test_plans_change_nothing(name: str) -> None:
    for command in (shell.planning(WHOLE, name, "f"), shell.checking(WHOLE, name), shell.showing(WHOLE, name, "f")):
        assert not {"apply", "-auto-approve"} & set(command.words)


def test_looking_and_undoing() -> None:
    (batch,), _ = planned([item("a/x", images=(("ghcr.io/b/c:1.2", "ghcr.io/b/c:latest"),)), item("b/y", 0)])
    assert [each.line for each in shell.looking(batch, "terraform")] == [
        "kubectl -n a rollout status deployment/x --timeout=10m"
    ]
    assert [each.line for each in shell.watching(batch)] == ["kubectl -n a get pods"]
    lines = [each.line for each in shell.undoing(batch.items[0])]
    assert lines[0] == "kubectl -n a rollout undo deployment/x"
    assert shlex.split(lines[1])[:5] == ["hclmod", "pin", "a/kubernetes_deployment.x", "--to", "1.2"]


@pytest.mark.parametrize("old", ["redis", "registry.lan:5000/redis", "redis@sha256:00", "", "?"])
def test_no_pin_to_a_tag_that_was_not_there(old: str) -> None:
    lines = [each.line for each in shell.undoing(item("a/x", images=((old, "redis:8"),)))]
    assert lines == ["kubectl -n a rollout undo deployment/x"]


def test_what_is_not_known_by_name_is_not_asked_about() -> None:
    unnamed = replace(item("a/x", when=POLL), name="")
    (batch,), _ = planned([unnamed])
    assert shell.looking(batch, "terraform") == ()
    assert list(shell.undoing(unnamed)) == []


def test_the_last_part_of_a_stack_asks_whether_anything_is_left() -> None:
    made, _ = planned([item(f"a/x{number}") for number in range(6)])
    checks = [[each.line for each in shell.looking(batch, "terraform") if "terraform" in each.line] for batch in made]
    assert checks == [[], ["(cd a && terraform plan -input=false -detailed-exitcode)"]]


@pytest.mark.parametrize("name", ["", "  ", "scripts/tg 'x", 'terraform "'])
def test_what_is_no_runner(name: str) -> None:
    with pytest.raises(HclmodError, match="is not a command"):
        shell.runner(name, "stacks/a")
