"""The documentation: made pages are fresh, commands of guides run and print what the guides say, the site builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from hclmod.cli import cli
from hclmod.rulekit import docstrings
from tests.support.demo import ROOT, environment, git, hclmod, repository

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

DOCS = ROOT / "docs"
GUIDES = [*sorted((DOCS / "guides").glob("*.md")), DOCS / "reports.md"]
BLOCK = re.compile(
    r"(?:^<!-- (?P<word>not run: [^\n]+|exits with (?P<code>\d)) -->\n)?^```sh\n(?P<script>.*?)^```\n"
    r"(?:\n```text\n(?P<wanted>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
NEEDS = re.compile(r"^<!-- needs: (.+) -->$", re.MULTILINE)
MARK = re.compile(r"^<!-- command: (\w+) -->$", re.MULTILINE)
CI_RUN = (ROOT / ".ci/run").read_text()
FACT = re.compile(r"^<a id=\"(?P<anchor>[\w-]+)\"></a>\n\n### (?P<section>\w+) (?P<number>\d+): .+$", re.MULTILINE)
FACTS = [match.groupdict() for match in FACT.finditer((DOCS / "facts.md").read_text())]
CITED = re.compile(r"docs/facts\.md((?:[\s#]*(?:,|and)[\s#]*[A-Z][a-z]+[\s#]+\d+)+)")
START = re.compile(r"^<!-- starts in: (.+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Shell of a guide, the status it exits with, what it prints; `run` is false where the guide says why."""

    script: str
    run: bool
    code: int
    wanted: list[str]


def blocks(path: Path) -> list[Block]:
    found = []
    for match in BLOCK.finditer(path.read_text()):
        run = not (match["word"] or "").startswith("not run")
        found.append(Block(match["script"], run, int(match["code"] or 0), (match["wanted"] or "").splitlines()))
    return found


def start(path: Path, folder: Path) -> Path:
    """The folder that a guide says it starts in."""
    match START.findall(path.read_text()):
        case ["the demo"]:
            return repository(folder)
        case ["the demo without hclmod.toml"]:
            root = repository(folder)
            git(root, "rm", "-q", "hclmod.toml")
            git(root, "commit", "-qm", "not yet")
            return root
        case ["an empty folder"]:
            (folder / "empty").mkdir()
            return folder / "empty"
        case other:
            raise AssertionError(f"{path.name} starts in {other}")


def shows(wanted: list[str], printed: str) -> str:
    """The first line that is not printed in its turn; empty where all are. `...` stands for anything."""
    lines = iter(printed.splitlines())
    for want in wanted:
        if want in ("...", ""):
            continue
        if not any(line.startswith(want[:-3]) if want.endswith("...") else line == want for line in lines):
            return want
    return ""


def cited(source: str) -> list[tuple[str, str]]:
    """The facts that a module cites, by section and number; a citation may go over lines of a comment."""
    return [fact for group in CITED.findall(source) for fact in re.findall(r"(\w+)[\s#]+(\d+)", group)]


def guides(*first: str) -> list[ParameterSet]:
    """All guides; those that are not named here are slow."""
    return [pytest.param(each, id=each.stem, marks=() if each.stem in first else pytest.mark.slow) for each in GUIDES]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("path", guides("own-rule"))
def test_the_commands_of_a_guide_run(path: Path, tmp_path: Path) -> None:
    for needed in ", ".join(NEEDS.findall(path.read_text())).split(", "):
        if needed and needed not in cli.list_commands(click.Context(cli)):
            pytest.skip(f"NO COMMAND `{needed}` YET: nobody ran the guide {path.stem}")
    root = start(path, tmp_path)
    bin_folder = Path(sys.executable).parent
    env = environment(tmp_path) | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "GIT_PAGER": "cat"}
    found = blocks(path)
    assert any(each.run for each in found), f"nothing of {path.name} runs"
    for each in found:
        if not each.run:
            continue
        command = ["bash", "-e", "-o", "pipefail", "-c", each.script]
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        printed = done.stdout + done.stderr
        assert done.returncode == each.code, f"{each.script}\n{printed}"
        assert not shows(each.wanted, printed), (
            f"{shows(each.wanted, printed)!r} is not printed by\n{each.script}\n{printed}"
        )


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_no_shell_of_a_guide_escapes_the_test(path: Path) -> None:
    assert len(blocks(path)) == path.read_text().count("```sh\n")


def test_the_reader_of_guides_can_fail() -> None:
    assert shows(["a", "...", "c"], "a\nb\nc") == ""
    assert shows(["a", "c", "b"], "a\nb\nc") == "b"
    assert shows(["b..."], "a\nbcd") == ""
    assert shows(["x..."], "a\nbcd") == "x..."


