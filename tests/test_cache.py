"""What is kept for the next run: it comes back as it was, and whatever is wrong with it is as good as nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hclmod import cache
from hclmod.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, int]
KEY = cache.key("row", "a")
FILE = "facts.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that no run has used."""
    return tmp_path / "hclmod" / "1"


def stored(folder: Path, row: Row | None = None) -> Path:
    """The file of a run that has kept one value."""
    first = Cache(folder)
    first.put({"n": 1} if row is None else row, KEY, ("a.tf",))
    first.save()
    return folder / FILE


def test_the_next_run_gets_what_was_kept(folder: Path) -> None:
    stored(folder)
    assert Cache(folder).get(Row, KEY) == {"n": 1}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_value_counts_in_the_run_that_made_it(folder: Path) -> None:
    here = Cache(folder)
    here.put({"n": 2}, KEY, ())
    assert here.get(Row, KEY) == {"n": 2}
    assert Cache(folder).get(Row, KEY) is None


def test_without_a_folder_nothing_is_kept() -> None:
    nothing = Cache(None)
    nothing.put({"n": 1}, KEY, ("a.tf",))
    nothing.save()
    assert nothing.get(Row, KEY) is None
    assert not nothing.files


@pytest.mark.parametrize("parts", [("row", "b"), ("ro", "wa"), ("row",), ("row", "a", "")])
def test_a_key_is_its_parts_each_with_its_length(parts: tuple[str, ...], folder: Path) -> None:
    stored(folder)
    assert Cache(folder).get(Row, cache.key(*parts)) is None


def test_every_byte_of_a_value_is_checked(folder: Path) -> None:
    file = stored(folder, {"needle": 77})
    data = file.read_bytes()
    assert data.count(b"needle") == 1
    file.write_bytes(data.replace(b"needle", b"needlf"))
    assert Cache(folder).get(Row, KEY) is None


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + bytes(100)])
def test_a_damaged_file_is_made_again(data: bytes, folder: Path) -> None:
    stored(folder).write_bytes(data)
    assert Cache(folder).get(Row, KEY) is None
    stored(folder, {"n": 3})
    assert Cache(folder).get(Row, KEY) == {"n": 3}


def test_a_damaged_file_that_cannot_be_removed_stops_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(folder).write_bytes(b"no database")
    monkeypatch.setattr("pathlib.Path.unlink", lambda *_args, **_more: (_ for _ in ()).throw(PermissionError))
    assert Cache(folder).get(Row, KEY) is None


def test_a_value_is_not_taken_for_that_of_another_key(folder: Path) -> None:
    """As a damaged index would find it."""
    with sqlite3.connect(stored(folder)) as connection:
        connection.execute("UPDATE facts SET key = ?", (cache.key("other"),))
    assert Cache(folder).get(Row, cache.key("other")) is None


@pytest.mark.parametrize("value", ["\ud800", 1 << 64, pytest.param(None, id="deep")])
def test_what_has_no_bytes_is_not_kept(value: object, folder: Path) -> None:
    if value is None:
        for _ in range(100_000):
            value = [value]
    here = Cache(folder)
    assert here.put(value, KEY, ("a.tf",)) is value
    assert not here.files


def test_a_name_that_is_no_unicode_has_a_key() -> None:
    assert len({cache.key("a\udcff"), cache.key("a\udcfe"), cache.key("a")}) == 3


def test_another_package_anywhere_is_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pygohcl-7.dist-info").mkdir()
    assert cache.program.__wrapped__() != cache.program()


def test_a_value_of_another_kind_is_none(folder: Path) -> None:
    stored(folder)
    assert Cache(folder).get(list[str], KEY) is None


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    stored(folder)
    folder.chmod(0o777)
    assert Cache(folder).get(Row, KEY) is None


