"""Files that cannot be read, links, other repositories, and text that a terminal or a log would obey."""

from __future__ import annotations

import os
import pkgutil
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from hclmod.hcl.source import LARGE, MAX_BYTES
from tests.support.demo import git, hclmod

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIN = ("pin", "s/kubernetes_deployment.a", "--to", "1.2.2", "--allow-downgrade", "--reason", "x", "--dry-run")
RELEASE = 'resource "helm_release" "w" {\n  atomic = true\n}\n'
ATOMIC = ("--rule", "drop-helm-atomic")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "s").mkdir(parents=True)
    git(root, "init", "-q")
    (root / "s/main.tf").write_text(RELEASE)
    return root


def test_a_named_file_that_cannot_be_read_is_no_success(folder: Path) -> None:
    (folder / "s/bad.tf").write_text(RELEASE + "}")
    assert hclmod(folder, "check", *ATOMIC, "s/bad.tf").returncode == 1


def test_a_file_of_a_named_folder_that_cannot_be_read_is_skipped(folder: Path) -> None:
    (folder / "s/main.tf").write_text("locals {}\n")
    (folder / "s/bad.tf").write_text(RELEASE + "}")
    done = hclmod(folder, "check", *ATOMIC, "s")
    assert (done.returncode, "1 skipped" in done.stdout) == (0, True)


@pytest.mark.parametrize("kind", ["socket", "fifo"])
def test_what_is_not_a_regular_file_is_skipped(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "s")
    if kind == "fifo":
        os.mkfifo("x.tf")
    else:
        socket.socket(socket.AF_UNIX).bind("x.tf")
    done = hclmod(folder, "fix", *ATOMIC, "s")
    assert (done.returncode, "1 skipped" in done.stdout) == (0, True)
    assert "atomic" not in (folder / "s/main.tf").read_text()


def test_a_folder_that_a_link_leads_out_of_is_left(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text(RELEASE)
    (folder / "link").symlink_to("../outside")
    for path in ("link", "link/main.tf"):
        done = hclmod(folder, "fix", *ATOMIC, path)
        assert "1 skipped" in done.stdout
        assert (outside / "main.tf").read_text() == RELEASE


def test_a_link_to_a_folder_inside_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to("s")
    hclmod(folder, "fix", *ATOMIC, "link")
    assert "atomic" not in (folder / "s/main.tf").read_text()


def test_another_repository_below_is_left(folder: Path) -> None:
    (folder / "other").mkdir()
    git(folder / "other", "init", "-q")
    (folder / "other/main.tf").write_text(RELEASE)
    hclmod(folder, "fix", *ATOMIC, ".")
    assert (folder / "other/main.tf").read_text() == RELEASE
    assert "atomic" not in (folder / "s/main.tf").read_text()


def test_a_bare_repository_in_a_checkout_is_refused(folder: Path) -> None:
    inner = folder / "inner"
    git(folder, "init", "-q", "--bare", "inner")
    (inner / "hclmod.toml").write_text('[phase.1]\nstacks = ["a"]\n')
    (inner / "a").mkdir()
    (inner / "a/main.tf").write_text(RELEASE)
    done = hclmod(inner, "apply", "--phase", "1", "--dry-run")
    assert (done.returncode, "bareRepository" in done.stderr) == (2, True)


LIVE = (
    'resource "kubernetes_deployment" "esc" {\n  metadata {\n    name = "e"\n  }\n  spec {\n    template {\n'
    '      spec {\n        container {\n          name  = "%s"\n          image = "acme/a:1.2.3"\n'
    "        }\n      }\n    }\n  }\n}\n"
)


def test_nothing_that_a_terminal_obeys_is_shown(folder: Path) -> None:
    (folder / "s/main.tf").write_text(LIVE % "a\\u001b[31mb\\u0007")
    for words in (("trace", "s/kubernetes_deployment.esc"), ("explain", "s/kubernetes_deployment.esc")):
        done = hclmod(folder, *words)
        assert done.returncode == 0
        assert not {"\x1b", "\x07"} & set(done.stdout + done.stderr)


def test_no_line_is_a_command_of_a_workflow(folder: Path) -> None:
    (folder / "s/main.tf").write_text(LIVE % "::error title=hi::pwn")
    (folder / "hclmod.toml").write_text('[images."*"]\nfloat = "latest"\n')
    done = hclmod(folder, "check", "--rule", "float-image-tag", ".")
    assert "error title=hi" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]


def test_a_file_outside_of_the_repository_is_left(folder: Path) -> None:
    (folder.parent / "other.tf").write_text(RELEASE)
    done = hclmod(folder, "fix", *ATOMIC, "s", "../other.tf")
    assert "it lies outside of the repository" in done.stdout
    assert (folder.parent / "other.tf").read_text() == RELEASE
    assert "atomic" not in (folder / "s/main.tf").read_text()


