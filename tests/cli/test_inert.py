"""Text of a hostile repository is inert wherever it is shown: in all formats, errors, warnings and commit messages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from hclmod.cli import errors, output
from tests.support.demo import git, hclmod, process
from tests.support.inert import SECRET, live

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = "\x1b]0;p\x07\x1b[31m \x9b31m \u202e ##[add-mask]pwn"
LOGIN = f"git::https://u:{SECRET}@pwn.example/x?access_token={SECRET}"
WORDS = {
    "command": f"::error title=x::pwn {SIGNS}",
    "lines": f"a\n::error::pwn\r\n##[error]pwn\r{SIGNS}",
    "markdown": "@team ![x](http://pwn.example) <img src=x onerror=1> `` #1 |",
    "formula": "=1+1",
    "login": LOGIN,
}
TEXT = """
# pin: {bare}
module "{name}" {{
  source = {word}
}}
resource "kubernetes_namespace" {word} {{
  metadata {{
    name = {word}
  }}
}}
resource "helm_release" {word} {{
  name       = {word}
  namespace  = {word}
  repository = {word}
  atomic     = true
}}
resource "kubernetes_deployment" {word} {{
  metadata {{
    name      = {word}
    namespace = {word}
  }}
  spec {{
    template {{
      spec {{
        container {{
          name  = {word}
          image = "acme/{name}:1.2.3" # pin: {bare}
        }}
        container {{
          name  = "b"
          image = {word}
        }}
        container {{
          name  = "c"
          image = "acme/c:1.2.3"
          env {{
            name  = "A"
            value = <<-EOT
            {bare}
            EOT
          }}
        }}
      }}
    }}
  }}
}}
"""
BAD = 'resource "helm_release" "w" {\n  atomic = true\n}}\n'
WORKLOAD = "kubernetes_deployment."
RENDERED = ("text", "markdown", "html", "sarif", "github", "gitlab", "junit")
TABLES = ("text", "json", "csv", "markdown")
LOOKING = [
    ("apply", "--phase", "1", "--dry-run", "-v"),
    ("check", "--rule", "float-image-tag", "--rule", "ignore-keel-drift", "-v", "."),
    ("audit", "-v"),
    ("comment", "--phase", "1", "--dry-run"),
    *(("survey", "--format", form) for form in TABLES),
    *(("owners", "--format", form) for form in TABLES),
]
ASKING = [
    ("trace", "{stack}/kubernetes_deployment.{word}"),
    ("trace", "{stack}/main.tf:35", "--format", "json"),
    ("explain", "{stack}/kubernetes_deployment.{word}"),
    ("explain", "{stack}/kubernetes_deployment.{word}", "--format", "json"),
    ("pin", "{stack}/kubernetes_deployment.{word}", "--to", "1.2.2", "--reason", "x", "--dry-run"),
    ("pin", "{word}", "--to", "{word}", "--reason", "{word}"),
    ("tags", "explain", "{word}"),
    ("apply", "--phase", "{word}"),
    ("apply", "--phase", "1", "--base", "{word}"),
    ("check", "--rule", "{word}", "{word}"),
    ("check", "{word}"),
    ("report", "{word}"),
    ("fix", "--rule", "float-image-tag", "--set", "{word}"),
    ("check", "--stdin-filename", "{word}"),
    ("survey", "-C", "{word}"),
    ("survey", "--config", "{word}"),
    ("survey", "--format", "{word}"),
    ("{word}",),
    ("rules", "--rules-dir", "{word}"),
    ("test", "{word}", "--fixtures", "{word}"),
    ("new", "rule", "{word}"),
    ("docs", "--check", "--into", "{word}"),
]


def quoted(word: str) -> str:
    return json.dumps(word).replace("\\r", "\\u000d")


def stack_of(name: str) -> str:
    """A folder's name, which is no address."""
    return "login" if name == "login" else WORDS[name].replace("/", "_")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name, word in WORDS.items():
        (root / stack_of(name)).mkdir(parents=True)
        bare = re.sub(r"[\r\n]", " ", word)
        text = TEXT.format(name=name, word=quoted(word), bare=bare)
        (root / stack_of(name) / "main.tf").write_text(text)
        (root / stack_of(name) / f"{stack_of(name)}.tf").write_text(BAD)
    stacks = json.dumps([stack_of(name) for name in WORDS if name != "lines"])
    config = f'[phase.1]\ntitle = {quoted(WORDS["command"])}\nstacks = {stacks}\n[images."acme/*"]\nfloat = "latest"\n'
    (root / "hclmod.toml").write_text(config)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_what_commands_show_is_inert(folder: Path, words: tuple[str, ...]) -> None:
    done = hclmod(folder, *words)
    assert done.returncode in (0, 1), done.stderr
    assert "pwn" in done.stdout
    form = "markdown" if "comment" in words else words[-1]
    assert live(done.stdout, form) == live(done.stderr) == []


