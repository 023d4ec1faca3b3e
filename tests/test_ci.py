"""The files for CI as they stand: read as YAML, their shell run, against a forge on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hclmod.reports import json as stored
from tests.reports.test_json import VALIDATOR
from tests.support.demo import ROOT, environment, git, hclmod, repository
from tests.support.forge import TOKEN, Forge
from tests.support.reports import big

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAMS = Path(sys.executable).parent
FILES = [
    ROOT / "action.yml", *sorted((ROOT / "docs/ci").glob("*.yml")), *sorted((ROOT / ".github/workflows").glob("*.yml")),
]  # fmt: skip
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def scripts(value: object) -> Iterator[str]:
    """All shell that a file holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("run", "commands", "script", "before_script"):
                yield inner if isinstance(inner, str) else "\n".join(inner)
            else:
                yield from scripts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scripts(inner)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_input_is_put_into_shell(path: Path) -> None:
    found = list(scripts(yaml.safe_load(path.read_text())))
    assert found or "fork" in path.name or path.name == "github.yml"
    for script in found:
        assert "${{" not in script, "an expression in shell runs what a stranger writes; give it by the environment"
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def github() -> Iterator[Forge]:
    made = Forge("github")
    yield made
    made.server.close()


class Runner:
    """GitHub's runner as far as a composite action needs it: steps in order, inputs, outputs, `if`, `uses` noted."""

    def __init__(self, folder: Path, workspace: Path, forge: Forge) -> None:
        self.temp, self.workspace = folder / "temp", workspace
        self.summary, self.output = folder / "summary.md", folder / "output"
        self.temp.mkdir()
        (self.temp / "hclmod").symlink_to(PROGRAMS.parent)
        self.used: list[tuple[str, dict[str, str]]] = []
        self.ran: list[str] = []
        self.environment = environment(folder) | {
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": f"{forge.server.url}/api/v3", "GITHUB_REPOSITORY": "o/r",
            "GITHUB_REF": "refs/pull/7/merge", "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_NAME": "pull_request", "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_OUTPUT": str(self.output),
        }  # fmt: skip

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run all steps; gives back the first that fails, or the last."""
        action = read("action.yml")
        known = {f"inputs.{name}": each.get("default", "") for name, each in action["inputs"].items()}
        known |= {f"inputs.{name}": value for name, value in inputs.items()}
        known["github.token"] = TOKEN
        done = subprocess.CompletedProcess([], 0, "", "")
        for step in action["runs"]["steps"]:
            if "if" in step and not self.holds(step["if"], known):
                continue
            if "uses" in step:
                self.used.append((step["uses"], {key: filled(value, known) for key, value in step["with"].items()}))
                continue
            self.ran.append(step["name"])
            given = {key: filled(value, known) for key, value in step.get("env", {}).items()}
            done = self.shell(step["run"], given)
            if done.returncode:
                return done
            for line in self.output.read_text().splitlines() if self.output.exists() else ():
                key, _, value = line.partition("=")
                known[f"steps.{step.get('id', 'report')}.outputs.{key}"] = value
            self.output.unlink(missing_ok=True)
        return done

    def holds(self, condition: str, known: Mapping[str, str]) -> bool:
        name, _, value = condition.partition(" == ")
        return known[name] == value.strip("'")

    def shell(self, script: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        return subprocess.run(
            command, cwd=self.workspace, env=self.environment | given, capture_output=True, text=True, check=False
        )


def filled(value: str, known: Mapping[str, str]) -> str:
    """A value with its expressions replaced, twice: a default may be one."""
    for _ in range(2):
        value = EXPRESSION.sub(lambda match: known[match[1]], value)
    return value


@pytest.mark.slow
def test_the_action_comments_summarises_and_annotates(tmp_path: Path, github: Forge) -> None:
    runner = Runner(tmp_path, repository(tmp_path), github)
    done = runner.run(phase="3")
    assert done.returncode == 0, done.stdout + done.stderr
    installing, reporting = ["Name the environment", "Install hclmod"], ["Plan", "Summary and annotations", "Comment"]
    assert runner.ran == [*installing, *reporting, "Fail where something could not be proven"]
    (comment,) = github.comments
    assert comment["body"].startswith("<!-- hclmod: phase-3 -->\n## Phase 3")
    assert runner.summary.read_text() in comment["body"]
    kept = runner.temp / "hclmod-report"
    assert sorted(path.name for path in kept.iterdir()) == ["report.diff", "report.html", "report.json", "report.sarif"]
    cached, stored = runner.used
    assert cached[1]["path"] == str(runner.temp / "hclmod")
    assert re.fullmatch(r"hclmod-[\d.]+-[\d.]+-[\w-]+-[0-9a-f]{8}-[0-9a-f]{16}", cached[1]["key"]), cached
    assert stored == (
        "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
        {"name": "hclmod-report", "path": str(kept)},
    )
    assert git(runner.workspace, "status", "--porcelain") == ""
    assert runner.run(phase="3", sarif="true").returncode == 0
    name, given = runner.used[-1]
    assert name.startswith("github/codeql-action/upload-sarif@")
    assert given == {"sarif_file": str(kept / "report.sarif"), "category": "hclmod"}
    assert len(github.writes) == 1


@pytest.mark.slow
def test_a_push_has_no_pull_request_to_comment(tmp_path: Path, github: Forge) -> None:
    runner = Runner(tmp_path, repository(tmp_path), github)
    runner.environment |= {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    assert runner.run(phase="3").returncode == 0
    assert runner.summary.stat().st_size
    assert not github.server.seen


@pytest.mark.sampled(1)
@pytest.mark.parametrize("evil", ['3"; touch taken; "', "$(touch taken)", "`touch taken`", "--help\ntouch taken", "-x"])
def test_an_input_is_a_word_and_no_shell(tmp_path: Path, github: Forge, evil: str) -> None:
    runner = Runner(tmp_path, repository(tmp_path), github)
    assert runner.run(phase=evil).returncode == 2
    assert not list(tmp_path.rglob("taken"))
    assert not github.comments


@pytest.mark.slow
def test_what_cannot_be_proven_is_reported_and_then_fails(tmp_path: Path, github: Forge) -> None:
    (tmp_path / "report.json").write_text(stored.write(big()))
    root = repository(tmp_path)
    fake = tmp_path / "fake"
    (fake / "bin").mkdir(parents=True)
    program = fake / "bin/hclmod"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = apply ]; then cp {tmp_path}/report.json {tmp_path}/temp/hclmod-report/report.json\n'
        f'exit 3; fi\nexec {PROGRAMS}/hclmod "$@"\n'
    )
    program.chmod(0o755)
    runner = Runner(tmp_path, root, github)
    (runner.temp / "hclmod").unlink()
    (runner.temp / "hclmod").symlink_to(fake)
    done = runner.run()
    assert done.returncode == 3
    assert "refusal of s0" in github.comments[0]["body"]
    assert len(runner.summary.read_bytes()) < 2**20


@pytest.mark.slow
def test_a_report_from_a_fork_is_posted_on_its_own_pull_request_only(tmp_path: Path, github: Forge) -> None:
    for number, sha in ((6, "a" * 40), (7, "b" * 40)):
        github.open_pulls.append({"number": number, "head": {"label": "stranger:patch/1", "sha": sha}})
    root = repository(tmp_path)
    hclmod(root, "apply", "--phase", "3", "--dry-run", "--format", "json", "--output", "report.json")
    runner = Runner(tmp_path, root, github)
    run = {"head_branch": "patch/1", "head_sha": "b" * 40, "head_repository": {"owner": {"login": "stranger"}}}
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": run | {"pull_requests": []}}))
    runner.environment |= {
        "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": "workflow_run",
    }  # fmt: skip
    done = runner.run(report="report.json")
    assert done.returncode == 0, done.stderr
    assert "o/r#7" not in done.stdout
    assert [each.path for each in github.writes] == ["/api/v3/repos/o/r/issues/7/comments"]
    event.write_text(json.dumps({"workflow_run": run | {"head_sha": "c" * 40}}))
    refused = runner.run(report="report.json")
    assert refused.returncode == 2
    assert "no open pull request of o/r" in refused.stderr


def test_a_report_from_a_fork_that_is_invalid(tmp_path: Path, github: Forge) -> None:
    root = repository(tmp_path)
    (root / "report.json").write_text('{"version": 1, "sections": "$(touch taken)"}')
    runner = Runner(tmp_path, root, github)
    assert runner.run(report="report.json").returncode == 2
    assert not github.comments


def test_the_two_workflows_for_forks_keep_code_and_token_apart() -> None:
    first, second = read("docs/ci/github-fork-report.yml"), read("docs/ci/github-fork-comment.yml")
    assert first["permissions"] == {"contents": "read"}
    assert first[True] == "pull_request"  # YAML 1.1 reads `on` so
    assert second[True]["workflow_run"]["workflows"] == [first["name"]]
    uses = [step["uses"] for step in second["jobs"]["comment"]["steps"]]
    assert not any("checkout" in each for each in uses)
    assert first["jobs"]["report"]["steps"][1]["with"]["comment"] == "false"
    inputs = read("action.yml")["inputs"]
    for workflow in (first, second, read("docs/ci/github.yml")):
        (job,) = workflow["jobs"].values()
        assert job["steps"][-1]["with"].keys() <= inputs.keys()


def ran(script: list[str], root: Path, told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The lines of a job, but those that install; each with the shell options that runners use."""
    lines = [line for line in script if "pip install" not in line and "apt-get" not in line]
    env = environment(root.parent) | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"} | told
    command = ["bash", "-e", "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_woodpecker_step(tmp_path: Path) -> None:
    forge = Forge("gitea")
    (step,) = read("docs/ci/woodpecker.yml")["steps"]
    told = {
        "CI": "woodpecker", "CI_FORGE_TYPE": "forgejo", "CI_FORGE_URL": forge.server.url, "CI_REPO": "o/r",
        "CI_COMMIT_PULL_REQUEST": "7", "FORGEJO_TOKEN": TOKEN,
    }  # fmt: skip
    root = repository(tmp_path)
    for _ in range(2):
        done = ran(step["commands"], root, told)
        assert done.returncode == 0, done.stderr
    assert "All  " in done.stdout
    assert len(forge.comments) == len(forge.writes) == 1
    assert ran(step["commands"], root, told | {"FORGEJO_TOKEN": ""}).returncode == 0
    forge.server.close()


@pytest.mark.slow
def test_the_gitlab_job(tmp_path: Path) -> None:
    forge = Forge("gitlab")
    job = read("docs/ci/gitlab.yml")["hclmod"]
    told = {
        "GITLAB_CI": "true", "CI_API_V4_URL": f"{forge.server.url}/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7", "GITLAB_TOKEN": TOKEN,
    }  # fmt: skip
    root = repository(tmp_path)
    done = ran([*job["before_script"], *job["script"]], root, told)
    assert done.returncode == 0, done.stderr
    (comment,) = forge.comments
    assert comment["body"].startswith("<!-- hclmod: phases-1-2-3 -->")
    VALIDATOR.validate(json.loads((root / "hclmod.json").read_text()))
    assert all((root / name).stat().st_size for name in job["artifacts"]["paths"])
    assert ran(job["script"], root, {}).returncode == 0, "without a token: a fork"
    forge.server.close()


def test_a_job_fails_where_the_plan_does(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "hclmod.toml").write_text("nonsense")
    assert ran(read("docs/ci/gitlab.yml")["hclmod"]["script"], root, {}).returncode == 2
    (step,) = read("docs/ci/woodpecker.yml")["steps"]
    assert ran(step["commands"], root, {"FORGEJO_TOKEN": ""}).returncode == 2


@pytest.mark.slow
def test_the_forgejo_workflow(tmp_path: Path) -> None:
    forge = Forge("gitea", me="gitea-actions")
    forge.knows_me = False
    fetch, _, report = read("docs/ci/forgejo.yml")["jobs"]["report"]["steps"]
    source = repository(tmp_path)
    git(source, "update-ref", "refs/pull/7/head", "HEAD")
    work = tmp_path / "o" / "work"
    work.mkdir(parents=True)
    (tmp_path / "o" / "r").symlink_to(source)
    told = {
        "GITEA_ACTIONS": "true", "GITHUB_API_URL": f"{forge.server.url}/api/v1", "GITHUB_REPOSITORY": "o/r",
        "GITHUB_REF": "refs/pull/7/head", "TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN, "SERVER": f"file://{tmp_path}",
        "REPO": "o/r", "REF": "refs/pull/7/head",
    }  # fmt: skip
    for _ in range(2):
        shutil.rmtree(work)
        work.mkdir()
        done = ran([*fetch["run"].splitlines(), *report["run"].splitlines()], work, told)
        assert done.returncode == 0, done.stderr
    assert len(forge.comments) == len(forge.writes) == 1, done.stdout + done.stderr
    forge.server.close()


def test_our_own_ci_runs_what_a_developer_runs() -> None:
    workflow = read(".github/workflows/ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["check"]["steps"][-1] == {"run": ".ci/run"}


def test_pins_are_names_and_versions_of_all_that_is_required() -> None:
    lines = [line for line in (ROOT / "requirements/dev.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {re.sub(r"[._-]+", "-", line.partition("==")[0]).lower() for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    in_dev = re.findall(r"\w+", extras["dev"][0].partition("[")[2])
    required = [*project["dependencies"], *chain.from_iterable(extras[each] for each in in_dev)]
    names = {re.sub(r"[._-]+", "-", re.split(r"[^\w.-]", each)[0]).lower() for each in required} - {"hclmod"}
    assert names <= pinned, f"run `make pins`: {names - pinned}"


@pytest.mark.parametrize(
    ("heading", "version", "dirty", "says"),
    [
        ("0.2.0 - 2026-12-01", "0.2.0", False, "can be tagged"),
        ("0.2.0 (unreleased)", "0.2.0", False, "write '## 0.2.0 - "),
        ("0.2.0 - 2026-12-01", "0.1.0", False, "the code says 0.1.0"),
        ("0.1.0 - 2026-12-01", "0.1.0", False, "the tag v0.1.0 exists"),
        ("0.2.0 - 2026-12-01", "0.2.0", True, "commit them first"),
    ],
)
def test_what_may_be_tagged(tmp_path: Path, heading: str, version: str, says: str, *, dirty: bool) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release-check", tmp_path / ".ci")
    (tmp_path / "hclmod").mkdir()
    (tmp_path / "hclmod/__init__.py").write_text(f'__version__ = "{version}"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {heading}\n\n## 0.0.1 - 2026-01-01\n")
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    git(tmp_path, "tag", "v0.1.0")
    if dirty:
        (tmp_path / "more").write_text("")
    command = [str(tmp_path / ".ci/release-check"), sys.executable]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert says in done.stdout + done.stderr
    assert (done.returncode == 0) == (says == "can be tagged")
