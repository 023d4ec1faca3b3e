"""Do a phase in all repositories of a fleet: who is next, at which pace, and what is known already."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import files, interrupts
from hclmod.errors import ConfigError
from hclmod.fleet import ledger, pool
from hclmod.fleet.pace import Pace
from hclmod.fleet.rows import Outcome, Row
from hclmod.fleet.work import Do, Done, Shared, Task, blank, cache_folder
from hclmod.images import evidence
from hclmod.ledger import branch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from hclmod.fleet.file import Fleet
    from hclmod.registries.questions import Wish


class Result(Struct, frozen=True, kw_only=True):
    """The rows of a run in the order of the list. `known` is how many of them an earlier run has done.

    `left` is how many repositories were not begun, and `stopped` says why.
    """

    rows: tuple[Row, ...]
    wishes: tuple[Wish, ...] = ()
    known: int = 0
    left: int = 0
    stopped: str = ""


def run(fleet: Fleet, do: Do, watch: Callable[[str], None], begin: Callable[[int], None]) -> Result:
    """Do it in every repository. A run that was killed goes on where it was: `Do.RUN` and `Do.CLOSE` keep the ledger.

    `begin` hears how many there are to do, `watch` the address of each that is done.
    """
    shared = _shared(fleet)
    with ledger.begin(fleet.ledger) if do in _WRITING else nullcontext() as book:
        known = _known(do, book) if book else {}
        tasks = [each for each in _tasks(fleet, do, known) if do is not Do.CLOSE or _is_open(each)]
        line = _Line(tasks, Pace(fleet.rate), _room(fleet, book.rows) if book and do is Do.RUN else None)
        begin(len(tasks))
        done: dict[int, Done] = {}
        with closing(_results(fleet, shared, line, do)) as results:
            for number, each in results:
                done[number] = each
                if book and each.row != tasks[number].known:
                    book.add(each.row)
                    interrupts.written += [_name(tasks[number])] if each.row.commit else []
                watch(tasks[number].address.url)
    return Result(
        rows=tuple(done[number].row for number in sorted(done)),
        wishes=tuple(wish for each in done.values() for wish in each.wishes),
        known=sum(each.row == tasks[number].known for number, each in done.items()),
        left=len(tasks) - len(done),
        stopped=line.stopped,
    )


def _known(do: Do, book: ledger.Ledger) -> ledger.Known:
    """What earlier runs say; to close a branch, the last that pushed it: a failure since then has not removed it."""
    return ledger.pushed(book.rows) if do is Do.CLOSE else book.known


def _room(fleet: Fleet, rows: Sequence[Row]) -> int | None:
    """How many pull requests may be opened now; None for as many as there are."""
    limit = fleet.pull_requests_per_hour
    if not fleet.pull_requests or not limit:
        return None
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return max(0, limit - sum(row.opened and row.at > since for row in rows))


_WRITING = frozenset({Do.RUN, Do.CLOSE})


def _shared(fleet: Fleet) -> Shared:
    local = not fleet.executor.startswith(pool.DASK)
    return Shared(
        cache=str(cache_folder(fleet.cache)) if local else fleet.cache,
        timeout=fleet.timeout,
        depth=fleet.depth,
        max_megabytes=fleet.max_megabytes,
        max_files=fleet.max_files,
        config=fleet.config,
        tags=_snapshot(fleet),
        tokens=fleet.tokens,
        pull_requests=fleet.pull_requests,
        forges=fleet.forges,
        forge_urls=fleet.forge_urls,
        labels=fleet.labels,
        draft=fleet.draft,
    )


def _snapshot(fleet: Fleet) -> bytes | None:
    """The tag snapshot of the fleet, which is read once to see that it is one."""
    if fleet.tags is None or not os.path.lexists(fleet.tags):
        return None
    try:
        data = files.load(fleet.tags)
    except OSError as error:
        raise ConfigError(f"{fleet.tags}: cannot be read: {error.strerror}") from error
    evidence.parse(data, str(fleet.tags))
    return data


def _tasks(fleet: Fleet, do: Do, known: Mapping[tuple[str, int], Row]) -> Iterator[Task]:
    for member in fleet.members:
        for phase in member.phases or fleet.phases:
            yield Task(
                do=do,
                address=member.address,
                phase=phase,
                base=member.base,
                config=member.config,
                known=known.get((member.address.url, phase)),
            )


def _is_open(task: Task) -> bool:
    """Whether this fleet has pushed a branch that it has not removed."""
    return task.known is not None and bool(task.known.commit) and task.known.outcome is not Outcome.CLOSED


def _name(task: Task) -> str:
    """What a run writes for a task, as a person hears of it after an interruption."""
    return f"{branch_of(task.phase)} of {task.address.url}"


def _results(fleet: Fleet, shared: Shared, line: _Line, do: Do) -> Generator[tuple[int, Done], None, None]:
    """The answers as they come with the numbers of their tasks, until too many have failed in a row."""
    running, failures = dict[Future[Done], int](), 0
    with pool.executor(fleet.executor, fleet.jobs, shared) as (workers, handle, jobs):
        try:
            while running or line.todo:
                while len(running) < jobs and (number := line.next(len(running))) is not None:
                    running[workers.submit(pool.do, handle, line.tasks[number])] = number  # type: ignore[arg-type]
                if not running:
                    time.sleep(line.pause or 0)
                    continue
                ended, _ = wait(running, line.pause, FIRST_COMPLETED)
                for future in ended:
                    number = running.pop(future)
                    done = _answer(future, line.tasks[number])
                    failures = failures + 1 if done.row.outcome is Outcome.FAILED else 0
                    line.end(number, done.row)
                    yield number, done
                if 0 < fleet.stop_after_failures <= failures:
                    line.stop(f"{failures} failures in a row")
        finally:  # what is under way when a person interrupts may be pushed or not
            if do in _WRITING:
                interrupts.written += [f"perhaps {_name(line.tasks[number])}" for number in sorted(line.begun)]


class _Line:
    """The tasks that wait for their turn; `pause` is how many seconds, where only hosts that have to wait are left.

    `begun` are those that are under way, `room` is how many pull requests may be opened, None for any number.
    """

    def __init__(self, tasks: Sequence[Task], pace: Pace, room: int | None) -> None:
        self.tasks, self.todo, self.stopped = tasks, deque(range(len(tasks))), ""
        self.pause: float | None = None
        self.begun = set[int]()
        self._pace, self._room = pace, room

    def next(self, running: int) -> int | None:
        """The next task whose host may be asked now; None where all have to wait. `running` are under way."""
        self.pause = None
        if self._room is not None and running >= self._room:
            if not running:
                self.stop("no more pull requests in this hour")
            return None
        pauses = []
        for _ in range(len(self.todo)):
            number = self.todo.popleft()
            url = self.tasks[number].address.url
            if not (pause := self._pace.wait(url)):
                self._pace.took(url)
                self.begun.add(number)
                return number
            pauses.append(pause)
            self.todo.append(number)
        self.pause = min(pauses, default=None)
        return None

    def end(self, number: int, row: Row) -> None:
        """Note that a task is over, and count a pull request that it has opened."""
        self.begun.discard(number)
        if self._room is not None and row.opened and row != self.tasks[number].known:
            self._room -= 1

    def stop(self, why: str) -> None:
        """Begin nothing more."""
        if self.todo:
            self.stopped = why
        self.todo.clear()


def _answer(future: Future[Done], task: Task) -> Done:
    """The answer of a task; a machine that is lost costs its repositories alone."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - what Dask raises where a worker is lost
        return Done(blank(task, Outcome.FAILED, f"the worker was lost: {error}"))
