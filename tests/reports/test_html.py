"""One page that needs nothing else, reads well without its script, and holds whatever stands in a repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from msgspec.structs import replace

from hclmod.reports import html
from hclmod.reports.diff import hunks
from hclmod.reports.model import Commit, Kind, Outcome, Report, Section, Stack
from tests.support.markup import Page
from tests.support.reports import EVIL, big, document, full, item, reports

if TYPE_CHECKING:
    from pathlib import Path

ATTRIBUTES = {
    "class", "id", "lang", "charset", "name", "content", "http-equiv", "value", "max", "hidden", "scope", "data-stack",
    "type", "list", "autocomplete", "data-rule", "data-effect", "data-kind", "href", "rel",
}  # fmt: skip
LINE = r"https://git\.example\.net/o/r/blob/0{40}/[\w./~%-]+#L\d+"


def check(text: str) -> Page:
    read = Page(text.removeprefix("<!DOCTYPE html>\n"))
    assert not read.problems, read.problems
    names = [tag for tag, _ in read.tags]
    assert (names.count("script"), names.count("style")) == (1, 1)
    assert all(re.fullmatch(LINE, each.get("href") or "") for tag, each in read.tags if tag == "a")
    assert not {"img", "iframe", "link", "object", "form", "base"} & set(names)
    assert {key for _, attributes in read.tags for key in attributes} <= ATTRIBUTES
    assert all(char.isprintable() or char in "\n\t" for char in text)
    text.encode()
    return read


@given(reports())
def test_nothing_of_a_repository_breaks_out(report: Report) -> None:
    assert set(check(html.render(report)).names()) <= set(check(html.render(full())).names())


@pytest.mark.sampled(10)
@pytest.mark.parametrize("evil", EVIL)
def test_every_evil_text_everywhere(evil: str) -> None:
    check(html.render(full(lambda plain: f"{plain}{evil}")))


def test_what_it_says() -> None:
    read = check(html.render(full()))
    text = read.text()
    for words in (
        "Phases: 1 of 2 done", "1 First (done)", "3 Title", "Refused (2)", "Needs review (1)", "Stacks by rules",
        "1 change, 1 needs review", "rolls the pods", "comes from ",
        "tried, then discarded", "left unchanged on purpose",
        "On the running cluster: rolls the pods (1).", "Every change proven by judge 1.",
    ):  # fmt: skip
        assert words in text, words
    assert {"image -> var.tag", "kubectl rollout undo"} <= set(read.codes)
    assert [tag for tag, attributes in read.tags if attributes.get("data-stack") == "s"] == ["tr", "details"]


COMMIT = Commit(
    id="0" * 40, date="2026-12-01", repository="o/r",
    lines=f"https://git.example.net/o/r/blob/{'0' * 40}/{{path}}#L{{line}}",
)  # fmt: skip


def test_a_report_on_a_commit_names_it_and_links_its_lines() -> None:
    read = check(html.render(replace(full(), commit=COMMIT)))
    assert "o/r at 000000000000 of 2026-12-01" in read.text()
    links = [each["href"] for tag, each in read.tags if tag == "a"]
    assert f"https://git.example.net/o/r/blob/{'0' * 40}/s/main.tf#L2" in links
    assert len(links) == 6, "five items, and the place of the one cause"


def test_without_an_address_of_lines_and_for_new_files_nothing_is_linked() -> None:
    for commit in (None, replace(COMMIT, lines="")):
        assert "<a " not in html.render(replace(full(), commit=commit))
    made = document("s/new.tf", Outcome.CHANGED, item(Kind.CHANGE), lines=hunks(b"", b"a\n"))
    text = html.render(Report("1", (Section(1, "", (), (Stack("s", (made,)),)),), commit=COMMIT))
    assert "<a " not in text
    assert "<title>o/r at 000000000000 of 2026-12-01: Phase 1</title>" in text


@given(reports())
def test_no_text_of_a_repository_breaks_out_of_a_link(report: Report) -> None:
    check(html.render(replace(report, commit=COMMIT)))


def test_it_asks_for_nothing() -> None:
    text = html.render(full())
    assert not re.search(r"https?://|src=|url\(|@import", text)
    assert "default-src 'none'" in text


def test_the_same_report_is_the_same_page() -> None:
    assert html.render(big()) == html.render(big())


def test_a_diff_of_megabytes(everything: bool) -> None:  # noqa: FBT001 - a fixture
    lines = hunks(b"a </pre>\n" * (1_000_000 if everything else 100_000), b"")
    huge = document("s/huge.tf", Outcome.CHANGED, item(Kind.CHANGE), lines=lines)
    text = html.render(Report("1", (Section(1, "", (), (Stack("s", (huge,)),)),)))
    assert text.count("<span") < 20
    assert text.count("</pre>") == 1


CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="NO `chromium` ON THE PATH: nobody looked at the page")


def browser(folder: Path, text: str, *options: str) -> str:
    """What a real browser makes of the page."""
    file = folder / "page.html"
    file.write_text(text)
    command = [
        CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}", *options, file.as_uri(),
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout


@in_a_browser
def test_a_browser_runs_the_script_and_nothing_of_the_repository(tmp_path: Path) -> None:
    evil = "".join(EVIL) + "<script>document.title='taken'</script>"
    dumped = browser(tmp_path, html.render(full(lambda plain: f"{plain}{evil}")), "--dump-dom")
    assert "<title>taken" not in dumped
    assert '<div id="filtering">' in dumped, "the page's own script ran"
    assert dumped.count("<script>") == 1


@pytest.mark.slow
@in_a_browser
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", 6),
        ("document.getElementById('review').checked = true", 2),
        ("document.getElementById('rule').value = 'some-rule'", 6),
        ("document.getElementById('effect').value = 'rolls the pods'", 1),
        ("document.getElementById('filter').value = 'no such stack'", 1),
    ],
)
def test_filters_hide_what_is_not_asked_for(tmp_path: Path, question: str, expected: int) -> None:
    probe = (
        f"<script>{question}; document.getElementById('filtering').dispatchEvent(new Event('input'));"
        " document.title = [...document.querySelectorAll('[data-kind]')]"
        ".filter((each) => !each.closest('[hidden]')).length</script>"
    )
    text = (
        html.render(full()).replace("script-src", "script-src 'unsafe-inline'; x").replace("</body>", f"{probe}</body>")
    )
    dumped = browser(tmp_path, text, "--dump-dom")
    assert f"<title>{expected}</title>" in dumped, re.findall("<title>.*?</title>", dumped)


@pytest.mark.slow
@in_a_browser
def test_a_page_as_wide_as_a_phone_needs_no_sideways_scrolling(tmp_path: Path) -> None:
    probe = (
        "<script>document.title = document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        " ? 'fits' : 'too wide ' + document.documentElement.scrollWidth</script>"
    )
    text = html.render(full(lambda plain: plain + "x" * 80)).replace("script-src", "script-src 'unsafe-inline'; x")
    text = text.replace("<details", "<details open").replace("</body>", f"{probe}</body>")
    dumped = browser(tmp_path, text, "--window-size=390,844", "--dump-dom")
    assert "<title>fits</title>" in dumped, re.findall("<title>.*?</title>", dumped)
