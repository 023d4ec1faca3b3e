"""How people get hclmod: commands of recipes have their options, and what runs on servers runs here, where it can."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from hclmod.cli import cli
from tests.support.demo import ROOT, environment, git, repository

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(sys.executable).parent
RECIPES = [
    ROOT / "README.md", ROOT / "Dockerfile", ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml",
    *sorted((ROOT / "docs/ci").iterdir()), *sorted((ROOT / "docs/guides").glob("*.md")), ROOT / "docs/commands.md",
    *sorted((ROOT / ".github/workflows").glob("*.yml")),
]  # fmt: skip
CALL = re.compile(
    r"""(?:^|[\s`/"(])(?:hclmod|hclmod:[\d.]+|"\$HCLMOD"|bin/hclmod")[ \t]+([a-z](?:[^\n\\`|<>&;)#]|\\\n)*)"""
)
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


def calls(text: str) -> Iterator[list[str]]:
    """The words behind `hclmod` wherever a text has a command of it."""
    for match in CALL.finditer(text):
        try:
            words = shlex.split(match[1].replace("\\\n", " "))
        except ValueError:  # the end of a quotation, or an apostrophe
            words = match[1].partition('"')[0].split()
        command = cli.get_command(click.Context(cli), words[0])
        if command is not None:
            yield words


def unknown(words: list[str]) -> list[str]:
    """The options of a call that its command does not have."""
    command: click.Command | None = cli.get_command(click.Context(cli), words[0])
    rest = words[1:]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    assert command is not None
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "-h"}
    return [each for each in rest if re.match(r"--?[a-z]", each) and each.partition("=")[0] not in known]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_command_of_a_recipe_has_the_options_that_it_uses(path: Path) -> None:
    wrong = {" ".join(words): options for words in calls(path.read_text()) if (options := unknown(words))}
    assert not wrong


def test_the_reader_of_recipes_can_fail() -> None:
    text = 'run: hclmod check --nonsense .\n"$HCLMOD" check --color never x\n/x/bin/hclmod" report a \\\n  --wrong\n'
    found = list(calls(text))
    assert [words[0] for words in found] == ["check", "check", "report"]
    assert [unknown(words) for words in found] == [["--nonsense"], [], ["--wrong"]]
    assert sum(len(list(calls(path.read_text()))) for path in RECIPES) > 100


def uses(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["uses"]] if isinstance(value.get("uses"), str) else []
        for inner in value.values():
            yield from uses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from uses(inner)


WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_what_we_run_of_others_is_pinned_to_a_commit(path: Path) -> None:
    every = list(uses(yaml.safe_load(path.read_text())))
    assert every
    assert [each for each in every if not PINNED.fullmatch(each)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs/ci").glob("*.yml")), ids=lambda path: path.name)
def test_a_recipe_names_a_version_of_hclmod(path: Path) -> None:
    named = re.findall(r"you/hclmod@(\S+)", path.read_text())
    assert named
    assert set(named) == {"v0.2.0"}


def test_the_release_builds_without_a_right_to_write_and_signs_what_it_publishes() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    assert jobs["permissions"] == {}
    assert jobs[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` so
    build, publish = jobs["jobs"]["build"], jobs["jobs"]["publish"]
    assert build["permissions"] == {"contents": "read"}
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"contents": "write", "id-token": "write", "attestations": "write"}
    assert not any("checkout" in each for each in uses(publish)), "no code of the repository runs beside the token"
    names = [each.get("uses", each.get("name")).partition("@")[0] for each in publish["steps"]]
    assert names == ["actions/download-artifact", "actions/attest-build-provenance", "Publish"]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A repository with what a release is made from, and a stand-in for the builder that writes two files."""
    root = tmp_path / "root"
    (root / ".ci").mkdir(parents=True)
    for name in ("release-build", "release-notes"):
        (root / ".ci" / name).write_bytes((ROOT / ".ci" / name).read_bytes())
        (root / ".ci" / name).chmod(0o755)
    (root / "hclmod").mkdir()
    (root / "hclmod/__init__.py").write_text('__version__ = "0.2.0"\n')
    sections = ("# Changelog", "## 0.3.0 (unreleased)", "* No.", "## 0.2.0 - 2026-12-15", "### Added", "* Yes.")
    (root / "CHANGELOG.md").write_text("\n\n".join((*sections, "## 0.1.0 - 2026-11-30\n")))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Release 0.2.0", "--date", "2026-12-15T12:00:00Z")
    builder = tmp_path / "python"
    builder.write_text(
        '#!/bin/sh\n[ "$1 $2 $3 $4" = "-m hatchling build --directory" ] || exit 9\n'
        'echo "$SOURCE_DATE_EPOCH" | tee "$5/hclmod-0.2.0.tar.gz" >"$5/hclmod-0.2.0-py3-none-any.whl"\n'
    )
    builder.chmod(0o755)
    return root


def built(root: Path, tag: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(root / ".ci/release-build"), tag, str(folder), str(root.parent / "python")]
    return subprocess.run(command, env=environment(root.parent), capture_output=True, text=True, check=False)


def test_a_release_has_its_files_their_sums_and_its_section_of_the_changelog(release: Path, tmp_path: Path) -> None:
    done = built(release, "v0.2.0", tmp_path / "dist")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dist/notes.md").read_text() == "### Added\n\n* Yes.\n"
    commit_date = git(release, "log", "-1", "--format=%ct")
    assert (tmp_path / "dist/hclmod-0.2.0.tar.gz").read_text() == commit_date
    sums = (tmp_path / "dist/SHA256SUMS").read_text()
    assert [line.split()[1] for line in sums.splitlines()] == ["hclmod-0.2.0-py3-none-any.whl", "hclmod-0.2.0.tar.gz"]
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path / "dist", capture_output=True, check=False
    )
    assert checked.returncode == 0


@pytest.mark.parametrize(
    ("tag", "version", "says"), [("v0.2.1", "0.2.0", "the code says 0.2.0"), ("v0.3.0", "0.3.0", "no section")]
)
def test_a_release_without_a_section_or_with_another_version_is_refused(
    release: Path, tmp_path: Path, tag: str, version: str, says: str
) -> None:
    (release / "hclmod/__init__.py").write_text(f'__version__ = "{version}"\n')
    done = built(release, tag, tmp_path / "dist")
    assert done.returncode == 1
    assert says in done.stderr
    assert not list((tmp_path / "dist").glob("hclmod-*"))


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile: each with its words."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def test_the_image_is_made_of_debian_and_of_what_pip_installs() -> None:
    instructions = dockerfile()
    assert {words.split()[0] for name, words in instructions if name == "FROM"} == {"debian:bookworm-slim"}
    runs = [step.split() for name, words in instructions if name == "RUN" for step in words.split(" && ")]
    assert {each[0] for each in runs} == {
        "apt-get",
        "rm",
        "python3",
        "/opt/hclmod/bin/pip",
        "/opt/hclmod/bin/python",
        "useradd",
    }
    assert not any("://" in word for each in runs for word in each)
    assert ("USER", "1000:1000") in instructions
    assert not any(name == "ADD" for name, _ in instructions)


def test_the_image_gets_all_that_an_installation_needs() -> None:
    copied = {
        word for name, words in dockerfile() if name == "COPY" and "--from" not in words for word in words.split()[:-1]
    }
    project = (ROOT / "pyproject.toml").read_text()
    assert copied == {"pyproject.toml", "README.md", "LICENSE", "requirements", "hclmod", "rules"}
    assert all(f'"{name}"' in project for name in ("README.md", "LICENSE", "hclmod", "rules"))
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert set(kept) == copied
    assert all((ROOT / name).exists() for name in copied)


FAKE_PYTHON = """#!/bin/sh
if [ "$1" = -m ]; then
  mkdir -p "$3/bin"
  echo "#!/bin/sh
  echo \\"\\$*\\" >>$LOG
  echo '#!/bin/sh' >$3/bin/hclmod && chmod +x $3/bin/hclmod" >"$3/bin/pip"
  chmod +x "$3/bin/pip"
else
  exec REAL "$@"
fi
"""


def test_the_action_installs_once_and_again_where_the_environment_is_broken(tmp_path: Path) -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    (script,) = [each["run"] for each in steps if each.get("name") == "Install hclmod"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text(FAKE_PYTHON.replace("REAL", sys.executable))
    (tmp_path / "bin/python3").chmod(0o755)
    log = tmp_path / "log"
    told = environment(tmp_path) | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "LOG": str(log), "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTION_PATH": str(ROOT),
    }  # fmt: skip

    def run() -> list[str]:
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return log.read_text().splitlines()

    (tmp_path / "temp").mkdir()
    assert len(run()) == len(run()) == 1, "the second run found the environment"
    assert run()[0].endswith(f"--constraint {ROOT}/requirements/dev.txt {ROOT}[gohcl]")
    (tmp_path / "temp/hclmod/bin/hclmod").write_text("#!/no/such/python\n")
    assert len(run()) == 2


def test_the_key_of_the_environment_changes_with_what_it_is_made_of(tmp_path: Path) -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    (script,) = [each["run"] for each in steps if each.get("id") == "environment"]
    action = tmp_path / "action"
    files = {"hclmod/__init__.py": '__version__ = "0.2.0"\n', "rules/a b.py": "", "pyproject.toml": ""}
    for name, text in {**files, "requirements/dev.txt": "a==1\n"}.items():
        (action / name).parent.mkdir(parents=True, exist_ok=True)
        (action / name).write_text(text)

    def key(temp: str = "/t") -> str:
        told = {"GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": temp, "GITHUB_OUTPUT": str(tmp_path / "output")}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        subprocess.run(command, env=environment(tmp_path) | told, check=True)
        lines = (tmp_path / "output").read_text().splitlines()
        (tmp_path / "output").unlink()
        return lines[0]

    first = key()
    assert first.startswith("key=hclmod-0.2.0-3.")
    assert key() == first
    assert key("/other") != first
    (action / "requirements/dev.txt").write_text("a==2\n")
    second = key()
    assert second != first
    (action / "rules/a b.py").write_text("x = 1\n")
    assert key() not in (first, second)


def checking(name: str) -> list[str]:
    """The lines of a recipe that run before a plan."""
    if name.endswith(".yaml"):
        recipe: dict[str, Any] = yaml.safe_load((ROOT / "docs/ci" / name).read_text())
        (entry,) = recipe["repos"]
        first, *others = recipe["workflows"][entry["workflow"]]["plan"]["steps"]
        assert others == ["init", "plan"]
        return [first["run"]]
    return [(ROOT / "docs/ci" / name).read_text()]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["atlantis-repos.yaml", "terraform-pre-plan"])
def test_what_runs_before_a_plan_fails_on_a_finding_and_passes_without(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path)
    config = root / "hclmod.toml"
    config.write_text(f"through = 3\n{config.read_text()}")
    env = environment(tmp_path) | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}

    def run() -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", "\n".join(checking(name))]
        return subprocess.run(command, cwd=root / "stacks/beacon", env=env, capture_output=True, text=True, check=False)

    first = run()
    assert first.returncode == 1, first.stderr
    assert "ignore-keel-drift" in first.stdout
    config.write_text(config.read_text().replace("through = 3", "through = 0"))
    assert run().returncode == 0
