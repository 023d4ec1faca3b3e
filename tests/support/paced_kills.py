"""Stop `hclmod catch-up next --run` at any moment, go on, and look at the end: the same as without."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hclmod.rollout.state import NAME
from tests.support import paced
from tests.support.demo import ROOT, environment, hclmod

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = {"s01": 2, "s02": 1, "s03": 7}
AFTER = {"s01": ("s02",)}
LONGEST = 60.0
WAITS, BUSY = 5, 2


class Ground:
    """A planned catch-up with the real terraform, which is put back for each round."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.root, self.kept = paced.repository(folder, SIZES, AFTER), folder / "kept"
        paced.begin(self.root)
        assert hclmod(self.root, "catch-up", "plan", *paced.WORDS, "--at", START.isoformat()).returncode == 0
        assert hclmod(self.root, "apply", *paced.WORDS, "--in-place").returncode == 0
        shutil.copytree(self.root, self.kept, symlinks=True)
        self.kills, self.seconds = 0, 1.0

    def round(self, kills: int) -> list[str]:
        """Carry the plan out with so many kills; what is wrong at the end."""
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root, symlinks=True)
        now, left, end = START, kills, time.monotonic() + LONGEST
        while time.monotonic() < end:
            begun = time.monotonic()
            running = self.start(now)
            if left:
                left -= self.stop(running)
                continue
            text = running.communicate()[0].decode()
            if running.returncode == 0 and "Everything" in text:
                return self.wrong()
            if running.returncode == WAITS:
                now += timedelta(hours=6)
            elif running.returncode == 0:
                self.seconds = time.monotonic() - begun
            elif running.returncode != BUSY:
                return [f"exit {running.returncode}", *self.wrong()]
        return ["it does not end", *self.wrong()]

    def start(self, now: datetime) -> subprocess.Popen[bytes]:
        """Start the next batch in a process group of its own."""
        command = [sys.executable, "-m", "hclmod", "catch-up", "next", "--run", "--at", now.isoformat()]
        variables = environment(self.root) | {"PYTHONPATH": str(ROOT), "TF_CLI_CONFIG_FILE": os.devnull}
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.root, env=variables, start_new_session=True, **out)  # type: ignore[call-overload,no-any-return]

    def stop(self, running: subprocess.Popen[bytes]) -> int:
        """Kill it, alone or with the terraform that it runs, unless it has ended before."""
        try:
            running.communicate(timeout=self.chance.uniform(0.1, 1.1 * self.seconds))
        except subprocess.TimeoutExpired:
            alone = self.chance.random() < 0.7  # terraform goes on by itself then, and keeps the lock
            os.kill(running.pid, signal.SIGKILL) if alone else os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            self.kills += 1
            return 1
        return 0

    def wrong(self) -> list[str]:
        """What is not as it should be at the end."""
        result, state = [], json.loads((self.root / NAME).read_text())
        values = paced.running(self.root)
        if len(values) != sum(SIZES.values()) or set(values.values()) != {"2"}:
            result.append(f"runs {values}")
        last: dict[str, str] = {each["batch"]: each["what"] for each in state["events"]}
        result += [
            f"{each['id']} is {last.get(each['id'])}" for each in state["batches"] if last.get(each["id"]) != "done"
        ]
        if _most(state["events"]) > 5:
            result.append("a window overflows")
        result += [f"left over: {each.name}" for each in self.root.glob(".hclmod*")]
        return result


def _most(events: list[dict[str, Any]]) -> int:
    """The most rollouts in six hours, each batch when it was done."""
    done = [(datetime.fromisoformat(each["at"]), each["weight"]) for each in events if each["what"] == "done"]
    hours = timedelta(hours=6)
    return max(sum(int(weight) for other, weight in done if moment - hours < other <= moment) for moment, _ in done)
