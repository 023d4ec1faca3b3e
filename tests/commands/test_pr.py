"""`hclmod pr` from the first run to the merge, on the demo, with a real server of git and the small forge."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.demo import Done, git, hclmod, repository, state
from tests.support.forge import TOKEN, Forge
from tests.support.proposals import BRANCH
from tests.support.pulls import PullRequests, bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("github", "gitea", "gitlab")


class Place:
    """The demo with phase 3 on its branch, and a forge that has its main."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.root = repository(folder)
        self.server = bare(self.root, folder / "server.git")
        self.forge = Forge(kind)
        self.pulls = self.forge.pulls = PullRequests(self.forge, self.server)
        git(self.root, "remote", "add", "origin", str(self.server))
        git(self.root, "fetch", "-q", "origin")
        assert hclmod(self.root, "apply", "--phase", "3").returncode == 0

    def run(self, *args: str, token: str = TOKEN, **more: str) -> Done:
        words = ("--phase", "3", "--url", self.forge.server.url, "--repo", "o/r", "--forge", self.forge.kind, *args)
        variables = {self.forge.dialect.tokens[0]: token} if token else {}
        return hclmod(self.root, "pr", *words, **variables, **more)

    def there(self) -> str:
        """The refs of the server."""
        return git(self.server, "for-each-ref")

    def state(self) -> str:
        """The state of the phase on the board."""
        rows = json.loads(hclmod(self.root, "status", "--format", "json").stdout)["phases"]
        return str(next(row["state"] for row in rows if row["phase"] == 3))

    def told(self, *args: str) -> dict[str, Any]:
        done = self.run(*args, "--format", "json")
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, request.param)
    yield made
    made.forge.server.close()


@pytest.mark.sampled(1)
def test_from_the_first_run_to_the_merge(place: Place) -> None:
    before = state(place.root)
    done = place.run("--via", "api", "--label", "keel")
    assert (done.returncode, done.stderr) == (0, "")
    assert "was created." in done.stdout
    assert "/12\n" in done.stdout
    assert f"Via api: the token in {place.forge.dialect.tokens[0]}." in done.stdout
    (pull,) = place.pulls.every
    planned = hclmod(place.root, "apply", "--phase", "3", "--dry-run", "--format", "markdown").stdout
    assert pull["body"].split("\n", 1)[1].split("\n### ")[0] == planned.split("\n### ")[0]
    assert pull["title"] == "Phase 3: Exporters, sidecars, utilities"

    told = place.told("--via", "api")
    assert (told["outcome"], told["number"], told["pushed"]) == ("unchanged", 12, False)
    git(place.root, "fetch", "-q", "origin")
    assert place.state() == "pushed"

    place.pulls.change(12, state="closed")
    closed = place.run("--via", "api")
    assert closed.returncode == 1
    assert "was closed by a person, so it stays closed.\nReopen it there" in closed.stdout
    place.pulls.change(12, state="merged")
    assert place.told("--via", "api")["outcome"] == "merged"
    git(place.root, "push", "-q", "origin", f"{BRANCH}:main")
    told = place.told("--via", "api")
    assert (told["outcome"], told["number"]) == ("merged", 0)
    assert "so there is nothing to propose" in place.run(token="").stdout
    assert state(place.root) == before
    assert TOKEN not in done.stdout + closed.stdout


@pytest.mark.sampled(1)
def test_a_dry_run_needs_neither_network_nor_token(place: Place, tmp_path: Path) -> None:
    place.forge.server.close()
    git(place.root, "remote", "set-url", "origin", str(tmp_path / "away.git"))
    done = place.run("--dry-run", "--draft", "--label", "it's keel", token="", GIT_ALLOW_PROTOCOL="none")
    assert (done.returncode, done.stderr) == (0, "")
    push = next(line for line in done.stdout.splitlines() if line.startswith("Would push: "))
    assert shlex.split(push)[2:4] == ["git", "push"], "quotes are closed"
    assert "for main: Phase 3: Exporters, sidecars, utilities\nWith: label it's keel, draft\n" in done.stdout
    assert "\n<!-- hclmod:pr phase=3 -->\n## Phase 3: Exporters" in done.stdout
    told = json.loads(place.run("--dry-run", "--format", "json", token="").stdout)
    assert told["outcome"] == "planned"
    assert told["body"] in done.stdout
    assert not place.forge.server.seen