def test_a_link_in_place_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    stored(tmp_path / "other")
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "other")
    assert Cache(folder).get(Row, KEY) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:  # pragma: no cover - CI may run as root
    tmp_path.chmod(0o500)
    stored(tmp_path / "a")
    assert Cache(tmp_path / "a").get(Row, KEY) is None


def test_a_file_in_place_of_the_folder_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    stored_at = tmp_path / "file" / "1"
    here = Cache(stored_at)
    here.put({"n": 1}, KEY, ())
    here.save()
    assert Cache(stored_at).get(Row, KEY) is None


def test_what_was_made_of_some_files_or_holds_a_secret_is_dropped(folder: Path) -> None:
    here = Cache(folder)
    here.put({"open": 1}, cache.key("1"), ("a.tf",))
    here.put({"open": 2}, cache.key("2"), ("a.tf", "secret.tf"))
    here.put({"hunter22": 3}, cache.key("3"), ("a.tf",))
    assert here.files == {"a.tf", "secret.tf"}
    here.drop(("secret.tf",), (b"hunter22",))
    here.save()
    assert [Cache(folder).get(Row, cache.key(name)) for name in "123"] == [{"open": 1}, None, None]
    assert b"hunter22" not in (folder / FILE).read_bytes()


def test_above_the_limit_the_oldest_values_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT", 100_000)
    for day in range(4):
        monkeypatch.setattr("time.time", lambda day=day: (1000 + day) * 86_400.0)
        here = Cache(folder)
        here.put("x" * 40_000, cache.key(str(day)), ())
        if day == 2:
            assert here.get(str, cache.key("0"))  # it is used again, and so younger than the next one
        here.save()
    left = [Cache(folder).get(str, cache.key(str(day))) is not None for day in range(4)]
    assert left[3]
    assert not left[1]
    assert (folder / FILE).stat().st_size < 200_000


def test_the_file_of_an_old_version_goes_after_a_month(folder: Path, tmp_path: Path) -> None:
    old, new = stored(tmp_path / "hclmod" / "old"), stored(tmp_path / "hclmod" / "new")
    os.utime(old, (0, 0))
    stored(folder)
    assert not old.exists()
    assert new.exists()


WRITER = """
import sys
from pathlib import Path
from hclmod import cache
for number in range(40):
    here = cache.Cache(Path(sys.argv[1]))
    here.put({sys.argv[2]: number}, cache.key(sys.argv[2], str(number)), ())
    here.save()
"""


def test_two_runs_at_once_lose_nothing(folder: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name]) for name in ("a", "b")]
    assert [each.wait() for each in runs] == [0, 0]
    read = Cache(folder)
    assert all(read.get(Row, cache.key(name, str(n))) == {name: n} for name in ("a", "b") for n in range(40))


def test_a_killed_run_leaves_a_file_that_the_next_one_can_use(folder: Path) -> None:
    endless = WRITER.replace("range(40)", "iter(int, 1)").replace("str(number))", "str(here))")
    run = subprocess.Popen([sys.executable, "-c", endless, str(folder), "a"])
    while not (folder / FILE).exists():
        assert run.poll() is None
    run.kill()
    run.wait()
    stored(folder)
    assert Cache(folder).get(Row, KEY) == {"n": 1}


@pytest.mark.parametrize(
    ("environment", "below"),
    [
        ({"HCLMOD_CACHE": ""}, None),
        ({"HCLMOD_CACHE": "", "XDG_CACHE_HOME": "/x"}, None),
        ({"HCLMOD_CACHE": "/y"}, "/y"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/hclmod"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/h"}, "/h/.cache/hclmod"),
        ({"HOME": "/h"}, "/h/.cache/hclmod"),
    ],
)
def test_where_values_are_kept(environment: dict[str, str], below: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HCLMOD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = cache.folder()
    assert (str(found.parent) if found else None) == below


def test_other_code_is_another_program(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = cache.code(tmp_path)
    cache.code.cache_clear()
    (tmp_path / "a.py").write_text("12")
    assert cache.code(tmp_path) != first