def test_a_file_of_another_repository_below_is_left(folder: Path) -> None:
    (folder / "other").mkdir()
    git(folder / "other", "init", "-q")
    (folder / "other/main.tf").write_text(RELEASE)
    done = hclmod(folder, "fix", *ATOMIC, "s", "other/main.tf")
    assert "other is another repository" in done.stdout
    assert (folder / "other/main.tf").read_text() == RELEASE


@pytest.mark.parametrize("words", [("fix", *ATOMIC, "."), ("survey",), ("audit",), ("owners",)])
def test_folders_that_are_not_looked_into_are_named(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "other").mkdir()
    git(folder / "other", "init", "-q")
    assert "warning: not looked into (another repository): other\n" in hclmod(folder, *words).stderr


@pytest.mark.parametrize("target", ["outside/hclmod.toml", "outside/nothing"])
def test_a_config_that_a_link_leads_out_of_the_repository_is_refused(folder: Path, target: str) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "hclmod.toml").write_text("")
    (folder / "hclmod.toml").symlink_to(f"../{target}")
    assert "lies outside of the repository" in hclmod(folder, "survey").stderr
    assert hclmod(folder, "init").returncode == 2
    assert [each.name for each in outside.iterdir()] == ["hclmod.toml"]


@pytest.mark.parametrize("words", [("check", *ATOMIC, "--output", "out"), ("audit", "--write-baseline", "out")])
def test_an_output_that_a_link_leads_out_of_the_repository_is_refused(folder: Path, words: tuple[str, ...]) -> None:
    (folder.parent / "victim").write_text("mine")
    (folder / "out").symlink_to("../victim")
    done = hclmod(folder, *words)
    assert (done.returncode, "lies outside of the repository" in done.stderr) == (2, True)
    assert (folder.parent / "victim").read_text() == "mine"


