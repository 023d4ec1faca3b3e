"""Pull requests by `git push` alone, at a real `git receive-pack` whose hooks do as Forgejo and GitLab do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from hclmod.errors import HclmodError
from hclmod.forges import by_push
from hclmod.forges.proposals import Outcome, Proposal
from tests.support.demo import git
from tests.support.forge import TOKEN
from tests.support.proposals import BRANCH, Site, site
from tests.support.reports import EVIL, big, full, reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hclmod.forges.proposals import Proposed
    from hclmod.reports.model import Report

pytestmark = pytest.mark.sampled(1)  # one forge by default, all of them with `--all`

KINDS = ("gitea", "gitlab")
MARKER = "<!-- hclmod:pr phase=3 -->"
TOKENLESS = "hclmod cannot see whether a person closed an earlier pull request of this phase: o/r at 127.0.0.1"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = site(request.param, tmp_path)
    yield made
    made.forge.server.close()


@pytest.fixture
def forgejo(tmp_path: Path) -> Iterator[Site]:
    made = site("gitea", tmp_path)
    yield made
    made.forge.server.close()


def run(place: Site, report: Report | None = None, *, token: str = "", **more: Any) -> Proposed:
    return place.run(report, token=token, via="push", **more)


def only(place: Site) -> dict[str, Any]:
    (pull,) = place.pulls.every
    return pull


def test_twice_is_one_and_the_second_push_changes_nothing(place: Site) -> None:
    done = run(place)
    assert (done.outcome, done.pushed, done.number, done.via) == (Outcome.CREATED, True, 12, "push")
    pull = only(place)
    assert (pull["title"], pull["base"], pull["commit"]) == ("Phase 3: Title", "main", place.tip)
    assert pull["body"].startswith(f"{MARKER}\n## Phase 3: Title\n\n**1 change")
    before = place.there, place.pulls.every
    done = run(place)
    assert (done.outcome, done.pushed, done.number) == (Outcome.UNCHANGED, False, 12)
    assert (place.there, place.pulls.every) == before
    assert not place.forge.writes


def test_the_same_change_made_again_elsewhere_changes_nothing(place: Site) -> None:
    run(place)
    git(place.root, "checkout", "-q", BRANCH)
    git(place.root, "commit", "-q", "--amend", "-C", "HEAD", "--date", "2026-01-01T00:00:00")
    git(place.root, "update-ref", "-d", f"refs/hclmod/pr/12/{BRANCH}")
    before = place.there, place.pulls.every
    assert run(place, token=TOKEN).outcome is Outcome.UNCHANGED
    assert (place.there, place.pulls.every) == before


def test_what_the_server_has_after_it(place: Site) -> None:
    before = set(place.there)
    run(place)
    new = {"gitea": {"refs/pull/12/head"}, "gitlab": {"refs/merge-requests/12/head", f"refs/heads/{BRANCH}"}}
    assert set(place.there) - before == new[place.forge.kind]


def test_a_new_branch_changes_it_in_place(place: Site) -> None:
    run(place)
    tip = place.remade()
    done = run(place)
    assert (done.outcome, done.pushed, done.number) == (Outcome.UPDATED, True, 12)
    assert only(place)["commit"] == tip
    assert any(TOKENLESS in note for note in done.notes)


def test_with_a_token_it_sees_more_and_updates_the_text(place: Site) -> None:
    run(place)
    place.remade()
    done = run(place, full(lambda text: f"{text}!"), token=TOKEN)
    assert (done.outcome, done.number, done.notes) == (Outcome.UPDATED, 12, ())
    assert only(place)["title"] == "Phase 3: Title!"
    assert run(place, full(lambda text: f"{text}!"), token=TOKEN).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_one_that_a_person_closed_stays_closed(place: Site, token: str) -> None:
    place.forge.guests_read = True
    run(place)
    place.pulls.change(12, state="closed")
    before = place.there, place.pulls.every
    place.remade()
    done = run(place, token=token)
    assert (done.outcome, done.number, done.pushed) == (Outcome.CLOSED, 12, False)
    assert (place.there, place.pulls.every) == before
    assert (run(place, token=token, again=True).outcome, len(place.pulls.every)) == (Outcome.CREATED, 2)


def test_the_same_commit_is_not_proposed_again_where_nobody_can_be_asked(place: Site) -> None:
    run(place)
    place.pulls.change(12, state="closed")
    before = place.there, place.pulls.every
    done = run(place)
    assert (done.outcome, done.number) == (Outcome.UNCHANGED, 12)
    assert TOKENLESS in done.notes[0]
    assert (place.there, place.pulls.every) == before


def test_one_that_is_merged_is_left(place: Site) -> None:
    run(place)
    place.pulls.change(12, state="merged")
    assert run(place, token=TOKEN).outcome is Outcome.MERGED
    assert len(place.pulls.every) == 1


def test_commits_of_others_are_not_lost(place: Site) -> None:
    run(place)
    head = place.pulls.load()["heads"] + "/12/head"
    other = place.root.parent / "other"
    git(place.root.parent, "clone", "-q", str(place.server), str(other))
    git(other, "fetch", "-q", "origin", head)
    git(other, "checkout", "-q", "FETCH_HEAD")
    git(other, "commit", "-q", "--allow-empty", "-m", "a fix of the reviewer")
    theirs = git(other, "rev-parse", "HEAD").strip()
    ref = head if place.forge.kind == "gitea" else f"refs/heads/{BRANCH}"
    git(other, "push", "-q", "origin", f"HEAD:{ref}")
    place.pulls.change(12, commit=theirs)
    place.remade()
    for token in ("", TOKEN):
        with pytest.raises(HclmodError, match="hclmod did not make"):
            run(place, token=token)
    assert place.there[ref] == theirs


def test_another_clone_does_not_push_over_what_it_cannot_see(forgejo: Site) -> None:
    run(forgejo)
    git(forgejo.root, "update-ref", "-d", f"refs/hclmod/pr/12/{BRANCH}")
    before = forgejo.there
    forgejo.remade()
    with pytest.raises(HclmodError, match="has commits that are not in") as caught:
        run(forgejo)
    assert "Set a token" in str(caught.value)
    assert forgejo.there == before
    assert run(forgejo, token=TOKEN).outcome is Outcome.UPDATED


def test_a_server_that_knows_no_refs_for_keeps_nothing(forgejo: Site) -> None:
    git(forgejo.server, "config", "--unset", "receive.procReceiveRefs")
    before = forgejo.there
    with pytest.raises(HclmodError, match="does not open a pull request for a push to refs/for/main"):
        run(forgejo)
    assert forgejo.there == before


def test_a_server_that_takes_no_options(place: Site) -> None:
    git(place.server, "config", "receive.advertisePushOptions", "false")
    before = place.there
    with pytest.raises(HclmodError, match="push options") as caught:
        run(place)
    assert "--via api" in str(caught.value)
    assert (place.there, place.pulls.every) == (before, [])


def test_github_has_no_such_way(tmp_path: Path) -> None:
    made = site("github", tmp_path)
    with pytest.raises(HclmodError, match="GitHub opens no pull request by a push"):
        run(made)
    assert f"refs/heads/{BRANCH}" not in made.there
    made.forge.server.close()


def test_what_is_open_keeps_its_way(forgejo: Site) -> None:
    forgejo.run()
    assert f"refs/heads/{BRANCH}" in forgejo.there
    tip = forgejo.remade()
    for token in ("", TOKEN):
        done = run(forgejo, token=token)
        assert done.number in (0, 12)
        assert only(forgejo)["commit"] == tip
    assert not [ref for ref in forgejo.there if ref.startswith("refs/for")]


def test_what_was_opened_by_refs_for_is_pushed_there_by_the_api_too(forgejo: Site) -> None:
    run(forgejo)
    tip = forgejo.remade()
    done = forgejo.run(full(lambda text: f"{text}!"))
    assert (done.outcome, done.number) == (Outcome.UPDATED, 12)
    assert (only(forgejo)["commit"], only(forgejo)["title"]) == (tip, "Phase 3: Title!")
    assert f"refs/heads/{BRANCH}" not in forgejo.there


def test_a_branch_that_gitlab_has_already(tmp_path: Path) -> None:
    made = site("gitlab", tmp_path)
    git(made.root, "push", "-q", "origin", BRANCH)
    with pytest.raises(HclmodError, match="already, without a merge request"):
        run(made)
    made.remade()
    assert run(made).outcome is Outcome.CREATED
    made.forge.server.close()


def test_what_a_hook_refuses(place: Site) -> None:
    name = "pre-receive"
    (place.server / "hooks" / name).write_text("#!/bin/sh\necho 'Only on Mondays.' >&2\nexit 1\n")
    (place.server / "hooks" / name).chmod(0o755)
    before = place.there
    with pytest.raises(HclmodError, match="pre-receive hook declined"):
        run(place)
    assert (place.there, place.pulls.every) == (before, [])


def test_labels_and_drafts(place: Site) -> None:
    done = run(place, labels=("keel",), is_draft=True)
    assert only(place)["title"] == {"gitea": "WIP: ", "gitlab": "Draft: "}[place.forge.kind] + "Phase 3: Title"
    assert (only(place)["labels"] == ["keel"]) == (place.forge.kind == "gitlab")
    assert ("A push takes no labels. --via api does." in done.notes) == (place.forge.kind == "gitea")
    place.pulls.change(12, title="Phase 3: Title")
    place.remade()
    run(place, is_draft=True)
    assert only(place)["title"] == "Phase 3: Title", "what a person made ready stays so"


def proposal(report: Report) -> Proposal:
    return Proposal(phase=3, branch=BRANCH, tip="0" * 40, base="main", report=report)


@pytest.mark.parametrize(("report", "is_cut"), [(full(), False), (big(diff_lines=3000), True)], ids=["small", "large"])
def test_a_text_fits_into_one_option(place: Site, report: Report, *, is_cut: bool) -> None:
    run(place, report)
    assert only(place)["body"].startswith(f"{MARKER}\n")
    assert ("Shortened to fit" in only(place)["body"]) == is_cut


@given(reports())
def test_options_are_single_lines_of_bounded_size(report: Report) -> None:
    for options in (by_push.agit_options(proposal(report)), by_push.gitlab_options(proposal(report))):
        for option in options:
            assert not set(option) & set("\n\r\0")
            assert len(option.encode("utf-8", "replace")) < 65_516


def test_a_hostile_text_arrives_as_it_is(place: Site) -> None:
    report = full(lambda text: f"{text}{''.join(EVIL)}")
    run(place, report)
    wanted = proposal(report).text(47_000, lambda text: len(text.encode("utf-8", "replace")))
    sent = wanted.replace("\\n", "\\ n") if place.forge.kind == "gitlab" else wanted
    assert only(place)["body"].encode("utf-8", "replace") == sent.encode("utf-8", "replace")


def test_the_text_in_gitlab_has_no_line_of_its_own_making() -> None:
    report = full(lambda text: f"{text} \\n# big")
    (option,) = [each for each in by_push.gitlab_options(proposal(report)) if "description=" in each]
    shown = option.partition("=")[2].replace("\\n", "\n")
    assert "\n# big" not in shown
    assert "\\ n# big" in shown


SPY = """
import json, os, sys
path = os.environ["SPY"]
with open(path, "a") as file:
    environment = {name: value for name, value in os.environ.items() if "TOKEN" not in name}
    print(json.dumps([sys.argv, environment]), file=file)
os.execv(os.environ["REAL_GIT"], ["git", *sys.argv[1:]])
"""


def test_the_token_is_in_no_argument(place: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy, seen = tmp_path / "git", tmp_path / "seen"
    spy.write_text(f"#!{sys.executable}\n{SPY}")
    spy.chmod(0o755)
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("SPY", str(seen))
    monkeypatch.setenv("REAL_GIT", real)
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(spy))
    for via in ("api", "push"):
        place.remade(f"# {via}\n")
        place.run(via=via)
    calls = [json.loads(line) for line in seen.read_text().splitlines()]
    assert any("push" in words for words, _ in calls)
    assert TOKEN not in seen.read_text()
    assert os.environ["SPY"]
