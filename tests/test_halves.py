"""Work that two processes share gives what one would give, whatever becomes of the helper."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hclmod import halves

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = os.getpid()
ROOT = Path(__file__).parent.parent


def _answers(work: Callable[[int], object], count: int) -> dict[int, object]:
    return dict(halves.shared(work, count, str | None))


def _named(index: int) -> str:
    return f"answer {index}" * 5000  # more than a pipe holds


def _half_a_letter(index: int) -> str:
    return f"\ud800{index}"


def _refused(index: int) -> str:
    if index % 3 == 1:
        raise ValueError(index)
    return str(index)


def _ended(index: int) -> str:
    if os.getpid() != FIRST and index < 40:
        os.kill(os.getpid(), signal.SIGKILL)
    return str(index)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_each_piece_is_answered_once(count: int) -> None:
    pairs = list(halves.shared(_named, count, str))
    assert sorted(pairs) == sorted((index, _named(index)) for index in range(count))


def test_answers_that_msgpack_cannot_say_arrive_too() -> None:
    assert _answers(_half_a_letter, 30) == {index: _half_a_letter(index) for index in range(30)}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("_", range(20))
def test_of_several_errors_the_first_piece_has_its_own(_: int) -> None:
    with pytest.raises(ValueError, match=r"^1$"):
        _answers(_refused, 50)


def test_what_a_killed_helper_had_taken_is_done_here() -> None:
    script = "from tests.test_halves import _answers, _ended; print(_answers(_ended, 50))"  # here Go may be loaded
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == {index: str(index) for index in range(50)}


def test_a_process_that_holds_go_is_not_copied() -> None:
    script = "from hclmod import halves as h; print(h.may_fork()); import pygohcl; print(h.may_fork())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True\nFalse\n"
