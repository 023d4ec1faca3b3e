"""`hclmod catch-up next --run` with the real terraform, on stacks of `terraform_data`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hclmod.commands import catch_up as commands
from hclmod.engine.project import open_project
from hclmod.errors import HclmodError
from hclmod.rollout.state import NAME, Next
from tests.support import paced
from tests.support.demo import ROOT, environment, git, hclmod
from tests.support.paced_kills import Ground
from tests.support.trees import needs_terraform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
FEW = {"s01": 2, "s02": 1, "s03": 7}
FEW_AFTER = {"s01": ("s02",)}


def at(moment: datetime) -> tuple[str, str]:
    return "--at", moment.isoformat()


def started(folder: Path, sizes: Mapping[str, int], after: Mapping[str, tuple[str, ...]]) -> Path:
    """A repository whose first numbers run, with the phase in its working tree and a plan."""
    root = paced.repository(folder, sizes, after)
    paced.begin(root)
    assert hclmod(root, "catch-up", "plan", *paced.WORDS, *at(START)).returncode == 0
    assert hclmod(root, "apply", *paced.WORDS, "--in-place").returncode == 0
    return root


def state(root: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(hclmod(root, "catch-up", "status", "--format", "json").stdout)
    return result


@needs_terraform
@pytest.mark.parametrize(
    ("sizes", "after"),
    [
        (FEW, FEW_AFTER),
        pytest.param(paced.SIZES, paced.AFTER, marks=pytest.mark.slow),
    ],
    ids=["three stacks", "twelve stacks"],
)
def test_each_batch_changes_what_it_says_and_no_window_overflows(
    tmp_path: Path, sizes: dict[str, int], after: dict[str, tuple[str, ...]]
) -> None:
    root = started(tmp_path, sizes, after)
    now, before, rolled = START, paced.running(root), list[datetime]()
    for batch in state(root)["batches"]:
        for _ in range(2):
            done = hclmod(root, "catch-up", "next", "--run", *at(now))
            if done.returncode != 5:
                break
            assert paced.running(root) == before, "while it waits nothing runs"
            now += timedelta(hours=6)
        assert done.returncode == 0, done.stderr
        changed = {name for name, value in paced.running(root).items() if before[name] != value}
        assert changed == {item["workload"] for item in batch["items"]}
        before = paced.running(root)
        rolled += [now] * len(changed)
    assert set(before.values()) == {"2"}
    assert len(before) == sum(sizes.values())
    assert all(sum(moment - timedelta(hours=6) < each <= moment for each in rolled) <= 5 for moment in rolled)
    for stack in sizes:
        assert "No changes" in paced.terraform(root / "stacks" / stack, "plan", "-input=false", "-no-color")


@needs_terraform
def test_a_stack_that_fails_stops_the_rest(tmp_path: Path) -> None:
    root = started(tmp_path, {"s01": 1, "s02": 5, "s03": 1}, {"s03": ("s01",)})
    path = root / "stacks/s01/main.tf"
    good = path.read_text()
    check = '  lifecycle {\n    precondition {\n      condition     = false\n      error_message = "no"\n    }\n  }\n'
    path.write_text(good.replace("\n}", f"\n{check}}}", 1))
    done = hclmod(root, "catch-up", "next", "--run", *at(START))
    assert done.returncode == 1
    assert "ended with 1" in done.stderr
    stopped = paced.running(root)
    assert set(stopped.values()) == {"1"}
    for hours in (1, 7, 100):
        again = hclmod(root, "catch-up", "next", "--run", *at(START + timedelta(hours=hours)))
        assert again.returncode == 1
        assert "failed" in again.stdout
    assert paced.running(root) == stopped
    path.write_text(good)
    assert hclmod(root, "catch-up", "next", "--run", "--retry", *at(START)).returncode == 0
    assert hclmod(root, "catch-up", "next", "--run", *at(START + timedelta(hours=9))).returncode == 0
    assert set(paced.running(root).values()) == {"2"}


@needs_terraform
def test_what_would_roll_more_than_the_batch_is_not_applied(tmp_path: Path) -> None:
    root = started(tmp_path, {"s01": 1}, {})
    with (root / "stacks/s01/main.tf").open("a") as file:
        file.write('resource "terraform_data" "other" {\n  input = 1\n}\n')
    done = hclmod(root, "catch-up", "next", "--run", *at(START))
    assert done.returncode == 1
    assert "would also roll terraform_data.other" in done.stderr
    assert set(paced.running(root).values()) == {"1"}


@needs_terraform
def test_a_target_that_is_gone_is_not_applied(tmp_path: Path) -> None:
    root = started(tmp_path, {"s03": 7}, {})
    path = root / "stacks/s03/main.tf"
    path.write_text(path.read_text().replace('"r0"', '"renamed"'))
    for words in (("next",), ("next", "--run")):
        done = hclmod(root, "catch-up", *words, *at(START))
        assert done.returncode == 2
        assert "does not declare terraform_data.r0" in done.stderr
    assert set(paced.running(root).values()) == {"1"}


@needs_terraform
def test_only_one_run_at_a_time(tmp_path: Path) -> None:
    root = started(tmp_path, FEW, FEW_AFTER)
    command = [sys.executable, "-m", "hclmod", "catch-up", "next", "--run", *at(START)]
    variables = environment(root) | {"PYTHONPATH": str(ROOT), "TF_CLI_CONFIG_FILE": os.devnull}
    running = [subprocess.Popen(command, cwd=root, env=variables, stderr=subprocess.PIPE) for _ in range(4)]
    answers = [(each.communicate()[1].decode(), each.returncode) for each in running]
    ran = [code for _, code in answers if code == 0]
    assert len(ran) == 1, answers
    assert all(code == 5 or "is still running" in text for text, code in answers if code)
    events = [each["what"] for each in state(root)["events"]]
    assert events == ["started", "done"]
    assert len([each for each in paced.running(root).values() if each == "2"]) <= 5


def test_programs_that_are_not_there(tmp_path: Path) -> None:
    root = paced.repository(tmp_path, {"s01": 1}, {})
    (root / "scripts").mkdir(exist_ok=True)
    (root / "scripts/plain").write_text("#!/bin/sh\n")
    for runner in ("no-such-program", "scripts/none", "scripts/plain", "./scripts"):
        words = ("catch-up", "plan", *paced.WORDS, "--runner", runner, "--replace")
        assert hclmod(root, *words).returncode == 0
        hclmod(root, "apply", *paced.WORDS, "--in-place")
        done = hclmod(root, "catch-up", "next", "--run")
        git(root, "checkout", "-q", ".")
        assert done.returncode == 2
        assert "there is no program" in done.stderr
        assert '"events": []' in (root / NAME).read_text(), "nothing has begun"


def test_a_program_that_does_not_start_fails_the_batch(tmp_path: Path) -> None:
    root = paced.repository(tmp_path, {"s01": 1}, {})
    (root / "scripts").mkdir(exist_ok=True)
    (root / "scripts/tg").write_text("true\n")  # without the line that names its shell
    (root / "scripts/tg").chmod(0o755)
    assert hclmod(root, "catch-up", "plan", *paced.WORDS, "--runner", "scripts/tg").returncode == 0
    hclmod(root, "apply", *paced.WORDS, "--in-place")
    done = hclmod(root, "catch-up", "next", "--run")
    assert done.returncode == 1
    assert "did not start" in done.stderr
    assert [each["what"] for each in state(root)["events"]] == ["started", "failed"]


def test_a_person_applies_what_is_by_hand(tmp_path: Path) -> None:
    root = paced.repository(tmp_path, {"s01": 1}, {})
    config = root / "hclmod.toml"
    config.write_text(config.read_text() + 'by_hand = ["s01"]\n')
    assert hclmod(root, "catch-up", "plan", *paced.WORDS).returncode == 0
    hclmod(root, "apply", *paced.WORDS, "--in-place")
    shown = hclmod(root, "catch-up", "next")
    assert "a person applies it: `by_hand` in hclmod.toml names s01" in shown.stdout
    done = hclmod(root, "catch-up", "next", "--run")
    assert (done.returncode, "a person applies batch" in done.stderr) == (2, True)


def test_a_stack_in_parts_is_one_slice_that_ci_leaves_alone(tmp_path: Path) -> None:
    root = paced.repository(tmp_path, {"s02": 7}, {})
    words = ("catch-up", "plan", *paced.WORDS, "--slices", "--format", "json")
    planned = json.loads(hclmod(root, *words).stdout)
    subjects = git(root, "log", "--reverse", "--format=%s", "HEAD..hclmod/phase-1").splitlines()
    assert subjects == ["Phase 1, slice 1 of 1 [ci skip]"]
    assert [bool(each["commit"]) for each in planned["batches"]] == [True, False]
    git(root, "merge", "-q", "--ff-only", "hclmod/phase-1")
    shown = hclmod(root, "catch-up", "next").stdout
    assert "git push" in shown
    assert "-target=terraform_data.r0" in shown
    done = hclmod(root, "catch-up", "next", "--run")
    assert (done.returncode, "which `--run` does not push" in done.stderr) == (2, True)


@needs_terraform
@pytest.mark.slow
def test_kills_change_nothing_of_the_end(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    assert ground.round(3) == []
    assert ground.kills == 3


RUNNER = """#!/bin/sh
case "$1" in
show) echo '{"resource_changes": []}' ;;
apply) : > ../../begun; read -r word < ../../gate; : > "../../$word" ;;
esac
"""


def test_a_signal_waits_for_the_command_that_runs(tmp_path: Path) -> None:
    root = paced.repository(tmp_path, {"s01": 1}, {})
    (root / "scripts").mkdir()
    (root / "scripts/tg").write_text(RUNNER)
    (root / "scripts/tg").chmod(0o755)
    os.mkfifo(root / "gate")
    assert hclmod(root, "catch-up", "plan", *paced.WORDS, "--runner", "scripts/tg").returncode == 0
    assert hclmod(root, "apply", *paced.WORDS, "--in-place").returncode == 0
    command = [sys.executable, "-m", "hclmod", "catch-up", "next", "--run"]
    variables = environment(root) | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, cwd=root, env=variables, stderr=subprocess.PIPE)
    gate = os.open(root / "gate", os.O_WRONLY)  # waits until the command reads it
    running.send_signal(signal.SIGTERM)
    os.write(gate, b"ended\n")
    os.close(gate)
    text = running.communicate()[1].decode()
    assert (root / "begun").exists()
    assert (root / "ended").exists(), text
    assert running.returncode == 143, text
    assert [each["what"] for each in state(root)["events"]] == ["started"]
    assert "which has begun already" in hclmod(root, "catch-up", "next").stdout


@pytest.mark.parametrize(
    "plan", ["", "[]", "{", '{"resource_changes": [{"address": "x"}]}', '{"resource_changes": {}}']
)
def test_a_plan_that_cannot_be_read_is_not_applied(tmp_path: Path, plan: str) -> None:
    root = paced.repository(tmp_path, {"s01": 1}, {})
    (root / "scripts").mkdir()
    (root / "scripts/tg").write_text(
        f"#!/bin/sh\ncase \"$1\" in\nshow) echo '{plan}' ;;\napply) : > ../../applied ;;\nesac\n"
    )
    (root / "scripts/tg").chmod(0o755)
    assert hclmod(root, "catch-up", "plan", *paced.WORDS, "--runner", "scripts/tg").returncode == 0
    assert hclmod(root, "apply", *paced.WORDS, "--in-place").returncode == 0
    done = hclmod(root, "catch-up", "next", "--run")
    assert "the plan of stacks/s01 cannot be read" in done.stdout + done.stderr
    assert not (root / "applied").exists()
    assert [each["what"] for each in state(root)["events"]] == ["started", "failed"]


def waiting(folder: Path, runner: str) -> Path:
    """A repository whose runner waits at `apply` until somebody writes to the pipe `gate`."""
    root = paced.repository(folder, {"s01": 1}, {})
    (root / "scripts").mkdir()
    (root / "scripts/tg").write_text(runner)
    (root / "scripts/tg").chmod(0o755)
    os.mkfifo(root / "gate")
    assert hclmod(root, "catch-up", "plan", *paced.WORDS, "--runner", "scripts/tg").returncode == 0
    assert hclmod(root, "apply", *paced.WORDS, "--in-place").returncode == 0
    return root


def limited(root: Path) -> commands.Ran | Next:
    """Run the next batch with little patience."""
    return commands.run(open_project(root), lambda: START, limit=2)


def test_a_command_that_hangs_is_stopped(tmp_path: Path) -> None:
    root = waiting(tmp_path, RUNNER)
    done = limited(root)
    assert isinstance(done, commands.Ran)
    assert done.reason.endswith("tg apply --non-interactive)` took more than 0 min, and was stopped")
    assert (root / "begun").exists()
    assert [each["what"] for each in state(root)["events"]] == ["started", "failed"]


@pytest.mark.slow
def test_a_command_that_does_not_stop_keeps_the_next_run_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_GRACE", 0.1)
    root = waiting(tmp_path, RUNNER.replace("#!/bin/sh\n", "#!/bin/sh\ntrap '' TERM\n"))
    done = limited(root)
    assert isinstance(done, commands.Ran)
    assert "and does not stop" in done.reason
    with pytest.raises(HclmodError, match="a command that it began, is still running"):
        limited(root)
    assert [each["what"] for each in state(root)["events"]] == ["started", "failed"]
    (root / "gate").write_text("ended\n")


@pytest.mark.parametrize(("code", "result"), [(0, "done"), (3, "failed")])
def test_a_run_says_in_json_what_became_of_it(tmp_path: Path, code: int, result: str) -> None:
    root = waiting(tmp_path, RUNNER.replace("apply) ", f"apply) exit {code};"))
    done = hclmod(root, "catch-up", "next", "--run", "--timeout", "1h", "--format", "json")
    told = json.loads(done.stdout)
    assert (told["result"], bool(told["reason"]), done.returncode) == (result, bool(code), int(bool(code)))
    assert told["batch"]["id"] in (root / NAME).read_text()


def test_stacks_that_are_gone_are_not_offered(tmp_path: Path) -> None:
    root = waiting(tmp_path, RUNNER)
    before = (root / NAME).read_bytes()
    (root / "stacks/s01").rename(root / "stacks/renamed")
    config = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(config.replace('"s01"', '"renamed"'))
    for words in (("next",), ("next", "--run")):
        done = hclmod(root, "catch-up", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "stacks/s01 is not a stack of this checkout\nhint: Run `hclmod catch-up plan" in done.stderr
    assert (root / NAME).read_bytes() == before


def test_a_worklist_with_odd_addresses_is_no_traceback(tmp_path: Path) -> None:
    root = waiting(tmp_path, RUNNER.replace("apply) ", "apply) exit 0;"))
    text = (root / NAME).read_text()
    (root / NAME).write_text(text.replace("stacks/s01/terraform_data.r0", "odd"))
    assert hclmod(root, "catch-up", "next", "--run").returncode == 0
