"""`hclmod fleet` over repositories behind a real `git daemon`, as a process of its own."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hclmod.fleet import ledger, pool
from hclmod.fleet.rows import Outcome
from hclmod.fleet.work import Do, Shared, Task
from hclmod.git.address import Address
from hclmod.images import evidence
from tests.support import fleet as fleets
from tests.support.demo import git, process
from tests.support.fleet import BRANCH, CONFIG, RELEASE, fleet
from tests.support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Reply, Seen

KINDS = ["changed", *fleets.KINDS, "changed"]
NUMBER = {kind: number for number, kind in reversed(list(enumerate(KINDS)))}
TIMES = {"seconds", "at"}


class Ground(NamedTuple):
    """Repositories as they were, those that are served, and the address of the folder."""

    before: Path
    served: Path
    url: str

    def restore(self) -> None:
        for folder in self.served.iterdir():
            shutil.rmtree(folder)
        shutil.copytree(self.before, self.served, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    root = tmp_path_factory.mktemp("fleet")
    fleets.build(root / "before", KINDS)
    (root / "served").mkdir()
    with fleets.daemon(root / "served") as url:
        yield Ground(root / "before", root / "served", url)


@pytest.fixture
def ground(everyone: Ground, tmp_path: Path) -> Ground:
    everyone.restore()
    (tmp_path / "fleet.toml").write_text(fleets.toml(everyone.url, len(KINDS)))
    return everyone


def rows(text: str, *without: str) -> list[dict[str, Any]]:
    """The repositories of a report in JSON, without times."""
    listed = json.loads(text)["repositories"]
    return [{name: value for name, value in row.items() if name not in TIMES | set(without)} for row in listed]


OUTCOMES = ["changed", "unchanged", "refused", "failed", "refused", "changed", "changed"]


@pytest.mark.slow
def test_a_plan_pushes_nothing(ground: Ground, tmp_path: Path) -> None:
    before = fleets.refs(ground.served)
    done = fleet(tmp_path, "plan", "fleet.toml", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    assert [row["outcome"] for row in rows(done.stdout)] == OUTCOMES
    assert fleets.refs(ground.served) == before
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_run_pushes_our_branches_and_no_others(ground: Ground, tmp_path: Path) -> None:
    before = fleets.refs(ground.served)
    done = fleet(tmp_path, "run", "fleet.toml", "--format", "json")
    after = fleets.refs(ground.served)
    assert [row["outcome"] for row in rows(done.stdout)] == OUTCOMES
    written = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    changed = [number for number, outcome in enumerate(OUTCOMES) if outcome == "changed"]
    assert written == {f"r{number}.git {BRANCH}" for number in changed}
    why = {row["repository"].rpartition("/")[2]: row["why"] for row in rows(done.stdout)}
    assert "commits that hclmod did not make" in why[f"r{NUMBER['foreign']}.git"]
    assert "no such stack" in why[f"r{NUMBER['refused']}.git"]

    again = fleet(tmp_path, "run", "fleet.toml", "--format", "json")
    assert rows(again.stdout) == rows(done.stdout)
    assert fleets.refs(ground.served) == after
    assert len(ledger.read(tmp_path / "fleet.ledger.jsonl")) == len(KINDS) + 1, (
        "only the one that failed is tried again"
    )
    shown = fleet(tmp_path, "status", "fleet.toml", "--format", "json")
    assert rows(shown.stdout) == rows(done.stdout)

    close = fleet(tmp_path, "close", "fleet.toml", "--format", "json")
    assert close.returncode == 0
    gone = {name for name in after if name not in fleets.refs(ground.served)}
    assert gone == written, "the foreign branch stays"


@pytest.mark.slow
def test_the_commit_is_the_one_that_apply_makes_in_a_checkout(ground: Ground, tmp_path: Path) -> None:
    fleet(tmp_path, "run", "fleet.toml", "--phase", "1")
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(ground.before / "r0.git"), str(checkout))
    done = process(checkout, "apply", "--phase", "1", **fleets.variables(tmp_path))
    assert done.returncode == 0
    assert git(checkout, "rev-parse", BRANCH).strip() == fleets.refs(ground.served)[f"r0.git {BRANCH}"]


@pytest.mark.slow
def test_a_branch_is_made_again_where_its_base_has_moved(ground: Ground, tmp_path: Path) -> None:
    fleet(tmp_path, "run", "fleet.toml")
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(ground.served / "r0.git"), str(checkout))
    (checkout / "README.md").write_text("more\n")
    git(checkout, "commit", "-q", "-a", "-m", "more")
    git(checkout, "push", "-q", "origin", "main")
    first = fleets.refs(ground.served)
    fleet(tmp_path, "run", "fleet.toml")
    git(checkout, "fetch", "-q")
    assert git(checkout, "rev-parse", "origin/hclmod/phase-1^") == git(checkout, "rev-parse", "main")
    second = fleets.refs(ground.served)
    assert [name for name in second if first[name] != second[name]] == [f"r0.git {BRANCH}"]


@pytest.mark.slow
def test_shallow_clones_give_the_same(ground: Ground, tmp_path: Path) -> None:
    fleet(tmp_path, "run", "fleet.toml")
    whole = fleets.refs(ground.served)
    ground.restore()
    (tmp_path / "fleet.toml").write_text(fleets.toml(ground.url, len(KINDS), "depth = 1\n"))
    done = fleet(tmp_path, "run", "fleet.toml", "--ledger", "other.jsonl", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert fleets.refs(ground.served) == whole, done.stdout


def stopped(folder: Path, after: float) -> None:
    """Kill a run, without any warning, after some seconds."""
    running = fleets.start(folder, "run", "fleet.toml")
    time.sleep(after)
    running.send_signal(signal.SIGKILL)
    running.communicate()


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on(ground: Ground, tmp_path: Path) -> None:
    began = time.monotonic()
    done = fleet(tmp_path, "run", "fleet.toml", "--format", "json")
    seconds = time.monotonic() - began
    whole, expected = fleets.refs(ground.served), rows(done.stdout, "commit")
    chance = random.Random(1)  # noqa: S311 - no secret
    for number in range(5):
        ground.restore()
        shutil.rmtree(tmp_path / "cache")
        (tmp_path / "fleet.ledger.jsonl").unlink(missing_ok=True)
        stopped(tmp_path, chance.uniform(0.2, 1.0) * seconds)
        again = fleet(tmp_path, "run", "fleet.toml", "--format", "json")
        assert fleets.refs(ground.served) == whole, number
        assert rows(again.stdout, "commit") == expected, number


@pytest.mark.slow
def test_an_interruption_says_what_may_be_written_and_leaves_no_process(silent: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(f'[fleet]\nphases = [1]\n[[repo]]\nurl = "{silent}"\n')
    running = fleets.start(tmp_path, "run", "fleet.toml", "--progress", TMPDIR=str(tmp_path))
    assert running.stderr
    running.stderr.readline()
    child = children(running.pid)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert err.decode().strip() == f"interrupted: written before that: perhaps hclmod/phase-1 of {silent}"
    assert not [each for each in child if Path(f"/proc/{each}").exists()]


def children(parent: int) -> list[str]:
    """The processes that a process has started, as soon as there is one."""
    threads = Path(f"/proc/{parent}/task")
    while not (listed := [each for path in threads.glob("*/children") for each in path.read_text().split()]):
        time.sleep(0.01)
    return listed


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a repository whose server takes the connection and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"git://127.0.0.1:{server.getsockname()[1]}/silent"


def shared(folder: Path, timeout: float) -> Shared:
    return Shared(cache=str(folder / "cache"), timeout=timeout, depth=0, max_megabytes=500, max_files=1000)


def task(url: str) -> Task:
    return Task(do=Do.PLAN, address=Address(url), phase=1)


@pytest.mark.slow
def test_what_takes_too_long_costs_itself_alone(ground: Ground, silent: str, tmp_path: Path) -> None:
    common = shared(tmp_path, 2.0)
    try:
        assert pool.do(common, task(silent)).row.why == "it took more than 2 seconds"
        quick = shared(tmp_path, 60.0)
        assert pool.do(quick, task(f"{ground.url}/r0.git")).row.outcome is Outcome.CHANGED
    finally:
        pool.close_all()


def test_a_worker_that_dies_costs_its_repository_alone(ground: Ground, silent: str, tmp_path: Path) -> None:
    common = shared(tmp_path, 60.0)
    try:
        assert pool.do(common, task(f"{ground.url}/r0.git")).row.outcome is Outcome.CHANGED
        (child,) = pool._children.values()
        threading.Timer(0.3, os.kill, (child._process.pid, signal.SIGKILL)).start()
        row = pool.do(common, task(silent)).row
        assert (row.outcome, row.why) == (Outcome.FAILED, "the worker ended (SIGKILL)")
        assert pool.do(common, task(f"{ground.url}/r0.git")).row.outcome is Outcome.CHANGED
    finally:
        pool.close_all()


@pytest.mark.slow
def test_many_failures_in_a_row_stop_a_run(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        url = f"git://127.0.0.1:{closed.getsockname()[1]}"
        (tmp_path / "fleet.toml").write_text(fleets.toml(url, 9, "jobs = 1\nstop_after_failures = 3\n"))
        done = fleet(tmp_path, "run", "fleet.toml")
    assert done.returncode == 1
    assert "stopped: 3 failures in a row. 6 not begun" in done.stderr
    assert len(ledger.read(tmp_path / "fleet.ledger.jsonl")) == 3


LARGE = {
    "many files": ({f"n{number}": "" for number in range(60)}, "it has more than 50 files"),
    "a bomb": ({"large.tf": "#" * 3_000_000}, "its files have 2 MB, more than 1 MB"),
    "a large pack": ({"large.txt": random.Random(1).randbytes(2_000_000).hex()}, "fetch:"),  # noqa: S311 - no secret
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", LARGE)
def test_what_is_too_large_is_left(shape: str, tmp_path: Path) -> None:
    texts, why = LARGE[shape]
    fleets.make(tmp_path / "large.git", texts)
    url = f"[[repo]]\npath = {json.dumps(str(tmp_path / 'large.git'))}\n"
    (tmp_path / "fleet.toml").write_text(f"[fleet]\nphases = [1]\nmax_files = 50\nmax_megabytes = 1\n{url}")
    done = fleet(tmp_path, "plan", "fleet.toml", "--format", "json")
    (row,) = rows(done.stdout)
    assert row["outcome"] in ("refused", "failed")
    assert row["why"].startswith(why)
    assert sum(each.stat().st_size for each in tmp_path.glob("cache/**/*") if each.is_file()) < 2_500_000


def test_nothing_of_a_checkout_is_run(tmp_path: Path) -> None:
    """A local checkout with hooks, a monitor, filters and a link as its config's neighbour; its owner is us."""
    root, mark = tmp_path / "checkout", tmp_path / "ran"
    (root / "s/web").mkdir(parents=True)
    (root / "hclmod.toml").write_text(CONFIG)
    (root / "s/web/main.tf").write_text(RELEASE)
    (root / "s/web/secret.tf").symlink_to("/etc/passwd")
    (root / ".gitattributes").write_text("*.tf filter=run diff=run\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    script = f"#!/bin/sh\ntouch {mark}\ncat\n"
    for name in ("pre-receive", "update", "post-receive", "post-update", "reference-transaction", "fsmonitor"):
        (root / ".git/hooks" / name).write_text(script)
        (root / ".git/hooks" / name).chmod(0o755)
    git(root, "config", "core.fsmonitor", str(root / ".git/hooks/fsmonitor"))
    git(root, "config", "filter.run.clean", str(root / ".git/hooks/fsmonitor"))
    git(root, "config", "filter.run.smudge", str(root / ".git/hooks/fsmonitor"))
    done = fleet(tmp_path, "run", str(root), "--phase", "1", "--format", "json")
    assert [row["outcome"] for row in rows(done.stdout)] == ["changed"], done.stdout
    assert "atomic" not in git(root, "show", f"{BRANCH}:s/web/main.tf")
    assert not mark.exists()


def alone(folder: Path) -> Path:
    """A repository that changes, in a fleet of its own."""
    fleets.make(folder / "r.git", fleets.files(0, "changed"))
    (folder / "fleet.toml").write_text('[fleet]\nphases = [1]\n[[repo]]\nurl = "r.git"\n')
    return folder / "r.git"


@pytest.mark.parametrize("between", ["run", "close"])
def test_a_failure_leaves_the_branch_to_be_closed(between: str, tmp_path: Path) -> None:
    served = alone(tmp_path)
    before = fleets.refs(tmp_path)
    assert fleet(tmp_path, "run", "fleet.toml").returncode == 0
    served.rename(tmp_path / "away")
    assert fleet(tmp_path, between, "fleet.toml").returncode == 1
    (tmp_path / "away").rename(served)
    assert fleet(tmp_path, "close", "fleet.toml").returncode == 0
    assert fleets.refs(tmp_path) == before
    again = fleet(tmp_path, "close", "fleet.toml", "--format", "json")
    assert (again.returncode, rows(again.stdout)) == (0, []), "it is closed once"


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_base_that_has_the_name_of_our_branch_is_never_pushed(command: str, tmp_path: Path) -> None:
    served = alone(tmp_path)
    git(served, "branch", "-q", "-m", "main", BRANCH.removeprefix("refs/heads/"))
    before = fleets.refs(tmp_path)
    done = fleet(tmp_path, command, "fleet.toml", "--format", "json")
    assert [row["outcome"] for row in rows(done.stdout)] == ["refused"]
    assert fleets.refs(tmp_path) == before


def test_a_cache_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    alone(tmp_path)
    (tmp_path / "file").touch()
    done = fleet(
        tmp_path, "plan", "-", "--phase", "1", "--format", "json", stdin="r.git", XDG_CACHE_HOME=f"{tmp_path}/file"
    )
    (row,) = rows(done.stdout)
    assert (row["outcome"], row["why"]) == ("failed", f"{tmp_path}/file/hclmod/fleet: Not a directory")


def test_no_program_that_a_checkout_names_is_run(tmp_path: Path) -> None:
    """One for the branches of the repository that it borrows objects from, and a filter for the branch it stands on."""
    fleets.make(tmp_path / "r.git", fleets.files(0, "changed"))
    root, mark = tmp_path / "checkout", tmp_path / "ran"
    git(tmp_path, "clone", "-q", "--shared", str(tmp_path / "r.git"), str(root))
    git(root, "config", "core.alternateRefsCommand", f"touch {mark}; true")
    git(root, "config", "receive.denyCurrentBranch", "updateInstead")
    git(root, "config", "filter.run.smudge", f"touch {mark}; cat")
    (root / ".git/info/attributes").write_text("*.tf filter=run\n")
    git(root, "branch", "-q", BRANCH.removeprefix("refs/heads/"))
    git(root, "symbolic-ref", "HEAD", BRANCH)
    (tmp_path / "fleet.toml").write_text('[[repo]]\npath = "checkout"\nbase = "main"\n')
    done = fleet(tmp_path, "run", "fleet.toml", "--phase", "1", "--format", "json")
    (row,) = rows(done.stdout)
    assert (row["outcome"], "atomic" in (root / "s/web/main.tf").read_text()) == ("failed", True), row
    assert not mark.exists()


def test_a_login_is_shown_and_stored_nowhere(tmp_path: Path) -> None:
    with serving(_guarded) as server:
        url = f"http://ann:pa55word@{server.host}/a.git"
        done = fleet(tmp_path, "run", "-", "--phase", "1", "-v", stdin=url)
        sent = {asked.headers.get("authorization", "") for asked in server.seen}
    assert base64.b64encode(b"ann:pa55word").decode() in "".join(sent)
    assert server.host in done.stdout
    stored = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert b"pa55word" not in done.stdout.encode() + done.stderr.encode() + stored


@pytest.mark.slow
def test_a_token_goes_to_its_host_alone(tmp_path: Path) -> None:
    with serving(_guarded) as server, serving(_guarded) as other:
        tokens = '{ "127.0.0.1" = "OURS", localhost = "NONE" }'
        text = f'[fleet]\nphases = [1]\ntokens = {tokens}\n[[repo]]\nurl = "{server.url}/a"\n'
        other_url = other.url.replace("127.0.0.1", "localhost")
        (tmp_path / "fleet.toml").write_text(f'{text}[[repo]]\nurl = "{other_url}/a"\n')
        done = fleet(tmp_path, "plan", "fleet.toml", OURS="t0ken")
        sent = [{each.headers.get("authorization") for each in there.seen} for there in (server, other)]
    word = base64.b64encode(b"x-access-token:t0ken").decode()
    assert sent == [{None, f"Basic {word}"}, {None}]
    assert done.stderr == "warning: NONE, which `tokens` names, is not set\n"


def _guarded(asked: Seen) -> Reply:
    """What a server answers that asks for a login, and then has no such repository."""
    if "authorization" in asked.headers:
        return 404, {}, b""
    return 401, {"www-authenticate": 'Basic realm="git"'}, b""


def test_a_login_never_goes_over_plain_http(tmp_path: Path) -> None:
    done = fleet(tmp_path, "plan", "-", "--phase", "1", "--format", "json", stdin="http://ann:pw@git.example.net/a")
    (row,) = rows(done.stdout)
    assert row["why"] == "a login would go there unencrypted"


@pytest.mark.slow
def test_registries_are_asked_once_for_all_and_as_the_fleet_says(tmp_path: Path) -> None:
    def answer(asked: Seen) -> Reply:
        body = json.dumps({"name": "acme/web", "tags": ["1.2.0", "1.2.1", "latest"]}).encode()
        return (200, {"content-type": "application/json"}, body) if "/tags/list" in asked.path else (404, {}, b"")

    with serving(answer) as ours, serving(answer) as theirs:
        mirror = '[registries."registry.lan"]\nmirror = "{}"\nplain_http = true\n'
        config = CONFIG.replace("drop-helm-atomic", "float-image-tag")
        for number in range(2):
            texts = fleets.files(number, "changed") | {"hclmod.toml": config + mirror.format(theirs.host)}
            fleets.make(tmp_path / f"served/r{number}.git", texts)
        (tmp_path / "own.toml").write_text(mirror.format(ours.host))
        with fleets.daemon(tmp_path / "served") as url:
            settings = 'config = "own.toml"\ntags = "tags.json"\n'
            (tmp_path / "fleet.toml").write_text(fleets.toml(url, 2, settings))
            before = fleet(tmp_path, "plan", "fleet.toml", "--format", "json")
            done = fleet(tmp_path, "plan", "fleet.toml", "--refresh", "--format", "json")
    lists = [each.path for each in ours.seen if "/tags/list" in each.path]
    assert (len(lists), theirs.seen) == (1, [])
    image = evidence.load(tmp_path / "tags.json").images["registry.lan/acme/web"]
    assert {"1.2.0", "1.2.1"} <= set(image.pins)
    assert json.loads(before.stdout) != json.loads(done.stdout), "what is learnt decides"


def test_the_words_of_an_error_say_what_to_do(tmp_path: Path) -> None:
    done = fleet(tmp_path, "plan", "fleet.toml")
    assert (done.returncode, "Name a fleet.toml or `-`." in done.stderr) == (2, True)