def test_what_is_shown_is_what_is_done(tmp_path: Path) -> None:
    place = Place(tmp_path, "gitea")
    told = json.loads(place.run("--dry-run", "--format", "json", token="").stdout)
    assert told["via"] == "push"
    done = place.run(token="")
    assert "Via push, the default for Forgejo and Gitea" in done.stdout
    (pull,) = place.pulls.every
    assert (pull["body"], pull["title"]) == (told["body"], told["title"])
    assert f"refs/heads/{BRANCH}" not in place.there()
    assert place.state() == "pushed"
    assert (
        hclmod(place.root, "apply", "--phase", "3", "--replace", "--set", "float-image-tag.jobs=false").returncode == 0
    )
    assert place.state() == "branch", "what is here is not what was proposed"
    place.forge.server.close()


def test_the_proof_has_to_be_of_this_base(tmp_path: Path) -> None:
    place = Place(tmp_path, "github")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(place.server), str(other))
    git(other, "config", "user.name", "U")
    git(other, "config", "user.email", "u@example.net")

    def push(name: str, text: str) -> None:
        path = other / name
        path.write_text(path.read_text() + text if path.exists() else text)
        git(other, "add", "-A")
        git(other, "commit", "-q", "-m", "news")
        git(other, "push", "-q", "origin", "HEAD:main")

    push("NOTES.txt", "nothing of the phase\n")
    assert place.told("--dry-run")["outcome"] == "planned"
    assert place.told()["outcome"] == "created", "the same change is proven on the new base"

    push(
        "stacks/beacon/main.tf",
        '\nresource "kubernetes_deployment" "late" {\n  metadata {\n    name = "late"\n  }\n}\n',
    )
    before = place.there()
    done = place.run()
    assert done.returncode == 3
    assert "main of origin moved since hclmod/phase-3 was made" in done.stderr
    again = done.stderr.partition("Prove it again: hclmod ")[2].split()
    assert place.there() == before
    assert hclmod(place.root, *again).returncode == 0
    assert place.told()["outcome"] == "updated"
    place.forge.server.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("has_tree", "code", "reason"), [(True, 2, "that hclmod did not make"), (False, 3, "is not what phase 3 makes now")]
)
def test_a_branch_that_was_amended_is_not_the_plan(tmp_path: Path, code: int, reason: str, *, has_tree: bool) -> None:
    """A commit of an older hclmod does not name its tree."""
    place = Place(tmp_path, "github")
    git(place.root, "checkout", "-q", BRANCH)
    (place.root / "stacks/beacon/main.tf").write_text("# mine\n")
    text = git(place.root, "log", "-1", "--format=%B")
    text = text if has_tree else text.partition("Hclmod-Tree:")[0]
    git(place.root, "commit", "-q", "-a", "--amend", "-m", text)
    git(place.root, "checkout", "-q", "main")
    before = place.there()
    for words in ((), ("--dry-run",)):
        done = place.run(*words)
        assert done.returncode == code
        assert reason in done.stderr
    assert place.there() == before
    assert not place.forge.server.seen
    place.forge.server.close()


@pytest.mark.slow
def test_a_phase_whose_changes_the_base_has_is_done(tmp_path: Path) -> None:
    place = Place(tmp_path, "github")
    git(place.root, "checkout", "-q", "-b", "squashed", "main")
    git(place.root, "merge", "-q", "--squash", BRANCH)
    git(place.root, "commit", "-q", "-m", "squashed")
    git(place.root, "push", "-q", "origin", "squashed:main")
    git(place.root, "checkout", "-q", "main")
    told = place.told()
    assert (told["outcome"], told["pushed"]) == ("merged", False)
    place.forge.server.close()


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    root = repository(tmp_path)

    def said(*args: str) -> str:
        done = hclmod(root, "pr", *args)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    assert "missing option `--phase`" in said()
    assert "invalid phase `all`" in said("--phase", "all")
    assert "has no phase 0" in said("--phase", "0")
    assert "git remote add origin ADDRESS" in said("--phase", "3")
    git(root, "remote", "add", "origin", "https://me:secret@git.example.net/you/infra")
    told = said("--phase", "3", "--dry-run")
    assert "does not know which forge git.example.net is" in told
    assert "secret" not in told
    assert "is not here" in said("--phase", "3", "--dry-run", "--forge", "forgejo", "--base", "main")
    git(root, "remote", "set-url", "origin", "http://me:secret@127.0.0.1:1/you/infra")
    told = said("--phase", "3", "--forge", "forgejo")
    assert "remote origin: " in told
    assert "secret" not in told
    git(root, "remote", "set-url", "origin", "https://me:secret@git.example.net/you/infra")
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(f'{text}\n[remote]\ncanonical = "git.other.net/you/infra"\n')
    assert "is not git.other.net/you/infra" in said("--phase", "3", "--forge", "forgejo")
    (root / "hclmod.toml").write_text(f'{text}\n[remote]\nforge = "forgejo"\n')
    assert "remote.forge" in said("--phase", "3"), "who writes the config does not choose who gets the token"
