"""The board of a rollout, from the first phase that is open to the one that is merged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.demo import git, hclmod, repository

if TYPE_CHECKING:
    from pathlib import Path


def rows(root: Path, *words: str) -> dict[int, dict[str, Any]]:
    """The phases by their numbers."""
    told = json.loads(hclmod(root, "status", *words, "--format", "json").stdout)
    return {row["phase"]: row for row in told["phases"]}


def next_step(root: Path) -> str:
    return hclmod(root, "status").stdout.rpartition("Next: ")[2].strip()


def test_a_phase_from_open_to_done(tmp_path: Path) -> None:
    root = repository(tmp_path)
    planned = json.loads(hclmod(root, "apply", "--phase", "3", "--dry-run", "--format", "json").stdout)["sections"][0]
    phase = rows(root)[3]
    assert (phase["state"], phase["since"], phase["branch"]) == ("open", "", "")
    assert phase["changes"] == planned["totals"]["changes"] > 0
    assert phase["need_review"] == planned["totals"]["people"]

    assert hclmod(root, "apply", "--phase", "3").returncode == 0
    phase = rows(root)[3]
    assert (phase["state"], phase["branch"]) == ("branch", "hclmod/phase-3")
    assert phase["since"] == git(root, "log", "-1", "--format=%cs", "hclmod/phase-3").strip()

    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(root, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(root, "push", "-q", "origin", "hclmod/phase-3")
    assert rows(root)[3]["state"] == "pushed"
    git(root, "branch", "-q", "-D", "hclmod/phase-3")
    assert rows(root)[3]["state"] == "pushed"

    git(root, "merge", "-q", "--ff-only", "origin/hclmod/phase-3")
    phase = rows(root)[3]
    assert (phase["state"], phase["commit"]) == ("done", git(root, "rev-parse", "HEAD").strip())
    assert phase["changes"] == 0


def test_what_is_done_holds_nothing_back(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = json.loads(hclmod(root, "status", "--format", "json").stdout)["needs_review"]
    assert any("3" in row["phases"].split(", ") for row in before)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(f"through = 9\n{text}")
    assert {row["state"] for row in rows(root).values()} == {"done"}
    done = hclmod(root, "status")
    assert "Needs review\n  none\n" in done.stdout
    assert "Next:" not in done.stdout


def test_the_next_step_follows_the_first_phase_that_is_not_done(tmp_path: Path) -> None:
    root = repository(tmp_path)
    first = next(number for number, row in rows(root).items() if row["state"] == "open")
    assert next_step(root) == f"hclmod apply --phase {first} --dry-run"
    assert hclmod(root, "apply", "--phase", str(first)).returncode == 0
    assert next_step(root) == f"hclmod pr --phase {first}"


def test_a_phase_with_a_file_that_cannot_be_read_is_open(tmp_path: Path) -> None:
    root = repository(tmp_path)
    assert hclmod(root, "apply", "--phase", "3", "--in-place").returncode == 0
    (root / "stacks/beacon/main.tf").write_text("broken {\n")
    git(root, "commit", "-qam", "broken")
    phase = rows(root)[3]
    assert (phase["state"], phase["skipped"]) == ("open", 1)
    assert "cannot read stacks/beacon/main.tf" in hclmod(root, "status").stderr


def test_nothing_is_written(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = git(root, "status", "--porcelain"), git(root, "for-each-ref")
    assert hclmod(root, "status").returncode == 0
    assert (git(root, "status", "--porcelain"), git(root, "for-each-ref")) == before


@pytest.mark.parametrize(("config", "message"), [("", "has no phases"), ("phase = 3\n", "phase")])
def test_a_config_without_phases(tmp_path: Path, config: str, message: str) -> None:
    root = repository(tmp_path)
    (root / "hclmod.toml").write_text(config)
    done = hclmod(root, "status")
    assert done.returncode == 2
    assert message in done.stderr
