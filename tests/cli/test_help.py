"""Help texts fit and agree, options mean the same everywhere, errors have one style."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from hclmod.cli import SECTIONS, cli
from hclmod.cli.groups import summary
from hclmod.cli.options import settings
from hclmod.errors import HclmodError
from tests.support.demo import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RELEASE = 'resource "helm_release" "x" {\n  name   = "x"\n  atomic = true\n}\n'
FIXED = 'resource "helm_release" "x" {\n  name = "x"\n}\n'
FIX = ("fix", "--rule", "drop-helm-atomic")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without git and configuration, and one file that a rule changes."""
    (tmp_path / "release.tf").write_text(RELEASE)
    for name in ("NO_COLOR", "FORCE_COLOR", "HCLMOD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, **how: str) -> Result:
    return CliRunner(env=how).invoke(cli, args, prog_name="hclmod")


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, info_name=name, parent=context))


EVERY = list(commands(cli, click.Context(cli, info_name="hclmod")))
PATHS = [context.command_path for _, context in EVERY]


def test_all_commands_are_here() -> None:
    assert len(EVERY) == 46
    assert {
        "hclmod",
        "hclmod tags",
        "hclmod tags import",
        "hclmod new rule",
        "hclmod opt-out",
        "hclmod fleet close",
        "hclmod ci apply",
    } <= set(PATHS)


@pytest.mark.parametrize("section", SECTIONS)
def test_summaries_are_those_of_the_commands(section: str) -> None:
    for name, (_, text) in SECTIONS[section].items():
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert (command.name, summary(command)) == (name, text)


@pytest.mark.parametrize(("command", "context"), EVERY, ids=PATHS)
def test_help_fits_and_no_summary_is_cut(command: click.Command, context: click.Context) -> None:
    shown = run(*context.command_path.split()[1:], "--help", COLUMNS="80", TERMINAL_WIDTH="80").output
    assert max(map(len, shown.splitlines())) <= 80
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            line = next(each.split(None, 1) for each in shown.splitlines() if each.startswith(f"  {name} "))
            assert line[1].strip() == summary(below)


@pytest.mark.parametrize(("command", "context"), EVERY, ids=PATHS)
def test_help_texts_are_sentences(command: click.Command, context: click.Context) -> None:
    del context
    texts = [command.help or "", *(each.help or "" for each in command.params if isinstance(each, click.Option))]
    visible = [text for text in texts if text]
    assert len(visible) == len([each for each in command.params if _is_shown(each)]) + 1
    for text in visible:
        assert text[0].isupper() or text.startswith("github, gitea")
        assert ";" not in text


def _is_shown(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and not parameter.hidden


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["chek"], "unknown command `chek`", "Did you mean `check`?"),
        (["zzz"], "unknown command `zzz`", "Run `hclmod --help` for the list."),
        (["tags", "refersh"], "unknown command `refersh`", "Did you mean `refresh`?"),
        (["check", "--frmat", "json"], "unknown option `--frmat`", "Did you mean `--format`?"),
        (["--zzz"], "unknown option `--zzz`", "Run `hclmod --help` for the options."),
        (["apply"], "missing option `--phase`", "Run `hclmod apply --help` for the options."),
        (["pin", "--to", "1", "--reason", "x"], "missing argument `WORKLOAD`", "Run `hclmod pin --help`"),
        (["check", "--format", "jsn"], "invalid value for `--format`: `jsn` is not one of", "Did you mean `json`?"),
        (["report", "x", "--limit", "a"], "invalid value for `--limit`: `a` is not a valid", "Run `hclmod"),
        (["opt-out", "a/b.c", "--reason", "x", "--date", "soon"], "invalid value for `--date`: `soon` is not", ""),
        (["apply", "--phase", "1", "--exit-code"], "--exit-code needs --dry-run", "Run `hclmod apply --help`"),
        (["apply", "--phase", "three"], "invalid phase `three`", "Give a number."),
        (["apply", "--phase", "al", "--dry-run"], "invalid phase `al`", "Did you mean `all`?"),
        (["check", "--rule", "drop-helm-atomc"], "there is no rule `drop-helm-atomc`", "Did you mean `drop"),
        (["check", "--set", "x"], "invalid value for `--set`: `x`", "Write RULE.OPTION=VALUE"),
        (["check", "--set", "a.b=[1"], "invalid value for `--set`: `a.b=[1` is not a list", "Write a list as in"),
        (["comment", "--phase", "1", "--report", "x"], "give either --phase or --report", "Run `hclmod comment"),
        (["-C", "nowhere", "check"], "cannot change to nowhere: No such file or directory", ""),
    ],
)  # fmt: skip
def test_errors_have_one_style(folder: Path, args: list[str], error: str, hint: str) -> None:
    done = run(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"error: {error}")
    assert lines[1:] == [] or len(lines) == 2
    assert not hint or lines[1].startswith(f"hint: {hint}")
    assert (folder / "release.tf").read_text() == RELEASE


