"""Which folders are Python programs, and which documents belong to them."""

from __future__ import annotations

import pytest

from hclmod.config import file as config
from hclmod.terraform import apps, stacks

PYTHON = b'{"language": "python", "app": "python main.py"}'


def documents(files: dict[str, bytes]) -> dict[str, list[str]]:
    return {home: list(app.documents) for home, app in apps.find(files, files.get).items()}


def test_a_program_owns_the_documents_below_it() -> None:
    files = {
        "apps/web/cdktf.json": PYTHON,
        "apps/web/main.py": b"",
        "apps/web/parts/one.py": b"",
        "apps/web/inner/cdktf.json": PYTHON,
        "apps/web/inner/main.py": b"",
        "tool.py": b"",
    }
    assert documents(files) == {
        "apps/web": ["apps/web/main.py", "apps/web/parts/one.py"],
        "apps/web/inner": ["apps/web/inner/main.py"],
    }


@pytest.mark.parametrize(
    "path",
    [
        "imports/kubernetes/__init__.py",
        ".venv/lib/a.py",
        "venv/a.py",
        "lib/site-packages/a.py",
        "cdktf.out/a.py",
        "tests/a.py",
    ],
)
def test_what_is_generated_or_of_others_is_left(path: str) -> None:
    files = {"cdktf.json": PYTHON, "main.py": b"", path: b""}
    assert documents(files) == {"": ["main.py"]}


def test_an_environment_of_any_name_is_left() -> None:
    files = {"cdktf.json": PYTHON, "main.py": b"", "my/pyvenv.cfg": b"", "my/lib/a.py": b"", "mine/b.py": b""}
    assert documents(files) == {"": ["main.py", "mine/b.py"]}


def test_the_folder_of_generated_bindings_is_the_one_of_the_file() -> None:
    settings = b'{"language": "python", "app": "python main.py", "codeMakerOutput": "./bindings"}'
    files = {"cdktf.json": settings, "main.py": b"", "bindings/helm/a.py": b"", "imports/own.py": b""}
    assert documents(files) == {"": ["imports/own.py", "main.py"]}


@pytest.mark.parametrize(
    "settings", [b'{"language": "typescript"}', b"{", b"[]", b"", b'{"app": "python main.py"}', b"[" * 99_999]
)
def test_other_languages_and_broken_files_are_no_program(settings: bytes) -> None:
    assert documents({"cdktf.json": settings, "main.py": b""}) == {}


def test_nothing_is_read_where_no_such_file_is() -> None:
    def read(path: str) -> bytes:
        raise AssertionError(f"{path} was read")

    assert apps.find(["main.tf", "tool.py", "a/cdktf.json.bak"], read) == {}


def test_a_program_is_a_stack_where_the_config_finds_it() -> None:
    files = {
        "stacks/web/cdktf.json": PYTHON,
        "stacks/web/src/main.py": b"",
        "other/cdktf.json": PYTHON,
        "other/a.py": b"",
    }
    found = apps.find(files, files.get)
    everywhere = stacks.discover(files, config.parse(b"", "hclmod.toml"), found)
    assert [(each.name, each.files) for each in everywhere] == [
        ("other", ("other/a.py",)),
        ("stacks/web", ("stacks/web/src/main.py",)),
    ]
    by_glob = stacks.discover(files, config.parse(b'stacks = ["stacks/*"]', "hclmod.toml"), found)
    assert [(each.name, each.files) for each in by_glob] == [("web", ("stacks/web/src/main.py",))]
