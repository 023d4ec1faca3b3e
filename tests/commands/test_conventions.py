"""`hclmod conventions` from outside, on a real git repository."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from hclmod.cli import conventions
from hclmod.commands import apply
from hclmod.engine.project import open_project
from hclmod.hcl.document import Document
from hclmod.markdown.page import Page
from tests.support.demo import git, hclmod, repository, state

if TYPE_CHECKING:
    from pathlib import Path

AGENTS = "# Agents\n\nUse 8-char git SHA tags for images.\n\n## Drift\n\nWords.\n\n## More\n\nWords.\n"
DOCS = '\n[docs]\nfiles = ["AGENTS.md"]\nafter = "Drift"\n'


def demo(tmp_path: Path, docs: str = DOCS, **files: str) -> Path:
    """The demo with a page and the table [docs], committed."""
    root = repository(tmp_path)
    (root / "hclmod.toml").write_text((root / "hclmod.toml").read_text() + docs)
    for name, text in {"AGENTS.md": AGENTS, **files}.items():
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "docs")
    return root


def section(text: str) -> str:
    known = Page(document=Document("AGENTS.md", text.encode())).section
    assert known is not None
    return known.inside


def test_the_section_is_written_once(tmp_path: Path) -> None:
    root = demo(tmp_path)
    assert hclmod(root, "conventions", "--check").returncode == 1
    before = state(root)
    shown = hclmod(root, "conventions", "--diff")
    assert shown.returncode == 0
    assert hclmod(root, "conventions", "--dry-run").returncode == 0
    assert state(root) == before
    done = hclmod(root, "conventions")
    assert done.returncode == 0, done.stderr
    assert "AGENTS.md" in done.stdout
    assert "asks for commit SHAs as tags, but images float from phase 1 on" in done.stdout
    assert "1 file written, nothing committed." in done.stdout
    text = (root / "AGENTS.md").read_text()
    git(root, "stash", "-q")
    (tmp_path / "shown.diff").write_text(shown.stdout)
    git(root, "apply", str(tmp_path / "shown.diff"))
    assert (root / "AGENTS.md").read_text() == text
    assert text.index("## Drift") < text.index("hclmod:begin") < text.index("## More")
    assert hclmod(root, "conventions", "--check").returncode == 0
    assert "written" not in hclmod(root, "conventions").stdout
    assert (root / "AGENTS.md").read_text() == text


def test_a_merged_phase_makes_it_stale(tmp_path: Path) -> None:
    root = demo(tmp_path)
    hclmod(root, "conventions")
    assert "| 1 | Self-made services | open |" in section((root / "AGENTS.md").read_text())
    git(root, "commit", "-qam", "section")
    hclmod(root, "apply", "--phase", "1")
    assert hclmod(root, "conventions", "--check").returncode == 0, "the phase is not merged yet"
    git(root, "merge", "-q", "hclmod/phase-1")
    assert hclmod(root, "conventions", "--check").returncode == 1
    done = hclmod(root, "conventions")
    inside = section((root / "AGENTS.md").read_text())
    assert "In the workloads of phase 1 an image has the tag `latest`" in inside
    assert "From phase 2 on" in inside
    assert "| 1 | Self-made services | completed |" in inside
    assert "but images float since phase 1" in done.stdout


def test_the_version_of_keel_makes_it_stale(tmp_path: Path) -> None:
    root = demo(tmp_path)
    hclmod(root, "conventions")
    with (root / "hclmod.toml").open("a") as file:
        file.write('[keel]\nversion = "0.22.2"\n')
    assert hclmod(root, "conventions", "--check").returncode == 1
    hclmod(root, "conventions")
    assert "container[0].image" in section((root / "AGENTS.md").read_text())


def test_what_a_person_has_edited_stays_without_force(tmp_path: Path) -> None:
    root = demo(tmp_path)
    hclmod(root, "conventions")
    edited = (root / "AGENTS.md").read_text().replace("**Tags.**", "**Tags!**")
    (root / "AGENTS.md").write_text(edited)
    done = hclmod(root, "conventions")
    assert done.returncode == 3
    assert re.search(r"^-\*\*Tags!\*\*", done.stdout, re.MULTILINE)
    assert re.search(r"^\+\*\*Tags\.\*\*", done.stdout, re.MULTILINE)
    assert "AGENTS.md:9: the section was edited by hand" in done.stderr
    assert "--force" in done.stderr
    assert (root / "AGENTS.md").read_text() == edited
    assert hclmod(root, "conventions", "--check").returncode == 1
    assert hclmod(root, "conventions", "--force").returncode == 0
    assert "**Tags.**" in (root / "AGENTS.md").read_text()


def test_with_one_objection_nothing_is_written(tmp_path: Path) -> None:
    docs = '\n[docs]\nfiles = ["AGENTS.md", "OTHER.md"]\n'
    root = demo(tmp_path, docs, **{"OTHER.md": "<!-- hclmod:begin conventions -->\n"})
    before = state(root)
    done = hclmod(root, "conventions")
    assert (done.returncode, state(root)) == (3, before)
    assert "has no `hclmod:end`" in done.stderr


def test_a_section_written_by_hand_is_adopted(tmp_path: Path) -> None:
    root = demo(tmp_path, **{"AGENTS.md": AGENTS + "\n## `# KYVERNO_LIFECYCLE_V2`\n\nBy hand.\n\n## End\n\nWords.\n"})
    listed = hclmod(root, "conventions", "--format", "json")
    advice = [
        item["advice"]
        for part in json.loads(listed.stdout)["sections"]
        for stack in part["stacks"]
        for page in stack["documents"]
        for item in page["items"]
        if item["code"] == "conventions/hand-written-section"
    ]
    line = next(n for n, text in enumerate((root / "AGENTS.md").read_text().splitlines(), 1) if "_V2`" in text[:40])
    assert len(advice) == 1
    wrong = hclmod(root, "conventions", "--adopt", "AGENTS.md:1")
    assert wrong.returncode == 3
    assert f"such sections begin on lines {line}" in wrong.stderr
    done = hclmod(root, "conventions", "--adopt", str(line))
    assert done.returncode == 0, done.stderr
    text = (root / "AGENTS.md").read_text()
    assert "By hand." not in text
    assert text.count("hclmod:begin") == 1
    assert text.replace("\n\n", "\n").endswith("<!-- hclmod:end conventions -->\n## End\nWords.\n")
    assert hclmod(root, "conventions", "--check").returncode == 0


@pytest.mark.parametrize("words", ["AGENTS.md", "12:", "NO.md:3", "x:y"])
def test_a_place_that_names_no_section_is_an_error(tmp_path: Path, words: str) -> None:
    root = demo(tmp_path)
    done = hclmod(root, "conventions", "--adopt", words)
    assert done.returncode == 2
    assert "PATH:LINE" in done.stderr


def test_a_link_is_its_target_and_written_once(tmp_path: Path) -> None:
    docs = '\n[docs]\nfiles = ["CLAUDE.md", "AGENTS.md", "linked/AGENTS.md"]\n'
    root = demo(tmp_path, docs)
    (root / "CLAUDE.md").symlink_to("AGENTS.md")
    (root / "linked").symlink_to(".")
    done = hclmod(root, "conventions")
    assert done.returncode == 0, done.stderr
    assert "1 file written" in done.stdout
    assert (root / "CLAUDE.md").is_symlink()
    assert (root / "AGENTS.md").read_text().count("hclmod:begin") == 1


@pytest.mark.parametrize("name", ["CLAUDE.md", "linked/agents.md"])
def test_a_link_that_leads_out_is_an_error(tmp_path: Path, name: str) -> None:
    root = demo(tmp_path, f'\n[docs]\nfiles = ["{name}"]\n')
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "agents.md").write_text("# Mine\n")
    (root / "CLAUDE.md").symlink_to(outside / "agents.md")
    (root / "linked").symlink_to(outside)
    done = hclmod(root, "conventions")
    assert done.returncode == 2
    assert f"{name} lies outside of the repository" in done.stderr
    assert (outside / "agents.md").read_text() == "# Mine\n"


@pytest.mark.parametrize(
    ("files", "text", "why"),
    [
        ("NO.md", "", "docs.files names NO.md, which is not there"),
        ("CLAUDE.md", "@NO.md\n", "refers to NO.md, which is not there"),
        ("CLAUDE.md", "@../../etc/passwd\n", "refers to ../../etc/passwd, which is not there"),
        ("CLAUDE.md", "@CLAUDE.md\n", "refer to each other"),
    ],
)
def test_a_page_that_is_not_there_is_an_error(tmp_path: Path, files: str, text: str, why: str) -> None:
    root = demo(tmp_path, f'\n[docs]\nfiles = ["{files}"]\n', **({"CLAUDE.md": text} if text else {}))
    done = hclmod(root, "conventions")
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize("link", [True, False])
def test_what_is_no_markdown_is_not_written(tmp_path: Path, *, link: bool) -> None:
    root = demo(tmp_path, '\n[docs]\nfiles = ["CLAUDE.md"]\n', **{"main.tf": "locals {}\n", "CLAUDE.md": "@main.tf\n"})
    if link:
        (root / "CLAUDE.md").unlink()
        (root / "CLAUDE.md").symlink_to("main.tf")
    done = hclmod(root, "conventions")
    assert done.returncode == 2
    assert "CLAUDE.md leads to main.tf, which is not a Markdown file" in done.stderr
    assert (root / "main.tf").read_text() == "locals {}\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"caf\xe9\n", "not UTF-8 text"), (b"word\n" * 250_000, "larger than 1024 KiB"), (b"\0", "not UTF-8 text")],
)
@pytest.mark.parametrize("name", ["AGENTS.md", "CLAUDE.md"])
def test_a_named_file_that_cannot_be_read_exits_with_1(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    docs = f'\n[docs]\nfiles = ["{name}", "OTHER.md"]\n'
    root = demo(tmp_path, docs, **{"CLAUDE.md": "@AGENTS.md\n", "OTHER.md": "# Other\n"})
    (root / "AGENTS.md").write_bytes(data)
    for options in ([], ["--check"], ["--check", "--format", "json"]):
        done = hclmod(root, "conventions", *options)
        assert done.returncode == 1, options
        assert f"AGENTS.md does not get the section: {why}" in done.stderr
    assert "hclmod:begin" in (root / "OTHER.md").read_text()
    assert (root / "AGENTS.md").read_bytes() == data


def test_a_file_that_nobody_named_may_be_unreadable(tmp_path: Path) -> None:
    root = demo(tmp_path)
    (root / "OTHER.md").write_bytes(b"caf\xe9\n")
    assert hclmod(root, "conventions").returncode == 0
    assert hclmod(root, "conventions", "--check").returncode == 0


def test_without_files_there_is_a_list_only(tmp_path: Path) -> None:
    root = demo(tmp_path, "")
    before = state(root)
    done = hclmod(root, "conventions")
    assert (done.returncode, state(root)) == (0, before)
    assert "AGENTS.md" in done.stdout
    assert "[docs] in hclmod.toml names no files" in done.stderr
    refused = hclmod(root, "conventions", "--check")
    assert refused.returncode == 2
    assert "names no file for the section" in refused.stderr


def test_findings_go_through_the_renderings(tmp_path: Path) -> None:
    root = demo(tmp_path)
    sarif = json.loads(hclmod(root, "conventions", "--check", "--format", "sarif").stdout)
    results = sarif["runs"][0]["results"]
    places = {
        (each["properties"]["code"], each["locations"][0]["physicalLocation"]["region"]["startLine"])
        for each in results
        if each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "AGENTS.md"
    }
    assert places == {("conventions/missing", 1), ("conventions/asks-for-sha", 3)}
    for form in ("markdown", "html", "github", "gitlab", "junit"):
        assert "AGENTS.md" in hclmod(root, "conventions", "--check", "--format", form).stdout


def test_a_file_that_changes_meanwhile_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = demo(tmp_path)
    real = apply.write

    def late(*args: object) -> int:
        (root / "AGENTS.md").write_text("# Another\n")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(conventions, "write", late)
    done = hclmod(root, "conventions")
    assert done.returncode == 3
    assert (root / "AGENTS.md").read_text() == "# Another\n"


@pytest.mark.skipif(os.geteuid() != 0 and not hasattr(os, "mkfifo"), reason="NO FIFO: nothing to wait for")
def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    root = demo(tmp_path)
    os.mkfifo(root / "pipe.md")
    assert hclmod(root, "conventions", "--check").returncode == 1


def test_a_run_on_named_files_looks_at_no_page(tmp_path: Path) -> None:
    root = demo(tmp_path)
    project = open_project(root)
    assert "AGENTS.md" in project.tree
    done = hclmod(root, "check", "--rule", "conventions", "stacks")
    assert "AGENTS.md" not in done.stdout
