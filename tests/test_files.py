"""The working tree is written whole or not at all, and nothing is left lying about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hclmod import files, journal
from hclmod.errors import HclmodError

PACKAGE = Path(files.__file__).parents[1]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    for name in ("a/one.tf", "a/two.tf"):
        (tmp_path / name).write_bytes(b"old\n")
    return tmp_path


def replace(root: Path, changes: dict[str, bytes]) -> None:
    journal.replace_all(root, changes, dict.fromkeys(changes, b"old\n"))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_the_mode_stays(tree: Path, mode: int) -> None:
    (tree / "a/one.tf").chmod(mode)
    replace(tree, {"a/one.tf": b"new\r\n"})
    assert (tree / "a/one.tf").read_bytes() == b"new\r\n"
    assert (tree / "a/one.tf").stat().st_mode & 0o7777 == mode
    assert names(tree) == ["a/one.tf", "a/two.tf"]


def test_nothing_is_fine(tree: Path) -> None:
    journal.replace_all(tree, {}, {})
    assert (tree / "a/one.tf").read_bytes() == b"old\n"


def test_a_file_that_is_gone_stops_all(tree: Path) -> None:
    with pytest.raises(HclmodError, match=r"gone\.tf vanished") as raised:
        replace(tree, {"a/one.tf": b"new\n", "a/gone.tf": b"new\n"})
    assert "Nothing" in raised.value.hint
    assert (tree / "a/one.tf").read_bytes() == b"old\n"
    assert names(tree) == ["a/one.tf", "a/two.tf"]


def test_a_folder_in_the_way_is_named_and_leaves_no_temporary(tree: Path) -> None:
    (tree / "a/three.tf").mkdir()
    with pytest.raises(HclmodError, match=r"cannot write .*three\.tf: "):
        replace(tree, {"a/three.tf": b"new\n", "a/two.tf": b"new\n"})
    assert (tree / "a/two.tf").read_bytes() == b"old\n"
    assert names(tree) == ["a/one.tf", "a/two.tf"]


def _as_another_user(tree: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code as a user who may not write everything; root may."""
    for path in (tree, *tree.rglob("*")):
        os.chown(path, 65534, 65534)
    prelude = "import os, sys\nfrom hclmod import journal\nfrom hclmod.errors import HclmodError\nimport tempfile\n"
    drop = "os.chdir('/')\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
    return _run(tree, prelude + drop + code)


def _run(tree: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    command = [sys.executable, "-c", code, str(tree)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


WRITE = """
from pathlib import Path
try:
    changes = {"a/one.tf": b"new\\n", "a/two.tf": b"n" * 20000}
    journal.replace_all(Path(sys.argv[1]), changes, dict.fromkeys(changes, b"old\\n"))
except HclmodError as error:
    print(error)
"""


def test_a_read_only_file_stops_all(tree: Path) -> None:
    (tree / "a/two.tf").chmod(0o444)
    if os.getuid():
        with pytest.raises(HclmodError, match=r"two\.tf: the file is read-only"):
            replace(tree, {"a/one.tf": b"new\n", "a/two.tf": b"new\n"})
    else:
        parents = [path for path in tree.parents if path.stat().st_mode & 0o001 == 0]
        for path in parents:
            path.chmod(path.stat().st_mode | 0o001)
        done = _as_another_user(tree, WRITE)
        assert "two.tf: the file is read-only" in done.stdout, done.stderr
    assert (tree / "a/one.tf").read_bytes() == b"old\n"
    assert names(tree) == ["a/one.tf", "a/two.tf"]


def test_a_disk_that_is_full_stops_all_and_leaves_no_temporary(tree: Path) -> None:
    limit = "import resource, sys\nfrom hclmod import journal\nfrom hclmod.errors import HclmodError\n"
    limit += "import tempfile\nresource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
    done = _run(tree, limit + WRITE)
    assert "File too large" in done.stdout, done.stderr
    assert (tree / "a/one.tf").read_bytes() == b"old\n"
    assert names(tree) == ["a/one.tf", "a/two.tf"]


def test_find_takes_what_is_named_and_walks_folders_in_order(tree: Path) -> None:
    for name in ("b/.terraform/x.tf", ".git/x.tf", "b/z.tf", "b/c/y.tf", "b/notes.md", "b/x.tf.json", "b/x.tfvars"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"")
    (tree / "b/link.tf").symlink_to(tree / "a/one.tf")
    found = [path.relative_to(tree).as_posix() for path in files.find([tree / "b/notes.md", tree])]
    assert found == ["b/notes.md", "a/one.tf", "a/two.tf", "b/z.tf", "b/c/y.tf"]
    with pytest.raises(HclmodError, match="does not exist"):
        list(files.find([tree / "nowhere"]))


LINKS = {"inner": "a", "outer": "{outside}", "a/up": "..", "a/away": "../outer"}
READ = ("a/one.tf", "inner/one.tf", "a/up/a/one.tf", "b/c/deep.tf", "b/../a/one.tf")
NOT_READ = ("outer/x.tf", "outer/y/z.tf", "a/away/x.tf", "../outside/x.tf", "b/../../outside/x.tf", "{outside}/x.tf")


def test_no_link_and_no_dots_lead_out_of_the_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for path in (root / "a/one.tf", root / "b/c/deep.tf", outside / "x.tf", outside / "y/z.tf"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x\n")
    for name, target in LINKS.items():
        (root / name).symlink_to(target.format(outside=outside))
    asked = [*READ, *(name.format(outside=outside) for name in NOT_READ)]
    assert tuple(files.read(root, asked)) == READ
    for name in asked:  # one by one, as all together
        assert tuple(files.read(root, [name])) == ((name,) if name in READ else ())
    assert list(files.names(root)) == ["a/one.tf", "b/c/deep.tf"]


def test_another_repository_is_not_looked_into(tree: Path) -> None:
    for name in ("own/.git", "empty", "later"):
        (tree / name).mkdir(parents=True)
    (tree / "own/main.tf").write_bytes(b"")
    (tree / "later/.git").write_bytes(b"gitdir: ../x\n")
    (tree / "z.tf").write_bytes(b"")
    closed: dict[str, str] = {}
    assert list(files.names(tree, closed)) == ["z.tf", "a/one.tf", "a/two.tf"]
    assert closed == {"own": files.OTHER, "later": files.OTHER}