def test_a_config_elsewhere_does_not_move_the_root(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere/main.tf").write_text(LIVE % "elsewhere")
    (folder.parent / "elsewhere/c.toml").write_text("")
    (folder / "s/main.tf").write_text(LIVE % "here")
    done = hclmod(folder, "survey", "--config", "../elsewhere/c.toml", "--format", "json")
    assert ('"here"' in done.stdout, '"elsewhere"' in done.stdout) == (True, False)


@pytest.fixture
def sparse(folder: Path) -> Path:
    for stack in ("s", "t"):
        (folder / stack).mkdir(exist_ok=True)
        (folder / stack / "main.tf").write_text(RELEASE + LIVE.replace("esc", stack) % stack)
    (folder / "hclmod.toml").write_text('[phase.1]\nstacks = ["s", "t"]\n')
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@example.net")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    git(folder, "sparse-checkout", "set", "s")
    assert not (folder / "t").exists()
    return folder


AWAY = "outside of the sparse checkout"


def test_apply_commits_what_a_sparse_checkout_leaves_out(sparse: Path) -> None:
    assert hclmod(sparse, "apply", "--phase", "1").returncode == 0
    assert git(sparse, "diff", "--name-only", "HEAD", "hclmod/phase-1") == "s/main.tf\nt/main.tf\n"
    assert git(sparse, "status", "--short") == ""


@pytest.mark.parametrize(
    "words",
    [
        ("fix", *ATOMIC, "."),
        ("fix", *ATOMIC, "t"),
        ("fix", *ATOMIC, "t/main.tf"),
        ("check", *ATOMIC, "."),
        ("apply", "--phase", "1", "--in-place"),
    ],
)
def test_what_a_sparse_checkout_leaves_out_is_skipped(sparse: Path, words: tuple[str, ...]) -> None:
    done = hclmod(sparse, *words)
    assert re.search(rf"1 file: {AWAY} .*: t/main.tf", done.stdout), done.stderr
    assert not (sparse / "t").exists()
    assert git(sparse, "status", "--short") in ("", " M s/main.tf\n")


def test_a_file_that_is_named_and_not_there_is_no_success(sparse: Path) -> None:
    assert hclmod(sparse, "check", *ATOMIC, "t/main.tf").returncode == 1


def test_a_pin_outside_of_a_sparse_checkout_is_refused(sparse: Path) -> None:
    pin = ("pin", "t/kubernetes_deployment.t", "--to", "1.2.2", "--allow-downgrade", "--reason", "x")
    done = hclmod(sparse, *pin)
    assert done.returncode == 1
    assert f"Nothing was written: t/main.tf is {AWAY}" in done.stderr
    assert not (sparse / "t").exists()


@pytest.mark.parametrize("words", [("survey",), ("owners",), ("explain", "t/kubernetes_deployment.t"), ("audit",)])
def test_what_a_sparse_checkout_leaves_out_is_read_and_named(sparse: Path, words: tuple[str, ...]) -> None:
    done = hclmod(sparse, *words)
    assert done.returncode == int(words == ("audit",)), "nobody names the version of Keel"
    assert "kubernetes_deployment.t" in done.stdout or words == ("audit",)
    assert f"warning: read from git ({AWAY}" in done.stderr


LONG = {
    "s/big.tf": LIVE.replace("esc", "big") % "big",
    "s/values.yaml": "- image: acme/x:1.2.3\n",
    "s/terraform.tfvars": 'x = "acme/x:1.2.3"\n',
    "t/terragrunt.hcl": 'locals { x = "acme/x:1.2.3" }\n',
    "s/x.auto.tfvars.json": '{"x": "acme/x:1.2.3"}\n',
    ".github/workflows/ci.yml": "- run: kubectl set image deploy/x x=acme/x:1.2.3\n",
    "Dockerfile": "FROM acme/x:1.2.3\n",
    "compose.yaml": "- image: acme/x:1.2.3\n",
}


@pytest.fixture
def long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a file of each kind that is too large, in which no parser takes one."""
    reading = 'resource "helm_release" "v" {\n  values = [file("${path.module}/values.yaml")]\n}\n'
    (folder / "s/main.tf").write_text(
        f'{LIVE.replace("esc", "a") % "a"}{reading}module "m" {{\n  source = "../t"\n}}\n'
    )
    for path, text in LONG.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text * (MAX_BYTES // len(text) + 1))
    (folder / "hclmod.toml").write_text('[phase.1]\nstacks = ["s"]\n')
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    for name in PARSERS:
        monkeypatch.setattr(name, _bounded(pkgutil.resolve_name(name)))
    return folder


PARSERS = (
    "hclmod.hcl.syntax.parse", "hclmod.yaml.scalars.tree", "hclmod.terraform.var_files.json.loads", "yaml.load_all",
    "yaml.compose_all", "pygohcl.loads", "hcl2.loads", "hclmod.scan.pipelines._in_text",
)  # fmt: skip


def _bounded(parser: Callable[..., object]) -> Callable[..., object]:
    def parse(*args: Any, **how: Any) -> object:
        assert all(len(each) <= MAX_BYTES for each in args if isinstance(each, str | bytes))
        return parser(*args, **how)

    return parse


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("apply", "--phase", "1", "--dry-run"), ["s/big.tf", "s/terraform.tfvars"]),
        (("check", "--rule", "float-image-tag", "."), ["s/big.tf", "s/terraform.tfvars", "s/values.yaml"]),
        (("audit",), ["s/big.tf", "s/terraform.tfvars", "s/x.auto.tfvars.json"]),
        (("owners",), ["s/big.tf", "s/terraform.tfvars"]),
        (("survey",), [*LONG]),
        (("trace", "s/kubernetes_deployment.a"), ["s/big.tf", "s/terraform.tfvars"]),
        (("explain", "s/kubernetes_deployment.a"), ["s/big.tf", ".github/workflows/ci.yml"]),
        (PIN, ["s/big.tf", ".github/workflows/ci.yml"]),
        (("tags", "explain", "acme/a:1.2.3"), ["s/big.tf"]),
    ],
)
def test_a_file_above_the_limit_is_not_parsed_and_named(long: Path, words: tuple[str, ...], named: list[str]) -> None:
    done = hclmod(long, *words)
    assert done.returncode in (0, 1), done.stderr
    (line,) = (each for each in done.stderr.splitlines() if LARGE in each)
    assert line.startswith(f"warning: not looked into ({LARGE}): ")
    assert [each for each in named if each not in line] == []


def test_files_that_cannot_be_read_say_nothing_of_style(folder: Path) -> None:
    os.mkfifo(folder / "s/pipe.tf")
    words = ("--policy", "cluster", "--policy-file", "s/policy.tf", "--out", "s")
    assert hclmod(folder, "foundation", "--dry-run", *words).returncode in (0, 1, 2)


def test_a_config_that_would_be_waited_for_is_an_error(folder: Path) -> None:
    os.mkfifo(folder / "hclmod.toml")
    assert "not a regular file" in hclmod(folder, "survey").stderr


def test_lists_that_double_each_other_are_not_followed_to_their_end(folder: Path) -> None:
    lists = "".join(f"  a{n} = [local.a{n + 1}, local.a{n + 1}]\n" for n in range(60))
    release = 'resource "helm_release" "a" {\n  values = [yamlencode({ a = local.a0 })]\n}\n'
    (folder / "s/main.tf").write_text(f"locals {{\n{lists}  a60 = [{{ image = var.x }}]\n}}\n{release}")
    assert hclmod(folder, "survey").returncode == 0
