"""The formats of the command line, from outside: on the demo."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hclmod.reports import formats, terminal
from tests.reports.test_json import VALIDATOR as JSON
from tests.reports.test_sarif import VALIDATOR as SARIF
from tests.support.demo import Done, environment, git, hclmod, process, repository, state
from tests.support.inert import live
from tests.support.markup import Page
from tests.support.reports import EVIL, full

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, for tests that write nothing in it."""
    return repository(tmp_path_factory.mktemp("demo"))


DRY = ("apply", "--phase", "3", "--dry-run")


@pytest.fixture(scope="module")
def stored(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on phase 3 of the demo as JSON, planned once."""
    file = tmp_path_factory.mktemp("stored") / "report.json"
    assert hclmod(demo, *DRY, "--format", "json", "--output", str(file)).stdout == ""
    return file


@pytest.fixture(scope="module")
def planned(stored: Path) -> Any:
    """The same report, read."""
    return json.loads(stored.read_text())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


def told(root: Path, *args: str) -> Any:
    return json.loads(hclmod(root, *args, "--format", "json").stdout)


def items(report: Any, kind: str) -> list[Any]:
    documents = [each for section in report["sections"] for stack in section["stacks"] for each in stack["documents"]]
    return [item for document in documents for item in document["items"] if item["kind"] == kind]


def test_json_says_what_text_says(demo: Path, planned: Any) -> None:
    report = planned
    JSON.validate(report)
    text = hclmod(demo, *DRY, "-v").stdout
    found = [item for kind in ("change", "person", "left") for item in items(report, kind)]
    assert len(found) > 30
    for item in found:
        assert f"{item['rule']}  {item['address']}" in text
        assert item["message"] in text
    assert len({item["id"] for item in found}) == len(found)
    (section,) = report["sections"]
    totals = section["totals"]
    assert f"{totals['changes']} changes in {totals['files']} files ({totals['stacks']} stacks)" in text
    assert str(demo) not in json.dumps(report)


def test_a_change_has_lines_effect_and_origins(planned: Any) -> None:
    changes = items(planned, "change")
    image = next(item for item in changes if "beacon:1.14.2" in item["message"])
    assert image["before"].strip() == 'image = "docker.io/lanternworks/beacon:1.14.2"'
    assert image["after"].strip() == 'image = "docker.io/lanternworks/beacon:latest"'
    assert image["effect"] == "rolls the pods"
    through = [item["origins"] for item in changes if item["origins"]]
    assert any("image -> local." in chain or "image -> var." in chain for chains in through for chain in chains), (
        through
    )


def test_ids_do_not_move_with_lines(root: Path, planned: Any) -> None:
    before = {item["id"] for item in items(planned, "change")}
    path = root / "stacks/beacon/main.tf"
    path.write_text(f"# one\n# two\n\n{path.read_text()}")
    git(root, "commit", "-qam", "more lines")
    after = told(root, *DRY)
    assert {item["id"] for item in items(after, "change")} == before


def test_a_report_says_which_phases_are_done(root: Path) -> None:
    hclmod(root, "apply", "--phase", "1")
    git(root, "merge", "-q", "--ff-only", "hclmod/phase-1")
    assert [(each["number"], each["done"]) for each in told(root, *DRY)["steps"]] == [(1, True), (2, False), (3, False)]


def test_diff_is_the_same_by_both_names(demo: Path) -> None:
    assert hclmod(demo, *DRY, "--diff").stdout == hclmod(demo, *DRY, "--format", "diff").stdout != ""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "sarif", "github", "diff"])
def test_a_stored_report_renders_as_the_run_itself(demo: Path, stored: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / "out"
    shown = hclmod(demo, *DRY, "--format", form).stdout.partition("Every place: --verbose.")[0]
    assert shown
    assert hclmod(tmp_path, "report", str(stored), "--format", form).stdout == shown
    assert hclmod(tmp_path, "report", str(stored), "--format", form, "--output", str(file)).stdout == ""
    assert file.read_text() == shown


def test_every_format_of_check(demo: Path) -> None:
    check = ("check", "--rule", "drop-helm-atomic", "stacks")
    done = hclmod(demo, *check, "--format", "sarif")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    SARIF.validate(report)
    assert "helm_release" in done.stdout
    assert report["runs"][0]["tool"]["driver"]["rules"][0]["shortDescription"]["text"] != "drop-helm-atomic"
    assert "::notice file=stacks/" in hclmod(demo, *check, "--format", "github").stdout
    assert not Page(hclmod(demo, *check, "--format", "html").stdout.removeprefix("<!DOCTYPE html>\n")).problems
    assert hclmod(demo, *check, "--format", "markdown").stdout.startswith("## Rules drop-helm-atomic")
    clean = hclmod(demo, "check", "--rule", "drop-helm-atomic", "stacks/beacon", "--format", "json")
    assert clean.returncode == 0
    JSON.validate(json.loads(clean.stdout))


def test_only_the_report_is_on_standard_output(root: Path) -> None:
    done = hclmod(root, "apply", "--phase", "3", "--format", "json")
    JSON.validate(json.loads(done.stdout))
    assert "Committed" in done.stderr


def test_markdown_is_cut_to_bytes(stored: Path, tmp_path: Path) -> None:
    text = hclmod(tmp_path, "report", str(stored), "--format", "markdown", "--limit", "6000", "--see", "the log").stdout
    assert len(text.encode()) <= 6000
    assert "Shortened to fit" in text
    assert "the log" in text


def test_what_git_filters_has_no_lines(root: Path) -> None:
    (root / ".gitattributes").write_text("stacks/beacon/** filter=secret\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "filter")
    file = root / "report.json"
    hclmod(root, *DRY, "--format", "json", "--output", str(file))
    for form in ("json", "html", "sarif", "markdown"):
        shown = hclmod(root, "report", str(file), "--format", form).stdout
        assert "stacks/beacon" in shown
        assert "kubernetes_deployment.beacon" not in shown.split("stacks/gauge")[0]
        assert "a/stacks/beacon" not in shown
        assert "dns_config" not in shown.split("stacks/gauge")[0]


@pytest.mark.parametrize(
    ("args", "keys"),
    [
        (("rules",), {"id", "summary", "why", "left_alone", "options"}),
        (("explain", "drop-helm-atomic"), {"id", "summary", "why", "left_alone", "options"}),
        (("trace", "stacks/beacon/main.tf:46"), {"stack", "address", "container", "origins", "also_drives"}),
        (("survey",), {"images", "helm_releases"}),
    ],
)
def test_other_commands_speak_json(demo: Path, args: tuple[str, ...], keys: set[str]) -> None:
    found = told(demo, *args)
    assert keys <= (found[0] if isinstance(found, list) else found).keys()


def test_a_trace_in_json_names_the_chain(demo: Path) -> None:
    rows = [row for row in told(demo, "survey")["images"] if row["chain"]]
    place = rows[0]["origin"]
    (row, *_) = told(demo, "trace", place)
    parts = [part for origin in row["origins"] for part in origin["parts"]]
    assert any(f"{part.get('document')}:{part.get('line')}" == place for part in parts)
    assert any(len(part["chain"]) > 1 for part in parts)


def test_fixtures_speak_json(tmp_path: Path) -> None:
    hclmod(tmp_path, "new", "rule", "wait-for-helm")
    case = tmp_path / "fixtures/wait-for-helm/basics/example.txtar"
    case.write_text(case.read_text().replace("wait = true", "other = true"))
    done = hclmod(tmp_path, "test", "--rules-dir", "rules", "--fixtures", "fixtures", "--format", "json")
    assert done.returncode == 1
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert found["wait-for-helm/basics/example"]["problems"] == ["main.tf is not as wanted"]
    assert "-  other = true" in found["wait-for-helm/basics/example"]["diff"]


RELEASE = 'resource "helm_release" "x" {\n  name   = "x"\n  atomic = true\n}\n'


def piped(folder: Path, text: str, *args: str) -> Done:
    return hclmod(folder, *args, stdin=text)


STDIN = ("--rule", "drop-helm-atomic", "--stdin-filename")


def test_an_editor_pipes_a_document_through(tmp_path: Path) -> None:
    done = process(tmp_path, "fix", *STDIN, "new/release.tf", stdin=RELEASE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == 'resource "helm_release" "x" {\n  name = "x"\n}\n'
    assert piped(tmp_path, done.stdout, "fix", *STDIN, "release.tf").stdout == done.stdout
    assert list(tmp_path.iterdir()) == [], "nothing was written"


def test_what_is_on_disk_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "release.tf").write_text("# nothing\n")
    found = piped(tmp_path, RELEASE, "check", *STDIN, "release.tf", "--format", "json")
    assert found.returncode == 1
    assert [item["line"] for item in items(json.loads(found.stdout), "change")] == [3]
    (tmp_path / "release.tf").write_text(RELEASE)
    assert piped(tmp_path, "# nothing\n", "check", *STDIN, "release.tf").returncode == 0
    assert (tmp_path / "release.tf").read_text() == RELEASE


@pytest.mark.parametrize("text", ["", "a {\n", "\0", "x = 1\r\n", "# é", "<<<<<<< ours\n"])
def test_what_cannot_be_fixed_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    done = piped(tmp_path, text, "fix", *STDIN, "a.tf")
    assert (done.returncode, done.stdout) == (0, text)


def test_the_rules_of_done_phases_look_at_the_unsaved_text(root: Path) -> None:
    for number in ("1", "2", "3"):
        hclmod(root, "apply", "--phase", number)
        git(root, "merge", "-q", "--ff-only", f"hclmod/phase-{number}")
    before = state(root)
    good = (root / "stacks/beacon/main.tf").read_text()
    bad = good.replace('      metadata[0].annotations["keel.sh/trigger"],\n', "")
    assert bad != good
    assert piped(root / "stacks", good, "check", "--stdin-filename", "beacon/main.tf").returncode == 0
    assert piped(root / "stacks", bad, "check", "--stdin-filename", "beacon/main.tf").returncode == 1
    fixed = piped(root / "stacks", bad, "fix", "--stdin-filename", "beacon/main.tf")
    assert 'annotations["keel.sh/trigger"]' in fixed.stdout
    assert state(root) == before


def test_standard_input_is_the_one_document(tmp_path: Path) -> None:
    done = piped(tmp_path, RELEASE, "check", *STDIN, "a.tf", "b.tf")
    assert done.returncode == 2
    assert "give no other paths" in done.stderr


def test_a_report_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    done = hclmod(tmp_path, "report", "x.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not a report of version 2" in done.stderr
    assert "cannot be read" in hclmod(tmp_path, "report", "missing.json").stderr


def test_a_narrow_terminal_keeps_addresses_whole() -> None:
    address = "stacks/observatory/module.lamps.kubernetes_deployment_v1.north"
    lines = terminal.Style(width=40).wrap(f"also enrolls {address} (no phase)")
    assert lines == ["also enrolls", address, "(no phase)"]


def test_a_terminal_that_is_narrow_gets_wrapped_lines(demo: Path) -> None:
    script = f"stty cols 60; {sys.executable} -m hclmod apply --phase 3 --dry-run"
    command = ["script", "-qec", script, "/dev/null"]
    env = {key: value for key, value in environment(demo).items() if key not in ("COLUMNS", "LINES")}
    try:
        done = subprocess.run(command, cwd=demo, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("NO `script` ON THE PATH: nobody looked at a narrow terminal")
    messages = [line for line in done.stdout.splitlines() if line.startswith(" " * 4)]
    assert len(messages) > 20
    assert max(len(line) for line in messages if " " in line.strip()) <= 60
    assert "\x1b[1m" not in done.stdout, "NO_COLOR is set"


@pytest.mark.parametrize("form", [each for each in formats.FORMATS if each != "diff"])
def test_no_text_of_a_report_is_live(form: str) -> None:
    evil = "\n".join(EVIL)
    for report in (full(lambda plain: plain + evil), full(lambda plain: evil + plain)):
        assert live(formats.render(report, form), form) == []
