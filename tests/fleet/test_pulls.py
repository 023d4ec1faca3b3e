"""Pull requests of a fleet: one for each repository, none that a person has closed, not too many in an hour."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hclmod.fleet import ledger
from hclmod.fleet.file import Fleet
from hclmod.fleet.pace import Pace
from hclmod.fleet.rows import Outcome, Row
from hclmod.fleet.run import _Line, _room
from hclmod.fleet.work import Do, Task
from hclmod.git.address import Address
from tests.support import fleet as fleets
from tests.support.demo import git
from tests.support.fleet import fleet
from tests.support.forge import TOKEN, Forge
from tests.support.pulls import PullRequests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Place(NamedTuple):
    """A repository behind git, the forge on top of it, and the folder with the list."""

    root: Path
    pulls: PullRequests
    folder: Path

    def run(self, *words: str, token: str = TOKEN) -> dict[str, Any]:
        """The row of the repository after a command."""
        done = fleet(self.folder, *words, "fleet.toml", "--format", "json", OURS=token)
        (row,) = json.loads(done.stdout)["repositories"]
        assert isinstance(row, dict), done.stderr
        return row

    def branch(self) -> str:
        return git(self.root, "for-each-ref", "--format=%(objectname)", fleets.BRANCH).strip()


@pytest.fixture(params=["github", "gitea", "gitlab"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    root = tmp_path / "served/o/r.git"
    fleets.make(root, fleets.files(1, "changed"))
    forge = Forge(request.param)
    forge.pulls = PullRequests(forge, root)
    forges = f'forges = {{ "127.0.0.1" = "{request.param}" }}\nforge_urls = {{ "127.0.0.1" = "{forge.server.url}" }}\n'
    with fleets.daemon(tmp_path / "served") as url:
        text = f'[fleet]\nphases = [1]\npull_requests = true\ntokens = {{ "127.0.0.1" = "OURS" }}\n{forges}'
        (tmp_path / "fleet.toml").write_text(f'{text}[[repo]]\nurl = "{url}/o/r.git"\n')
        yield Place(root, forge.pulls, tmp_path)
    forge.server.close()


@pytest.mark.slow
def test_one_pull_request_and_no_second_one(place: Place) -> None:
    row = place.run("run")
    (pull,) = place.pulls.every
    assert (row["outcome"], row["pull_request"].rpartition("/")[2]) == ("changed", str(pull["number"]))
    assert (pull["title"], pull["commit"][:12]) == ("Phase 1: One", row["commit"])
    assert "<!-- hclmod:pr phase=1 -->" in pull["body"]
    assert place.run("run") == row
    (place.folder / "fleet.ledger.jsonl").unlink()  # as after a kill between the request and the ledger
    again = place.run("run")
    assert (again["outcome"], again["pull_request"]) == ("changed", row["pull_request"])
    assert len(place.pulls.every) == 1


@pytest.mark.slow
def test_what_a_person_has_closed_stays_closed(place: Place) -> None:
    place.run("run")
    (pull,) = place.pulls.every
    place.pulls.change(pull["number"], state="closed")
    (place.folder / "fleet.ledger.jsonl").unlink()
    row = place.run("run")
    assert (row["outcome"], row["why"]) == ("refused", "a person has closed its pull request")
    assert len(place.pulls.every) == 1


@pytest.mark.slow
def test_a_token_that_is_wrong_opens_nothing_and_is_shown_nowhere(place: Place) -> None:
    row = place.run("run", token="wr0ng-token")  # noqa: S106 - no secret
    assert (row["outcome"], place.pulls.every, place.branch()) == ("failed", [], "")
    stored = b"".join(each.read_bytes() for each in place.folder.rglob("*") if each.is_file())
    assert b"wr0ng-token" not in stored + json.dumps(row).encode()
    assert place.run("run")["outcome"] == "changed"


@pytest.mark.slow
def test_close_removes_the_branch(place: Place) -> None:
    row = place.run("run")
    assert place.branch()[:12] == row["commit"]
    assert place.run("close")["outcome"] == "closed"
    assert place.branch() == ""


def row(number: int, at: str, *, opened: bool = True) -> Row:
    return Row(url=f"https://h/{number}", phase=1, outcome=Outcome.CHANGED, opened=opened, at=at)


def test_an_hour_has_room_for_so_many() -> None:
    one = Fleet(members=(), pull_requests=True, pull_requests_per_hour=3)
    rows = [
        row(1, "2020-01-01T00:00:00Z"),
        row(2, "9999-01-01T00:00:00Z"),
        row(3, "9999-01-01T00:00:00Z", opened=False),
    ]
    assert _room(one, rows) == 2
    assert _room(one, rows * 9) == 0
    assert _room(Fleet(members=(), pull_requests=True, pull_requests_per_hour=0), rows) is None
    assert _room(Fleet(members=()), rows) is None


def test_no_more_begin_than_there_is_room_for() -> None:
    known = row(0, "2020-01-01T00:00:00Z")
    tasks = [
        Task(do=Do.RUN, address=Address(f"https://h/{n}"), phase=1, known=known if n == 0 else None) for n in range(5)
    ]
    line = _Line(tasks, Pace({}), 2)
    assert [line.next(0), line.next(1), line.next(2)] == [0, 1, None]
    line.end(0, known)  # it was opened by an earlier run
    line.end(1, row(1, "now"))
    assert [line.next(0), line.next(1), line.stopped] == [2, None, ""]
    line.end(2, row(2, "now"))
    assert (line.next(0), line.stopped, list(line.todo)) == (None, "no more pull requests in this hour", [])


def test_the_ledger_of_a_fleet_says_which_are_new(tmp_path: Path) -> None:
    with ledger.begin(tmp_path / "l") as book:
        book.add(row(1, "now"))
    assert ledger.read(tmp_path / "l")[0].opened
