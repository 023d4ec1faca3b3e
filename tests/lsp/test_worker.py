"""Of each kind of work only the newest is done."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from hclmod.lsp.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Watch = Callable[[str], None]


def test_newer_work_stops_what_runs_and_what_waits() -> None:
    go, begun, done = threading.Event(), threading.Event(), list[int]()

    def work(number: int) -> Callable[[Watch], int]:
        def run(watch: Watch) -> int:
            begun.set()
            go.wait()
            watch("a stack")
            done.append(number)
            return number

        return run

    async def scenario() -> Sequence[object]:
        worker = Worker()
        first = asyncio.create_task(worker.run("look", work(1)))
        await asyncio.to_thread(begun.wait)
        others = [asyncio.create_task(worker.run("look", work(number))) for number in (2, 3, 4)]
        other = asyncio.create_task(worker.run("hover", work(5)))
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(first, *others, other, return_exceptions=True)
        worker.close()
        return results

    results = asyncio.run(scenario())
    assert [type(each) for each in results[:3]] == [asyncio.CancelledError] * 3
    assert results[3:] == [4, 5]
    assert done == [4, 5], "the first one stopped at its next stack, the others did not begin"


def test_a_task_that_is_cancelled_stops_its_work() -> None:
    go, begun, done = threading.Event(), threading.Event(), list[str]()

    def run(watch: Watch) -> None:
        begun.set()
        go.wait()
        watch("a stack")
        done.append("whole")

    async def scenario() -> None:
        worker = Worker()
        task = asyncio.create_task(worker.run("look", run))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go.set()
        await worker.run("hover", lambda _watch: done.append("next"))
        worker.close()

    asyncio.run(scenario())
    assert done == ["next"]


def test_an_error_is_raised_where_the_result_is_awaited() -> None:
    async def scenario() -> None:
        await Worker().run("look", lambda _watch: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(scenario())
