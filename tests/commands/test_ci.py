"""The command: one commit on a branch or files in the working tree, deleted ones too, a second run without a change."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.rules.test_ci import WORKFLOW, infra
from tests.support.demo import git, hclmod, state

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = """\
when:
  - event: manual
steps:
  - name: deploy
    image: bitnami/kubectl
    commands:
      - kubectl -n basin set image deployment/sluice web=ghcr.io/lanternworks/sluice:$IMAGE_TAG
"""
BUILD, STARTED = ".github/workflows/build.yml", ".woodpecker/deploy.yml"


def commit(folder: Path, texts: dict[str, bytes]) -> Path:
    """A repository with these files."""
    for name, data in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@example.net")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    return folder


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return commit(tmp_path / "service", {BUILD: WORKFLOW.encode(), STARTED: DEPLOY.encode()})


@pytest.fixture
def terraform(tmp_path: Path) -> str:
    every = {"there": True, "enrolled": True, "watched": True, "floating": True, "same": True}
    return str(commit(tmp_path / "infra", infra(**every)))


def test_check_says_what_is_to_do_and_writes_nothing(service: Path, terraform: str) -> None:
    before = state(service)
    done = hclmod(service, "ci", "check", "--infra", terraform, "--format", "json")
    assert (done.returncode, state(service)) == (1, before), done.stderr
    documents = [each for stack in json.loads(done.stdout)["sections"][0]["stacks"] for each in stack["documents"]]
    rules = {item["rule"] for document in documents for item in document["items"]}
    assert rules >= {"drop-deploy-job", "drop-deploy-pipeline", "serialise-push"}


def test_without_the_terraform_repository_every_deploy_stays(service: Path) -> None:
    done = hclmod(service, "ci", "check")
    assert done.returncode == 1
    assert done.stdout.count("Name the Terraform repository with --infra") == 2
    assert "removes" not in done.stdout


def test_apply_makes_one_commit_with_deleted_files(service: Path, terraform: str) -> None:
    before = state(service)
    done = hclmod(service, "ci", "apply", "--infra", terraform)
    assert (done.returncode, state(service)) == (0, before), done.stderr
    shown = git(service, "show", "--name-status", "--format=%B", "hclmod/ci").splitlines()
    assert {f"M\t{BUILD}", f"D\t{STARTED}"} <= set(shown)
    assert shown[0] == "Let Keel deploy what CI builds"
    assert any(line.startswith("Hclmod-Rules: drop-deploy-pipeline") for line in shown)
    assert not any(line.startswith("Hclmod-Phase") for line in shown)
    again = hclmod(service, "ci", "apply", "--infra", terraform)
    assert "hclmod/ci is up to date." in again.stdout, again.stderr
    git(service, "merge", "-q", "--ff-only", "hclmod/ci")
    last = hclmod(service, "ci", "check", "--infra", terraform)
    assert (last.returncode, "Nothing" in last.stdout or "0 changes" in last.stdout) == (0, True), last.stdout


def test_a_branch_of_ours_is_made_again_and_one_of_others_is_not(service: Path, terraform: str) -> None:
    assert hclmod(service, "ci", "apply", "--infra", terraform).returncode == 0
    (service / "more.txt").write_text("more\n")
    git(service, "add", "-A")
    git(service, "commit", "-q", "-m", "more")
    assert hclmod(service, "ci", "apply", "--infra", terraform).returncode == 2
    assert hclmod(service, "ci", "apply", "--infra", terraform, "--replace").returncode == 0
    git(service, "branch", "-f", "hclmod/ci", "main~1")
    git(service, "checkout", "-q", "hclmod/ci")
    git(service, "commit", "-q", "--allow-empty", "-m", "by hand")
    git(service, "checkout", "-q", "main")
    done = hclmod(service, "ci", "apply", "--infra", terraform, "--replace")
    assert (done.returncode, "hclmod did not make" in done.stderr) == (2, True)


def test_in_place_writes_and_deletes(service: Path, terraform: str) -> None:
    done = hclmod(service, "ci", "apply", "--infra", terraform, "--in-place")
    assert done.returncode == 0, done.stderr
    assert not (service / STARTED).exists()
    assert "deploy" not in (service / BUILD).read_text()
    then = state(service)
    assert hclmod(service, "ci", "apply", "--infra", terraform, "--in-place").returncode == 0
    assert state(service) == then


def test_a_dry_run_writes_nothing_and_git_applies_its_diff(service: Path, terraform: str) -> None:
    before = state(service)
    diff = hclmod(service, "ci", "apply", "--infra", terraform, "--dry-run", "--diff").stdout
    assert state(service) == before
    subprocess.run(["git", "apply"], cwd=service, input=diff, text=True, check=True)
    assert not (service / STARTED).exists()
    assert hclmod(service, "ci", "check", "--infra", terraform).returncode == 0


def test_the_way_back_undoes_both_halves(service: Path, terraform: str, tmp_path: Path) -> None:
    assert hclmod(service, "ci", "apply", "--infra", terraform, "--in-place").returncode == 0
    (service / BUILD).write_text((service / BUILD).read_text().replace("sluice:latest", "sluice:${{ github.sha }}"))
    assert hclmod(service, "ci", "apply", "--model", "ci", "--infra", terraform, "--in-place").returncode == 0
    assert "kubectl -n basin set image deployment/sluice web=" in (service / BUILD).read_text()
    root = tmp_path / "infra"
    done = hclmod(root, "ci", "apply", "--model", "ci", "--workload", "basin/sluice", "--in-place")
    assert done.returncode == 0, done.stderr
    text = (root / "stacks/basin/main.tf").read_text()
    assert "CI_SETS_IMAGE" in text
    assert '"keel.sh/policy" = "never"' in text
    again = hclmod(service, "ci", "check", "--infra", terraform)
    assert "it opted out of Keel" in again.stdout


@pytest.mark.parametrize("how", ["changed", "untracked"])
def test_a_file_that_git_cannot_give_back_is_not_deleted(service: Path, terraform: str, how: str) -> None:
    if how == "changed":
        (service / STARTED).write_text(f"# by hand\n{DEPLOY}")
    else:
        git(service, "rm", "-q", "--cached", STARTED)
        git(service, "commit", "-q", "-m", "forget it")
    before = state(service)
    done = hclmod(service, "ci", "apply", "--infra", terraform, "--in-place")
    assert (done.returncode, state(service)) == (3, before)
    assert f"no commit has what {STARTED} holds" in done.stderr


def test_a_repository_without_terraform_is_named(service: Path) -> None:
    done = hclmod(service, "ci", "check", "--infra", str(service))
    assert (done.returncode, "there is no Terraform in" in done.stderr) == (2, True)


def test_folders_of_pipelines_are_not_called_stacks(service: Path, terraform: str) -> None:
    done = hclmod(service, "ci", "check", "--infra", terraform)
    assert "changes in 2 files (2 folders), 0 need review" in done.stdout


@pytest.mark.parametrize("platform", ["woodpecker", "github", "forgejo", "gitlab"])
def test_a_new_pipeline_is_one_that_needs_nothing(tmp_path: Path, terraform: str, platform: str) -> None:
    root = commit(tmp_path / "new", {"Dockerfile": b"FROM scratch\n"})
    image = "ghcr.io/lanternworks/sluice"
    done = hclmod(root, "ci", "new", platform, "--image", image)
    assert done.returncode == 0, done.stderr
    assert hclmod(root, "ci", "check", "--infra", terraform).returncode == 0
    assert hclmod(root, "ci", "new", platform, "--image", image).returncode == 1
    assert hclmod(root, "ci", "new", platform, "--image", f"{image}:1").returncode == 1


def test_a_repository_without_pipelines_is_named(tmp_path: Path) -> None:
    done = hclmod(commit(tmp_path / "empty", {"README.md": b"# Empty\n"}), "ci", "check")
    assert (done.returncode, "no pipelines of GitHub" in done.stderr) == (0, True)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for words in (("ci", "check"), ("status",), ("survey",)):
        done = hclmod(tmp_path, *words, "-C", "gone")
        assert (done.returncode, "there is no folder gone" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("name", ["sluice", "basin/sluce", "weir/sluice"])
def test_a_workload_that_nothing_has_is_refused(service: Path, terraform: str, name: str) -> None:
    done = hclmod(service, "ci", "apply", "--model", "ci", "--infra", terraform, "--workload", name)
    assert done.returncode == 2
    assert f"no workload {name}" in done.stderr
