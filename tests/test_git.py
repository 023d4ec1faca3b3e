"""Every test runs git itself on repositories of its own; none reads the machine's git configuration."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hclmod.errors import GitError
from hclmod.git import Repository
from hclmod.ledger import PHASE, RULES, VERSION, LedgerEntry, message

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

BRANCH = "hclmod/phase-3"
TEXT = message("phase 3", "stacks: a, b", {PHASE: "3", RULES: "drop-keel, pin", VERSION: "0.1.0"})
OLD, NEW = b'image = "a:1"\n', b'image = "a:2"\n'
ODD = ["with space.tf", "new\nline.tf", 'quo"te.tf', " lead.tf", "tail\r", "tab\t.tf", "é/ü.tf"]
ODD += ["raw\udcff.tf", "-x.tf", ":(top)a.tf"]


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[user]\nname = Ann\nemail = ann@example.org\n"
        "[init]\ndefaultBranch = main\n"
        '[protocol "file"]\nallow = always\n'  # else no submodule from a folder
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make(tmp_path / "repo", {"a/main.tf": OLD, "b/run.tf": OLD, "c.tf": OLD})


def git(folder: Path, *args: str, check: bool = True) -> bytes:
    done = subprocess.run(["git", "-C", str(folder), *args], capture_output=True, check=False)
    if check and done.returncode:
        pytest.fail(f"git {args}: {done.stderr.decode()}")
    return done.stdout


def make(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    save(folder, files)
    return folder


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def save(folder: Path, files: dict[str, bytes], text: str = "work") -> str:
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)
    return head(folder)


def head(folder: Path, rev: str = "HEAD") -> str:
    return git(folder, "rev-parse", rev).decode().strip()


def blob(folder: Path, path: str, rev: str = BRANCH) -> bytes:
    return git(folder, "cat-file", "blob", f"{rev}:{path}")


def branches(folder: Path) -> list[str]:
    return git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split()


def state(folder: Path) -> dict[str, object]:
    """Everything of the user's that a commit must leave alone, by bytes, modes and times."""
    own = Path(git(folder, "rev-parse", "--absolute-git-dir").decode().strip())
    found: dict[str, object] = {name: (own / name).read_bytes() for name in ("HEAD", "index")}
    found |= {"git dir": sorted(path.name for path in own.iterdir())}
    found |= {"config": git(folder, "config", "--list", "--local"), "commit": head(folder)}
    for path in sorted(folder.rglob("*")):
        if ".git" not in path.relative_to(folder).parts:
            stat = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (data, stat.st_mode, stat.st_mtime_ns if path.is_file() else 0)
    return found


def change(
    folder: Path, path: str = "a/main.tf", data: bytes = NEW, *, base: str = "HEAD", replace: bool = False
) -> str | None:
    return Repository.open(folder).commit(base, {path: data}, branch=BRANCH, message=TEXT, replace=replace)


def refused(words: str, call: Callable[[], object]) -> GitError:
    with pytest.raises(GitError, match=words) as caught:
        call()
    return caught.value


