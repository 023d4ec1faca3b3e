"""`hclmod audit` from outside, on a git repository."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from hclmod.commands import audit
from hclmod.commands.apply import to_do
from hclmod.commands.audit import without_baseline, write_baseline
from hclmod.engine.outcomes import Changed, PhaseReport, Reported, Skipped, StackReport, Unchanged
from hclmod.engine.project import open_project
from hclmod.errors import ConfigError
from hclmod.hcl.edits import Span
from hclmod.rulekit.rule import Finding, Level
from hclmod.terraform.stacks import Stack
from tests.support.demo import git, hclmod, repository, state

if TYPE_CHECKING:
    from pathlib import Path


SETTINGS = '[keel]\nversion = "0.21.1"\n'


def finished(tmp_path: Path) -> Path:
    """The demo with all phases said to be done."""
    root = repository(tmp_path)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(f"through = 9\n{text}\n{SETTINGS}")
    return root


def rules_in(report: PhaseReport) -> set[str]:
    """The rules that found something to do."""
    return {each.rule for each in report.findings if each.is_open}


def test_an_audit_names_gaps_and_writes_nothing(tmp_path: Path) -> None:
    root = finished(tmp_path)
    before = state(root)
    done = hclmod(root, "audit")
    assert done.returncode == 1, done.stderr
    assert "missing-marker" in done.stdout
    assert "enrolment-by-phase" in done.stdout
    assert state(root) == before


def test_after_all_phases_no_marker_is_missing(tmp_path: Path) -> None:
    root = finished(tmp_path)
    for phase in open_project(root).config.phases:
        assert hclmod(root, "apply", "--phase", str(phase), "--in-place").returncode == 0
    report = audit.audit(open_project(root))
    assert not rules_in(report) & {"missing-marker", "hidden-opt-out", "needless-marker", "opt-out-by-label"}


def test_a_baseline_lets_ci_start_clean(tmp_path: Path) -> None:
    root = finished(tmp_path)
    assert hclmod(root, "audit", "--write-baseline", "audit.json").returncode == 0
    assert hclmod(root, "audit", "--baseline", "audit.json").returncode == 0
    main = root / "stacks" / "beacon" / "main.tf"
    main.write_text("# a line that moves all others\n\n" + main.read_text())
    assert hclmod(root, "audit", "--baseline", "audit.json").returncode == 0
    missing = hclmod(root, "audit", "--baseline", "none.json")
    assert missing.returncode == 2
    assert "Make it with --write-baseline" in missing.stderr


def test_an_audit_of_one_file_knows_the_whole_repository(tmp_path: Path) -> None:
    root = finished(tmp_path)
    whole = audit.audit(open_project(root))
    paths = sorted({outcome.path for outcome in whole.outcomes if isinstance(outcome, Changed)})
    one = audit.audit(open_project(root), [root / paths[0]])
    assert [each for each in one.outcomes if each.path == paths[0]] == [
        each for each in whole.outcomes if each.path == paths[0]
    ]
    assert {each.path for each in one.outcomes} == {paths[0]}


def test_an_edit_is_compared_with_a_commit(tmp_path: Path) -> None:
    root = repository(tmp_path)
    folder = root / "stacks" / "beacon"
    text = (folder / "main.tf").read_text()
    ignored = text.replace("ignore_changes = [spec", "ignore_changes = [spec[0].template[0].spec[0].container, spec", 1)
    assert ignored != text
    (folder / "main.tf").write_text(ignored)
    git(root, "commit", "-qam", "CI owns it")
    assert "edit-without-effect" not in hclmod(root, "audit", "--rule", "edit-without-effect").stdout.split("\n", 1)[1]
    (folder / "main.tf").write_text(ignored.replace("beacon:1.14.2", "beacon:1.15.0"))
    done = hclmod(root, "audit", "--rule", "edit-without-effect")
    assert "beacon:1.14.2 became docker.io/lanternworks/beacon:1.15.0, which has no effect" in done.stdout
    assert done.returncode == 1
    git(root, "commit", "-qam", "a new version")
    assert hclmod(root, "audit", "--rule", "edit-without-effect").returncode == 0
    assert hclmod(root, "audit", "--rule", "edit-without-effect", "--base", "HEAD~1").returncode == 1


def test_an_audit_needs_no_git(tmp_path: Path) -> None:
    root = repository(tmp_path)
    shutil.rmtree(root / ".git")
    done = hclmod(root, "audit")
    assert done.returncode == 1, done.stderr
    named = hclmod(root, "audit", "--base", "main")
    assert named.returncode == 2
    assert "error" in named.stderr
    assert hclmod(root, "owners").returncode == 0
    assert hclmod(root, "explain", "beacon/kubernetes_deployment.beacon").returncode == 0


def test_an_audit_in_a_format_for_machines(tmp_path: Path) -> None:
    root = finished(tmp_path)
    told = json.loads(hclmod(root, "audit", "--format", "json").stdout)
    (section,) = told["sections"]
    assert section["title"] == "Audit"
    assert "missing-marker" in section["rules"]
    assert json.loads(hclmod(root, "audit", "--format", "sarif").stdout)["version"] == "2.1.0"


# A baseline holds old findings, by what they say and not by where they stand


def found(message: str, line: int = 1, level: Level = Level.WARNING, code: str = "") -> Reported:
    return Reported(
        "split-tags", Finding(address="a.b", span=Span(0, 1), code=code or message, message=message, level=level), line
    )


def report(*left: Reported) -> PhaseReport:
    outcomes = (Unchanged("main.tf", left), Skipped("other.tf", "why"))
    return PhaseReport(None, "Audit", ("split-tags",), (StackReport(Stack("s", "s", ("main.tf",)), outcomes),))


def kept(folder: Path, data: bytes) -> Path:
    path = folder / "b.json"
    path.write_bytes(data)
    return path


def rest(folder: Path, known: PhaseReport, now: PhaseReport) -> list[str]:
    left = without_baseline(now, kept(folder, write_baseline(known)))
    return [
        each.finding.message for outcome in left.outcomes if isinstance(outcome, Unchanged) for each in outcome.left
    ]


def test_old_findings_are_not_reported_wherever_they_stand_now(tmp_path: Path) -> None:
    assert rest(tmp_path, report(found("old", 3)), report(found("old", 40), found("new"))) == ["new"]
    assert to_do(report(found("old"))) == 1


def test_other_words_make_no_finding_new(tmp_path: Path) -> None:
    assert not rest(tmp_path, report(found("old words", code="cause")), report(found("new words", code="cause")))
    assert rest(tmp_path, report(found("words", code="one")), report(found("words", code="two"))) == ["words"]


def test_each_old_finding_counts_once(tmp_path: Path) -> None:
    assert rest(tmp_path, report(found("old")), report(found("old"), found("old"))) == ["old"]


def test_notes_are_neither_kept_nor_dropped(tmp_path: Path) -> None:
    note = found("as it should be", level=Level.NOTE)
    assert rest(tmp_path, report(note), report(note)) == ["as it should be"]
    assert b"as it should be" not in write_baseline(report(note))


def test_a_baseline_is_sorted_and_of_one_line_a_finding() -> None:
    data = write_baseline(report(found("b"), found("a")))
    assert data == write_baseline(report(found("a"), found("b")))
    assert data.count(b"\n") == 7
    assert b"line" not in data


def test_an_empty_baseline_is_one(tmp_path: Path) -> None:
    assert rest(tmp_path, report(), report(found("new"))) == ["new"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 2, "findings": [{}]}'])
def test_what_is_no_baseline_is_said(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigError, match="not a baseline"):
        without_baseline(report(), kept(tmp_path, data))


def test_another_version_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a baseline of version 1, and not 2") as caught:
        without_baseline(report(), kept(tmp_path, b'{"version": 1, "findings": [{"id": "0af"}]}'))
    assert "--write-baseline" in str(caught.value)
