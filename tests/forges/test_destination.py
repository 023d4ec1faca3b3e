"""Where a pull request goes, whose branch it may be, and what is refused before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.errors import HclmodError
from hclmod.forges import branches, destination
from hclmod.forges.destination import Wishes
from hclmod.forges.places import place
from hclmod.git import Repository
from hclmod.git.remotes import Remote, remotes
from hclmod.git.shell import Shell
from tests.support.demo import git
from tests.support.proposals import BRANCH, Site, commit, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GITHUB_CI = {
    "GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://api.github.com", "GITHUB_REPOSITORY": "o/r",
    "GITHUB_TOKEN": "of-github",
}  # fmt: skip
EXAMPLE = "https://git.example.net"
AT_Y = {"forge": "gitea", "url": "https://y.net/git"}
FORGEJO_CI = {
    "FORGEJO_ACTIONS": "true", "GITHUB_ACTIONS": "true", "GITHUB_API_URL": "https://git.example.net/api/v1",
    "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "of-forgejo",
}  # fmt: skip
GITLAB_CI = {"GITLAB_CI": "true", "CI_API_V4_URL": "https://gl.example.net/api/v4", "GITLAB_TOKEN": "of-gitlab"}


@pytest.mark.parametrize(
    ("address", "name", "web"),
    [
        ("https://github.com/o/r.git", "github.com/o/r", "https://github.com"),
        ("https://me:secret@github.com/o/r/", "github.com/o/r", "https://github.com"),
        ("http://git.example.net:3000/o/r", "git.example.net/o/r", "http://git.example.net:3000"),
        ("git@github.com:o/r.git", "github.com/o/r", "https://github.com"),
        ("git.example.net:group/sub/r.git", "git.example.net/group/sub/r", "https://git.example.net"),
        ("ssh://git@git.example.net:2222/o/r.git", "git.example.net/o/r", "https://git.example.net"),
        ("git+ssh://git@Git.Example.net/O/R", "git.example.net/o/r", "https://git.example.net"),
        ("ssh://git@ssh.github.com:443/o/r.git", "github.com/o/r", "https://github.com"),
        ("git@altssh.gitlab.com:g/r", "gitlab.com/g/r", "https://gitlab.com"),
        ("ssh://git@[::1]:22/o/r", "::1/o/r", "https://[::1]"),
    ],
)
def test_where_an_address_leads(address: str, name: str, web: str) -> None:
    found = place(address)
    assert found is not None
    assert (found.name, found.web) == (name, web)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "address",
    [
        "", "/srv/git/r.git", "../r.git", "file:///srv/r.git", "C:/r", "https://", "https://x:y/o/r", "ext::sh",
        "https://x/o/../r", "https://x/%2e%2e/user", "git@x.net:../r", "https://x/o/r%0a", "https://x/o//r",
    ],
)  # fmt: skip
def test_what_is_no_place(address: str) -> None:
    assert place(address) is None


@given(st.text(max_size=40))
def test_any_address_is_read(address: str) -> None:
    place(address)


def remote(address: str, name: str = "origin") -> Remote:
    return Remote(name, address, Shell("."))


def find(address: str, environment: dict[str, str] | None = None, **wishes: str) -> tuple[str, str, str, str]:
    """The API, the repository, the way and the token."""
    where = destination.find([remote(address)], Wishes(**wishes), environment or {})
    return where.target.api, where.target.repo, where.via, where.target.token


@pytest.mark.parametrize(
    ("address", "environment", "wishes", "wanted"),
    [
        ("git@github.com:o/r", {}, {}, ("https://api.github.com", "o/r", "api", "")),
        ("https://gitlab.com/g/s/r", {}, {}, ("https://gitlab.com/api/v4", "g/s/r", "api", "")),
        ("https://codeberg.org/o/r", {}, {}, ("https://codeberg.org/api/v1", "o/r", "push", "")),
        ("https://x.ghe.com/o/r", {}, {}, ("https://x.ghe.com/api/v3", "o/r", "api", "")),
        ("git@github.com:o/r", GITHUB_CI, {}, ("https://api.github.com", "o/r", "api", "of-github")),
        ("https://git.example.net/o/r", FORGEJO_CI, {}, (f"{EXAMPLE}/api/v1", "o/r", "push", "of-forgejo")),
        ("https://gl.example.net/g/r", GITLAB_CI, {}, ("https://gl.example.net/api/v4", "g/r", "api", "of-gitlab")),
        ("git@x.net:o/r", {}, {"forge": "forgejo"}, ("https://x.net/api/v1", "o/r", "push", "")),
        ("git@x.net:o/r", {}, {"forge": "gitea", "via": "api"}, ("https://x.net/api/v1", "o/r", "api", "")),
        ("git@x.net:o/r", {}, AT_Y, ("https://y.net/git/api/v1", "o/r", "push", "")),
        ("https://y.net/git/o/r", {}, AT_Y, ("https://y.net/git/api/v1", "o/r", "push", "")),
    ],
)  # fmt: skip
def test_the_place_of_a_remote(
    address: str, environment: dict[str, str], wishes: dict[str, str], wanted: tuple[str, ...]
) -> None:
    assert find(address, environment, **wishes) == wanted


TOKENS = {"GITHUB_TOKEN": "a", "GITEA_TOKEN": "b", "GITLAB_TOKEN": "c"}


@pytest.mark.parametrize(
    "host",
    ["github.evil.net", "gitlab.evil.net", "my-forgejo.net", "gitea.evil.net", "github.com.evil.net", "xgithub.com"],
)
@pytest.mark.parametrize("environment", [TOKENS, GITHUB_CI, FORGEJO_CI, GITLAB_CI])
def test_no_token_goes_to_a_host_because_of_its_name(host: str, environment: dict[str, str]) -> None:
    with pytest.raises(HclmodError, match="does not know which forge") as caught:
        find(f"https://{host}/o/r", environment)
    assert host in str(caught.value)


def test_each_forge_gets_the_token_with_its_name() -> None:
    assert find("git@github.com:o/r", TOKENS)[3] == "a"
    assert find("git@codeberg.org:o/r", TOKENS)[3] == "b"
    assert find("git@gitlab.com:o/r", TOKENS)[3] == "c"
    other_host = {**FORGEJO_CI, "GITHUB_API_URL": "https://other.net/api/v1"}
    assert find("https://git.example.net/o/r", other_host, forge="forgejo")[3] == ""


@pytest.mark.parametrize(
    ("address", "wishes", "words"),
    [
        ("/srv/r.git", {}, "does not know which forge remote origin is"),
        ("/srv/r.git", {"forge": "github"}, "names no repository"),
        ("git@x.net:o/r", {"forge": "svn"}, "Use one of github"),
        ("git@github.com:me/r", {"repo": "o/r"}, "--head-repo me/r"),
        ("git@github.com:me/r", {"head_repo": "you/r"}, "pushes to me/r, not to you/r"),
        ("git@github.com:o/r", {"remote": "fork"}, "Remotes here: origin"),
        ("git@github.com:o/r", {"canonical": "git.example.net/o/r"}, "is not git.example.net/o/r"),
        ("/srv/r.git", {"canonical": "git.example.net/o/r"}, "git remote add canonical https://git.example.net/o/r"),
        ("git@github.com:o/r", {"canonical": "nowhere"}, "not the address of a repository"),
        ("git@x.net:o/r", {"url": "http://[::1"}, "invalid address of a forge"),
        ("git@x.net:o/r", {"url": "https://x.net:99999", "forge": "gitea"}, "invalid address of a forge"),
        ("git@x.net:o/r", {"url": "https://x.net:x", "forge": "gitea"}, "invalid address of a forge"),
        ("git@x.net:o/r", {"url": "x.net", "forge": "gitea"}, "invalid address of a forge"),
    ],
)
def test_what_is_refused(address: str, wishes: dict[str, str], words: str) -> None:
    with pytest.raises(HclmodError) as caught:
        find(address, TOKENS, **wishes)
    assert words in str(caught.value)


@pytest.mark.parametrize("variable", ["CI_FORGE_URL", "GITHUB_API_URL", "CI_API_V4_URL"])
def test_an_address_of_ci_that_is_none_names_no_forge(variable: str) -> None:
    kind = {"CI_FORGE_URL": {"CI": "woodpecker", "CI_FORGE_TYPE": "gitea"}, "CI_API_V4_URL": {"GITLAB_CI": "true"}}
    environment = {**kind.get(variable, {"GITEA_ACTIONS": "true", "GITHUB_TOKEN": "of-gitea"}), variable: "http://[::1"}
    with pytest.raises(HclmodError, match="does not know which forge"):
        find("https://git.example.net/o/r", environment)
    assert find("https://git.example.net/o/r", environment, forge="gitea")[3] == ""


def test_a_fork_that_is_named() -> None:
    where = destination.find([remote("git@github.com:me/r")], Wishes(repo="o/r", head_repo="me/r"), TOKENS)
    assert (where.target.repo, where.head_repo, where.is_fork_meant) == ("o/r", "me/r", True)
    where = destination.find([remote("git@github.com:me/r")], Wishes(), TOKENS)
    assert (where.target.repo, where.head_repo, where.is_fork_meant) == ("me/r", "me/r", False)


def test_the_canonical_remote_is_taken() -> None:
    both = [remote("git@github.com:o/r"), remote("ssh://git@git.example.net:22/o/r.git", "forgejo")]
    wishes = Wishes(canonical="https://git.example.net/o/r", forge="forgejo")
    assert destination.find(both, wishes, {}).remote.name == "forgejo"
    with pytest.raises(HclmodError, match="--remote forgejo"):
        destination.find(both, Wishes(canonical="git.example.net/o/r", remote="origin"), {})


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    made = site("gitea", tmp_path)
    yield made
    made.forge.server.close()


def check(
    here: Site, branch: str = BRANCH, base: str = "", phase: int = 3, *, offline: bool = False
) -> branches.Checked:
    (origin,) = remotes(str(here.root))
    return branches.check(origin, branch, base, phase, offline=offline)


@pytest.mark.parametrize("offline", [True, False])
def test_a_branch_that_may_be_proposed(here: Site, *, offline: bool) -> None:
    checked = check(here, offline=offline)
    main = git(here.root, "rev-parse", "main").strip()
    assert (checked.tip, checked.base, checked.base_commit, checked.start) == (here.tip, "main", main, main)
    assert (checked.theirs, checked.is_in_base) == ("", False)


@pytest.mark.parametrize("offline", [True, False])
def test_branches_that_are_never_pushed(here: Site, *, offline: bool) -> None:
    for branch, base, words in (
        ("main", "main", "to itself"), (BRANCH, BRANCH, "to itself"), ("main", "other", "people share"),
        ("develop", "main", "people share"), ("release/1", "main", "people share"), ("HEAD", "main", "people share"),
        (BRANCH, "gone", "does not have the branch gone"), ("hclmod/phase-4", "main", "hclmod apply --phase 3"),
    ):  # fmt: skip
        with pytest.raises(HclmodError) as caught:
            check(here, branch, base, offline=offline)
        assert words in str(caught.value)


def test_the_default_branch_of_the_remote(here: Site) -> None:
    git(here.server, "branch", "-m", "main", "trunk")
    git(here.server, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert check(here).base == "trunk"
    assert check(here, offline=True).base == "main", "as it was last fetched"


def test_a_checkout_of_ci_without_the_branch(here: Site) -> None:
    git(here.root, "push", "-q", "origin", BRANCH)
    git(here.root, "checkout", "-q", "--detach", "main")
    git(here.root, "branch", "-q", "-D", BRANCH)
    with pytest.raises(HclmodError, match="is not here") as caught:
        check(here)
    assert f"git branch {BRANCH} origin/{BRANCH}" in str(caught.value)


def test_commits_of_others(here: Site) -> None:
    git(here.root, "checkout", "-q", BRANCH)
    other = commit(here.root, "a = 7\n", phase=None)
    with pytest.raises(HclmodError, match=f"hclmod did not make: {other[:12]}"):
        check(here)
    git(here.root, "reset", "-q", "--hard", "HEAD^")
    commit(here.root, "a = 8\n", phase=4)
    with pytest.raises(HclmodError, match="has a commit of phase 4"):
        check(here)


def test_a_branch_that_was_made_from_commits_that_nobody_has(here: Site) -> None:
    git(here.root, "checkout", "-q", "main")
    commit(here.root, "b = 1\n", phase=None, name="b.tf")
    here.remade()
    with pytest.raises(HclmodError, match="hclmod did not make"):
        check(here)


@pytest.mark.parametrize("phase", [None, 3])
def test_what_another_person_pushed_to_the_branch(here: Site, phase: int | None) -> None:
    git(here.root, "push", "-q", "origin", BRANCH)
    theirs = here.pushed_by_another("a = 9\n", phase=phase)
    if phase is None:
        with pytest.raises(HclmodError, match=f"{BRANCH} of origin has 1 commit"):
            check(here)
    else:
        assert check(here).theirs == theirs


def test_the_same_change_made_again_elsewhere_is_no_change(here: Site) -> None:
    git(here.root, "push", "-q", "origin", BRANCH)
    theirs = here.tip
    git(here.root, "checkout", "-q", BRANCH)
    git(here.root, "commit", "-q", "--amend", "-C", "HEAD", "--date", "2026-01-01T00:00:00")
    assert here.tip != theirs
    assert check(here).tip == theirs
    (here.root / "main.tf").write_text("a = 5\n")
    git(here.root, "commit", "-q", "-a", "--amend", "-C", "HEAD")
    assert check(here).tip == here.tip


def test_a_push_after_the_remote_changed_is_refused(here: Site) -> None:
    (origin,) = remotes(str(here.root))
    git(here.root, "push", "-q", "origin", BRANCH)
    checked = check(here)
    theirs = here.pushed_by_another("a = 9\n")
    tip = here.remade()
    pushed = origin.push(tip, f"refs/heads/{BRANCH}", expected=checked.theirs)
    assert "stale info" in pushed.reason
    assert here.there[f"refs/heads/{BRANCH}"] == theirs
    assert "stale info" in origin.push(tip, f"refs/heads/{BRANCH}", expected="").reason


def test_hooks_and_options_of_the_person_do_nothing(here: Site, tmp_path: Path) -> None:
    hook = here.root / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    hook.chmod(0o755)
    git(here.root, "tag", "-a", "-m", "x", "v1", BRANCH)
    for key, value in (("push.followTags", "true"), ("push.pushOption", "topic=x"), ("push.gpgSign", "if-asked")):
        git(here.root, "config", key, value)
    assert here.run().pushed
    assert not (tmp_path / "ran").exists()
    assert "refs/tags/v1" not in here.there


def test_a_remote_that_is_away(here: Site) -> None:
    git(here.root, "remote", "set-url", "origin", str(here.root / "gone.git"))
    with pytest.raises(HclmodError, match="remote origin:") as caught:
        check(here)
    assert "git ls-remote origin" in str(caught.value)
    assert check(here, offline=True).base == "main"


def test_a_base_of_another_history(here: Site) -> None:
    other = here.root.parent / "other"
    git(here.root.parent, "clone", "-q", str(here.server), str(other))
    git(other, "checkout", "-q", "--orphan", "new")
    git(other, "commit", "-q", "-m", "from nothing")
    git(other, "push", "-q", "--force", "origin", "new:main")
    with pytest.raises(HclmodError, match="have no commit in common") as caught:
        check(here)
    assert "git fetch --unshallow origin" in str(caught.value)


def test_a_base_that_moved_is_fetched(here: Site) -> None:
    git(here.root, "push", "-q", "origin", f"{BRANCH}:refs/heads/x")
    other = here.root.parent / "other"
    git(here.root.parent, "clone", "-q", str(here.server), str(other))
    git(other, "-c", "user.name=U", "commit", "-q", "--allow-empty", "-m", "news")
    git(other, "push", "-q", "origin", "HEAD:main")
    moved = git(other, "rev-parse", "HEAD").strip()
    checked = check(here)
    assert (checked.base_commit, checked.start) == (moved, git(here.root, "rev-parse", "main").strip())


@pytest.mark.parametrize("address", ["git@github.com:o/r", "git@codeberg.org:o/r"])
def test_the_token_of_a_job_goes_to_no_other_host(address: str) -> None:
    job = {**FORGEJO_CI, "FORGEJO_TOKEN": "of-forgejo", "GITEA_TOKEN": "of-forgejo"}
    assert find(address, job)[3] == ""
    assert find("https://git.example.net/o/r", job)[3] == "of-forgejo"
    assert find("git@codeberg.org:o/r", {**job, "GITEA_TOKEN": "of-codeberg"})[3] == "of-codeberg"


def test_a_commit_that_a_person_amended_is_not_ours(here: Site) -> None:
    """Its trailers stay, and its tree is another one than they name."""
    repository = Repository.open(here.root)
    ours = repository.commit("main", {"main.tf": b"a = 3\n"}, branch=BRANCH, message=MADE, replace=True)
    assert ours
    assert check(here).tip == ours
    git(here.root, "checkout", "-q", BRANCH)
    git(here.root, "commit", "-q", "--amend", "-m", f"Another subject\n\n{MADE}Hclmod-Tree: {_tree(here, ours)}\n")
    assert check(here).tip != ours  # only its words are other ones
    (here.root / "main.tf").write_text("a = 4\n")
    git(here.root, "commit", "-q", "-a", "--amend", "--no-edit")
    with pytest.raises(HclmodError, match="did not make"):
        check(here)
    git(here.root, "checkout", "-q", "main")
    with pytest.raises(HclmodError, match="did not make"):
        repository.commit("main", {"main.tf": b"a = 5\n"}, branch=BRANCH, message=MADE, replace=True)


MADE = "Phase 3: Title\n\nHclmod-Phase: 3\nHclmod-Rules: some-rule\nHclmod-Version: 0.2.0\n"


def _tree(here: Site, commit: str) -> str:
    return git(here.root, "rev-parse", f"{commit}^{{tree}}").strip()


@pytest.mark.parametrize(
    ("url", "source", "is_split"),
    [
        ("git@github.com:o/r", "https://github.com/o/r.git", False),
        ("https://github.com/o/r", "https://github.com/o/r", False),
        ("git@github.com:me/r", "https://github.com/o/r", True),
        ("git@github.com:o/r", "/srv/o/r", True),
        ("git@github.com:o/r\ngit@gitlab.com:o/r", "git@github.com:o/r", True),
    ],
)
def test_a_remote_that_pushes_elsewhere(url: str, source: str, *, is_split: bool) -> None:
    every = [Remote("origin", url, Shell("."), source)]
    if is_split:
        with pytest.raises(HclmodError, match="remote origin pushes to"):
            destination.find(every, Wishes(), {})
    else:
        assert destination.find(every, Wishes(), {}).target.repo == "o/r"
