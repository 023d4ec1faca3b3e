"""Growth, two processes and memory on stacks of our own making: `python benchmarks/scale.py [STACKS]`."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STACK = """\
resource "kubernetes_namespace" "app" {{
  metadata {{
    name = "app-{n}"
    labels = {{
      tier = "aux"
    }}
  }}
}}

resource "kubernetes_deployment" "app" {{
  metadata {{
    name      = "app"
    namespace = kubernetes_namespace.app.metadata[0].name
  }}
  spec {{
    template {{
      metadata {{
        labels = {{ app = "app" }}
      }}
      spec {{
        container {{
          name  = "app"
          image = "registry.example.net/app:{n}"
        }}
      }}
    }}
  }}
  lifecycle {{
    ignore_changes = [spec[0].template[0].spec[0].dns_config] # KYVERNO_LIFECYCLE_V1
  }}
}}
"""
CONFIG = 'stacks = ["stacks/*"]\n[images."registry.example.net/*"]\nfloat = "latest"\n[phase.1]\nstacks = {names}\n'
SERIAL = "from hclmod import halves; halves.BYTES = 1 << 62; from hclmod.cli import main; main()"
SHARED = "from hclmod import halves; halves.BYTES = 0; from hclmod.cli import main; main()"


def make(root: Path, count: int) -> None:
    """A repository of `count` stacks, one phase."""
    for n in range(count):
        folder = root / "stacks" / f"s{n}"
        folder.mkdir(parents=True)
        (folder / "main.tf").write_text(STACK.format(n=n))
    (root / "hclmod.toml").write_text(CONFIG.format(names=[f"s{n}" for n in range(count)]))
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=b", "-c", "user.email=b@x", "commit", "-qm", "b"]):
        subprocess.run(["git", *command], cwd=root, check=True)


def seconds(code: str, root: Path) -> float:
    """One dry run of the phase."""
    start = time.perf_counter()
    command = [sys.executable, "-c", code, "apply", "--phase", "1", "--dry-run", "--no-cache"]
    subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"}, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Make two repositories and print the ratios."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    few = many // 10
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        make(small, few)
        make(large, many)
        base, serial, shared = seconds(SERIAL, small), seconds(SERIAL, large), seconds(SHARED, large)
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{many} stacks against {few}, one process: {serial / base:.1f} times the time for 10 times the stacks")
    print(f"{many} stacks, one process against two: {serial / shared:.2f} times faster")
    print(f"largest process: {megabytes} MB")


if __name__ == "__main__":
    main()
