"""One image with 10,000 tags: load the snapshot and decide, as whole processes: `python benchmarks/tags.py [TAGS]`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
SCRIPT = """\
import sys
from pathlib import Path
from hclmod.images import decide, evidence, reference
known = evidence.load(Path(sys.argv[1])).image("registry.example.net/app")
for tag in sys.argv[2:]:
    decide.decide(reference.parse(f"registry.example.net/app:{tag}"), None, known)
"""
PINS = ["1.2.3", "1.2.3-alpine", "7", "36", "1a2b3c4", "2025.11.1"]


def snapshot(folder: Path, tags: int) -> Path:
    """A snapshot file with this many tags in two flavours, and a `latest` that is none of them."""
    names = [f"{n // 600}.{n // 20 % 30}.{n % 20}{flavour}" for n in range(tags // 2) for flavour in ("", "-alpine")]
    listed = {name: {"digest": f"sha256:{number:064x}"} for number, name in enumerate(["latest", *names])}
    image = {"checked": "2026-08-01T00:00:00Z", "source": "hand", "complete": True, "tags": listed}
    path = folder / f"{tags}.json"
    path.write_text(json.dumps({"version": 1, "images": {"registry.example.net/app": image}}))
    return path


def seconds(command: list[str]) -> float:
    """The processor time of one process and its children."""
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Alternate the commands and print the ratios of their medians."""
    tags = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        few, many = (str(snapshot(Path(name), number)) for number in (100, tags))
        commands = {
            "python -c 'import click'": [sys.executable, "-c", "import click"],
            "load only, 100 tags": [sys.executable, "-c", SCRIPT, few],
            "load and decide 6 pins, 100 tags": [sys.executable, "-c", SCRIPT, few, *PINS],
            f"load only, {tags} tags": [sys.executable, "-c", SCRIPT, many],
            f"load and decide 6 pins, {tags} tags": [sys.executable, "-c", SCRIPT, many, *PINS],
        }
        taken: dict[str, list[float]] = {title: [] for title in commands}
        for _ in range(ROUNDS):
            for title, command in commands.items():
                taken[title].append(seconds(command))
                time.sleep(0.05)
    medians = {title: statistics.median(each) for title, each in taken.items()}
    base = medians["python -c 'import click'"]
    for title, median in medians.items():
        print(f"| {title:<40} | {median / base:.1f} |")


if __name__ == "__main__":
    main()
