from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from hclmod.cli import cli
from tests.support.demo import FIXTURES, ROOT, environment, git, hclmod, process, repository, state
from tests.support.trees import workload

RULE = '''"""A rule for tests.

Why: to see what the engine does with it.

Left alone: nothing.
"""

import time

from hclmod.hcl import fixes
from hclmod.hcl.edits import Edit, Fix, Span
from hclmod.rulekit import Finding, Rule


def check(block, context, /):
    {body}
    yield from ()


rule = Rule(check, kinds=("kubernetes_deployment",))
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def with_rule(folder: Path, body: str) -> Path:
    rules = folder / "my-rules"
    rules.mkdir()
    (rules / "mine.py").write_text(RULE.replace("{body}", body))
    return rules


def test_apply_makes_one_commit_on_one_branch_and_touches_nothing_else(root: Path) -> None:
    (root / "stacks" / "beacon" / "notes.txt").write_text("untracked")
    (root / "stacks" / "loom" / "main.tf").write_text("# my own unfinished edit\n")
    before = state(root)
    done = hclmod(root, "apply", "--phase", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert state(root) == before
    assert git(root, "rev-list", "--count", "main..hclmod/phase-3").strip() == "1"
    changed = git(root, "diff", "--name-only", "main", "hclmod/phase-3").split()
    assert changed == [f"stacks/{name}/main.tf" for name in ("beacon", "gauge", "loom", "pantry", "tidewatch")]
    assert "my own unfinished edit" not in git(root, "show", "hclmod/phase-3:stacks/loom/main.tf")
    message = git(root, "log", "-1", "--format=%B", "hclmod/phase-3")
    assert message.startswith("Phase 3: Exporters, sidecars, utilities\n")
    assert "Hclmod-Phase: 3\n" in message
    assert (
        "Images:\n"
        "- stacks/beacon: docker.io/lanternworks/beacon:1.14.2 -> docker.io/lanternworks/beacon:latest\n"
        "- stacks/gauge: docker.io/millrace/dial:3.0.1 -> docker.io/millrace/dial:latest\n"
    ) in message


def test_a_commit_names_no_image_of_a_filtered_file(root: Path) -> None:
    (root / ".gitattributes").write_text("stacks/beacon/** filter=plain\n")
    git(root, "config", "filter.plain.clean", "cat")
    git(root, "config", "filter.plain.smudge", "cat")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "filter")
    assert hclmod(root, "apply", "--phase", "3").returncode == 0
    message = git(root, "log", "-1", "--format=%B", "hclmod/phase-3")
    assert "- stacks/gauge: docker.io/millrace/dial:3.0.1" in message
    assert "lanternworks/beacon" not in message


def test_a_second_run_on_the_branch_finds_nothing_and_makes_no_commit(root: Path) -> None:
    hclmod(root, "apply", "--phase", "3")
    git(root, "checkout", "-q", "hclmod/phase-3")
    again = hclmod(root, "apply", "--phase", "3")
    assert again.returncode == 0
    assert "there is no commit" in again.stdout
    assert git(root, "rev-list", "--count", "main..HEAD").strip() == "1"


def test_an_existing_branch_is_kept_unless_replaced(root: Path) -> None:
    hclmod(root, "apply", "--phase", "3")
    first = git(root, "rev-parse", "hclmod/phase-3")
    again = hclmod(root, "apply", "--phase", "3")
    assert again.returncode == 0
    assert "hclmod/phase-3 is up to date." in again.stdout
    git(root, "commit", "-q", "--allow-empty", "-m", "Nothing")
    again = hclmod(root, "apply", "--phase", "3")
    assert (again.returncode, again.stderr) == (
        0,
        "hclmod/phase-3 exists. Planning to see whether it is up to date.\n",
    )
    (root / "stacks/loom/main.tf").write_bytes((root / "stacks/loom/main.tf").read_bytes() + b"# more\n")
    git(root, "commit", "-qam", "More")
    refused = hclmod(root, "apply", "--phase", "3")
    assert refused.returncode == 2
    assert "hclmod/phase-3 exists and was not made from HEAD, so the result is another one." in refused.stderr
    assert "--replace" in refused.stderr
    assert git(root, "rev-parse", "hclmod/phase-3") == first
    assert hclmod(root, "apply", "--phase", "3", "--replace").returncode == 0


def test_progress_is_shown_in_a_log_where_asked(root: Path) -> None:
    how = ("apply", "--phase", "3", "--dry-run")
    assert hclmod(root, *how).stderr == ""
    first, *lines = hclmod(root, *how, "--progress").stderr.splitlines()
    assert first == "0 of 12 stacks"
    assert lines[0] == "0 of 5 stacks"
    assert lines[-1].startswith("5 of 5 stacks  stacks/")
    assert hclmod(root, *how, "--progress", "-q").stderr == ""


def test_an_empty_phase_says_so(root: Path) -> None:
    with (root / "hclmod.toml").open("a") as file:
        file.write("\n[phase.77]\nstacks = []\n")
    assert "warning: phase 77 is empty" in hclmod(root, "apply", "--phase", "77", "--dry-run").stderr
    assert "is empty" not in hclmod(root, "apply", "--phase", "3", "--dry-run").stderr


def test_a_short_name_of_a_workload_will_do(root: Path) -> None:
    assert hclmod(root, "explain", "needle").stdout.startswith("stacks/gauge/kubernetes_stateful_set_v1.needle")
    refused = hclmod(root, "explain", "needel")
    assert "Did you mean `needle`?" in refused.stderr
    unknown = hclmod(root, "explain", "nothing-like-it").stderr
    assert "float-image-tag" in unknown
    assert "story" not in unknown


def test_a_dry_run_writes_nothing(root: Path) -> None:
    before, refs = state(root), git(root, "for-each-ref")
    assert hclmod(root, "apply", "--phase", "3", "--dry-run").returncode == 0
    assert hclmod(root, "apply", "--phase", "all", "--dry-run").stdout.count("Phase ") >= 3
    assert hclmod(root, "apply", "--phase", "3", "--dry-run", "--exit-code").returncode == 1
    assert (state(root), git(root, "for-each-ref")) == (before, refs)


def test_the_diff_is_what_git_apply_takes_and_what_the_branch_holds(root: Path) -> None:
    shown = hclmod(root, "apply", "--phase", "3", "--dry-run", "--diff").stdout
    hclmod(root, "apply", "--phase", "3")
    (root / "phase.diff").write_text(shown)
    git(root, "apply", "--index", "phase.diff")
    (root / "phase.diff").unlink()
    assert git(root, "write-tree") == git(root, "rev-parse", "hclmod/phase-3^{tree}")


@pytest.mark.sampled(9)
@pytest.mark.parametrize(
    "words",
    [
        ("apply", "--phase", "3", "--output"),
        ("apply", "--phase", "3", "--in-place", "--output"),
        ("check", "--output"),
        ("fix", "--rule", "drop-helm-atomic", "--output"),
        ("audit", "--output"),
        ("audit", "--write-baseline"),
        ("report", "missing.json", "--output"),
        ("pin", "beacon/kubernetes_deployment.beacon", "--to", "1", "--reason", "x", "--output"),
        ("unpin", "beacon/kubernetes_deployment.beacon", "--output"),
    ],
)
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("/nonexist/x", "No such file or directory"),
        ("stacks", "Is a directory"),
        ("hclmod.toml/x", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_reported_before_anything_is_done(
    root: Path, words: tuple[str, ...], file: str, why: str
) -> None:
    before = state(root)
    done = hclmod(root, *words, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: cannot write {file}: {why}\n"
    assert state(root) == before
    assert "hclmod/phase-3" not in git(root, "branch")


def test_an_output_is_not_touched_before_it_is_written(root: Path) -> None:
    (root / "old.txt").write_text("old")
    (root / "link.txt").symlink_to(root / "new.txt")
    for name, left in (("old.txt", True), ("new.txt", False), ("link.txt", False)):
        assert hclmod(root, "apply", "--phase", "42", "--output", name).returncode == 2
        assert (root / name).exists() == left
    assert (root / "old.txt").read_text() == "old"
    assert hclmod(root, "apply", "--phase", "3", "--dry-run", "--output", "link.txt").returncode == 0
    assert "Phase 3" in (root / "new.txt").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="NO /dev/full HERE: nobody saw what a full disk does")
def test_an_output_on_a_full_disk_is_one_line(root: Path) -> None:
    done = hclmod(root, "apply", "--phase", "3", "--output", "/dev/full")
    error = (
        "error: cannot write /dev/full: No space left on device\nhint: Only the report is missing. The work is done.\n"
    )
    assert (done.returncode, done.stderr) == (4, error)
    assert "hclmod/phase-3" in git(root, "branch")


def test_in_place_writes_what_the_branch_would_hold_and_commits_nothing(root: Path) -> None:
    hclmod(root, "apply", "--phase", "3")
    done = hclmod(root, "apply", "--phase", "3", "--in-place")
    assert done.returncode == 0
    assert git(root, "diff", "hclmod/phase-3") == ""
    assert git(root, "rev-list", "--count", "main").strip() == "1"


def test_phases_follow_each_other_and_the_ledger_knows(root: Path) -> None:
    for number in ("1", "2", "3"):
        assert hclmod(root, "apply", "--phase", number).returncode == 0
        git(root, "merge", "-q", "--ff-only", f"hclmod/phase-{number}")
    assert git(root, "status", "--porcelain") == ""
    done = hclmod(root, "check", "-v", "stacks/beacon")
    assert "Phase 3" in done.stdout
    assert done.returncode == 0, done.stdout
    text = (root / "stacks/beacon/main.tf").read_text()
    (root / "stacks/beacon/main.tf").write_text(
        text.replace('        metadata[0].annotations["keel.sh/trigger"],\n', "")
    )
    text = (root / "stacks/beacon/main.tf").read_text()
    (root / "stacks/beacon/main.tf").write_text(text.replace('"keel.sh/enrolled"         = "true"\n', ""))
    assert hclmod(root, "check", "stacks/beacon/main.tf").returncode == 1
    assert hclmod(root, "fix", "stacks/beacon/main.tf").returncode == 0
    assert hclmod(root, "check", "stacks/beacon/main.tf").returncode == 0


def test_a_tag_that_this_run_floats_is_always_pulled(root: Path) -> None:
    hclmod(root, "apply", "--phase", "3")
    text = git(root, "show", "hclmod/phase-3:stacks/beacon/main.tf")
    assert 'beacon:latest"\n          image_pull_policy = "Always"\n' in text


def test_check_follows_what_apply_follows(root: Path) -> None:
    module = root / "stacks/quill/modules/quill/main.tf"
    module.write_text(module.read_text().replace("^${var.tag}$", "^latest$"))
    git(root, "commit", "-qam", "nothing but images read the tag")
    hclmod(root, "apply", "--phase", "1")
    git(root, "merge", "-q", "--ff-only", "hclmod/phase-1")
    assert "terragrunt.hcl" in git(root, "diff", "--name-only", "HEAD~1")
    assert hclmod(root, "check", "stacks/quill", "stacks/anvil").returncode == 0
    path = root / "stacks/quill/terragrunt.hcl"
    path.write_text(path.read_text().replace('"latest"', '"1.2.3"'))
    assert "stacks/quill/terragrunt.hcl" in hclmod(root, "check", "stacks/quill").stdout
    assert hclmod(root, "fix", "stacks/quill").returncode == 0
    assert '"latest"' in path.read_text()


def test_no_phase_done_means_nothing_to_check(root: Path) -> None:
    done = hclmod(root, "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No phase is done yet" in done.stderr


def test_fix_with_a_rule_needs_no_config_and_no_git(tmp_path: Path) -> None:
    file = tmp_path / "release.tf"
    file.write_text('resource "helm_release" "x" {\n  name   = "x"\n  atomic = true\n}\n')
    file.chmod(0o755)
    assert hclmod(tmp_path, "check", "--rule", "drop-helm-atomic", "release.tf").returncode == 1
    assert hclmod(tmp_path, "fix", "--rule", "drop-helm-atomic", "release.tf").returncode == 0
    assert file.read_text() == 'resource "helm_release" "x" {\n  name = "x"\n}\n'
    assert file.stat().st_mode & 0o777 == 0o755
    assert hclmod(tmp_path, "check", "--rule", "drop-helm-atomic", "release.tf").returncode == 0


def test_cellar_belongs_to_no_phase_and_is_never_touched(root: Path) -> None:
    shown = hclmod(root, "apply", "--phase", "all", "--dry-run", "--diff").stdout
    assert shown
    assert "stacks/cellar" not in shown
    assert "stacks/_template" not in shown


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["apply", "--phase", "7"], "Its phases: 1, 2, 3."),
        (["apply", "--phase", "three"], "invalid phase `three`"),
        (["apply", "--phase", "all"], "hint: `all` needs --dry-run."),
        (["apply"], "error: missing option `--phase`"),
        (["apply", "--phase", "3", "--base", "nowhere"], "is not a commit"),
        (["check", "nowhere.tf"], "does not exist"),
        (["check", "--rule", "drop-helm-atomc", "."], "Did you mean `drop-helm-atomic`?"),
        (["check", "--rule", "float-image-tag", "--set", "float-image-tag.job=no", "."], "Did you mean `jobs`?"),
        (["check", "--rule", "float-image-tag", "--set", "float-image-tag.jobs=perhaps", "."], "wants true or false"),
        (["check", "--rule", "ignore-keel-drift", "--set", "ignore-keel-drift.markers=K", "."], "no marker `K`"),
        (["check", "--set", "nothing", "."], "Write RULE.OPTION=VALUE, for"),
        (["explain", "flota"], "there is no rule `flota`"),
        (["new", "rule", "Not An Id"], "is not the id of a rule"),
        (["test", "--fixtures", "nowhere"], "there is no folder nowhere"),
    ],
)  # fmt: skip
def test_bad_words_are_said_with_what_to_do(root: Path, args: list[str], said: str) -> None:
    before = state(root)
    done = hclmod(root, *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert state(root) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"beacon", "pantry"', '"beacn", "pantry"', "Did you mean `beacon`?"),
        (
            "kubernetes_deployment.scanner",
            "kubernetes_deployment.scaner",
            "Did you mean `kubernetes_deployment.scanner`?",
        ),
        ("title  =", "titel  =", "title"),
        ('["keel", "anvil", "quill"]', '["keel", "anvil", "quill", "beacon"]', "beacon"),
        ("[phase.3]", "[options.float-image-tag]\noutsid = []\n[phase.3]", "Did you mean `outside`?"),
    ],
)
def test_a_config_that_cannot_be_meant(root: Path, old: str, new: str, said: str) -> None:
    path = root / "hclmod.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    done = hclmod(root, "apply", "--phase", "2", "--dry-run")
    assert done.returncode == 2
    assert said in done.stderr


def test_an_unproven_change_is_refused_and_nothing_is_written(root: Path) -> None:
    edit = 'Edit(Span(block.span.end - 1, block.span.end - 1), b"  x = 1\\n")'
    finding = f'Finding(span=block.span, code="lie", message="lies", fix=Fix(({edit},), ()))'
    lie = f'if block.attribute("x") is None: yield {finding}'
    rules = with_rule(root.parent, lie)
    before, refs = state(root), git(root, "for-each-ref")
    config = root / "hclmod.toml"
    config.write_text(config.read_text().replace('rules  = ["float-image-tag", ', 'rules  = ["mine", ', 3))
    done = hclmod(root, "apply", "--phase", "3", "--rules-dir", str(rules))
    assert done.returncode == 3
    assert "which nothing declared" in done.stdout
    assert "Nothing was written" in done.stderr
    assert git(root, "for-each-ref") == refs
    assert state(root)[2].keys() == before[2].keys()


def test_rules_of_a_checkout_do_not_run_because_a_config_names_them(root: Path) -> None:
    rules = with_rule(root, "raise SystemExit(99)")
    config = root / "hclmod.toml"
    config.write_text(config.read_text().replace("rules  = [", 'rules  = ["mine", '))
    done = hclmod(root, "apply", "--phase", "3", "--dry-run")
    assert done.returncode == 2
    assert "there is no rule `mine`" in done.stderr
    assert rules.is_dir()


def test_a_rule_of_ones_own_that_fails_forbids_to_write_and_says_where(root: Path) -> None:
    rules = with_rule(root.parent, "raise ZeroDivisionError('mine')")
    line = (rules / "mine.py").read_text().splitlines().index("    raise ZeroDivisionError('mine')") + 1
    done = hclmod(root, "fix", "--rule", "mine", "--rules-dir", str(rules), "stacks")
    assert done.returncode == 3
    assert f"    rule mine failed at mine.py:{line}: ZeroDivisionError: mine\n" in done.stdout
    assert "report this" not in done.stdout
    assert "Traceback" not in done.stdout
    assert git(root, "status", "--porcelain") == ""


def test_an_interrupt_exits_with_130(root: Path) -> None:
    rules = with_rule(root.parent, 'open("started", "w").close(); time.sleep(60)')
    command = [sys.executable, "-m", "hclmod", "check", "--rule", "mine", "--rules-dir", str(rules), "stacks/beacon"]
    started = subprocess.Popen(command, cwd=root, env=environment(root), stderr=subprocess.PIPE, text=True)
    while not (root / "started").exists() and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate()
    assert started.returncode == 130
    assert "interrupted" in errors


def test_a_closed_pipe_is_no_error(root: Path) -> None:
    command = f"{sys.executable} -m hclmod apply --phase all --dry-run | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=root, env=environment(root), capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_what_git_filters_is_not_shown(root: Path) -> None:
    (root / ".gitattributes").write_text("stacks/beacon/** filter=secret\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "filter")
    shown = hclmod(root, "apply", "--phase", "3", "--dry-run", "--diff").stdout
    assert "stacks/beacon" not in shown
    assert "stacks/gauge" in shown


def test_the_same_input_gives_the_same_bytes(root: Path, everything: bool) -> None:  # noqa: FBT001 - a fixture
    outputs, words = set(), ("apply", "--phase", "all" if everything else "3", "--dry-run", "-v")
    for seed in ("0", "1") if everything else ("0",):
        done = process(root, *words, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert outputs == {hclmod(root, *words).stdout}


def test_a_linked_file_is_skipped_and_said(root: Path) -> None:
    (root / "stacks/beacon/linked.tf").symlink_to("../gauge/main.tf")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "link")
    done = hclmod(root, "apply", "--phase", "3")
    assert "a symbolic link" in done.stdout
    assert done.returncode == 0


def test_completion_and_module_and_version(root: Path) -> None:
    env = environment(root) | {"_HCLMOD_COMPLETE": "bash_source"}
    program = str(Path(sys.executable).parent / "hclmod")
    shown = subprocess.run([program], env=env, cwd=root, capture_output=True, text=True, check=False)
    assert "_hclmod_completion" in shown.stdout
    assert re.fullmatch(r"hclmod, version \d+\.\d+\.\d+\n", process(root, "--version").stdout)


def test_new_rule_then_test(tmp_path: Path) -> None:
    assert hclmod(tmp_path, "new", "rule", "wait-for-helm").returncode == 0
    done = hclmod(tmp_path, "test", "wait-for-helm", "--rules-dir", "rules", "--fixtures", "fixtures")
    assert done.returncode == 0
    assert done.stdout.endswith("2 cases, 1 that must not change: 2 passed, 0 failed\n")
    case = tmp_path / "fixtures/wait-for-helm/basics/example.txtar"
    case.write_text(case.read_text().replace("wait = true", "other = true"))
    failed = hclmod(tmp_path, "test", "--rules-dir", "rules", "--fixtures", "fixtures")
    assert failed.returncode == 1
    assert "is not as wanted" in failed.stdout
    assert hclmod(tmp_path, "test", "--accept", "--rules-dir", "rules", "--fixtures", "fixtures").returncode == 0


def test_a_commit_without_a_broken_document_says_so_and_check_finds_it_once_it_is_fixed(root: Path) -> None:
    broken = root / "stacks/beacon/main.tf"
    whole = broken.read_text()
    broken.write_text(whole + 'resource "x" {\n')
    git(root, "commit", "-qam", "break")
    line = whole.count("\n") + 2
    done = hclmod(root, "apply", "--phase", "3")
    last = f"Left out stacks/beacon/main.tf (syntax error on line {line}). "
    assert done.stdout.splitlines()[-1] == last + "Fix it, then `hclmod check` shows what it still needs."
    git(root, "merge", "-q", "--ff-only", "hclmod/phase-3")
    broken.write_text(whole)
    assert hclmod(root, "check", "stacks/beacon").returncode == 1


def test_the_readme_shows_the_real_output(root: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    out = hclmod(root, "apply", "--phase", "3").stdout
    for line in block:
        if line and line != "..." and not line.startswith(("$ ", "Committed ", "Every change proven")):
            assert line in out.splitlines(), line


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in cli.list_commands(click.Context(cli)):
        assert f"hclmod {name}" in readme, name


def test_the_demo_needs_nothing_of_this_machine() -> None:
    texts = [path.read_text() for path in (FIXTURES / "demo").rglob("*") if path.is_file()]
    assert not any(os.path.expanduser("~") in text for text in texts)  # noqa: PTH111 - the text of the path is meant


OUTSIDE = """
[options.float-image-tag]
outside = ["values file"]

[images."*"]
float = "latest"
"""
RELEASE = """resource "helm_release" "lamp" {
  chart  = "lamp"
  values = [file("${path.module}/values.yaml")]
}
"""


@pytest.fixture
def with_values(root: Path) -> Path:
    (root / "hclmod.toml").write_text((root / "hclmod.toml").read_text() + OUTSIDE)
    (root / "stacks" / "beacon" / "lamp.tf").write_text(RELEASE)
    (root / "stacks" / "beacon" / "values.yaml").write_text("image:\n  repository: a/lamp\n  tag: 1.0.0 # c\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "values")
    return root


def test_a_values_file_is_committed_with_the_phase_that_reads_it(with_values: Path) -> None:
    before = state(with_values)
    done = hclmod(with_values, "apply", "--phase", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "`1.0.0` floats on `latest` for stacks/beacon/helm_release.lamp values file" in done.stdout
    assert "PyYAML" in done.stdout.split("Every change proven by")[1]
    assert state(with_values) == before
    shown = git(with_values, "show", "hclmod/phase-3", "--", "stacks/beacon/values.yaml")
    assert "-  tag: 1.0.0 # c\n+  tag: latest # c\n" in shown
    git(with_values, "checkout", "-q", "hclmod/phase-3")
    assert "values.yaml" not in hclmod(with_values, "apply", "--phase", "3", "--dry-run").stdout


def test_check_and_fix_follow_a_values_file_that_is_named(with_values: Path) -> None:
    options = ("--rule", "float-image-tag", "stacks/beacon")
    assert "stacks/beacon/values.yaml" in hclmod(with_values, "check", *options).stdout
    done = hclmod(with_values, "fix", *options)
    assert done.returncode == 0
    assert "tag: latest # c" in (with_values / "stacks" / "beacon" / "values.yaml").read_text()
    assert "stacks/beacon/values.yaml" not in hclmod(with_values, "check", *options).stdout


def test_an_unknown_form_is_reported_with_the_nearest_one(root: Path) -> None:
    done = hclmod(root, "apply", "--phase", "3", "--dry-run", "--set", "float-image-tag.outside=value file")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no form `value file`\nhint: Did you mean `values file`?" in done.stderr


def test_a_call_that_its_stack_lacks_is_reported(root: Path) -> None:
    text = (root / "hclmod.toml").read_text() + '\n[phase.4]\nworkloads = ["beacon/module.x.kubernetes_deployment.y"]\n'
    (root / "hclmod.toml").write_text(text)
    done = hclmod(root, "apply", "--phase", "4", "--dry-run")
    assert done.returncode == 2
    assert "phase.4.workloads names `module.x.kubernetes_deployment.y`, which stacks/beacon lacks" in done.stderr
    assert hclmod(root, "apply", "--phase", "3", "--dry-run").returncode == 0


SHARED = {
    "hclmod.toml": 'stacks = ["stacks/*"]\nthrough = 1\nrules = ["float-image-tag"]\n'
    '[phase.1]\nstacks = ["a"]\n[phase.2]\nstacks = ["b"]\n'
    '[images."*"]\nfloat = "latest"\n',
    "stacks/a/main.tf": 'module "x" {\n  source = "./m"\n}\n',
    "stacks/a/m/main.tf": workload('"q/web:1.2.0"'),
    "stacks/b/main.tf": 'module "x" {\n  source = "../a/m"\n}\n',
}


@pytest.mark.parametrize("how", [("fix", "."), ("fix", "stacks/a"), ("fix", "--rule", "float-image-tag", "stacks/a")])
def test_fix_knows_which_other_workloads_use_a_literal_without_their_paths(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    for name, text in SHARED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    done = hclmod(tmp_path, *how)
    assert done.returncode == 0, done.stderr
    assert "stays: used by stacks/b/module.x.kubernetes_deployment.web" in done.stdout
    assert (tmp_path / "stacks/a/m/main.tf").read_text() == SHARED["stacks/a/m/main.tf"]


def test_a_workload_of_a_stack_whose_module_lies_elsewhere_is_known(root: Path) -> None:
    module, stack = root / "modules" / "pier", root / "stacks" / "pier"
    module.mkdir(parents=True)
    stack.mkdir()
    (module / "main.tf").write_text(workload('"ghcr.io/lanternworks/pier:1.0.0"'))
    (stack / "terragrunt.hcl").write_text('terraform {\n  source = "../../modules//pier"\n}\n')
    text = (root / "hclmod.toml").read_text()
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a pier")
    for name, known in (("web", True), ("wed", False)):
        (root / "hclmod.toml").write_text(f'{text}\n[phase.4]\nworkloads = ["pier/kubernetes_deployment.{name}"]\n')
        done = hclmod(root, "apply", "--phase", "4", "--dry-run")
        assert ("stacks/pier lacks" not in done.stderr, done.returncode) == (known, 0 if known else 2)
    assert "Did you mean `kubernetes_deployment.web`?" in done.stderr
