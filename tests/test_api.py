"""The Python API: bytes, a file, a repository."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import hclmod
from hclmod.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

ATOMIC = b'resource "helm_release" "web" {\n  name   = "web"\n  atomic = true\n}\n'
PLAIN = b'resource "helm_release" "web" {\n  name   = "web"\n}\n'


def test_bytes_are_fixed() -> None:
    assert hclmod.fix_bytes(ATOMIC, ["drop-helm-atomic"]).replace(b"   =", b" =") == PLAIN.replace(b"   =", b" =")
    assert hclmod.fix_bytes(PLAIN, ["drop-helm-atomic"]) == PLAIN


def test_bytes_that_are_not_read_come_back_as_they_are() -> None:
    assert hclmod.fix_bytes(b"{", ["drop-helm-atomic"]) == b"{"


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(RuleError, match="no rule `drop-helm-atomi`"):
        hclmod.fix_bytes(ATOMIC, ["drop-helm-atomi"])


def test_a_file_is_fixed_once(tmp_path: Path) -> None:
    path = tmp_path / "main.tf"
    path.write_bytes(ATOMIC)
    assert hclmod.fix_file(path, ["drop-helm-atomic"])
    assert b"atomic" not in path.read_bytes()
    assert not hclmod.fix_file(path, ["drop-helm-atomic"])


def test_a_repository_is_opened_once_and_planned(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(ATOMIC)
    report = hclmod.open(tmp_path).plan(hclmod.Job(rules=("drop-helm-atomic",)))
    assert list(report.changes) == ["main.tf"]


def test_every_name_is_there_and_no_other() -> None:
    assert all(getattr(hclmod, name) for name in hclmod.__all__)
    with pytest.raises(AttributeError, match="no attribute `api`"):
        hclmod.api  # noqa: B018 - asking for it is the test


def test_importing_it_loads_nothing() -> None:
    script = "import sys, hclmod; print([name for name in sys.modules if name.startswith('hclmod.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
