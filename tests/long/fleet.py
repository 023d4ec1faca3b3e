"""A fleet of many repositories, measured: `python -m tests.long.fleet [--repositories 200] [--kills 50] [PART]...`.

The parts, all without a name: `kinds` (what becomes of each kind of repository), `kills` (a run that is killed again
and again leaves the refs of one that is not), `dask` (two workers of a LocalCluster come to the same), `memory` (how
much a process grows, best with 1000 repositories), `speed` (two processes against one).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hclmod.fleet import file, pool
from hclmod.fleet.run import run
from hclmod.fleet.work import Do
from tests.support import fleet as fleets

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.fleet.rows import Row

SPECIAL = {"unchanged": 10, "refused": 10, "unreachable": 5, "foreign": 5, "diverged": 5}
OUTCOMES = {"unreachable": "failed", "foreign": "refused", "diverged": "changed"}
SEEDED = 1


class Ground:
    """Repositories as they were, those that are served, and the folder in which hclmod runs."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.served, self.before = folder / "work", folder / "served", folder / "before"
        self.count, self.kinds = count, fleets.kinds(count, SPECIAL if count >= 100 else {})
        for each in (self.folder, self.served):
            each.mkdir(parents=True)
        fleets.build(self.before, self.kinds)

    def restore(self, url: str, settings: str = "") -> Path:
        """Begin again: without a cache and a ledger. The path of the list."""
        for each in (*self.served.iterdir(), *self.folder.iterdir()):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        shutil.copytree(self.before, self.served, dirs_exist_ok=True)
        path = self.folder / "fleet.toml"
        path.write_text(fleets.toml(url, self.count, settings))
        return path

    def state(self, shown: str) -> tuple[dict[str, str], list[Any]]:
        """The refs, and what the report says but for times and commits, which a run with another cache has, too."""
        rows = json.loads(shown)["repositories"]
        plain = [{name: each[name] for name in ("repository", "outcome", "why", "changes", "commit")} for each in rows]
        return fleets.refs(self.served), plain


def kinds(ground: Ground, url: str) -> list[str]:
    """What becomes of each kind."""
    ground.restore(url)
    done = fleets.fleet(ground.folder, "run", "fleet.toml", "--format", "json")
    rows = json.loads(done.stdout)["repositories"]
    pairs = [(kind, row["outcome"]) for kind, row in zip(ground.kinds, rows, strict=True)]
    say("kinds", dict(Counter(f"{kind}: {outcome}" for kind, outcome in pairs)))
    wrong = [f"{kind} is {outcome}" for kind, outcome in pairs if OUTCOMES.get(kind, kind) != outcome]
    before, after = fleets.refs(ground.before), fleets.refs(ground.served)
    for number, kind in enumerate(ground.kinds):
        name = f"r{number}.git {fleets.BRANCH}"
        if (before.get(name) != after.get(name)) != (kind in ("changed", "diverged")):
            wrong.append(f"{number}: the branch of {kind} is wrong")
    return wrong


def kills(ground: Ground, url: str, count: int, seed: int) -> list[str]:
    """Kill runs at random moments, each time going on with the next one, until so many were killed."""
    ground.restore(url)
    began = time.monotonic()
    whole = ground.state(fleets.fleet(ground.folder, "run", "fleet.toml", "--format", "json").stdout)
    seconds = time.monotonic() - began
    say("kills", f"undisturbed: {seconds:.0f} s")
    chance, wrong = random.Random(seed), list[str]()  # noqa: S311 - no secret
    killed = campaigns = 0
    while killed < count:
        ground.restore(url)
        campaigns += 1
        while killed < count and not stopped(ground, chance.uniform(1, max(5, seconds / 4))):
            killed += 1
        state = ground.state(fleets.fleet(ground.folder, "run", "fleet.toml", "--format", "json").stdout)
        if state != whole:
            wrong.append(f"campaign {campaigns}: {differences(whole, state)}")
        say("kills", f"{killed} kills, {campaigns} campaigns, {len(wrong)} wrong")
    return wrong


def stopped(ground: Ground, after: float) -> bool:
    """Whether a run came to its end before it was killed."""
    running = fleets.start(ground.folder, "run", "fleet.toml")
    time.sleep(after)
    over = running.poll() is not None
    running.send_signal(signal.SIGKILL)
    running.communicate()
    return over


