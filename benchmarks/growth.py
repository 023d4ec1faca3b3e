"""How the processor time of every command grows with generated inputs of doubling size.

    python benchmarks/growth.py                                 # all commands on all shapes: half an hour
    python benchmarks/growth.py --shape callers --command survey --sizes 400 800 1600

Prints the seconds for each size and the largest factor between two sizes. Exits with 1 if one is above the limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 2.2
FLOOR = 0.25
"""Seconds below which a difference is noise."""

SIZES = (250, 500, 1000)
Files = dict[str, str]


def workload(name: str, *, image: str = '"acme/w:1.2.3"', head: str = "", containers: int = 1, tail: str = "") -> str:
    """A deployment."""
    pods = "".join(
        f'        container {{\n          name  = "c{number}"\n          image = {image}\n        }}\n'
        for number in range(containers)
    )
    meta = f'  metadata {{\n    name      = "{name}"\n    namespace = "n"\n{head}  }}\n'
    spec = f"  spec {{\n    template {{\n      spec {{\n{pods}      }}\n    }}\n  }}\n"
    return f'resource "kubernetes_deployment" "{name}" {{\n{meta}{spec}{tail}}}\n'


NAMESPACE = 'resource "kubernetes_namespace" "n" {\n  metadata {\n    name = "n"\n  }\n}\n'
RELEASE = 'resource "helm_release" "%s" {\n  name   = "%s"\n  atomic = true\n}\n'
FIRST = f"{NAMESPACE}{workload('w0')}{RELEASE % ('h', 'h')}"


def resources(count: int) -> Files:
    """Many workloads in one file."""
    return {"s/main.tf": FIRST + "".join(workload(f"w{number}") for number in range(1, count))}


def documents(count: int) -> Files:
    """Many files in one stack."""
    return {"s/main.tf": FIRST} | {f"s/f{number}.tf": workload(f"w{number}") for number in range(1, count)}


def stacks(count: int) -> Files:
    """Many stacks."""
    return {"s/main.tf": FIRST} | {f"s{number}/main.tf": workload(f"w{number}") for number in range(1, count)}


def callers(count: int) -> Files:
    """A module with many callers in one stack."""
    calls = "".join(
        f'module "m{number}" {{\n  source = "../m"\n  image  = "acme/m:1.2.{number}"\n}}\n' for number in range(count)
    )
    return {"s/main.tf": FIRST + calls, "m/main.tf": f'variable "image" {{}}\n{workload("m", image="var.image")}'}


def shared(count: int) -> Files:
    """A module that many stacks call."""
    call = 'module "m" {\n  source = "../m"\n}\n'
    module = f'variable "tag" {{\n  default = "1.2.3"\n}}\n{workload("m", image=_JOINED)}'
    return {"s/main.tf": FIRST, "m/main.tf": module} | {f"s{number}/main.tf": call for number in range(1, count)}


_JOINED = '"acme/m:${var.tag}"'


def containers(count: int) -> Files:
    """A workload with many containers."""
    return {"s/main.tf": NAMESPACE + workload("w0", containers=count)}


def attributes(count: int) -> Files:
    """A workload with many annotations, each on a line of its own."""
    lines = "".join(f'      "a{number}/b" = "{number}"\n' for number in range(count))
    return {"s/main.tf": NAMESPACE + workload("w0", head=f"    annotations = {{\n{lines}    }}\n")}


def ignored(count: int) -> Files:
    """A long `ignore_changes`."""
    lines = "".join(f'      metadata[0].annotations["a{number}"],\n' for number in range(count))
    tail = f"  lifecycle {{\n    ignore_changes = [\n{lines}    ]\n  }}\n"
    return {"s/main.tf": NAMESPACE + workload("w0", tail=tail)}


def values(count: int) -> Files:
    """A chart whose values file has many images."""
    release = 'resource "helm_release" "v" {\n  name   = "v"\n  values = [file("${path.module}/values.yaml")]\n}\n'
    lines = "".join(f"a{number}:\n  image: acme/x{number}:1.2.3\n" for number in range(count))
    return {"s/main.tf": FIRST + release, "s/values.yaml": lines}


def chain(count: int) -> Files:
    """Locals that refer to each other."""
    lines = "".join(f"  a{number} = local.a{number - 1}\n" for number in range(1, min(count, 400)))
    more = "".join(f'  b{number} = "acme/x:{number}"\n' for number in range(count))
    users = "".join(workload(f"b{number}", image=f"local.b{number}") for number in range(1, count))
    return {"s/main.tf": f'{FIRST}locals {{\n  a0 = "acme/a:1.2.3"\n{lines}{more}}}\n{users}'}


def comments(count: int) -> Files:
    """Comments between the entries of a list, and a heredoc."""
    lines = "".join(f'      # why {number}\n      metadata[0].labels["a{number}"],\n' for number in range(count))
    tail = f"  lifecycle {{\n    ignore_changes = [\n{lines}    ]\n  }}\n"
    text = "".join(f"line {number} $${{x}}\n" for number in range(count))
    return {"s/main.tf": f"{NAMESPACE}{workload('w0', tail=tail)}locals {{\n  t = <<EOT\n{text}EOT\n}}\n"}


def namespaces(count: int) -> Files:
    """Many namespaces, each with a workload."""
    spaces = "".join(NAMESPACE.replace('"n"', f'"n{number}"') for number in range(1, count))
    users = "".join(workload(f"w{number}").replace('= "n"', f'= "n{number}"') for number in range(1, count))
    return {"s/main.tf": FIRST + spaces, "s/w.tf": users}


def tags(count: int) -> Files:
    """An image with many tags in the snapshot."""
    every = {f"1.{number}.3": {"digest": f"sha256:{number:064x}"} for number in range(count)}
    known = {"checked": "2026-01-01T00:00:00Z", "source": "registry", "complete": True, "tags": every}
    return {"s/main.tf": FIRST, "hclmod.tags.json": json.dumps({"version": 1, "images": {"docker.io/acme/w": known}})}


def caches(count: int) -> Files:
    """Servers of nginx before registries, and mirrors of containerd."""
    location = "location /v2/ { proxy_pass http://registry:5000; proxy_cache a; proxy_cache_valid 200 1m; }"
    servers = "".join(f"server {{ listen {1024 + number % 60000}; {location} }}\n" for number in range(count))
    hosts = "".join(f'[host."http://m{number}:5000"]\n' for number in range(count))
    return {"s/main.tf": FIRST, "c/nginx.conf": servers, "c/docker.io/hosts.toml": hosts}


def pages(count: int) -> Files:
    """A long page, and many pages, that contradict the section on conventions."""
    lines = "".join(f"## Part {number}\n\nNever use `:latest`, pin {number}.\n\n" for number in range(count))
    more = {f"docs/p{number}.md": "# Page\n\nPin every tag to 8 characters of the SHA.\n" for number in range(count)}
    return {"s/main.tf": FIRST, "AGENTS.md": f"# Agents\n\n{lines}"} | more


def blanks(count: int) -> Files:
    """Many blank lines in every kind of file."""
    lines = "\n" * count * 100
    texts = {
        "s/main.tf": FIRST + 'variable "x" {\n  default   = "x"\n  sensitive = true\n}\n',
        "s/terragrunt.hcl": "inputs = {}\n",
        "s/terraform.tfvars": 'x = "y"\n',
        ".github/workflows/a.yml": "- run: kubectl set image deployment/w w=acme/w:1\n",
        "Dockerfile": "FROM acme/w:1\n",
        "compose.yaml": "services:\n  registry:\n    image: registry:2\n",
        "AGENTS.md": "# Agents\n\nNever :latest.\n",
    }
    return {path: f"{text}{lines}{text if path.endswith('.yml') else ''}" for path, text in texts.items()}


SHAPES = (
    resources, documents, stacks, callers, shared, containers, attributes, ignored, values, chain, comments, namespaces,
    tags, caches, pages, blanks,
)  # fmt: skip
RULES = ("--rule", "float-image-tag", "--rule", "drop-helm-atomic", "--rule", "ignore-keel-drift")
TARGET = "s/kubernetes_deployment.w0"
PIN = ("pin", TARGET, "--to", "1.2.2", "--allow-downgrade", "--reason", "x")
COMMANDS = {
    "apply": ("apply", "--phase", "1", "--dry-run"),
    "apply json": ("apply", "--phase", "1", "--dry-run", "--format", "json"),
    "check": ("check", *RULES, "."),
    "check one file": ("check", *RULES, "s/main.tf"),
    "fix": ("fix", "--dry-run", *RULES, "."),
    "audit": ("audit",),
    "doctor": ("doctor",),
    "survey": ("survey",),
    "owners": ("owners",),
    "trace": ("trace", TARGET),
    "explain": ("explain", TARGET),
    "status": ("status",),
    "foundation": ("foundation", "--dry-run"),
    "conventions": ("conventions", "--dry-run"),
    "pin": (*PIN, "--dry-run"),
    "opt-out": ("opt-out", TARGET, "--reason", "x", "--dry-run"),
    "tags explain": ("tags", "explain", "acme/w:1.2.3"),
    "comment": ("comment", "--phase", "1", "--dry-run"),
    "report html": ("report", "report.json", "--format", "html"),
    "report markdown": ("report", "report.json", "--format", "markdown"),
    "report sarif": ("report", "report.json", "--format", "sarif"),
    "report junit": ("report", "report.json", "--format", "junit"),
    "unpin": ("unpin", TARGET, "--dry-run"),
    "init": ("init",),
}
LAST = ("unpin", "init")
"""They change the repository before they are measured."""


def made(root: Path, files: Files) -> None:
    """A repository of these files, with a stored report."""
    names = sorted({path.partition("/")[0] for path in files if path.endswith(".tf")} - {"m"})
    config = f'[docs]\nfiles = ["AGENTS.md"]\n[phase.1]\nstacks = {json.dumps(names)}\n[images."*"]\nfloat = "latest"\n'
    for path, text in {"hclmod.toml": config, "AGENTS.md": "# Agents\n", **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for words in ("init -q", "add -A", "-c user.name=B -c user.email=b@example.net commit -qm b"):
        subprocess.run(["git", *words.split()], cwd=root, check=True)
    seconds(root, "apply", ("apply", "--phase", "1", "--dry-run", "--format", "json", "--output", "report.json"))


def seconds(root: Path, name: str, words: tuple[str, ...]) -> float:
    """The processor time of a command and of the processes that it starts."""
    if name == "init":
        (root / "hclmod.toml").unlink()
    if name == "unpin":
        seconds(root, "pin", PIN)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    variables = {**os.environ, "HCLMOD_CACHE": "", "CI": ""}
    command = [sys.executable, "-m", "hclmod", *words]
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, check=False, timeout=900)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
        raise SystemExit(f"{name}: {done.stderr.decode(errors='replace')}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(shape: Callable[[int], Files], names: list[str], sizes: list[int]) -> Iterator[tuple[str, list[float]]]:
    """The seconds of each command for each size."""
    figures: dict[str, list[float]] = {name: [] for name in names}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            made(Path(folder), shape(size))
            for name in sorted(names, key=lambda each: LAST.index(each) if each in LAST else -1):
                figures[name].append(seconds(Path(folder), name, COMMANDS[name]))
    yield from figures.items()


def worst(figures: list[float]) -> float:
    """The largest factor from one size to the next."""
    pairs = itertools.pairwise(figures)
    return max((more / less for less, more in pairs if more - less > FLOOR), default=1.0)


def main() -> int:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", action="append", choices=[each.__name__ for each in SHAPES])
    parser.add_argument("--command", action="append", choices=COMMANDS)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    slow = False
    for shape in SHAPES:
        if asked.shape and shape.__name__ not in asked.shape:
            continue
        for name, figures in measured(shape, asked.command or list(COMMANDS), asked.sizes):
            factor = worst(figures)
            slow |= factor > LIMIT
            row = "  ".join(f"{each:7.2f}" for each in figures)
            print(f"{shape.__name__:10}  {name:16}  {row}  x{factor:.2f}{'  ABOVE' * (factor > LIMIT)}", flush=True)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