def python(code: str, surroundings: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    env = (surroundings or dict(os.environ)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True, check=False)


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed: NOT TESTED")


# Opening


def test_open_finds_the_root_from_below(home: Path) -> None:
    assert Repository.open(home / "a").root == home


def test_open_refuses_no_repository(tmp_path: Path) -> None:
    assert "git init" in refused("not a git repository", lambda: Repository.open(tmp_path)).hint


def test_open_refuses_bare(tmp_path: Path, home: Path) -> None:
    git(home, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert "bare" in refused("bare repository", lambda: Repository.open(tmp_path / "bare")).hint


def test_open_refuses_a_missing_folder(tmp_path: Path) -> None:
    refused("not a folder", lambda: Repository.open(tmp_path / "none"))


def test_open_passes_on_git_s_words_about_ownership(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused("dubious ownership", lambda: Repository.open(home))


@pytest.mark.parametrize("refresh", ["raise", "quiet"])
def test_no_git_is_said(home: Path, refresh: str) -> None:
    code = f"import pathlib, hclmod.git as g; g.Repository.open(pathlib.Path({str(home)!r}))"
    surroundings = os.environ | {"PATH": "/nonexistent", "GIT_PYTHON_REFRESH": refresh}
    assert "GitError: git was not found\nInstall git" in python(code, surroundings).stderr


def test_importing_is_cheap() -> None:
    assert python("import sys, hclmod.git; sys.exit('git' in sys.modules)").returncode == 0


def test_a_hook_s_environment_is_not_ours(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make(tmp_path / "other", {"x": b""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "strange"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    made = change(home)
    monkeypatch.undo()
    assert made == head(home, BRANCH)
    assert not (tmp_path / "strange").exists()


# Reading


def test_resolve(home: Path) -> None:
    git(home, "tag", "-a", "v1", "-m", "x")
    assert Repository.open(home).resolve("v1") == head(home)


@pytest.mark.parametrize("rev", ["nothing", "-x", "--all", "HEAD~9", "0" * 40, "HEAD:a"])
def test_resolve_refuses(home: Path, rev: str) -> None:
    refused(f"{rev} is not a commit", lambda: Repository.open(home).resolve(rev))


def test_resolve_without_any_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    refused("no commit yet", lambda: Repository.open(tmp_path).resolve("HEAD"))


def test_odd_names_and_kinds(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo", {name: name.encode("utf-8", "surrogateescape") for name in ODD})
    (folder / "run.sh").write_bytes(b"#!")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    save(folder, {})
    repo = Repository.open(folder)
    entries = repo.entries("HEAD")
    assert [entry.path for entry in entries] == sorted([*ODD, "run.sh", "link"])
    modes = {entry.path: entry.mode for entry in entries}
    assert (modes["run.sh"], modes["link"]) == ("100755", "120000")
    texts = {name: name.encode("utf-8", "surrogateescape") for name in ODD}
    assert repo.read(entries) == texts | {"run.sh": b"#!"}
    made = repo.commit("HEAD", dict.fromkeys(ODD, NEW), branch=BRANCH, message=TEXT)
    assert made
    assert set(repo.read(repo.entries(made), made).values()) == {NEW, b"#!"}


@pytest.mark.parametrize("text", [b"", b"\n", b"no end", b"\0\xff", b"x" * 3_000_000])
def test_read_is_exact(tmp_path: Path, text: bytes) -> None:
    repo = Repository.open(make(tmp_path / "repo", {"a": text, "b": text, "c": b"last"}))
    assert repo.read(repo.entries("HEAD")) == {"a": text, "b": text, "c": b"last"}


def test_read_of_nothing(home: Path) -> None:
    assert Repository.open(home).read([]) == {}


@pytest.mark.slow
def test_read_many_does_not_hang(tmp_path: Path) -> None:
    files = {f"{'d' * 100}/{n:05}.tf": b"x" * 2000 for n in range(3000)}  # both pipes overflow
    repo = Repository.open(make(tmp_path / "repo", files))
    assert repo.read(repo.entries("HEAD")) == files


def test_read_says_what_is_missing(home: Path) -> None:
    repo = Repository.open(home)
    entries = repo.entries("HEAD")
    oid = entries[0].oid
    (home / ".git/objects" / oid[:2] / oid[2:]).unlink()
    refused(f"object {oid} is missing", lambda: repo.read(entries))


def test_a_failing_filter_gives_the_stored_file(home: Path) -> None:
    save(home, {".gitattributes": b"a/* filter=bad\nb/* filter=good\n"})
    git(home, "config", "filter.bad.smudge", "false")
    git(home, "config", "filter.bad.required", "true")
    git(home, "config", "filter.good.smudge", "tr a z")
    repo = Repository.open(home)
    read = repo.read(repo.entries("HEAD"))
    assert (read["a/main.tf"], read["b/run.tf"], read["c.tf"]) == (OLD, OLD.replace(b"a", b"z"), OLD)
    assert repo.filtered(["a/main.tf", "b/run.tf", "c.tf"], "HEAD") == {"a/main.tf", "b/run.tf"}


def test_attributes_are_those_of_the_commit(home: Path) -> None:
    save(home, {".gitattributes": b"*.tf text eol=crlf\n"})
    save(home, {".gitattributes": b""})
    write(home, {".gitattributes": b"*.tf filter=mine\n"})
    repo = Repository.open(home)
    assert repo.read(repo.entries("HEAD~1"), "HEAD~1")["c.tf"] == OLD.replace(b"\n", b"\r\n")
    assert repo.read(repo.entries("HEAD"))["c.tf"] == OLD
    assert repo.filtered(["c.tf"], "HEAD") == {"c.tf"}, "what is not committed yet counts too"


# Committing


def test_commit_is_one_commit_on_base(home: Path) -> None:
    made = change(home)
    assert made == head(home, BRANCH)
    assert head(home, f"{BRANCH}^") == head(home)
    assert git(home, "diff", "--name-status", "HEAD", BRANCH) == b"M\ta/main.tf\n"
    assert blob(home, "a/main.tf") == NEW
    tree = git(home, "rev-parse", f"{BRANCH}^{{tree}}").decode()
    assert git(home, "log", "-1", "--format=%B", BRANCH).decode() == f"{TEXT}Hclmod-Tree: {tree}\n"


def test_commit_leaves_a_dirty_user_alone(home: Path, tmp_path: Path) -> None:
    write(home, {"a/main.tf": b"unstaged\n", "b/run.tf": b"staged\n", "new.tf": b"untracked\n"})
    git(home, "add", "b/run.tf")
    git(home, "config", "core.splitIndex", "true")
    git(home, "config", "core.untrackedCache", "true")
    before = state(home)
    change(home)
    assert state(home) == before
    assert branches(home) == [BRANCH, "main"]
    assert (blob(home, "a/main.tf"), blob(home, "b/run.tf")) == (NEW, OLD)
    assert not list((tmp_path / "temp").iterdir())


def test_commit_on_another_base_than_head(home: Path) -> None:
    first = head(home)
    save(home, {"c.tf": b"later\n", "b/run.tf": b"later\n"})
    change(home, base=first)
    assert (head(home, f"{BRANCH}^"), blob(home, "c.tf")) == (first, OLD)


def test_commit_adds_a_new_file(home: Path) -> None:
    change(home, "new/x.tf")
    assert git(home, "diff", "--name-status", "HEAD", BRANCH) == b"A\tnew/x.tf\n"


def test_ignored_but_tracked_files_are_committed(home: Path) -> None:
    save(home, {".gitignore": b"*.tf\n"})
    change(home)
    assert blob(home, "a/main.tf") == NEW


@pytest.mark.parametrize("filemode", ["true", "false"])
def test_commit_keeps_modes(home: Path, filemode: str) -> None:
    (home / "b/run.tf").chmod(0o755)
    save(home, {})
    git(home, "config", "core.fileMode", filemode)
    files = {"a/main.tf": NEW, "b/run.tf": NEW}
    repo = Repository.open(home)
    repo.commit("HEAD", files, branch=BRANCH, message=TEXT)
    modes = {entry.path: entry.mode for entry in repo.entries(BRANCH)}
    assert (modes["a/main.tf"], modes["b/run.tf"]) == ("100644", "100755")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("attributes", "settings", "stored"),
    [
        (b"", {"core.autocrlf": "true"}, b"a\nb\n"),
        (b"*.tf text eol=crlf\n", {}, b"a\nb\n"),
        (b"*.tf text=auto\n", {"core.eol": "crlf"}, b"a\nb\n"),
        (b"*.tf text working-tree-encoding=UTF-16LE eol=lf\n", {}, b"a\nb\n"),
        (b"*.tf ident\n", {}, b"$Id$\nb\n"),
        (b"*.tf -text\n", {"core.autocrlf": "true"}, b"a\r\nb\r\n"),
    ],
)
def test_what_a_checkout_changes_comes_back(
    tmp_path: Path, attributes: bytes, settings: dict[str, str], stored: bytes
) -> None:
    folder = make(tmp_path / "repo", {"x.tf": stored})
    write(folder, {".gitattributes": attributes})
    git(folder, "add", ".gitattributes")  # that alone: the stored file stays
    git(folder, "commit", "-q", "-m", "attributes")
    for key, value in settings.items():
        git(folder, "config", key, value)
    repo = Repository.open(folder)
    read = repo.read(repo.entries("HEAD"))["x.tf"]
    (folder / "x.tf").unlink()
    git(folder, "checkout", "--", "x.tf")
    assert read == (folder / "x.tf").read_bytes()
    grown = read + (b"c\0\n\0" if b"UTF-16" in attributes else b"c\r\n" if b"\r\n" in read else b"c\n")
    change(folder, "x.tf", grown)
    assert blob(folder, "x.tf") == stored + (b"c\r\n" if b"\r\n" in stored else b"c\n")
    git(folder, "branch", "-D", BRANCH)
    assert change(folder, "x.tf", read) is None


def test_nothing_changed_is_no_commit(home: Path) -> None:
    assert change(home, data=OLD) is None
    assert branches(home) == ["main"]


def test_a_clean_filter_that_fails_stops_the_commit(home: Path) -> None:
    save(home, {".gitattributes": b"a/* filter=secret\n"})
    git(home, "config", "filter.secret.clean", "false")
    refused("clean filter 'secret' failed", lambda: change(home))
    assert branches(home) == ["main"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("link", "symbolic link"),
        ("sub", "submodule"),
        ("sub/x.tf", "is below sub, which"),
        ("linked/main.tf", "is below linked, which"),
        ("c.tf/x.tf", "is below c.tf, which"),
        ("../x.tf", "is not a path inside"),
        ("/x.tf", "is not a path inside"),
        ("a//main.tf", "is not a path inside"),
        (".git/config", "is not a path inside"),
        ("", "is not a path inside"),
        (".", "is not a path inside"),
    ],
)
def test_paths_refused(home: Path, tmp_path: Path, path: str, words: str) -> None:
    git(home, "submodule", "-q", "add", str(make(tmp_path / "other", {"x.tf": OLD})), "sub")
    (home / "link").symlink_to("c.tf")
    (home / "linked").symlink_to("a")
    save(home, {})
    refused(words, lambda: change(home, path))
    assert branches(home) == ["main"]


def test_hooks_do_not_run(home: Path) -> None:
    for name in ["pre-commit", "commit-msg", "post-commit", "post-index-change", "reference-transaction"]:
        hook = home / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{home}/ran'; exit 1\n")
        hook.chmod(0o755)
    assert change(home)
    assert not (home / "ran").exists()


def test_no_identity_is_git_s_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(home, "config", "user.useConfigOnly", "true")
    refused("Please tell me who you are", lambda: change(home))
    assert branches(home) == ["main"]


def test_sparse_checkout(home: Path) -> None:
    git(home, "sparse-checkout", "set", "--cone", "b")
    before = state(home)
    change(home)
    assert (blob(home, "a/main.tf"), state(home)) == (NEW, before)


# The branch


def test_an_existing_branch_is_refused(home: Path) -> None:
    first = change(home)
    assert "--replace" in refused("exists", lambda: change(home, data=b"x\n")).hint
    assert head(home, BRANCH) == first


def test_replace_where_all_is_ours(home: Path) -> None:
    change(home)
    save(home, {"c.tf": b"main went on\n"})
    assert change(home, data=b"x\n", replace=True) == head(home, BRANCH)
    assert (head(home, f"{BRANCH}^"), blob(home, "a/main.tf")) == (head(home), b"x\n")


def test_replace_of_nothing_makes_the_branch(home: Path) -> None:
    assert change(home, replace=True) == head(home, BRANCH)


def test_replace_refuses_others_commits(home: Path) -> None:
    change(home)
    git(home, "switch", "-q", BRANCH)
    theirs = save(home, {"c.tf": b"mine\n"}, f"I wrote {PHASE}: by hand\n\nmore")
    git(home, "switch", "-q", "main")
    refused(f"did not make: {theirs[:12]}", lambda: change(home, replace=True))
    assert head(home, BRANCH) == theirs


@pytest.mark.parametrize("replace", [True, False])
def test_a_branch_checked_out_elsewhere_is_refused(home: Path, tmp_path: Path, replace: bool) -> None:  # noqa: FBT001
    change(home)
    git(home, "worktree", "add", "-q", str(tmp_path / "tree"), BRANCH)
    refused("checked out", lambda: change(home, data=b"x\n", replace=replace))


def test_an_unborn_branch_checked_out_is_refused(home: Path) -> None:
    git(home, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    refused("checked out", lambda: change(home, base="main"))


@pytest.mark.parametrize("name", ["a b", "-x", "HEAD", "@{-1}", "x..y", ""])
def test_bad_branch_names(home: Path, name: str) -> None:
    repo = Repository.open(home)
    refused("invalid branch name", lambda: repo.commit("HEAD", {"c.tf": NEW}, branch=name, message=TEXT))


def test_a_branch_in_the_way_is_git_s_words(home: Path) -> None:
    git(home, "branch", "hclmod")
    refused("'refs/heads/hclmod' exists", lambda: change(home))


def test_a_branch_made_meanwhile_is_kept(home: Path) -> None:
    save(home, {".gitattributes": b"a/* filter=slow\n"})
    git(home, "config", "filter.slow.clean", f"git branch {BRANCH} HEAD~1 2>&1 && cat")
    refused("changed by another run in the meantime", lambda: change(home))
    assert head(home, BRANCH) == head(home, "HEAD~1")


def test_of_many_at_once_one_wins(home: Path, everything: bool) -> None:  # noqa: FBT001 - a fixture
    def attempt(number: int) -> str | None:
        try:
            return change(home, data=b"%d\n" % number)
        except GitError as error:
            assert "meantime" in error.message or "exists" in error.message  # noqa: PT017
            return None

    with ThreadPoolExecutor(6) as pool:
        for _ in range(5 if everything else 2):
            won = [made for made in pool.map(attempt, range(6)) if made]
            assert won == [head(home, BRANCH)]
            git(home, "branch", "-D", BRANCH)


# Where repositories are odd


def test_detached_head(home: Path) -> None:
    git(home, "checkout", "-q", "--detach")
    before = state(home)
    assert change(home)
    assert state(home) == before


def test_linked_worktree(home: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(home, "worktree", "add", "-q", "-b", "side", str(tree))
    save(tree, {"c.tf": b"side\n"})
    write(tree, {"a/main.tf": b"dirty\n"})
    before = state(tree), state(home)
    assert change(tree) == head(home, BRANCH)
    assert (state(tree), state(home)) == before
    assert blob(home, "c.tf") == b"side\n"


def test_shallow_clone(home: Path, tmp_path: Path) -> None:
    save(home, {"c.tf": NEW})
    git(home, "clone", "-q", "--depth=1", home.as_uri(), str(tmp_path / "shallow"))
    assert change(tmp_path / "shallow")
    assert change(tmp_path / "shallow", data=b"x\n", replace=True)


def test_submodule_and_its_super_project(home: Path, tmp_path: Path) -> None:
    git(home, "submodule", "-q", "add", str(make(tmp_path / "other", {"x.tf": OLD})), "sub")
    save(home, {})
    before = state(home / "sub")
    assert change(home)
    assert change(home / "sub", "x.tf")
    assert state(home / "sub") == before
    assert (blob(home / "sub", "x.tf"), blob(home, "a/main.tf")) == (NEW, NEW)


# Signing and git-crypt


@needs("ssh-keygen")
def test_commit_is_signed_where_commits_are(home: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed").write_text(f"ann@example.org {key.with_suffix('.pub').read_text()}")
    settings = {"gpg.format": "ssh", "user.signingKey": str(key), "commit.gpgSign": "true"}
    for name, value in (settings | {"gpg.ssh.allowedSignersFile": str(tmp_path / "allowed")}).items():
        git(home, "config", name, value)
    change(home)
    git(home, "verify-commit", BRANCH)
    git(home, "config", "user.signingKey", str(tmp_path / "lost"))
    refused("git commit-tree", lambda: change(home, data=b"x\n", replace=True))


ATTRIBUTES = [
    {},
    {".gitattributes": b"a/* filter=x\n"},
    {".gitattributes": b"a/* filter=x\n", "a/.gitattributes": b"* -filter\n"},
    {"b/.gitattributes": b"* filter=y\n"},
    {".gitattributes": b"a/* filter=x\n", "c/.gitattributes": b"* filter=z\n"},
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("before", ATTRIBUTES)
@pytest.mark.parametrize("now", ATTRIBUTES)
def test_a_filter_counts_now_and_in_the_commit(
    home: Path, before: dict[str, bytes], now: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(home, {**before, "x.tf": b""})
    for path in before.keys() - now.keys():
        (home / path).unlink()
    write(home, now)
    paths = ["a/main.tf", "b/run.tf", "c.tf"]
    quick = Repository.open(home).filtered(paths, "HEAD")
    laid_out: list[str] = []

    def no(_git: object, _paths: object, rev: str) -> bool:
        laid_out.append(rev)
        return False

    monkeypatch.setattr("hclmod.git._has_attributes_of", no)
    assert Repository.open(home).filtered(paths, "HEAD") == quick
    assert laid_out


@pytest.mark.parametrize("before", ATTRIBUTES)
def test_nothing_is_laid_out_where_the_attributes_have_not_changed(
    home: Path, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(home, {**before, "x.tf": b""})
    monkeypatch.setattr("hclmod.git.shell._start", None)  # so much would need GitPython
    found = Repository.open(home).filtered(["a/main.tf", "b/run.tf"], "HEAD")
    assert found == Repository.open(home).filtered(["a/main.tf", "b/run.tf"])


def test_a_folder_with_a_newline_in_its_name_is_opened(tmp_path: Path) -> None:
    home = make(tmp_path / "new\nline", {"a.tf": OLD})
    found = Repository.open(home)
    assert found.root == home
    assert found.entries("HEAD")[0].path == "a.tf"


def crypted(folder: Path) -> Path:
    git(folder, "crypt", "init")
    save(folder, {".gitattributes": b"a/** filter=git-crypt diff=git-crypt\n"})
    save(folder, {"a/main.tf": OLD + b"#\n"})
    assert blob(folder, "a/main.tf", "HEAD").startswith(b"\0GITCRYPT\0")
    return folder


@needs("git-crypt")
def test_git_crypt_stays_encrypted(home: Path) -> None:
    repo = Repository.open(crypted(home))
    read = repo.read(repo.entries("HEAD"))
    assert read["a/main.tf"] == OLD + b"#\n"
    assert repo.filtered(read) == {"a/main.tf"}
    made = change(home)
    assert made
    assert blob(home, "a/main.tf").startswith(b"\0GITCRYPT\0")
    assert repo.read(repo.entries(made), made)["a/main.tf"] == NEW
    git(home, "branch", "-D", BRANCH)
    assert change(home, data=OLD + b"#\n") is None


@needs("git-crypt")
def test_git_crypt_in_a_linked_worktree(home: Path, tmp_path: Path) -> None:
    git(crypted(home), "worktree", "add", "-q", "--no-checkout", str(tmp_path / "tree"))
    repo = Repository.open(tmp_path / "tree")
    if repo.read(repo.entries("HEAD"))["a/main.tf"] == OLD + b"#\n":
        change(tmp_path / "tree")
        assert blob(home, "a/main.tf").startswith(b"\0GITCRYPT\0")
    else:  # git-crypt 0.7 finds no key in a linked work tree: neither read nor, above all, written in plain
        refused("git-crypt", lambda: change(tmp_path / "tree"))


@needs("git-crypt")
def test_git_crypt_locked_gives_ciphertext(home: Path) -> None:
    git(crypted(home), "crypt", "lock", "--force")
    repo = Repository.open(home)
    read = repo.read(repo.entries("HEAD"))
    assert read["a/main.tf"].startswith(b"\0GITCRYPT\0")
    assert change(home, "c.tf")
    assert blob(home, "a/main.tf") == read["a/main.tf"]


@needs("git-crypt")
def test_git_crypt_without_its_key_commits_nothing(home: Path) -> None:
    crypted(home)
    (home / ".git/git-crypt/keys/default").unlink()
    refused("git-crypt", lambda: change(home))
    assert branches(home) == ["main"]


# Killed


def commit_and_wait(folder: Path, branch: str, files: dict[str, bytes], told: Connection) -> None:
    os.setsid()
    told.send("begins")
    Repository.open(folder).commit("HEAD", files, branch=branch, message=TEXT)
    told.send("is done")
    signal.pause()


def kill_after(delay: float | None, folder: Path, branch: str, files: dict[str, bytes]) -> bool:
    """Kill a commit and all of its processes some time after it began (None: once it is done); whether it was done."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    child = context.Process(target=commit_and_wait, args=(folder, branch, files, theirs))
    child.start()
    assert ours.recv() == "begins"
    done = ours.poll(delay)
    assert child.pid
    os.killpg(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    return done


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system: NOT TESTED")
def test_killed_at_any_moment(tmp_path: Path, everything: bool) -> None:  # noqa: FBT001 - a fixture
    files = {f"stack{n}/main.tf": OLD for n in range(40)}
    wanted = dict.fromkeys(files, NEW)
    folder = make(tmp_path / "repo", files)
    write(folder, {"stack1/main.tf": b"dirty\n"})
    assert Repository.open(folder).commit("HEAD", wanted, branch="whole", message=TEXT)
    before, whole = state(folder), head(folder, "whole^{tree}")
    assert kill_after(None, folder, "killed/done", wanted)
    latest = 0.005  # grows until commits end before it, so that moments lie in all of a commit, however slow it is
    dice = random.Random(7)  # noqa: S311
    for number in range(50 if everything else 10):
        done = kill_after(dice.uniform(0, latest), folder, f"killed/{number}", wanted)
        latest *= 0.8 if done else 1.5
    made = [name for name in branches(folder) if name.startswith("killed/")]
    assert "killed/done" in made
    assert {head(folder, f"{name}^{{tree}}") for name in made} == {whole}
    assert {head(folder, f"{name}^") for name in made} == {head(folder)}
    assert state(folder) == before
    git(folder, "fsck", "--strict")


# The ledger


def test_message() -> None:
    assert message("s", "", {}) == "s\n"
    assert message("s", "b\n", {"A": "1", "B": "2"}) == "s\n\nb\n\nA: 1\nB: 2\n"


@pytest.mark.parametrize(("subject", "value"), [("a\nb", "1"), ("", "1"), ("a", "1\nB: 2")])
def test_message_refuses(subject: str, value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        message(subject, "", {"A": value})


def test_ledger_is_oldest_first_and_follows_merges(home: Path) -> None:
    repo = Repository.open(home)
    assert repo.ledger("HEAD") == ()
    one = save(home, {"c.tf": b"1"}, message("one", "", {PHASE: "1", RULES: "r", VERSION: "0.1"}))
    save(home, {"c.tf": b"2"}, f"no trailer\n\n{PHASE}: 9\n\nbut a paragraph")
    save(home, {"c.tf": b"3"}, message("bad", "", {PHASE: "many"}))
    three = change(home)
    git(home, "merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    assert three
    day = git(home, "log", "-1", "--format=%cs").decode().strip()
    assert repo.ledger("HEAD") == (
        LedgerEntry(1, one, ("r",), "0.1", day),
        LedgerEntry(3, three, ("drop-keel", "pin"), "0.1.0", day),
    )


def test_ledger_of_a_squash_and_under_odd_settings(home: Path) -> None:
    squash = save(home, {"c.tf": b"1"}, f"both\n\n{PHASE}: 1\n{PHASE}: 2\n{RULES}: a\n{RULES}: b, c\n")
    for key, value in {"log.showSignature": "true", "grep.patternType": "perl", "color.ui": "always"}.items():
        git(home, "config", key, value)
    rules = ("a", "b", "c")
    day = git(home, "-c", "log.showSignature=false", "log", "-1", "--format=%cs", "--no-color").decode().strip()
    expected = (LedgerEntry(1, squash, rules, "", day), LedgerEntry(2, squash, rules, "", day))
    assert Repository.open(home).ledger("HEAD") == expected


def test_commit_deletes_a_file(home: Path) -> None:
    commit = Repository.open(home).commit("HEAD", {"a/main.tf": NEW, "b/run.tf": None}, branch=BRANCH, message=TEXT)
    assert commit is not None
    assert git(home, "show", "--name-status", "--format=", commit).split() == [b"M", b"a/main.tf", b"D", b"b/run.tf"]
    assert git(home, "status", "--porcelain") == b""