def test_a_group_alone_shows_its_help() -> None:
    for args in ([], ["tags"]):
        done = run(*args)
        assert done.exit_code in (0, 2)  # click 8.1 and later
        assert "Commands:" in done.output or "Roll out:" in done.output


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a","b"]', ["a", "b"]),
        ("['a', 'b,c']", ["a", "b,c"]),
        (' ["\\/"]', ["/"]),
        ("[]", []),
        ("a, b", "a, b"),
        ("x=y", "x=y"),
        ("", ""),
    ],
)
def test_set_takes_texts_and_lists(text: str, value: object) -> None:
    context, option = click.Context(cli), click.Option(["--set"])
    assert settings(context, option, [f"rule.option={text}"]) == {"rule": {"option": value}}


@pytest.mark.parametrize("text", ["rule.option=[a]", "rule.option=[1\n]\nb = 2", "rule=1", ".a=1", "rule.=1", "rule.a"])
def test_set_refuses_what_is_neither(text: str) -> None:
    with pytest.raises(HclmodError, match="invalid value for `--set`"):
        settings(click.Context(cli), click.Option(["--set"]), [text])


@pytest.mark.parametrize(
    "words",
    [
        ("--rule", "move-image", "--set", "from=docker.io", "--set", "to=registry.lan/hub"),
        ("--set", "from=docker.io", "--set", "move-image.to=registry.lan/hub", "--rule", "move-image"),
    ],
)
def test_set_leaves_out_the_one_rule_that_is_named(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "main.tf").write_text("")
    assert run("check", *words).exit_code == 0


def test_set_names_the_rule_where_two_run(folder: Path) -> None:
    (folder / "main.tf").write_text("")
    done = run("check", "--rule", "move-image", "--rule", "drop-helm-atomic", "--set", "from=docker.io")
    assert done.exit_code == 2
    assert "RULE.OPTION=VALUE" in done.stderr


def test_a_list_of_the_command_line_reaches_the_rule(folder: Path) -> None:
    (folder / "main.tf").write_text("")
    done = run("check", "--rule", "float-image-tag", "--set", 'float-image-tag.outside=["manifest", "values fil"]')
    assert (
        done.stderr
        == "error: option `float-image-tag.outside`: there is no form `values fil`\nhint: Did you mean `values file`?\n"
    )


@pytest.mark.usefixtures("folder")
def test_the_old_name_of_the_rules_folder_is_accepted_with_a_warning() -> None:
    assert run("new", "rule", "my-rule").exit_code == 0
    old = run("explain", "my-rule", "--rules", "rules")
    new = run("explain", "my-rule", "--rules-dir", "rules")
    assert (old.exit_code, new.exit_code, new.stderr) == (0, 0, "")
    assert old.stdout == new.stdout
    assert old.stderr == "warning: `--rules` is now `--rules-dir`, and the old name will be removed\n"
    assert "--rules " not in run("explain", "--help").output


