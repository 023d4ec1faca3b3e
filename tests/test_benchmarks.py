"""The benchmarks still run: what they measure changes its names, and nobody runs them each day."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.demo import ROOT, environment, repository

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, script: str, *args: str) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *args]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_image_with_many_tags(tmp_path: Path) -> None:
    assert "load and decide 6 pins, 100 tags" in run(tmp_path, "tags.py", "120")


@pytest.mark.slow
def test_growth(tmp_path: Path) -> None:
    assert "times the time for 10 times the stacks" in run(tmp_path, "scale.py", "20")


@pytest.mark.slow
def test_other_tools(tmp_path: Path) -> None:
    printed = run(tmp_path, "compare.py", str(repository(tmp_path)), "1")
    assert "apply --phase all --dry-run, warm" in printed
    assert "explain STACK/ADDRESS, cold" in printed
