"""Stop commands at random moments, many times: `python -m tests.long.kills 500`.

Each command is stopped by SIGKILL, SIGTERM and SIGINT in turn. Afterwards, and for SIGKILL after the next run, the
repository has to be as it was or as it should be, with no file left over.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support import kills


def main(count: int, seed: int) -> int:
    """Stop commands `count` times and print what was wrong."""
    outcomes: Counter[str] = Counter()
    with (
        contextlib.suppress(KeyboardInterrupt),  # what was seen until then is printed
        tempfile.TemporaryDirectory() as folder,
        kills.ground(Path(folder)) as ground,
    ):
        for name, number, after in kills.moments(ground, count, seed):
            wrong = ground.stop(name, number, after)
            outcomes[f"{name}, {number.name}: {'wrong' if wrong else 'sound'}"] += 1
            for line in wrong:
                print(f"{name} {number.name} after {after:.3f} s: {line}", flush=True)  # noqa: T201 - a script
    print("\n".join(f"{number:5} {name}" for name, number in sorted(outcomes.items())))  # noqa: T201
    return int(any("wrong" in name for name in outcomes))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
