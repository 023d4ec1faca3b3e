"""One comment on each kind of forge: made, found again, changed, left alone; and what is said when it cannot be."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from hclmod.commands import comment as comments
from hclmod.errors import HclmodError
from hclmod.forges import sticky
from hclmod.forges.sticky import Outcome
from hclmod.forges.target import Request, Target, api_of, find, plain_hosts
from hclmod.http import Patience, open_transport
from hclmod.reports import json as stored
from hclmod.reports.model import Report, Section
from tests.support.demo import ROOT, Done, environment, hclmod, repository
from tests.support.forge import REFUSED, TOKEN, Forge
from tests.support.reports import EVIL, big, full
from tests.support.servers import in_turn, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Reply, Seen

KINDS = ("github", "gitea", "gitlab")
NO_WAIT = Patience(attempts=3, first_pause=0.01, longest_pause=60)
HASTY = replace(NO_WAIT, read=1, attempts=9)  # for a read, which is asked again


@pytest.fixture(params=KINDS)
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    made = Forge(request.param)
    yield made
    made.server.close()


def target(forge: Forge, *, token: str = TOKEN, number: str = "7", repo: str = "o/r") -> Target:
    name = forge.dialect.tokens[0]
    return find(Request(forge=forge.kind, url=forge.server.url, repo=repo, number=number), {name: token})


def post(forge: Forge, body: str, *, key: str = "phase-3", author: str = "", worth_it: bool = True, **more: Any) -> Any:
    paused: list[float] = []
    with open_transport(plain_http=("127.0.0.1",), patience=NO_WAIT, pause=paused.append) as transport:
        posted = sticky.post(transport, target(forge, **more), key, body, author=author, worth_it=worth_it)
    return posted.outcome


def test_twice_is_one_comment_and_the_second_time_nothing_is_written(forge: Forge) -> None:
    assert post(forge, "report\n") is Outcome.CREATED
    assert post(forge, "report\n") is Outcome.UNCHANGED
    assert [each["body"] for each in forge.comments] == ["<!-- hclmod: phase-3 -->\nreport\n"]
    assert len(forge.writes) == 1


def test_what_is_new_changes_the_comment_in_place(forge: Forge) -> None:
    forge.say("LGTM")
    post(forge, "one")
    forge.say("thanks")
    assert post(forge, "two") is Outcome.UPDATED
    assert [each["body"] for each in forge.comments] == ["LGTM", "<!-- hclmod: phase-3 -->\ntwo", "thanks"]
    assert [each.method for each in forge.writes] == ["POST", forge.dialect.edit]


@pytest.mark.parametrize("number", [99, 100, 101, 250])
def test_it_is_found_behind_pages_of_others(forge: Forge, number: int) -> None:
    for _ in range(number):
        forge.say("chatter")
    post(forge, "one")
    assert post(forge, "two") is Outcome.UPDATED
    assert len(forge.comments) == number + 1


def test_a_server_that_gives_smaller_pages_than_asked_for(forge: Forge) -> None:
    forge.page = 7
    for _ in range(30):
        forge.say("chatter")
    post(forge, "one")
    assert post(forge, "one") is Outcome.UNCHANGED


def test_a_marker_of_another_tool_is_not_ours(forge: Forge) -> None:
    forge.say("<!-- hclmod: phase-3 -->\nmine now", "mallory")
    assert post(forge, "report") is Outcome.CREATED
    assert forge.comments[0]["body"].endswith("mine now")
    assert post(forge, "report") is Outcome.UNCHANGED


def test_a_marker_inside_of_a_comment_is_none(forge: Forge) -> None:
    forge.say("see <!-- hclmod: phase-3 -->", forge.me)
    assert post(forge, "report") is Outcome.CREATED


def test_each_key_has_a_comment_of_its_own(forge: Forge) -> None:
    post(forge, "three")
    assert post(forge, "thirty", key="phase-30") is Outcome.CREATED
    assert post(forge, "three", key="phase-3") is Outcome.UNCHANGED
    assert len(forge.comments) == 2


def test_other_line_ends_and_blanks_are_the_same_comment(forge: Forge) -> None:
    post(forge, "one\ntwo\n")
    forge.comments[0]["body"] = forge.comments[0]["body"].replace("\n", "\r\n").strip()
    assert post(forge, "one\ntwo\n") is Outcome.UNCHANGED


def test_an_empty_report_makes_no_comment_but_updates_an_old_one(forge: Forge) -> None:
    assert post(forge, "nothing", worth_it=False) is Outcome.ABSENT
    post(forge, "much")
    assert post(forge, "nothing", worth_it=False) is Outcome.UPDATED


def test_a_token_of_ci_that_may_not_ask_who_it_is(forge: Forge) -> None:
    forge.knows_me = False
    if not forge.dialect.robots:
        post(forge, "one")
        with pytest.raises(HclmodError, match="answered 403"):
            post(forge, "one")
        return
    forge.me = forge.dialect.robots[0]
    post(forge, "one")
    assert post(forge, "two") is Outcome.UPDATED
    forge.me = "app[bot]"
    forge.comments.clear()
    post(forge, "one")
    assert post(forge, "one", author="app[bot]") is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "The comment was rejected"),
        (401, "was rejected and may have expired"),
        (403, "has no permission for this"),
        (404, "repository or pull request does not exist"),
        (413, "too long"),
        (422, "The comment was rejected"),
        (429, "Too many requests"),
        (301, "seems to have moved"),
        (503, "internal problem"),
        (418, "Check --url"),
    ],
)
def test_what_is_said_when_it_cannot_be_written(forge: Forge, status: int, words: str) -> None:
    forge.fails = [forge.told(200, []), *[forge.told(status, {"message": f"no \x1b[2J {TOKEN}"})] * 5]
    with pytest.raises(HclmodError) as caught:
        post(forge, "report")
    assert words in str(caught.value)
    assert f"o/r#7 at {forge.server.host} answered {status}: no <U+001B>[2J ***" in str(caught.value)
    if status in (401, 403):
        assert forge.dialect.tokens[0] in str(caught.value)


def test_a_wrong_token_and_a_wrong_place(forge: Forge) -> None:
    with pytest.raises(HclmodError, match="answered 401"):
        post(forge, "report", token="wrong")  # noqa: S106 - no secret
    with pytest.raises(HclmodError, match="answered 404"):
        post(forge, "report", number="8")
    with pytest.raises(HclmodError, match="answered 404"):
        post(forge, "report", repo="o/other")
    assert not forge.comments


def test_it_waits_where_the_forge_says_too_fast(forge: Forge) -> None:
    later = forge.told(429, {"message": "slow down"}, {"retry-after": "1"})
    secondary = forge.told(403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "2"})
    unnamed = forge.told(403, {"message": "You have exceeded a secondary rate limit"})
    forge.fails = [later, secondary, unnamed, forge.told(502, {}), forge.told(200, []), later, secondary]
    assert post(forge, "report") is Outcome.CREATED
    assert len(forge.comments) == 1


def test_it_does_not_wait_for_an_hour(forge: Forge) -> None:
    forge.fails = [
        forge.told(
            403, {"message": "API rate limit exceeded"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}
        )
    ]
    with pytest.raises(HclmodError, match="Too many requests"):
        post(forge, "report")
    assert len(forge.server.seen) == 1


def test_a_limit_is_not_taken_for_a_token_that_may_not_ask(forge: Forge) -> None:
    post(forge, "report")
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}
    asked = forge.told(200, forge.comments)
    forge.fails = [asked, forge.told(403, {"message": "API rate limit exceeded"}, limits)]
    with pytest.raises(HclmodError, match="Too many requests"):
        post(forge, "news")
    assert len(forge.comments) == len(forge.writes) == 1


def test_a_write_that_gets_no_answer_is_not_made_twice(forge: Forge) -> None:
    forge.fails = [forge.told(200, []), None]
    with pytest.raises(HclmodError):
        post(forge, "report")
    assert len(forge.writes) == 1


def test_a_forge_that_does_not_answer_in_time(forge: Forge) -> None:
    answer, slow = forge.answer, threading.Event()

    def late(seen: Seen) -> Reply | None:
        if seen.method != "GET":
            slow.wait()
        return answer(seen)

    with serving(late) as server:
        there = dataclasses.replace(target(forge), api=server.url + forge.dialect.api)
        with open_transport(plain_http=("127.0.0.1",), patience=HASTY) as transport:
            with pytest.raises(HclmodError, match="did not answer in time") as caught:
                sticky.post(transport, there, "phase-3", "report")
            slow.set()
    assert "Run again, which finds it" in str(caught.value)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[1, null]", b'"x"'])
def test_a_server_that_is_no_forge(forge: Forge, answer: bytes) -> None:
    forge.fails = [(200, {}, answer)] * 9
    with pytest.raises(HclmodError):
        post(forge, "report")


def test_comments_without_what_they_should_have(forge: Forge) -> None:
    forge.fails = [forge.told(200, [{"id": 1}, {"id": 2, "body": None, "user": None, "author": "x"}, 3])]
    assert post(forge, "report") is Outcome.CREATED


def test_the_token_stays_with_its_host(forge: Forge) -> None:
    with serving(in_turn((200, {}, b"[]"))) as other:
        forge.fails = [(302, {"location": f"{other.url}/comments"}, b"")]
        post(forge, "report")
        assert len(other.seen) == 1
        assert TOKEN not in str(other.seen[0].headers) + other.seen[0].path
        forge.fails = [forge.told(200, []), (307, {"location": f"{other.url}/steal"}, b"")]
        with pytest.raises(HclmodError, match="seems to have moved"):
            post(forge, "report")
        assert len(other.seen) == 1, "a write is not sent on"


def test_plain_http_goes_to_this_machine_only() -> None:
    assert plain_hosts("http://127.0.0.1:80/api", allowed=False) == ("127.0.0.1",)
    assert plain_hosts("http://localhost/api", allowed=False) == ("localhost",)
    assert plain_hosts("http://git.example.net/api", allowed=False) == ()
    assert plain_hosts("http://git.example.net/api", allowed=True) == ("git.example.net",)
    asked = find(Request(forge="gitea", url="http://git.example.net", repo="o/r", number="1"), {"GITEA_TOKEN": TOKEN})
    with pytest.raises(HclmodError, match="plain HTTP, which is not allowed"):
        comments.comment(full(), asked)


def test_a_token_is_not_in_what_is_printed() -> None:
    shown = find(Request(forge="gitea", url="https://git.example.net", repo="o/r", number="1"), {"GITEA_TOKEN": TOKEN})
    assert TOKEN not in repr(shown)
    assert TOKEN not in shown.name


@pytest.mark.parametrize(
    ("forge_name", "url", "base"),
    [
        ("github", "", "https://api.github.com"),
        ("github", "https://github.com", "https://api.github.com"),
        ("github", "https://api.github.com/", "https://api.github.com"),
        ("github", "https://ghe.example.net", "https://ghe.example.net/api/v3"),
        ("github", "https://api.tenant.ghe.com", "https://api.tenant.ghe.com"),
        ("gitea", "https://git.example.net/sub/", "https://git.example.net/sub/api/v1"),
        ("forgejo", "https://git.example.net/api/v1", "https://git.example.net/api/v1"),
        ("gitlab", "", "https://gitlab.com/api/v4"),
    ],
)
def test_the_base_of_the_api(forge_name: str, url: str, base: str) -> None:
    token = {"GITHUB_TOKEN": "x", "GITEA_TOKEN": "x", "GITLAB_TOKEN": "x"}
    assert find(Request(forge=forge_name, url=url, repo="o/r", number="1"), token).api == base


@pytest.mark.parametrize(
    "url", ["", "git.example.net", "ftp://x", "https://", "https://u:p@x", "https://x?y", "file:///x"]
)
def test_what_is_no_address(url: str) -> None:
    from hclmod.forges.dialects import GITEA

    with pytest.raises(HclmodError, match="invalid address of a forge"):
        api_of(GITEA, url)


GITHUB_CI = {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://api.github.com", "GITHUB_REPOSITORY": "o/r"}
FOUND = [
    ({**GITHUB_CI, "GITHUB_REF": "refs/pull/12/merge", "GITHUB_TOKEN": "t"}, "https://api.github.com", "o/r", 12),
    (
        {
            "GITEA_ACTIONS": "true", "GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://git.example.net/api/v1",
            "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/pull/3/head", "GITHUB_TOKEN": "t",
        },
        "https://git.example.net/api/v1", "o/r", 3,
    ),
    (
        {
            "GITLAB_CI": "true", "CI_API_V4_URL": "https://gl.example.net/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "5", "GITLAB_TOKEN": "t",
        },
        "https://gl.example.net/api/v4", "42", 5,
    ),
    (
        {
            "CI": "woodpecker", "CI_FORGE_TYPE": "forgejo", "CI_FORGE_URL": "https://git.example.net",
            "CI_REPO": "o/r", "CI_COMMIT_PULL_REQUEST": "8", "FORGEJO_TOKEN": "t",
        },
        "https://git.example.net/api/v1", "o/r", 8,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "base", "repo", "number"), FOUND)
def test_ci_tells_which_pull_request(told: dict[str, str], base: str, repo: str, number: int) -> None:
    found = find(Request(), told)
    assert (found.api, found.repo, found.number, found.token) == (base, repo, number, "t")
    assert find(Request(number="99"), told).number == 99


def test_the_event_of_github_gives_the_number(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    told = {**GITHUB_CI, "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": str(event), "GH_TOKEN": "t"}
    for value, number in (({"pull_request": {"number": 4}}, 4), ({"issue": {"number": 6}}, 6)):
        event.write_text(json.dumps(value))
        assert find(Request(), told).number == number
    for text in ("{}", "[]", "nonsense", '{"pull_request": 3}'):
        event.write_text(text)
        with pytest.raises(HclmodError, match="no number"):
            find(Request(), told)


@pytest.mark.parametrize(
    ("wanted", "told", "words"),
    [
        (Request(), {}, "--forge"),
        (Request(forge="github"), {}, "--repo"),
        (Request(forge="github", repo="o/r"), {}, "--number"),
        (Request(forge="bitbucket", repo="o/r", number="1"), {}, "Use one of github, gitea, forgejo, gitlab"),
        (Request(forge="github", repo="o/r", number="x1"), {}, "not a pull request number: `x1`"),
        (Request(forge="github", repo="o/r", number="1"), {"GITEA_TOKEN": "t"}, "Set GITHUB_TOKEN or GH_TOKEN"),
        (
            Request(forge="gitea", url="https://x", repo="o/r", number="1"),
            {"GITHUB_TOKEN": "t"},
            "Set GITEA_TOKEN or FORGEJO_TOKEN",
        ),
    ],
)
def test_what_is_not_known_is_asked_for(wanted: Request, told: dict[str, str], words: str) -> None:
    with pytest.raises(HclmodError) as caught:
        find(wanted, told)
    assert words in str(caught.value)


def posted_twice(forge: Forge, report: Report) -> str:
    """The body of the only comment when a report is posted twice."""
    forge.comments.clear()
    where = target(forge)
    outcomes = [comments.comment(report, where, whole="the artifact hclmod-report").outcome for _ in range(2)]
    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED]
    (comment,) = forge.comments
    assert len(comment["body"]) <= forge.dialect.limit < REFUSED[forge.kind]
    return str(comment["body"])


@pytest.mark.sampled(1)
def test_a_report_too_large_for_the_forge_is_posted(forge: Forge) -> None:
    body = posted_twice(forge, big(diff_lines=3000))
    assert all(f"refusal of s{number}" in body for number in range(40))
    assert body.startswith("<!-- hclmod: phase-3 -->\n## Phase 3: Large\n\n**200 changes in 40 files")


def test_a_hostile_report_is_posted(forge: Forge, everything: bool) -> None:  # noqa: FBT001 - a fixture
    for evil in EVIL if everything else EVIL[KINDS.index(forge.kind) :: 9]:
        assert posted_twice(forge, full(lambda text, evil=evil: f"{text}{evil}"))  # type: ignore[misc]


def test_keys_and_emptiness() -> None:
    def report(*numbers: int | None) -> Report:
        return Report("1", tuple(Section(number, "", (), ()) for number in numbers))

    assert [each.key for each in (report(3), report(1, 2), report(None), report())] == [
        "phase-3", "phases-1-2", "rules", "rules",
    ]  # fmt: skip
    assert report(3).is_empty
    assert not full().is_empty


def run(folder: Path, forge: Forge, *args: str) -> Done:
    place = ("--forge", forge.kind, "--url", forge.server.url, "--repo", "o/r", "--number", "7")
    return hclmod(folder, "comment", *place, *args, **{forge.dialect.tokens[0]: TOKEN})


@pytest.mark.sampled(1)
def test_the_command(forge: Forge, tmp_path: Path) -> None:
    root = repository(tmp_path)
    done = run(root, forge, "--phase", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "was created" in done.stdout
    hclmod(root, "apply", "--phase", "3", "--dry-run", "--format", "json", "--output", "report.json")
    assert "was unchanged" in run(root, forge, "--report", "report.json").stdout
    shown = run(root, forge, "--report", "report.json", "--dry-run").stdout
    assert forge.comments[0]["body"] == f"<!-- hclmod: phase-3 -->\n{shown}"
    assert len(forge.writes) == 1
    assert TOKEN not in done.stdout + done.stderr + shown


@pytest.mark.slow
def test_what_the_readme_shows_on_a_local_forge(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "hclmod"
    env = environment(tmp_path) | {"TMPDIR": str(tmp_path)}
    command = ["sh", str(ROOT / "fixtures/try-comment"), str(program)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [word for word in ("created", "updated", "unchanged") if f"was {word}." in done.stdout] == [
        "created",
        "unchanged",
    ]
    assert done.stdout.count("--- robot, ") == 1


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(stored.write(full()))
    place = ["--forge", "gitea", "--url", "https://git.example.net", "--repo", "o/r", "--number", "7"]

    def ask(*args: str) -> str:
        done = hclmod(tmp_path, "comment", *args)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    assert "either --phase or --report" in ask()
    assert "either --phase or --report" in ask("--phase", "3", "--report", "r.json")
    assert "Set GITEA_TOKEN" in ask("--report", "r.json", *place)
    assert hclmod(tmp_path, "comment", "--report", "r.json", "--dry-run", *place).returncode == 0
    assert os.environ.get("HOME", "/nowhere") not in ask("--report", "r.json")
