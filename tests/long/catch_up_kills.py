"""Kill `hclmod catch-up next --run` at random moments, many times: `python -m tests.long.catch_up_kills 200`.

Each round carries a plan out with the real terraform, stopped by SIGKILL several times. At its end every resource has
to run its new number, every batch has to be done, and no window may have overflowed.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

from tests.support.paced_kills import Ground


def main(count: int, seed: int) -> int:
    """Kill until there are `count` kills, and print what was wrong."""
    bad = rounds = 0
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder), seed)
        while ground.kills < count:
            before, rounds = ground.kills, rounds + 1
            for line in ground.round(ground.chance.randint(1, 5)):
                bad += 1
                print(f"round {rounds}, kills {before} to {ground.kills}: {line}", flush=True)  # noqa: T201 - a script
        print(f"{ground.kills} kills in {rounds} rounds, {bad} wrong")  # noqa: T201
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
