"""The work is done before it is printed, and a run that is stopped leaves a repository as it was or as it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import kills
from tests.support.demo import environment, git

RELEASE = 'resource "helm_release" "w" {\n  name   = "w"\n  atomic = true\n}\n'
FIX = ("fix", "--rule", "drop-helm-atomic", "s")
APPLY = ("apply", "--phase", "1")
FILES = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for number in range(FILES):
        (root / f"s/w{number}").mkdir(parents=True)
        (root / f"s/w{number}/main.tf").write_text(RELEASE)
    names = [f"s/w{number}" for number in range(FILES)]
    (root / "hclmod.toml").write_text(f'stacks = ["s/*"]\n[phase.1]\nstacks = {names}\n')
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "T")
    git(root, "config", "user.email", "t@example.net")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    return root


def started(root: Path, *args: str, **how: object) -> subprocess.Popen[bytes]:
    temporary = root.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    words = environment(root) | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "hclmod", *args]
    return subprocess.Popen(command, cwd=root, env=words, stderr=subprocess.PIPE, **how)  # type: ignore[call-overload,no-any-return]


def changed(root: Path) -> int:
    return len(git(root, "diff", "--name-only").splitlines())


@pytest.mark.sampled(1)
@pytest.mark.parametrize("words", [APPLY, FIX, (*APPLY, "--in-place")])
def test_a_reader_that_stops_early_does_not_stop_the_work(root: Path, words: tuple[str, ...]) -> None:
    running = started(root, *words, stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.close()
    assert running.wait() == 0
    assert (running.stderr or sys.stdin).read() == b""
    assert changed(root) == FILES or "hclmod/phase-1" in git(root, "branch")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_output_is_said_after_the_work(root: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        running = started(root, *FIX, stdout=full)
        _, error = running.communicate()
    assert (running.returncode, changed(root)) == (4, FILES)
    assert error.decode().startswith("error: cannot write to standard output: No space left on device\n")
    assert "Only the report is missing" in error.decode()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_terminal_without_a_letter_does_not_stop_the_work(root: Path, encoding: str) -> None:
    (root / "s/w—1").mkdir()
    (root / "s/w—1/main.tf").write_text(RELEASE)
    words = environment(root) | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "hclmod", *FIX]
    done = subprocess.run(command, cwd=root, env=words, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "atomic" not in (root / "s/w—1/main.tf").read_text()


def test_stopped_at_any_moment(tmp_path: Path, everything: bool) -> None:  # noqa: FBT001
    """A sample of what `tests/long/kills.py` does: with `--all` every command with every signal."""
    count = len(kills.COMMANDS) * len(kills.SIGNALS) if everything else 1
    with kills.ground(tmp_path) as ground:
        for name, number, after in kills.moments(ground, count):
            assert ground.stop(name, number, after) == [], (name, number, after)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [FIX, (*APPLY, "--in-place")])
def test_an_interruption_says_whether_anything_was_written(
    root: Path, words: tuple[str, ...], number: signal.Signals, *, everything: bool
) -> None:
    for after in (0.3, 0.45, 0.6) if everything else (0.45,):
        running = started(root, *words, stdout=subprocess.DEVNULL)
        time.sleep(after)
        running.send_signal(number)
        _, error = running.communicate()
        assert running.returncode in (0, 128 + number, -number)  # the last before Python hears it
        early = b"_run_module_as_main" in error and b"__main__.py" not in error  # before Python reaches our code
        if running.returncode and error and not early:
            assert ("nothing was written" in error.decode()) == (changed(root) == 0)
        git(root, "checkout", "-q", ".")


def test_a_file_that_is_saved_meanwhile_is_kept_and_nothing_is_written(root: Path) -> None:
    running = started(root, *FIX, stdout=subprocess.DEVNULL)
    file = root / "s/w0/main.tf"
    os.utime(file, ns=(0, 0))
    while running.poll() is None and file.stat().st_atime_ns == 0:
        time.sleep(0.001)  # until it has been read
    file.write_text(RELEASE + "# mine\n")
    _, error = running.communicate()
    assert file.read_text().endswith("# mine\n")
    if running.returncode:
        assert (running.returncode, changed(root)) == (3, 1)
        assert "s/w0/main.tf was changed while hclmod ran" in error.decode()


_CALLBACK = """class A: pass
a = A()
exec(compile("def cb(ref): os.kill(os.getpid(), number)", "<frozen importlib._bootstrap>", "exec"))
ref = weakref.ref(a, cb)"""
"""The way in which Python removes the lock of a module after its import."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "deaf",
    ["class A:\n  def __del__(self): os.kill(os.getpid(), number)\na = A()", _CALLBACK],
    ids=["destructor", "import"],
)
def test_a_signal_that_python_would_ignore_comes_again(number: signal.Signals, deaf: str) -> None:
    script = (
        f"import os, time, weakref; from hclmod import interrupts; interrupts.install(); number = {int(number)}\n"
        f"{deaf}\ntry:\n  del a\n  time.sleep(60)\nexcept KeyboardInterrupt as error:\n  print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{'KeyboardInterrupt' if number == signal.SIGINT else 'Terminated'}\n", done.stderr
    assert not done.stderr