def differences(one: tuple[Any, ...], other: tuple[Any, ...]) -> str:
    """The first things that differ."""
    (refs, before), (others, after) = one, other
    names = [name for name in refs | others if refs.get(name) != others.get(name)]
    moved = [f"{name}: {refs.get(name)} {others.get(name)}" for name in names]
    rows = [f"{old} {new}" for old, new in zip(before, after, strict=False) if old != new]
    return "\n".join((moved + rows)[:5])


def dask(ground: Ground, url: str) -> list[str]:
    """Two workers of a cluster against two processes."""
    from distributed import LocalCluster

    ground.restore(url)
    whole = ground.state(fleets.fleet(ground.folder, "run", "fleet.toml", "--format", "json").stdout)
    os.environ |= fleets.variables(ground.folder)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        ground.restore(url, f'executor = "dask:{cluster.scheduler_address}"\n')
        began = time.monotonic()
        done = fleets.fleet(ground.folder, "run", "fleet.toml", "--format", "json")
        say("dask", f"{time.monotonic() - began:.0f} s, {done.stderr.strip()[-300:]}")
        state = ground.state(done.stdout)
    return [] if state == whole else [differences(whole, state)]


def timed(ground: Ground, url: str, settings: str, do: Do) -> tuple[float, tuple[Row, ...]]:
    """The seconds that a run takes, and its rows."""
    fleet = file.read(str(ground.restore(url, f"cache = {json.dumps(str(ground.folder / 'clones'))}\n{settings}")))
    began = time.monotonic()
    result = run(fleet, do, lambda _name: None, lambda _count: None)
    return time.monotonic() - began, result.rows


def memory(ground: Ground, url: str) -> list[str]:
    """How much a process grows that does all repositories."""
    os.environ |= fleets.variables(ground.folder)
    pool.TASKS = ground.count + 1
    seconds, rows = timed(ground, url, "jobs = 1\n", Do.RUN)
    sizes = [row.megabytes for row in rows]
    settled = sizes[len(sizes) // 10 :]
    slope = 1000 * inclination(settled)
    say("memory", f"{len(rows)} in {seconds:.0f} s: {sizes[0]} to {sizes[-1]} MB, at most {max(sizes)}")
    say("memory", f"slope {slope:+.1f} MB for 1000 repositories, after the first tenth")
    return [f"grows by {slope:.1f} MB for 1000 repositories"] if abs(slope) > 10 else []


def inclination(values: list[int]) -> float:
    """The slope of the line that fits best."""
    count, middle = len(values), (len(values) - 1) / 2
    mean = sum(values) / count
    over = sum((index - middle) * (value - mean) for index, value in enumerate(values))
    return over / sum((index - middle) ** 2 for index in range(count))


def speed(ground: Ground, url: str) -> list[str]:
    """Two processes against one. Only a quiet machine can show it, so nothing is wrong here."""
    os.environ |= fleets.variables(ground.folder)
    one, two = (timed(ground, url, f"jobs = {jobs}\n", Do.PLAN)[0] for jobs in (1, 2))
    say(
        "speed",
        f"one process {one:.1f} s, two {two:.1f} s: {one / two:.2f} times as fast, load {os.getloadavg()[0]:.1f}",
    )
    return []


def say(part: str, text: object) -> None:
    """Print a line."""
    print(f"{part}: {text}", flush=True)  # noqa: T201 - a script


def main(words: list[str]) -> int:
    """Run the parts and say what was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repositories", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=SEEDED)
    parser.add_argument("parts", nargs="*")
    asked = parser.parse_args(words)
    parts: dict[str, Callable[[Ground, str], list[str]]] = {
        "kinds": kinds,
        "kills": lambda ground, url: kills(ground, url, asked.kills, asked.seed),
        "dask": dask,
        "memory": memory,
        "speed": speed,
    }
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder), asked.repositories)
        with fleets.daemon(ground.served) as url:
            wrong = {name: parts[name](ground, url) for name in asked.parts or parts}
    for name, lines in wrong.items():
        say(name, "as it should be" if not lines else "WRONG\n" + "\n".join(lines))
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