def test_a_dry_fix_writes_nothing_and_shows_what_it_would_do(folder: Path) -> None:
    dry, diff = run(*FIX, "--dry-run"), run(*FIX, "--diff")
    assert (folder / "release.tf").read_text() == RELEASE
    assert (dry.exit_code, diff.exit_code) == (0, 0)
    assert "1 change" in dry.stdout
    assert "-  atomic = true\n" in diff.stdout
    assert diff.stdout.startswith("diff --git a/release.tf b/release.tf\n")
    assert run(*FIX, "--format", "diff").stdout == diff.stdout
    assert (folder / "release.tf").read_text() == FIXED


def test_a_dry_fix_of_standard_input_shows_the_report(folder: Path) -> None:
    args = (*FIX, "--stdin-filename", "release.tf")
    shown = CliRunner().invoke(cli, [*args, "--diff"], input=RELEASE).stdout
    assert "-  atomic = true\n" in shown
    assert CliRunner().invoke(cli, args, input=RELEASE).stdout == FIXED
    assert (folder / "release.tf").read_text() == RELEASE


@pytest.mark.parametrize("args", [["-q", "check"], ["check", "-q"], ["--quiet", "check", "."]])
def test_quiet_prints_reports_and_errors_only(folder: Path, args: list[str]) -> None:
    assert "No phase is done yet" in run("check").stderr
    assert run(*args).output == ""
    assert "error: unknown option" in run("-q", "check", "--zzz").stderr
    assert "drop-helm-atomic" in run("-q", "check", "--rule", "drop-helm-atomic", str(folder)).stdout


@pytest.mark.parametrize(
    ("args", "variables", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "auto"], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
@pytest.mark.usefixtures("folder")
def test_colour(args: list[str], variables: dict[str, str], colored: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a case
    monkeypatch.setenv("TERM", variables.get("TERM", "xterm"))
    for words in ([*args, "rules"], ["rules", *args], [*args, "check", "--rule", "drop-helm-atomic"], [*args, "chek"]):
        done = run(*words, **variables)
        assert ("\x1b[" in done.output) == colored, words


def test_the_folder_of_the_top_level_is_for_all_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    for args in (["check", "--rule", "drop-helm-atomic"], ["check", "--rule", "drop-helm-atomic", "release.tf"]):
        assert run("-C", "..", *args).exit_code == 1
        assert run(*args).exit_code in (0, 2)


def test_the_environment_names_the_configuration(folder: Path) -> None:
    (folder / "other.toml").write_text("stackz = 1\n")
    done = run("survey", HCLMOD_CONFIG="other.toml")
    assert done.exit_code == 2
    assert "other.toml" in done.stderr
    (folder / "good.toml").write_text("")
    assert run("survey", "--config", "good.toml", HCLMOD_CONFIG="other.toml").exit_code == 0


def test_an_interrupt_while_the_program_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    env = environment(tmp_path) | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "hclmod", "--version"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_deprecated_keys_are_named_when_a_project_is_opened(folder: Path) -> None:
    (folder / "hclmod.toml").write_text('[options."*"]\nkeel_version = "0.21.1"\n')
    for args in (["survey"], ["check", "."]):
        assert 'hclmod.toml: options."*".keel_version: deprecated' in run(*args).stderr


def test_an_old_setting_does_what_the_new_one_does_and_names_it(folder: Path) -> None:
    command = ("check", "--rule", "ignore-keel-drift", "--format", "diff", ".", "--set")
    (folder / "main.tf").write_text('resource "kubernetes_deployment" "web" {\n}\n')
    old, new, none = (run(*command, f"{name}=0.22.2") for name in ("*.keel_version", "keel.version", "keel.markers"))
    assert "KEEL_DIGEST_V1" in new.stdout
    assert old.stdout == new.stdout
    warning = "warning: --set *.keel_version: deprecated; write --set keel.version, or [keel] in hclmod.toml\n"
    assert (old.stderr, new.stderr) == (warning, "")
    assert "there is no marker `0.22.2`" in none.stderr
