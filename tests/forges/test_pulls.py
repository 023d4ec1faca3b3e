"""One pull request on each kind of forge: opened, found again, changed, left alone; and every answer of the API."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from hclmod import interrupts
from hclmod.errors import HclmodError
from hclmod.forges.proposals import Outcome
from tests.support.demo import git
from tests.support.forge import TOKEN
from tests.support.proposals import BRANCH, NO_WAIT, Site, site
from tests.support.reports import big, full
from tests.support.servers import in_turn, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Reply, Seen

pytestmark = pytest.mark.sampled(1)  # one forge by default, all of them with `--all`

KINDS = ("github", "gitea", "gitlab")
MARKER = "<!-- hclmod:pr phase=3 -->"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = site(request.param, tmp_path)
    yield made
    made.forge.server.close()


def only(place: Site) -> dict[str, Any]:
    """The one pull request that there is."""
    (pull,) = place.pulls.every
    return pull


def writes(place: Site) -> list[str]:
    return [each.method for each in place.forge.writes]


def test_twice_is_one_and_the_second_time_nothing_is_written(place: Site) -> None:
    done = place.run()
    assert (done.outcome, done.pushed, done.number) == (Outcome.CREATED, True, 12)
    assert place.there[f"refs/heads/{BRANCH}"] == place.tip
    pull = only(place)
    assert (pull["title"], pull["base"], pull["branch"]) == ("Phase 3: Title", "main", BRANCH)
    assert pull["body"].startswith(f"{MARKER}\n## Phase 3: Title\n")
    assert done.url.endswith("/12")

    before = place.there, writes(place)
    done = place.run()
    assert (done.outcome, done.pushed, done.number) == (Outcome.UNCHANGED, False, 12)
    assert (place.there, writes(place)) == before


def test_a_new_branch_and_a_new_report_change_it_in_place(place: Site) -> None:
    place.run()
    tip = place.remade()
    done = place.run(full(lambda text: f"{text}!"))
    assert (done.outcome, done.pushed) == (Outcome.UPDATED, True)
    assert only(place)["commit"] == tip == place.there[f"refs/heads/{BRANCH}"]
    assert only(place)["title"] == "Phase 3: Title!"
    assert place.run(full(lambda text: f"{text}!")).outcome is Outcome.UNCHANGED


def test_what_a_person_wrote_stays(place: Site) -> None:
    place.run()
    body = only(place)["body"]
    place.pulls.change(12, title="Draft: our exporters", body=f"Wait for Monday.\r\n\r\n{body}")
    assert place.run().outcome is Outcome.UNCHANGED
    assert place.run(full(lambda text: f"{text}!")).outcome is Outcome.UPDATED
    pull = only(place)
    assert pull["title"] == "Draft: our exporters"
    assert pull["body"].startswith(f"Wait for Monday.\r\n\r\n{MARKER}\n")
    assert "Title\\!" in pull["body"]


@pytest.mark.parametrize("draft", ["WIP: ", "Draft: ", "[WIP] ", ""])
def test_a_title_in_our_words_follows_and_stays_a_draft(place: Site, draft: str) -> None:
    place.run()
    place.pulls.change(12, title=f"{draft}Phase 3: an old name")
    place.run()
    assert only(place)["title"] == f"{draft}Phase 3: Title"


def test_one_that_a_person_opened_is_pushed_to_and_not_written(place: Site) -> None:
    place.pulls.add(branch=BRANCH, base="main", title="Phase 3", body="mine", commit="0")
    done = place.run()
    assert (done.outcome, done.pushed, done.number) == (Outcome.LEFT, True, 12)
    assert MARKER in done.notes[0]
    assert (only(place)["title"], only(place)["body"], writes(place)) == ("Phase 3", "mine", [])
    place.pulls.change(12, body=f"mine\n{MARKER}")
    place.run()
    assert only(place)["body"].startswith(f"mine\n{MARKER}\n## Phase 3")


def test_the_marker_of_another_phase_is_not_ours(place: Site) -> None:
    place.pulls.add(branch=BRANCH, base="main", title="x", body="<!-- hclmod:pr phase=30 -->\nother", commit="0")
    assert place.run().outcome is Outcome.LEFT
    assert only(place)["body"].endswith("other")


def test_others_are_not_ours(place: Site) -> None:
    place.pulls.add(branch="hclmod/phase-30", base="main", title="a", body=MARKER, commit="0")
    place.pulls.add(branch=BRANCH, base="main", title="b", body=MARKER, commit="0", repo="me/r")
    before = place.pulls.every
    assert place.run().number == 14
    assert place.pulls.every[:2] == before


@pytest.mark.parametrize("size", [1, 2, 100])
def test_it_is_found_behind_pages_of_others(place: Site, size: int) -> None:
    place.run()
    for number in range(5):
        place.pulls.add(branch=f"b{number}", base="main", title="x", body="", commit="0")
    place.forge.page = size
    assert place.run().outcome is Outcome.UNCHANGED


def test_one_that_a_person_closed_stays_closed(place: Site) -> None:
    place.run()
    place.pulls.change(12, state="closed")
    before = place.there, writes(place), place.pulls.every
    place.remade()
    done = place.run()
    assert (done.outcome, done.pushed, done.number) == (Outcome.CLOSED, False, 12)
    assert (place.there, writes(place), place.pulls.every) == before
    done = place.run(again=True)
    assert (done.outcome, done.number) == (Outcome.CREATED, 13)
    assert place.pulls.get(12)["state"] == "closed"


def test_one_that_is_merged_is_left(place: Site) -> None:
    place.run()
    place.pulls.change(12, state="merged")
    before = place.there, writes(place), place.pulls.every
    assert (place.run().outcome, place.run().number) == (Outcome.MERGED, 12)
    assert (place.there, writes(place), place.pulls.every) == before
    place.remade()  # more is to do after the merge
    assert (place.run().number, place.run().outcome) == (13, Outcome.UNCHANGED)


def test_a_branch_that_the_base_has_asks_nobody(place: Site) -> None:
    place.run()
    git(place.root, "push", "-q", "origin", f"{BRANCH}:main")
    seen = len(place.forge.server.seen)
    assert place.run().outcome is Outcome.MERGED
    assert len(place.forge.server.seen) == seen


def test_labels_and_drafts(place: Site) -> None:
    done = place.run(labels=("keel", "rollout", "nobody's"), is_draft=True)
    pull = only(place)
    assert done.outcome is Outcome.CREATED
    assert pull["labels"][:2] == ["keel", "rollout"]
    assert pull["draft"] or pull["title"] == f"{place.forge.dialect.draft}Phase 3: Title"
    assert ("nobody's" in pull["labels"]) == (place.forge.kind != "gitea")
    assert [note for note in done.notes if "nobody's" in note] == list(done.notes)
    assert place.run(labels=("keel",), is_draft=True).outcome is Outcome.UNCHANGED
    assert place.run(labels=("keel",)).outcome is Outcome.UNCHANGED, "what a person made ready or not stays so"


def test_labels_that_github_finds_in_any_case_are_added_once(tmp_path: Path) -> None:
    made = site("github", tmp_path)
    assert made.run(labels=("Keel", "ROLLOUT")).outcome is Outcome.CREATED
    before = writes(made)
    assert made.run(labels=("Keel", "ROLLOUT")).outcome is Outcome.UNCHANGED
    assert (only(made)["labels"], writes(made)) == (["keel", "rollout"], before)
    made.forge.server.close()


def test_labels_that_may_not_be_added_are_said(place: Site) -> None:
    answer = place.forge.answer

    def strict(seen: Seen) -> Reply | None:
        labels = seen.path.endswith("/labels") or b"add_labels" in seen.body
        return place.forge.told(403, {"message": "no"}) if labels and seen.method != "GET" else answer(seen)

    with serving(strict) as server:
        done = place.run(url=server.url, labels=("keel",))
    assert done.outcome is Outcome.CREATED
    assert "labels were not added" in done.notes[0]


REFUSALS = [
    (400, "was rejected"),
    (401, "was rejected and may have expired"),
    (403, "has no permission for this"),
    (404, "does not exist, or the token cannot see it"),
    (409, "was rejected"),
    (422, "was rejected"),
    (301, "seems to have moved"),
    (418, "Check --url"),
]


@pytest.mark.parametrize(("status", "words"), REFUSALS)
def test_what_is_said_when_it_cannot_be_opened(place: Site, status: int, words: str) -> None:
    place.forge.write_fails = [place.forge.told(status, {"message": f"no \x1b[2J {TOKEN}"})] * 5
    with pytest.raises(HclmodError) as caught:
        place.run()
    assert words in str(caught.value)
    assert f"o/r at {place.forge.server.host} answered {status}: no <U+001B>[2J ***" in str(caught.value)
    assert "The branch was pushed." in str(caught.value)
    assert writes(place) == ["POST"], "it is not tried again"
    assert not place.pulls.every


@pytest.mark.parametrize("pushed", [True, False])
@pytest.mark.parametrize(("status", "words"), REFUSALS)
def test_what_is_said_when_it_cannot_be_changed(place: Site, status: int, words: str, *, pushed: bool) -> None:
    place.run()
    if pushed:
        place.remade()
    place.forge.write_fails = [place.forge.told(status, {"message": "no"})] * 5
    before = only(place)["body"]
    with pytest.raises(HclmodError, match=f"answered {status}") as caught:
        place.run(full(lambda text: f"{text}!"))
    assert words in str(caught.value)
    assert ("The branch was pushed." in str(caught.value)) == pushed
    assert only(place)["body"] == before


def test_an_interruption_says_what_may_be_there(place: Site) -> None:
    answer, gone = place.forge.answer, threading.Event()

    def cut(seen: Seen) -> Reply | None:
        reply = answer(seen)
        if seen.method != "GET":
            os.kill(os.getpid(), signal.SIGINT)
            gone.wait()
        return reply

    for report, what in ((full(), "a pull request"), (full(lambda text: f"{text}!"), "the text of pull request 12")):
        interrupts.written.clear()
        gone.clear()
        with serving(cut) as server:
            with pytest.raises(KeyboardInterrupt):
                place.run(report, url=server.url)
            gone.set()
        assert interrupts.written[-1] == f"perhaps {what}"
        assert place.run(report).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_where_it_cannot_ask_it_pushes_nothing(place: Site, status: int) -> None:
    place.forge.fails = [place.forge.told(status, {"message": "no"})] * 5
    before = place.there
    with pytest.raises(HclmodError, match=f"answered {status}"):
        place.run()
    assert (place.there, writes(place)) == (before, [])


def test_a_wrong_token_pushes_nothing(place: Site) -> None:
    before = place.there
    with pytest.raises(HclmodError, match="answered 401"):
        place.run(token="wrong")  # noqa: S106 - no secret
    with pytest.raises(HclmodError, match="no token for 127\\.0\\.0\\.1") as caught:
        place.run(token="")
    assert place.forge.dialect.tokens[0] in str(caught.value)
    assert place.there == before


def test_an_interruption_of_the_push_says_that_it_arrived(place: Site) -> None:
    begun, gate, hook = (place.server / name for name in ("begun", "gate", "hooks/pre-receive"))
    os.mkfifo(begun)
    os.mkfifo(gate)
    hook.write_text(f"#!/bin/sh\n: > '{begun}'\nread -r _ < '{gate}'\n")
    hook.chmod(0o755)

    def between() -> None:
        begun.read_bytes()
        os.kill(os.getpid(), signal.SIGINT)
        gate.write_text("go\n")

    thread = threading.Thread(target=between)
    interrupts.written.clear()
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        place.run()
    thread.join()
    assert interrupts.written == [f"refs/heads/{BRANCH} of origin"]
    assert place.there[f"refs/heads/{BRANCH}"] == place.tip
    assert not writes(place)


def test_a_push_that_the_server_cuts_off_may_have_arrived(place: Site) -> None:
    hook = place.server / "hooks/reference-transaction"
    hook.write_text('#!/bin/sh\nif [ "$1" = committed ]; then kill -9 $PPID; fi\n')
    hook.chmod(0o755)
    with pytest.raises(HclmodError, match="The push may have arrived all the same"):
        place.run()
    assert place.there[f"refs/heads/{BRANCH}"] == place.tip
    hook.unlink()
    assert place.run().outcome is Outcome.CREATED


@pytest.mark.parametrize("name", ["hclmod", f"{BRANCH}/old"])
def test_a_branch_that_leaves_no_place_is_named(place: Site, name: str) -> None:
    git(place.server, "branch", name, "main")
    before = place.there
    with pytest.raises(HclmodError, match=f"{name} is a branch there and leaves no place for it") as caught:
        place.run()
    assert "give another --branch" in str(caught.value)
    assert (place.there, writes(place)) == (before, [])


def test_it_exists_since_a_moment(place: Site) -> None:
    answer, first = place.forge.answer, [1]

    def late(seen: Seen) -> Reply | None:
        if seen.method == "POST" and first:
            first.clear()  # somebody opened it after it was looked for
            assert place.forge.pulls is not None
            answer(seen)
        return answer(seen)

    with serving(late) as server:
        done = place.run(url=server.url)
    assert (done.outcome, done.number) == (Outcome.UPDATED, 12)
    assert len(place.pulls.every) == 1


def test_it_waits_as_long_as_the_forge_says(place: Site) -> None:
    later = place.forge.told(429, {"message": "slow down"}, {"retry-after": "7"})
    secondary = place.forge.told(403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "9"})
    place.forge.write_fails = [later, secondary]
    assert place.run().outcome is Outcome.CREATED
    assert place.pauses == [7, 9]
    assert len(place.pulls.every) == 1


@pytest.mark.parametrize("status", [429, 403])
def test_it_does_not_wait_for_an_hour(place: Site, status: int) -> None:
    words = {"message": "API rate limit exceeded"}
    place.forge.write_fails = [place.forge.told(status, words, {"retry-after": "3600"})]
    with pytest.raises(HclmodError, match="Too many requests") as caught:
        place.run()
    assert "3600" in str(caught.value)
    assert (place.pauses, place.pulls.every) == ([], [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_broken_server_that_made_nothing(place: Site, status: int) -> None:
    place.forge.write_fails = [place.forge.told(status, {})] * 5
    with pytest.raises(HclmodError, match=f"answered {status}") as caught:
        place.run()
    assert "Run again, which finds it" in str(caught.value)
    assert writes(place) == ["POST"], "it is not tried again"
    place.forge.write_fails = []
    assert place.run().outcome is Outcome.CREATED
    assert len(place.pulls.every) == 1


LOST: dict[str, Reply | None] = {
    "cut": None,
    "bad gateway": (502, {}, b""),
    "no JSON": (200, {}, b"<html>"),
    "no object": (201, {}, b"[]"),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_an_answer_that_is_lost_after_the_write(place: Site, lost: Reply | None) -> None:
    place.forge.lost_answers = [lost]
    done = place.run(labels=("keel",))
    assert (done.outcome, done.number) == (Outcome.CREATED, 12)
    assert place.run(labels=("keel",)).outcome is Outcome.UNCHANGED
    assert only(place)["labels"] == ["keel"]


@pytest.mark.parametrize("lost", [None, (502, {}, b""), (200, {}, b"<html>")], ids=["cut", "bad gateway", "no JSON"])
def test_an_answer_that_is_lost_after_a_change(place: Site, lost: Reply | None) -> None:
    place.run()
    report = full(lambda text: f"{text}!")
    place.forge.lost_answers = [lost]
    with pytest.raises(HclmodError):
        place.run(report)
    assert only(place)["title"] == "Phase 3: Title!"
    assert len(writes(place)) == 2, "it is not tried again"
    assert place.run(report).outcome is Outcome.UNCHANGED


def test_it_waits_before_a_change_too(place: Site) -> None:
    place.run()
    place.forge.write_fails = [place.forge.told(429, {"message": "slow down"}, {"retry-after": "7"})]
    assert place.run(full(lambda text: f"{text}!")).outcome is Outcome.UPDATED
    assert place.pauses == [7]


def test_an_answer_that_comes_too_late_after_the_write(place: Site) -> None:
    answer, gone, slow = place.forge.answer, threading.Event(), [1]

    def late(seen: Seen) -> Reply | None:
        reply = answer(seen)
        if seen.method == "POST" and slow:
            slow.clear()
            gone.wait()
        return reply

    with serving(late) as server:
        done = place.run(url=server.url, patience=replace(NO_WAIT, read=1, attempts=9))
        gone.set()
    assert (done.outcome, done.number, len(place.pulls.every)) == (Outcome.CREATED, 12, 1)


def test_when_all_is_lost_the_next_run_finds_it(place: Site) -> None:
    answer, dead = place.forge.answer, list[int]()

    def dying(seen: Seen) -> Reply | None:
        reply = None if dead else answer(seen)
        if seen.method == "POST":
            dead.append(1)
            return None
        return reply

    with serving(dying) as server, pytest.raises(HclmodError) as caught:
        place.run(url=server.url)
    assert "cannot be reached" in str(caught.value)
    assert place.run().outcome is Outcome.UNCHANGED
    assert len(place.pulls.every) == 1


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'"x"', b"null"])
def test_a_server_that_is_no_forge(place: Site, answer: bytes) -> None:
    before = place.there
    place.forge.fails = [(200, {}, answer)] * 9
    with pytest.raises(HclmodError, match="Check --url"):
        place.run()
    assert place.there == before


SHAPES: dict[str, tuple[tuple[str, ...], object, str]] = {
    "no state": (("state",), None, "does not say the state of #12"),
    "another state": (("state",), {"x": 1}, "does not say the state of #12"),
    "no base": (("base", "target_branch"), None, "does not say the base of #12"),
    "another base": (("base", "target_branch"), [], "does not say the base of #12"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_open_one_without_what_decides_is_not_touched(place: Site, name: str) -> None:
    keys, value, words = SHAPES[name]
    place.run()
    place.remade()
    answer, before = place.forge.answer, (place.there, writes(place))

    def odd(seen: Seen) -> Reply | None:
        status, headers, body = answer(seen) or (0, {}, b"")
        shown = json.loads(body)
        if seen.method == "GET" and isinstance(shown, list):
            shown = [each | dict.fromkeys(keys, value) for each in shown]
        return place.forge.told(status, shown, headers)

    with serving(odd) as server, pytest.raises(HclmodError) as caught:
        place.run(url=server.url)
    assert words in str(caught.value)
    assert (place.there, writes(place)) == before


def test_pull_requests_without_what_they_should_have(place: Site) -> None:
    strange = [
        {"id": 1},
        {"id": {}},
        {"id": [1], "number": True, "iid": -1},
        {"id": 2, "number": "x", "iid": None, "head": None, "labels": 7},
        3,
        None,
    ]
    answer, first = place.forge.answer, [1]

    def odd(seen: Seen) -> Reply | None:
        if seen.method == "GET" and "?" in seen.path and first:
            first.clear()
            return place.forge.told(200, strange)
        return answer(seen)

    with serving(odd) as server:
        assert place.run(url=server.url).outcome is Outcome.CREATED


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"full_name": "o/new"}, "o/r is o/new now"),
        ({"full_name": None, "path_with_namespace": "g/s/r"}, "o/r is g/s/r now"),
        ({"archived": True}, "is archived"),
        ({"mirror": True}, "is a mirror"),
        ({"mirror_url": "https://x"}, "is a mirror"),
        ({"fork": True, "parent": {"full_name": "up/r"}}, "is a fork of up/r"),
        ({"forked_from_project": {"path_with_namespace": "up/r"}}, "is a fork of up/r"),
        ({"fork": True}, "is a fork of another repository"),
    ],
)
def test_a_repository_that_takes_none(place: Site, about: dict[str, Any], words: str) -> None:
    place.pulls.about = about
    before = place.there
    with pytest.raises(HclmodError, match=words):
        place.run()
    assert (place.there, place.pulls.every) == (before, [])
    if "fork" in words:
        assert place.run(head_repo="o/r").outcome is Outcome.CREATED


def test_the_branch_of_a_fork(place: Site) -> None:
    assert place.run(head_repo="me/r").outcome is Outcome.CREATED
    assert only(place)["repo"] == "me/r"
    assert place.run(head_repo="me/r").outcome is Outcome.UNCHANGED


def test_one_that_is_open_for_another_base(place: Site) -> None:
    place.run()
    place.pulls.change(12, base="develop")
    with pytest.raises(HclmodError, match="open for the base develop") as caught:
        place.run()
    assert "--base develop" in str(caught.value)
    assert len(place.pulls.every) == 1


def test_a_report_too_large_for_the_forge(place: Site) -> None:
    report = replace(big(diff_lines=3000), sections=(replace(big(diff_lines=3000).sections[0], title="Title"),))
    assert place.run(report, whole="the artifact").outcome is Outcome.CREATED
    assert len(only(place)["body"]) <= place.forge.dialect.limit
    body = only(place)["body"]
    place.pulls.change(12, body="x" * (place.forge.dialect.limit - len(body) + 50) + body)
    assert place.run(report, whole="the artifact").outcome is Outcome.UPDATED
    assert len(only(place)["body"]) <= place.forge.dialect.limit
    assert place.run(report, whole="the artifact").outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("left", [999, 20, 0, -100])
def test_text_above_the_marker_that_leaves_no_room_stays(place: Site, left: int) -> None:
    place.run()
    place.pulls.change(12, body="x" * (place.forge.dialect.limit - left) + only(place)["body"])
    before = only(place)["body"]
    done = place.run(full(lambda text: f"{text}!"))
    assert (only(place)["body"], only(place)["title"]) == (before, "Phase 3: Title!")
    assert "leaves no room" in done.notes[0]


def test_the_token_stays_with_its_host(place: Site) -> None:
    with serving(in_turn((200, {}, b"[]"))) as other:
        place.forge.fails = [(302, {"location": f"{other.url}/about"}, b"")]
        with pytest.raises(HclmodError):
            place.run()
        assert len(other.seen) == 1
        assert TOKEN not in str(other.seen[0].headers) + other.seen[0].path
        place.forge.write_fails = [(307, {"location": f"{other.url}/steal"}, b"")]
        with pytest.raises(HclmodError, match="seems to have moved"):
            place.run()
        assert len(other.seen) == 1, "a write is not sent on"
