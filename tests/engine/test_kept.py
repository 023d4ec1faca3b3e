"""What earlier runs have found never changes an answer: each test compares with a run that knows nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hclmod import hurry, patterns
from hclmod.cache import NONE, Cache
from hclmod.commands.survey import survey
from hclmod.engine import cases, plan
from hclmod.engine.job import Job
from hclmod.engine.project import in_memory
from hclmod.errors import HclmodError
from hclmod.proof import parsers
from hclmod.rulekit import folders
from tests.support.cases import CASES
from tests.support.demo import FIXTURES, environment, git, hclmod, process, repository

if TYPE_CHECKING:
    from hclmod.engine.outcomes import Outcome

DEMO = {
    path.relative_to(FIXTURES / "demo").as_posix(): path.read_bytes()
    for path in sorted((FIXTURES / "demo").rglob("*"))
    if path.is_file()
}
NAMES = sorted(DEMO)


def found(case: cases.Case, kept: Cache = NONE) -> list[Outcome] | str:
    try:
        return cases.outcomes(case, kept=kept)
    except HclmodError as error:
        return str(error)


def test_no_case_is_answered_by_another_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    everything: bool,
) -> None:
    some = CASES if everything else CASES[::25]
    expected = [found(each) for each in some]
    kept = Cache(tmp_path)
    assert [found(each, kept) for each in some] == expected
    kept.save()
    monkeypatch.setattr(plan, "settle_stack", None)  # nothing is settled a second time
    monkeypatch.setattr("hclmod.terraform.documents.declarations", None)
    assert [found(each, Cache(tmp_path)) for each in some] == expected


def everything_about(texts: dict[str, bytes], kept: Cache) -> list[object]:
    """What each phase would do, what an audit says, and the survey of a repository; or why there is none."""
    try:
        project = in_memory(texts, kept=kept)
        jobs = [project.phase_job(number) for number in project.config.phases]
        audit = Job(rules=folders.group("audit"), options=project.options_of(None), done=(0, 1, 2))
        return [*project.plan_all([*jobs, audit]), survey(project)]
    except HclmodError as error:
        return [str(error)]


def replaced(old: bytes, new: bytes) -> st.SearchStrategy[tuple[str, bytes, bytes]]:
    names = [name for name in NAMES if old in DEMO[name]]
    return st.tuples(st.sampled_from(names), st.just(old), st.just(new))


LINES = sorted({line for name in NAMES for line in DEMO[name].splitlines(keepends=True) if line.strip()})
EDITS = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(LINES), st.sampled_from(LINES)),
    replaced(b":1", b":2"),
    replaced(b'"latest"', b'"never"'),
    replaced(b"phase.1", b"phase.7"),
    st.tuples(st.sampled_from(NAMES), st.just(b""), st.sampled_from([DEMO[name] for name in NAMES])),
)


@settings(max_examples=max(settings().max_examples // 10, 1))
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_after_any_edits_a_warm_run_says_what_a_cold_one_says(edits: list[tuple[str, bytes, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        texts = dict(DEMO)
        everything_about(texts, kept := Cache(Path(folder)))
        for name, old, new in edits:
            texts[name] = texts[name].replace(old, new) if old else new
            kept.save()
            hurried = hurry.count()
            is_same = everything_about(texts, kept) == everything_about(texts, NONE)
            assert is_same or hurry.count() > hurried  # on a busy machine a time limit may have decided


def run(root: Path, cache: Path, *args: str) -> str:
    """What a command prints; with `--all` a process of its own, with another order of sets than the last one."""
    done = (hclmod if os.environ["TESTS_KEEP"] else process)(root, *args, HCLMOD_CACHE=str(cache))
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


PLANNED = """
import sys
from hclmod.engine import plan
plan.settle_stack = None
sys.argv = ["hclmod", "apply", "--phase", "all", "--dry-run"]
from hclmod.cli import main
main()
"""


def test_another_process_finds_what_the_first_has_kept(tmp_path: Path) -> None:
    root, kept = repository(tmp_path), tmp_path / "kept"
    first = run(root, kept, "apply", "--phase", "all", "--dry-run")
    values = environment(root) | {"HCLMOD_CACHE": str(kept), "PYTHONHASHSEED": "77"}
    done = subprocess.run(
        [sys.executable, "-c", PLANNED], cwd=root, env=values, capture_output=True, text=True, check=False
    )
    assert done.stdout == first, done.stderr


def test_no_cache_leaves_no_file(tmp_path: Path) -> None:
    root, kept = repository(tmp_path), tmp_path / "kept"
    run(root, kept, "audit", "--no-cache")
    assert not kept.exists()
    run(root, kept, "audit")
    assert kept.exists()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("where", ["here", "deleted", "of the person"])
def test_nothing_of_a_filtered_file_is_stored(where: str, tmp_path: Path) -> None:
    root, kept = repository(tmp_path), tmp_path / "kept"
    stack = next(path for path in root.rglob("*.tf") if b"kubernetes_deployment" in path.read_bytes()).parent
    (stack / "closed.tf").write_text('locals {\n  closed = "registry.example.org/hunter22/app:1.2.3"\n}\n')
    (stack / "open.tf").write_text(
        'resource "kubernetes_deployment" "told" {\n  spec {\n    template {\n      spec {\n        container {\n'
        '          name  = "app"\n          image = local.closed\n        }\n      }\n    }\n  }\n}\n'
    )
    (root / ".gitattributes").write_text("closed.tf filter=vault\n")
    git(root, "config", "filter.vault.clean", "cat")
    git(root, "config", "filter.vault.smudge", "cat")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "closed")
    if where != "here":
        (root / ".gitattributes").rename(tmp_path / "attributes")
    if where == "of the person":
        git(root, "commit", "-qam", "no attributes")
        git(root, "config", "core.attributesFile", str(tmp_path / "attributes"))
    for command in (("check", "--rule", "float-image-tag", "."), ("apply", "--phase", "all", "--dry-run"), ("survey",)):
        run(root, kept, *command)
    data = b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert b"hunter22" not in data
    assert len(data) > 10_000  # the others are stored


def test_a_link_beside_the_documents_of_a_stack_is_seen(tmp_path: Path) -> None:
    root, kept = repository(tmp_path), tmp_path / "kept"
    command = ("apply", "--phase", "1", "--dry-run")
    before = run(root, kept, *command)
    for stack in {path.parent for path in root.rglob("*.tf")}:
        (stack / "link.tf").symlink_to("elsewhere")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "link")
    after = run(root, kept, *command)
    assert after != before
    assert after == run(root, kept, *command, "--no-cache")


def test_what_has_no_bytes_stops_nothing(tmp_path: Path) -> None:
    root, kept = repository(tmp_path), tmp_path / "kept"
    code = b'resource "helm_release" "a" {\n  name = "\\ud800"\n  version = 99999999999999999999\n}\n'
    for name in (b"odd.tf", b"odd\xff.tf"):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(code)
    odd = ("--set", "enroll-namespace.label=\udcff")
    for command in (("audit",), ("survey",), ("check", "--rule", "enroll-namespace", *odd, ".")):
        assert run(root, kept, *command) == run(root, kept, *command, "--no-cache")


def test_what_a_time_limit_decided_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {path: data for path, data in DEMO.items() if path.endswith((".tf", ".toml"))}
    kept, expected = Cache(tmp_path), everything_about(tree, NONE)
    with monkeypatch.context() as slow:
        slow.setattr("hclmod.proof.parsers._gohcl", lambda _data: parsers.Absent())
        slow.setattr("hclmod.proof.parsers.shutil.which", lambda _name: "/nowhere/terraform")
        assert everything_about(tree, kept) != expected
    assert everything_about(tree, kept) == expected


def test_a_pattern_that_takes_too_long_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_spent", [9.0])
    before = hurry.count()
    assert patterns.search("a", "a") is None
    assert hurry.count() == before + 1


def test_rules_of_a_person_are_always_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    text = (
        "import os\nfrom hclmod.rulekit import Rule, note\n\n\ndef check(block, context, /):\n"
        '    yield note(block.title, "seen", os.environ["SAYS"])\n\n\nrule = Rule(check, kinds=("helm_release",))\n'
    )
    (rules / "say_it.py").write_text(text)
    texts = {"main.tf": b'resource "helm_release" "a" {\n  name = "a"\n}\n'}
    said = []
    for word in ("one", "two"):
        monkeypatch.setenv("SAYS", word)
        project = in_memory(texts, rule_folders=(None, rules), kept=Cache(tmp_path / "kept"))
        said += [each.finding.message for each in project.plan(Job(rules=("say-it",))).findings]
        project.kept.save()
    assert said == ["one", "two"]