@pytest.mark.parametrize(("page", "name"), re.findall(r"^(?:.* )?marked (\S+) (\w+)$", CI_RUN, re.MULTILINE))
def test_a_command_that_ci_runs_is_marked_once_and_is_one_line(page: str, name: str) -> None:
    pattern = rf"<!-- command: {name} -->\n(?:<!-- not run: [^\n]+ -->\n)?```sh\n(.*?)^```$"
    (script,) = re.findall(pattern, (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert script.count("\n") == 1


def test_ci_runs_every_marked_command() -> None:
    marked = [name for page in [ROOT / "README.md", *GUIDES] for name in MARK.findall(page.read_text())]
    assert sorted(marked) == ["comment", "demo", "hook", "test"]
    assert all(re.search(rf"marked \S+ {name}(?: --all)?$", CI_RUN, re.MULTILINE) for name in marked)


def test_every_command_has_a_task() -> None:
    text = (DOCS / "commands.md").read_text()
    assert [name for name in cli.commands if f"`hclmod {name}" not in text] == []


def test_the_facts_are_numbered_and_have_anchors() -> None:
    assert len(FACTS) == (DOCS / "facts.md").read_text().count("\n### ")
    for section, facts in groupby(FACTS, lambda fact: fact["section"]):
        expected = [f"{section.lower()}-{number}" for number, _ in enumerate(facts, 1)]
        assert [fact["anchor"] for fact in FACTS if fact["section"] == section] == expected
    assert all(fact["anchor"] == f"{fact['section'].lower()}-{fact['number']}" for fact in FACTS)


@pytest.mark.parametrize("folder", ["hclmod", "rules", "tests"])
def test_a_fact_that_is_cited_is_there(folder: str) -> None:
    known = {(fact["section"], fact["number"]) for fact in FACTS}
    for path in (ROOT / folder).rglob("*.py"):
        if path != Path(__file__):
            assert set(cited(path.read_text())) <= known, path.name


def test_the_reader_of_citations_can_fail() -> None:
    text = "a (docs/facts.md, Keel 3, Terraform\n    # 12) and docs/facts.md, Text 1 and Other 2: more"
    assert cited(text) == [("Keel", "3"), ("Terraform", "12"), ("Text", "1"), ("Other", "2")]


def test_made_pages_are_fresh() -> None:
    done = hclmod(ROOT, "docs", "--check")
    assert done.returncode == 0, f"run `hclmod docs` and commit: {done.stdout}"


@pytest.mark.slow
def test_pages_are_made_once_and_stale_ones_are_updated(tmp_path: Path) -> None:
    into = ("docs", "--into", str(tmp_path / "docs"), "--fixtures", str(ROOT / "fixtures"))
    assert "wrote" in hclmod(tmp_path, *into).stdout
    assert hclmod(tmp_path, *into).stdout == ""
    page = tmp_path / "docs/rules/drop-helm-atomic.md"
    page.write_text("old")
    (tmp_path / "docs/rules/gone.md").write_text("old")
    done = hclmod(tmp_path, *into, "--check")
    assert done.returncode == 1
    assert done.stdout.count("stale") == 2
    assert page.read_text() == "old"
    assert "removed" in hclmod(tmp_path, *into).stdout
    assert hclmod(tmp_path, *into, "--check").returncode == 0
    for path in (tmp_path / "docs").rglob("*.md"):
        assert path.read_text() == (DOCS / path.relative_to(tmp_path / "docs")).read_text()


def test_every_rule_has_a_page_with_an_example() -> None:
    for card in docstrings.cards():
        text = (DOCS / f"rules/{card.id}.md").read_text()
        assert card.summary in text
        assert "```diff" in text or ("```hcl" in text and "It says: " in text)
        assert f"[{card.id}]({card.id}.md)" in (DOCS / "rules/index.md").read_text()


def test_rules_of_ones_own_have_pages_too(tmp_path: Path) -> None:
    hclmod(tmp_path, "new", "rule", "wait-for-helm")
    done = hclmod(tmp_path, "docs", "--rules-dir", "rules")
    assert "wrote docs/rules/wait-for-helm.md" in done.stdout
    text = (tmp_path / "docs/rules/wait-for-helm.md").read_text()
    assert "+  wait = true" in text
    assert "one of 2 (1 of them must not change)" in text
    assert '| `value` | The value to set. | a text | `"true"` |' in text


@pytest.mark.slow
def test_the_site_builds_with_all_links(tmp_path: Path) -> None:
    mkdocs = shutil.which("mkdocs", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if mkdocs is None:
        pytest.skip("NO `mkdocs` ON THE PATH: nobody built the site (the extra `docs` has it)")
    command = [mkdocs, "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/guides/phase.html").is_file()
    assert (tmp_path / "site/ci/github.yml").is_file()
