"""`hclmod catch-up` on the demo: plan, print, mark, refuse, slices."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hclmod.rollout.state import NAME
from tests.support.demo import ROOT, environment, git, hclmod, repository, state

NOON = ("--at", "2026-12-01T12:00Z")
PLAN = ("catch-up", "plan", "--phase", "3", *NOON)


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with phase 3 in its history."""
    result = repository(tmp_path_factory.mktemp("merged"))
    assert hclmod(result, "apply", "--phase", "3").returncode == 0
    git(result, "merge", "-q", "--ff-only", "hclmod/phase-3")
    return result


@pytest.fixture
def root(merged: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(merged, tmp_path / "repository", symlinks=True)
    git(tmp_path / "repository", "update-index", "-q", "--refresh")  # it knows the files by their inodes
    return tmp_path / "repository"


def board(root: Path, *words: str) -> dict[str, Any]:
    done = hclmod(root, *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def ids(root: Path) -> list[str]:
    return [each["id"] for each in board(root, "catch-up", "status")["batches"]]


def test_a_phase_from_plan_to_end(root: Path) -> None:
    planned = board(root, *PLAN)
    begins = [each["begins"] for each in planned["batches"]]
    assert begins[0] == "2026-12-01T12:00:00Z"
    assert begins == sorted(begins)
    assert all(each["weight"] <= 5 for each in planned["batches"])
    for hour, batch in enumerate(planned["batches"]):
        when = ("--at", f"2026-12-{2 + hour:02}T12:00Z")
        shown = hclmod(root, "catch-up", "next", *when)
        assert shown.returncode == 0, shown.stderr
        assert f"hclmod catch-up done {batch['id']}" in shown.stdout
        assert all(f"(cd {step['stack']} && terra" in shown.stdout for step in batch["steps"])
        assert hclmod(root, "catch-up", "done", batch["id"], *when).returncode == 0
    done = hclmod(root, "catch-up", "next")
    assert (done.returncode, done.stdout) == (0, "Everything of phase 3 is done.\n")


def test_the_plan_is_the_same_before_and_after_the_merge(root: Path) -> None:
    after = board(root, *PLAN, "--dry-run")
    before = board(root, *PLAN, "--dry-run", "--base", "HEAD^")
    assert [each["id"] for each in after["batches"]] == [each["id"] for each in before["batches"]]
    assert after["batches"]


def test_the_window_has_no_room(root: Path) -> None:
    board(root, *PLAN, "--per", "5")
    first, *_ = ids(root)
    hclmod(root, "catch-up", "done", first, *NOON)
    done = hclmod(root, "catch-up", "next", "--at", "2026-12-01T17:00Z")
    assert done.returncode == 5
    assert "can begin 2026-12-01 18:00 UTC, 1 h from now" in done.stdout
    later = hclmod(root, "catch-up", "next", "--at", "2026-12-01T18:00Z")
    assert later.returncode == 0
    told = json.loads(hclmod(root, "catch-up", "next", "--at", "2026-12-01T17:00Z", "--format", "json").stdout)
    assert told["result"] == "wait"


def test_a_failed_batch_holds_back_the_others(root: Path) -> None:
    board(root, *PLAN)
    first, *_ = ids(root)
    assert hclmod(root, "catch-up", "failed", first, "--reason", "it crashes", *NOON).returncode == 0
    done = hclmod(root, "catch-up", "next", "--at", "2026-12-09T12:00Z")
    assert done.returncode == 1
    assert "it crashes" in done.stdout
    assert hclmod(root, "catch-up", "next", "--retry").returncode == 0
    assert hclmod(root, "catch-up", "done", first).returncode == 0
    assert hclmod(root, "catch-up", "next", "--at", "2126-12-09T12:00Z").returncode == 0


def test_planning_again_keeps_what_is_done(root: Path) -> None:
    board(root, *PLAN)
    first, *rest = ids(root)
    hclmod(root, "catch-up", "done", first[:5], *NOON)
    again = board(root, *PLAN, "--per", "6")
    assert [each["id"] for each in again["batches"] if each["state"] == "done"] == [first]
    workloads = [item["workload"] for each in again["batches"] for item in each["items"]]
    assert len(workloads) == len(set(workloads))
    assert rest


def test_dry_run_and_looking_write_nothing(root: Path) -> None:
    before = state(root)
    for words in (PLAN, (*PLAN, "--slices"), (*PLAN, "--format", "json")):
        assert hclmod(root, *words, "--dry-run").returncode == 0
    assert state(root) == before
    board(root, *PLAN)
    kept = state(root)
    for name in ("next", "status"):
        assert hclmod(root, "catch-up", name, *NOON).returncode == 0
        assert hclmod(root, "catch-up", name, *NOON, "--format", "json").returncode == 0
    assert state(root) == kept


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "next": (("next",), "no catch-up is planned"),
    "status": (("status",), "no catch-up is planned"),
    "done": (("done", "abc"), "no catch-up is planned"),
    "run": (("next", "--run"), "no catch-up is planned"),
    "no phase": (("plan", "--phase", "7"), "has no phase 7"),
    "no reason": (("failed", "abc"), "missing option"),
    "no length": (("plan", "--phase", "3", "--every", "six"), "not a length of time"),
    "no pace": (("plan", "--phase", "3", "--per", "0"), "invalid value"),
    "more than any cluster has": (("plan", "--phase", "3", "--per", "9999999999"), "invalid value"),
    "no time": (("status", "--at", "noon"), "not a time"),
    "no pods": (("plan", "--phase", "3", "--running", "hclmod.toml"), "not a list of pods"),
    "no worklist": (("plan", "--phase", "3", "--worklist", "none.json"), "cannot read none.json"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_without_a_plan(root: Path, name: str) -> None:
    words, message = REFUSED[name]
    before = state(root)
    done = hclmod(root, "catch-up", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert state(root) == before


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"hclmod": "catch-up", "version": 9}', '{"images": {}}'])
def test_a_file_that_is_none_of_ours_stays(root: Path, text: str) -> None:
    (root / NAME).write_text(text)
    for words in (PLAN, ("catch-up", "next"), ("catch-up", "done", "abc")):
        done = hclmod(root, *words)
        assert done.returncode == 2
        assert NAME in done.stderr
        assert "hint:" in done.stderr
    assert (root / NAME).read_text() == text


def test_a_checkout_without_the_phase(root: Path) -> None:
    board(root, *PLAN)
    git(root, "reset", "-q", "--hard", "HEAD^")
    done = hclmod(root, "catch-up", "next")
    assert done.returncode == 2
    assert "is here as it was before the phase" in done.stderr


def test_another_phase_that_is_not_finished(root: Path) -> None:
    board(root, *PLAN)
    first, *_ = ids(root)
    hclmod(root, "catch-up", "done", first, *NOON)
    other = ("catch-up", "plan", "--phase", "1", "--per", "3", *NOON)
    done = hclmod(root, *other)
    assert (done.returncode, "phase 3 is not finished" in done.stderr) == (2, True)
    again = board(root, *other, "--replace")
    assert (again["phase"], len(again["events"])) == (1, 1), "what was rolled stays known"
    assert again["batches"][0]["begins"] > "2026-12-01T12:00:00Z"


def test_an_unknown_batch(root: Path) -> None:
    board(root, *PLAN)
    for name in ("zzz", ""):
        done = hclmod(root, "catch-up", "done", name)
        assert done.returncode == 2
        assert "there is no batch" in done.stderr


def test_slices_are_the_phase(root: Path) -> None:
    git(root, "reset", "-q", "--hard", "HEAD^")
    whole = git(root, "rev-parse", "hclmod/phase-3^{tree}")
    planned = board(root, *PLAN, "--slices", "--replace")
    assert git(root, "rev-parse", "hclmod/phase-3^{tree}") == whole
    commits = git(root, "rev-list", "--reverse", "HEAD..hclmod/phase-3").split()
    assert [each["commit"] for each in planned["batches"]] == commits
    assert len(commits) == len(planned["batches"]) > 1
    for batch, commit in zip(planned["batches"], commits, strict=True):
        names = git(root, "show", "--name-only", "--format=", commit).split()
        stacks = {each.rpartition("/")[0] for each in names}
        assert {step["stack"] for step in batch["steps"]} <= stacks
    shown = hclmod(root, "catch-up", "next").stdout
    assert f"git merge --ff-only {commits[0]}" in shown
    assert "terraform apply" not in shown


@pytest.mark.slow
def test_only_the_last_slice_says_that_the_phase_is_done(root: Path) -> None:
    git(root, "reset", "-q", "--hard", "HEAD^")
    board(root, *PLAN, "--slices", "--replace")
    *early, last = git(root, "rev-list", "--reverse", "HEAD..hclmod/phase-3").split()

    def phase_is_done() -> bool:
        told = json.loads(hclmod(root, "status", "--format", "json").stdout)
        return any(row["phase"] == 3 and row["state"] == "done" for row in told["phases"])

    for commit in early:
        git(root, "merge", "-q", "--ff-only", commit)
        assert not phase_is_done()
    git(root, "merge", "-q", "--ff-only", last)
    assert phase_is_done()


def test_slices_of_an_older_base_are_not_offered(root: Path) -> None:
    git(root, "reset", "-q", "--hard", "HEAD^")
    assert hclmod(root, *PLAN, "--slices", "--replace").returncode == 0
    git(root, "commit", "-q", "--allow-empty", "-m", "news")
    done = hclmod(root, "catch-up", "next", *NOON)
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not stand on what is checked out" in done.stderr
    again = done.stderr.partition("again: hclmod ")[2].replace(" N ", " 3 ").split()
    assert hclmod(root, *again, *NOON).returncode == 0
    shown = hclmod(root, "catch-up", "next", *NOON).stdout
    git(root, *next(line.split()[1:] for line in shown.splitlines() if "git merge" in line))
    assert "git merge" in hclmod(root, "catch-up", "next", *NOON).stdout, "it may be merged already"


def test_slices_do_not_replace_a_branch_unasked(root: Path) -> None:
    git(root, "reset", "-q", "--hard", "HEAD^")
    before = git(root, "rev-parse", "hclmod/phase-3")
    done = hclmod(root, *PLAN, "--slices")
    assert (done.returncode, "branch hclmod/phase-3 exists" in done.stderr) == (2, True)
    assert git(root, "rev-parse", "hclmod/phase-3") == before
    assert not (root / NAME).exists()


def test_ci_that_applies_on_push_is_said(root: Path) -> None:
    (root / ".woodpecker").mkdir(exist_ok=True)
    (root / ".woodpecker/apply.yml").write_text("steps:\n  - git diff HEAD~1 HEAD\n  - terraform apply\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "ci")
    assert "applies every stack that a push changes" not in hclmod(root, *PLAN).stderr, "planned where it was not there"
    assert (
        "applies every stack that a push changes"
        in hclmod(root, "catch-up", "plan", "--phase", "1", "--replace").stderr
    )


def test_the_worklist_of_diun_goes_first(root: Path) -> None:
    usual = board(root, *PLAN, "--dry-run", "--per", "1")
    last = next(item for each in reversed(usual["batches"]) for item in each["items"] if item["images"])
    name = last["images"][0][1].rpartition(":")[0]
    seen = {"name": name, "manifests": [{"tag": "9.9.9", "created": "2026-01-01T00:00:00Z"}]}
    (root.parent / "diun.json").write_text(json.dumps({"image": seen}))
    words = (*PLAN, "--dry-run", "--per", "1", "--worklist", str(root.parent / "diun.json"))
    items = [item for each in board(root, *words)["batches"] for item in each["items"]]
    listed = [item["workload"] for item in items if item["news"] is not None]
    assert last["workload"] in listed
    stage = [item["workload"] for item in items if item["stage"] == last["stage"] and item["weight"]]
    assert stage.index(last["workload"]) <= len(listed)


@pytest.mark.slow
def test_two_who_mark_at_once_lose_nothing(root: Path) -> None:
    board(root, *PLAN, "--per", "1", "--every", "1m")
    names = ids(root)
    commands = [
        [sys.executable, "-m", "hclmod", "catch-up", "done", name, "--at", f"2026-12-01T{hour:02}:00Z"]
        for hour, name in enumerate(names)
    ]
    variables = environment(root) | {"PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(each, cwd=root, env=variables, stderr=subprocess.PIPE) for each in commands]
    codes = {name: each.wait() for name, each in zip(names, running, strict=True)}
    for each in running:
        assert each.stderr
        each.stderr.close()
    marked = {each["id"] for each in board(root, "catch-up", "status")["batches"] if each["state"] == "done"}
    assert marked == {name for name, code in codes.items() if code == 0}, "who was told that it is done is done"
    assert marked


def test_text_fits_a_terminal(root: Path) -> None:
    hclmod(root, *PLAN)
    for words in (("status",), ("next",)):
        done = hclmod(root, "catch-up", *words, *NOON)
        assert "\x1b" not in done.stdout
        assert done.stdout.startswith(("Catch-up of phase 3", "Batch 1 of"))


def test_the_next_step_depends_on_what_is_merged(root: Path) -> None:
    assert "Next: hclmod catch-up next" in hclmod(root, *PLAN).stdout
    git(root, "reset", "-q", "--hard", "HEAD^")
    open_phase = hclmod(root, *PLAN, "--replace").stdout
    assert "Next: hclmod apply --phase 3, merge its branch, then hclmod catch-up next" in open_phase
    assert "Next:" not in hclmod(root, *PLAN, "--dry-run").stdout


def test_a_phase_that_applies_nothing(root: Path) -> None:
    config = root / "hclmod.toml"
    config.write_text(config.read_text().replace("[phase.3]", "[phase.4]\nworkloads = []\n[phase.3]"))
    done = hclmod(root, "catch-up", "plan", "--phase", "4", "--dry-run")
    assert (done.returncode, "Nothing has to be applied" in done.stdout) == (0, True), done.stderr