def test_every_format_of_a_report_is_inert(folder: Path) -> None:
    report = hclmod(folder, "apply", "--phase", "1", "--dry-run", "--format", "json").stdout
    assert live(report) == []
    (folder.parent / "report.json").write_text(report)
    for form in RENDERED:
        done = hclmod(folder, "report", "../report.json", "-v", "--format", form)
        assert "pwn" in done.stdout, form
        assert live(done.stdout, form) == live(done.stderr) == [], form


@pytest.mark.sampled(6)
@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_answers_and_errors_are_inert(folder: Path, words: tuple[str, ...]) -> None:
    for name, word in WORDS.items():
        done = hclmod(folder, *(each.format(stack=stack_of(name), word=word) for each in words))
        assert done.returncode in (0, 1, 2), done.stderr
        assert done.stdout + done.stderr
        assert live(done.stdout) == live(done.stderr) == [], (words, name)


@pytest.mark.parametrize("key", ["stacks = [{}]", "[phase.1]\nstacks = [{}]", "[phase.1]\ntitle = {}", "[{}]", "{}"])
def test_errors_of_a_configuration_are_inert(folder: Path, key: str) -> None:
    for name, word in WORDS.items():
        (folder / "hclmod.toml").write_text(key.format(quoted(word).replace("\\u000d", "\\r")))
        done = hclmod(folder, "apply", "--phase", "1")
        assert done.stderr, name
        assert live(done.stdout) == live(done.stderr) == [], name


def test_the_message_of_a_commit_is_inert(folder: Path) -> None:
    git(folder, "config", "user.name", "T")
    git(folder, "config", "user.email", "t@example.net")
    done = hclmod(folder, "apply", "--phase", "1")
    assert done.returncode == 0, done.stderr
    message = git(folder, "log", "-1", "--format=%B", "hclmod/phase-1")
    assert live(message) == []
    assert "- " + WORDS["formula"] in message
    assert "@team" not in message
    assert "#1" not in message
    assert [line.split(":")[0] for line in message.strip().split("\n\n")[-1].splitlines()] == [
        "Hclmod-Phase", "Hclmod-Rules", "Hclmod-Version", "Hclmod-Tree",
    ]  # fmt: skip


def test_progress_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    for word in WORDS.values():
        output.Progress("stacks", watched=True)(word)
    shown = capsys.readouterr().err
    assert shown.count("\r") == len(WORDS)
    assert "\n" not in shown
    assert live(shown.replace("\r", "")) == []


def test_a_traceback_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    for word in WORDS.values():
        errors.crashed(ValueError, ValueError(word), None)
    assert live(capsys.readouterr().err) == []


def test_a_terminal_gets_diffs_without_what_it_would_obey(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output.show_bytes(b"+\x1b[2J\r\n+b\n")
    assert capsys.readouterr().out == "+<U+001B>[2J\n+b\n"


def test_rules_of_ones_own_are_inert(folder: Path) -> None:
    (folder / "own").mkdir()
    for name in ("command", "login"):
        text = f'"""{WORDS[name]} is it.\n\nWhy: {WORDS[name]}\n\nLeft alone: nothing.\n"""\n'
        (folder / f"own/{name}_rule.py").write_text(text)
    for words in (("rules",), ("explain", "command-rule"), ("explain", "login-rule")):
        done = process(folder, *words, "--rules-dir", "own")
        assert live(done.stdout) == live(done.stderr) == []
        assert "pwn" in done.stdout + done.stderr
