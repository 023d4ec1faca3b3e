"""Whatever is written as a diff, git itself applies, and comes to the same bytes."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hclmod.reports import diff
from hclmod.reports.diff import unified

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
ENVIRONMENT |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

LINES = st.lists(
    st.sampled_from([b"a = 1", b"}", b"", b"--- a/x", b"+++ b/x", b"@@ -1 +1 @@", b" x", b"\\ No", b"\xc3\xa9"])
)
ENDS = st.sampled_from([b"\n", b"\r\n"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    end = draw(ENDS)
    text = end.join(draw(LINES))
    return text + draw(st.sampled_from([b"", end, b"\x0c", b"\xe2\x80\xa8x"]))


def applied(name: str, before: bytes, patch: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(before)
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, env=ENVIRONMENT, check=False)
        assert done.returncode == 0, (done.stderr, patch)
        return path.read_bytes()


@given(texts(), texts())
@example(b"a", b"a\n")
@example(b"a\n", b"a")
@example(b"a\r\n", b"a\n")
@example(b"a\n" * 50, b"b\n" + b"a\n" * 48 + b"c")
def test_git_applies_it(before: bytes, after: bytes) -> None:
    if before and after and before != after:
        assert applied("main.tf", before, unified("main.tf", before, after)) == after


@given(texts(), texts())
@example(b"a\n}\nb\n}\n", b"b\n}\na\n}\n")
def test_git_applies_the_diff_of_a_large_document(before: bytes, after: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "LARGE", 0)
        if before and after and before != after:
            assert applied("main.tf", before, unified("main.tf", before, after)) == after


def test_a_large_document_has_the_hunks_of_a_small_one() -> None:
    before = b"".join(b'resource "a" "b%d" {\n  atomic = true\n  name   = "x"\n}\n\n' % n for n in range(diff.LARGE))
    after = before.replace(b"b7", b"c7", 1).replace(b'"b90" {\n  atomic = true\n', b'"b90" {\n', 1)
    (one, other) = diff.hunks(before, after)
    assert [line for line in (*one.lines, *other.lines) if line[0] != " "] == [
        '-resource "a" "b7" {\n', '+resource "a" "c7" {\n', "-  atomic = true\n",
    ]  # fmt: skip


ODD = [
    "with space.tf",
    "a  b/c.tf",
    'quo"te.tf',
    "back\\slash.tf",
    "tab\t.tf",
    "new\nline.tf",
    "é/ü.tf",
    "-x.tf",
    "x.tf ",
]
ODD += [" x.tf", "\x1b[2J.tf", "raw\udcff.tf", "a b/a b.tf", "dev/null"]


@pytest.mark.parametrize("name", ODD)
def test_odd_paths(name: str) -> None:
    patch = unified(name, b"a\nb", b"a\nc\n")
    assert b"\x1b" not in patch
    assert applied(name, b"a\nb", patch) == b"a\nc\n"


@given(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=12))
def test_random_paths(name: str) -> None:
    if name not in (".", "..") and name.lower() != ".git":
        assert applied(f"s/{name}.tf", b"1\n", unified(f"s/{name}.tf", b"1\n", b"2\n")) == b"2\n"


def test_nothing_changed_is_nothing() -> None:
    assert unified("a.tf", b"x", b"x") == b""
