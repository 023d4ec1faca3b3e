"""Files are written all or none, and only where they are what was read; a run that was killed is taken back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from hclmod import interrupts, journal, locks, scratch
from hclmod.errors import HclmodError, RefusedError

OLD = {"a.tf": b"old a\n", "b.tf": b"old b\n", "c.tf": b"old c\n"}
NEW = {name: data.replace(b"old", b"new, longer,") for name, data in OLD.items()}


@pytest.fixture(params=["git", "worktree", "plain"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    if request.param == "git":
        (root / ".git").mkdir()
    elif request.param == "worktree":
        (tmp_path / "gitdir").mkdir()
        (root / ".git").write_text(f"gitdir: {tmp_path / 'gitdir'}\n")
    for name, data in OLD.items():
        (root / name).write_bytes(data)
    return root


def texts(root: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(root.iterdir()) if each.is_file() and each.name != ".git"}


def left(root: Path) -> list[str]:
    return [each.name for each in root.parent.rglob("*hclmod*")]


def test_all_are_written_and_nothing_is_left(root: Path) -> None:
    journal.replace_all(root, NEW, OLD)
    assert (texts(root), left(root)) == (NEW, [])


@pytest.mark.parametrize("now", [b"old b\nmine\n", b"", None])
def test_a_file_that_was_changed_meanwhile_refuses_all(root: Path, now: bytes | None) -> None:
    (root / "b.tf").unlink() if now is None else (root / "b.tf").write_bytes(now)
    before = texts(root)
    with pytest.raises(RefusedError, match=r"b\.tf (was changed|vanished) while hclmod ran"):
        journal.replace_all(root, NEW, OLD)
    assert (texts(root), left(root)) == (before, [])


def test_a_file_that_appeared_meanwhile_is_not_overwritten(root: Path) -> None:
    with pytest.raises(RefusedError, match=r"b\.tf appeared"):
        journal.replace_all(root, {"b.tf": b"new"}, {})
    assert texts(root) == OLD


def test_an_error_in_the_middle_takes_all_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(change: journal._Change) -> None:
        if change.name == "c.tf":
            raise OSError(28, "No space left on device")
        put(change)

    put = journal._put
    monkeypatch.setattr(journal, "_put", full)
    with pytest.raises(HclmodError, match=r"cannot write c\.tf: No space left"):
        journal.replace_all(root, NEW, OLD)
    assert (texts(root), left(root)) == (OLD, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("step", "expected"), [("_prepare", OLD), ("_put", NEW)])
def test_a_signal_leaves_all_or_nothing_and_says_which(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: str, expected: dict[str, bytes], number: signal.Signals
) -> None:
    real = getattr(journal, step)

    def signalled(change: journal._Change) -> None:
        real(change)
        signal.raise_signal(number)

    old = signal.signal(signal.SIGTERM, interrupts._terminate)
    monkeypatch.setattr(journal, step, signalled)
    interrupts.written.clear()
    with pytest.raises(KeyboardInterrupt):
        journal.replace_all(root, NEW, OLD)
    signal.signal(signal.SIGTERM, old)
    assert (texts(root), left(root)) == (expected, [])
    assert interrupts.written == (list(NEW) if expected is NEW else [])


def _killed_at(root: Path, step: str, nth: int) -> None:
    """Run `replace_all` in a process of its own that ends at once at a step."""
    child = os.fork()
    if not child:
        real = getattr(journal, step)
        calls = []

        def killed(*args: object) -> None:
            calls.append(1)
            if len(calls) == nth:
                os._exit(9)
            real(*args)

        setattr(journal, step, killed)
        journal.replace_all(root, NEW, OLD)
        os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("step", "nth"),
    [("_store", 1), ("_prepare", 1), ("_prepare", 3), ("_put", 1), ("_put", 2), ("_put", 3), ("_forget", 1)],
)
def test_what_a_killed_run_has_begun_is_taken_back(root: Path, step: str, nth: int) -> None:
    _killed_at(root, step, nth)
    journal.recover(root)
    assert (texts(root), left(root)) == (OLD, [])
    _killed_at(root, step, nth)
    journal.replace_all(root, NEW, OLD)
    assert (texts(root), left(root)) == (NEW, [])


def test_what_a_person_wrote_after_the_kill_stays(root: Path) -> None:
    _killed_at(root, "_put", 3)
    (root / "a.tf").write_bytes(b"mine\n")
    assert journal.recover(root) == ("b.tf",)
    assert texts(root) == OLD | {"a.tf": b"mine\n"}


def test_half_of_a_file_with_two_names_is_taken_back(root: Path) -> None:
    os.link(root / "a.tf", root / "a.other")
    _killed_at(root, "_put", 2)
    (root / "a.tf").write_bytes(NEW["a.tf"][:5])
    assert journal.recover(root) == ("a.tf",)
    assert (root / "a.other").read_bytes() == OLD["a.tf"]


def test_a_journal_that_names_other_places_is_not_followed(root: Path) -> None:
    (root.parent / "victim.tf").write_bytes(b"new")
    file = journal._file(root)
    for name, temporary in (("../victim.tf", ".hclmod-1-0"), ("a.tf", "../../victim.tf")):
        row = {"name": name, "before": None, "after": "bmV3", "temporary": temporary}
        file.write_text(json.dumps({"version": 1, "changes": [row]}))
        with pytest.raises(HclmodError):
            journal.recover(root)
    assert (root.parent / "victim.tf").exists()


def test_other_names_of_a_file_stay(root: Path) -> None:
    os.link(root / "a.tf", root / "also-a")
    journal.replace_all(root, NEW, OLD)
    assert (root / "also-a").read_bytes() == NEW["a.tf"]
    assert (root / "a.tf").stat().st_nlink == 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_owner_and_mode_stay(root: Path) -> None:
    os.chown(root / "a.tf", 12345, 54321)
    (root / "a.tf").chmod(0o640)
    journal.replace_all(root, NEW, OLD)
    now = (root / "a.tf").stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (12345, 54321, 0o640)


def test_extended_attributes_stay(root: Path) -> None:
    try:
        os.setxattr(root / "a.tf", "user.note", b"kept")
    except (OSError, AttributeError):
        pytest.skip("no extended attributes here")
    journal.replace_all(root, NEW, OLD)
    assert os.getxattr(root / "a.tf", "user.note") == b"kept"


def test_a_name_of_250_bytes_is_written(root: Path) -> None:
    name = "n" * 247 + ".tf"
    (root / name).write_bytes(b"old")
    journal.replace_all(root, {name: b"new"}, {name: b"old"})
    assert (root / name).read_bytes() == b"new"


def test_one_run_writes_at_a_time(root: Path) -> None:
    there, go = threading.Event(), threading.Event()

    def hold() -> None:
        with locks.writing(root):
            there.set()
            go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    there.wait()
    with pytest.raises(HclmodError, match="another run of hclmod"), locks.writing(root, patience=0):
        pass
    go.set()
    thread.join()
    journal.replace_all(root, NEW, OLD)
    assert texts(root) == NEW


def test_a_lock_is_for_one_run_and_writing_goes_on(root: Path) -> None:
    with locks.hold(root, "x", "busy"):
        with pytest.raises(HclmodError, match="busy"), locks.hold(root, "x", "busy"):
            pass
        with locks.hold(root, "y", "busy"):
            journal.replace_all(root, NEW, OLD)
    with locks.hold(root, "x", "busy"):
        assert texts(root).items() >= NEW.items()


def test_a_child_keeps_the_lock_until_it_ends(root: Path) -> None:
    with locks.hold(root, "x", "busy") as handle:
        assert handle is not None
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(handle,))
    with pytest.raises(HclmodError, match="busy"), locks.hold(root, "x", "busy"):
        pass
    child.communicate()
    with locks.hold(root, "x", "busy"):
        assert child.returncode == 0


def test_a_scratch_folder_that_nobody_holds_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "hclmod-scratch-old").mkdir()
    (tmp_path / "hclmod-scratch-old" / "index").write_text("")
    (tmp_path / "hclmod-mine").mkdir()
    with scratch.folder() as first, scratch.folder() as second:
        scratch.clean()
        assert sorted(each.name for each in tmp_path.iterdir()) == sorted([first.name, second.name, "hclmod-mine"])
    assert [each.name for each in tmp_path.iterdir()] == ["hclmod-mine"]


GONE = {**NEW, "b.tf": None}


def test_a_file_goes_with_the_others(root: Path) -> None:
    journal.replace_all(root, GONE, OLD)
    assert (texts(root), left(root)) == ({name: data for name, data in GONE.items() if data is not None}, [])


def test_a_file_that_was_changed_meanwhile_does_not_go(root: Path) -> None:
    (root / "b.tf").write_bytes(b"mine\n")
    with pytest.raises(RefusedError, match=r"b\.tf was changed"):
        journal.replace_all(root, GONE, OLD)
    assert texts(root) == {**OLD, "b.tf": b"mine\n"}


def test_an_error_after_a_file_has_gone_brings_it_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(change: journal._Change) -> None:
        if change.name == "c.tf":
            raise OSError(28, "No space left on device")
        put(change)

    put = journal._put
    monkeypatch.setattr(journal, "_put", full)
    with pytest.raises(HclmodError, match=r"cannot write c\.tf"):
        journal.replace_all(root, GONE, OLD)
    assert (texts(root), left(root)) == (OLD, [])


def test_a_run_that_was_killed_after_a_file_has_gone_is_taken_back(root: Path) -> None:
    process = os.fork()
    if not process:
        journal._forget = lambda *_: os._exit(9)  # the files are written, the journal is still there
        journal.replace_all(root, GONE, OLD)
    os.waitpid(process, 0)
    assert not (root / "b.tf").exists()
    assert sorted(journal.recover(root)) == sorted(OLD)
    assert (texts(root), left(root)) == (OLD, [])


def test_a_signal_while_a_scratch_folder_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_is_free", lambda _handle: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), scratch.folder():
        raise AssertionError
    assert list(tmp_path.iterdir()) == []
