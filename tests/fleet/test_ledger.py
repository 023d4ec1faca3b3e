"""The ledger: what is added stays, a cut line is none, and nobody else writes meanwhile."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hclmod.errors import HclmodError
from hclmod.fleet import ledger
from hclmod.fleet.pace import Pace, host
from hclmod.fleet.report import tables
from hclmod.fleet.rows import Cause, Outcome, Row, key

ROW = Row(url="https://a/b", phase=3, outcome=Outcome.CHANGED, key="k", commit="c", images=("redis:7",))
TEXTS = st.text(st.characters(codec="utf-8"))
ROWS = st.builds(
    Row,
    url=TEXTS,
    phase=st.integers(0, 99),
    outcome=st.sampled_from(Outcome),
    why=TEXTS,
    images=st.lists(TEXTS).map(tuple),
    causes=st.lists(st.builds(Cause, TEXTS, st.integers(0))).map(tuple),
    seconds=st.floats(0, 1e6),
)


@given(st.lists(ROWS, max_size=5), st.binary(max_size=40))
def test_rows_come_back_and_a_cut_line_is_none(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cut: bytes
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "l.jsonl"
    with ledger.begin(path) as book:
        for row in rows:
            book.add(row)
    with path.open("ab") as file:
        file.write(cut.replace(b"\n", b""))
    assert ledger.read(path) == rows
    with ledger.begin(path) as book:
        assert book.rows == rows
        book.add(ROW)
    assert ledger.read(path) == [*rows, ROW]


DEEP = b'{"url":"a","phase":1,"outcome":"changed","more":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"


@pytest.mark.parametrize("line", [b'{"url": 1}\n', DEEP], ids=["another type", "deep"])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(line)
    with pytest.raises(HclmodError, match=r"l\.jsonl:1: not a row"):
        ledger.read(path)
    with pytest.raises(HclmodError), ledger.begin(path):
        pass
    assert path.read_bytes() == line


def test_one_run_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    with ledger.begin(path), pytest.raises(HclmodError, match="another run uses"), ledger.begin(path):
        pass


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_ledger_is_said_and_left(kind: str, tmp_path: Path) -> None:
    path, other = tmp_path / "l.jsonl", tmp_path / "other"
    other.touch()
    match kind:
        case "link":
            path.symlink_to(other)
        case "folder":
            path.mkdir()
        case _:
            os.mkfifo(path)
    with pytest.raises(HclmodError, match=r"l\.jsonl: the ledger"), ledger.begin(path):
        pass
    assert other.read_bytes() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NO `/dev/full`: nobody tried a full disk")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(HclmodError, match="No space left"):
        ledger.Ledger([], full, Path("l.jsonl")).add(ROW)


def test_a_disk_that_gets_full_is_said_and_leaves_whole_rows(tmp_path: Path) -> None:
    path, old = tmp_path / "l.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    with ledger.begin(path) as book:
        book.add(ROW)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, old[1]))
        with pytest.raises(HclmodError, match="the ledger cannot be used"), ledger.begin(path) as book:
            book.add(ROW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert ledger.read(path) == [ROW]


def test_what_was_pushed_outlives_a_failure_and_not_its_removal() -> None:
    failed, closed = (Row(url=ROW.url, phase=3, outcome=each) for each in (Outcome.FAILED, Outcome.CLOSED))
    assert ledger.pushed([ROW, failed]) == {(ROW.url, 3): ROW}
    assert ledger.pushed([ROW, closed, failed]) == {(ROW.url, 3): closed}
    assert ledger.pushed([failed]) == {}


def test_the_last_row_of_a_phase_counts() -> None:
    other = replace(ROW, phase=4)
    again = replace(ROW, outcome=Outcome.CLOSED)
    assert ledger.latest([ROW, other, again]) == {("https://a/b", 3): again, ("https://a/b", 4): other}


@pytest.mark.parametrize(
    ("row", "tip", "expected"),
    [
        (ROW, "", True),
        (ROW, "moved", True),
        (replace(ROW, outcome=Outcome.UNCHANGED), "", True),
        (replace(ROW, outcome=Outcome.REFUSED, tip="t"), "t", True),
        (replace(ROW, outcome=Outcome.REFUSED, tip="t"), "gone", False),
        (replace(ROW, outcome=Outcome.FAILED), "", False),
        (replace(ROW, outcome=Outcome.CLOSED), "", False),
        (replace(ROW, key="other"), "", False),
        (replace(ROW, key=""), "", False),
    ],
)
def test_what_is_not_done_again(row: Row, tip: str, expected: bool) -> None:  # noqa: FBT001
    assert row.holds("k", tip) is expected


def test_all_that_an_outcome_depends_on_is_in_the_key() -> None:
    whole = ("https://a/b", "base", 3, b"config", b"tags")
    changed = [(*whole[:at], other, *whole[at + 1 :]) for at, other in enumerate(("u", "b", 4, b"c", b"t"))]
    assert len({key(*each) for each in (whole, *changed)}) == 6  # type: ignore[arg-type]
    assert key("ab", "c", 3, b"", b"") != key("a", "bc", 3, b"", b"")


def test_a_host_is_asked_no_faster_than_it_allows() -> None:
    now = [100.0]
    pace = Pace({"slow": 2.0}, lambda: now[0])
    pace.took("https://slow/a")
    assert (pace.wait("ssh://slow/b"), pace.wait("https://fast/a"), pace.wait("/local")) == (2.0, 0.0, 0.0)
    now[0] = 102.0
    assert pace.wait("git@slow:c") == 0.0


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://A.example:8443/x", "a.example"), ("git@b.example:x/y", "b.example"), ("/c:d/e", ""), ("./c:d", "")],
)
def test_the_host_of_an_address(url: str, name: str) -> None:
    assert host(url) == name


def test_the_report_counts_an_image_at_several_tags_and_equal_reasons_once() -> None:
    rows = [replace(ROW, url=f"https://h/{n}", images=(f"redis:{n % 2}", "nginx:1")) for n in range(4)]
    rows += [Row(url=f"https://h/x{n}", phase=3, outcome=Outcome.FAILED, why=f"no /x{n} there") for n in range(3)]
    report = tables(rows)
    (tags,) = report["Images at several tags"]
    assert (tags.image, tags.repositories, tags.tags) == ("docker.io/library/redis", 4, "0 (2), 1 (2)")  # type: ignore[attr-defined]
    (reason,) = report["Reasons"]
    assert (reason.why, reason.repositories) == ("no ... there", 3)  # type: ignore[attr-defined]
    assert [(row.outcome, row.repositories) for row in report["Fleet"]] == [("changed", 4), ("failed", 3)]  # type: ignore[attr-defined]
