"""Compare hclmod with other tools on one tree: `python benchmarks/compare.py TREE [ROUNDS]`.

TREE is a git repository with `hclmod.toml`. It is copied and never written. `cold` runs know nothing of earlier ones.
Before each `warm` run one file of the copy is changed and committed.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

RULES = (
    {"id": "atomic", "rule": {"kind": "attribute", "regex": "^atomic\\s*=\\s*true$"}, "fix": ""},
    {"id": "image", "rule": {"kind": "attribute", "regex": '^image\\s*=\\s*"[^"$]*"$'}},
    {"id": "ignore", "rule": {"kind": "attribute", "regex": "^ignore_changes\\b"}},
)
QUIET = {
    **os.environ,
    "TF_CLI_CONFIG_FILE": os.devnull,
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # an installed program has its byte code
}
CLICK, FMT = "python -c 'import click'", "terraform fmt -check -recursive"
COMMANDS = {
    "apply --phase all --dry-run": ("apply", "--phase", "all", "--dry-run"),
    "audit": ("audit",),
    "survey": ("survey",),
    "owners": ("owners",),
    "explain STACK/ADDRESS": ("explain", "{workload}"),
    "trace STACK/ADDRESS": ("trace", "{workload}"),
    "pin --dry-run": ("pin", "{workload}", "--to", "0.0.1", "--reason", "benchmark", "--dry-run"),
    "check --rule drop-helm-atomic FILE": ("check", "--rule", "drop-helm-atomic", "{file}"),
    "check --rule float-image-tag FILE": ("check", "--rule", "float-image-tag", "{file}"),
}


def tools(rules: Path) -> dict[str, list[str]]:
    """The command lines that hclmod is measured against, by name, of what is installed."""
    ast_grep = shutil.which("ast-grep", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    commands = {
        CLICK: [sys.executable, "-c", "import click"],
        FMT: ["terraform", "fmt", "-check", "-recursive", "."],
        "ast-grep scan, three rules": [ast_grep or "ast-grep", "scan", "--rule", str(rules), "."],
    }
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def seconds(command: list[str], tree: Path, cache: str = "") -> float:
    """The processor time of one run of the command, which other users of the machine change least."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**QUIET, "HCLMOD_CACHE": cache}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 1, 2, 3):
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stderr.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def edited(tree: Path, number: int) -> None:
    """Change one file of a copy, another one each time, and commit it."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.tf"], cwd=tree, capture_output=True, check=True)
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    with (tree / names[number * 7 % len(names)]).open("ab") as file:
        file.write(b"\n# %d\n" % number)
    command = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qam", "b"]
    subprocess.run(command, cwd=tree, check=True)


def workload(tree: Path, hclmod: list[str]) -> str:
    """The first workload of the tree that has an image."""
    listed = subprocess.run(
        [*hclmod, "survey", "--format", "json"], cwd=tree, env=QUIET, capture_output=True, check=True
    )
    first = json.loads(listed.stdout)["images"][0]
    return f"{first['stack']}/{first['workload']}"


def measured(tree: Path, rounds: int, scratch: Path) -> dict[str, list[float]]:
    """The processor times by name; all commands in turn, in each round."""
    hclmod = [str(Path(sys.executable).with_name("hclmod"))]
    rules, cache, copy = scratch / "rules.yml", scratch / "cache", scratch / "tree"
    rules.write_text("\n---\n".join(json.dumps({"language": "hcl", **rule}) for rule in RULES))
    shutil.copytree(tree, copy, symlinks=True)
    words = {"{workload}": workload(copy, hclmod), "{file}": min(str(path) for path in copy.glob("**/main.tf"))}
    fixed = {"hclmod --version": [*hclmod, "--version"], "hclmod rules": [*hclmod, "rules"], **tools(rules)}
    own = {name: [*hclmod, *(words.get(word, word) for word in line)] for name, line in COMMANDS.items()}
    times: dict[str, list[float]] = {}
    edits = itertools.count()
    for command in own.values():
        seconds(command, copy, str(cache))
    for _ in range(rounds):
        for name, command in fixed.items():
            times.setdefault(name, []).append(seconds(command, copy))
        for name, command in own.items():
            times.setdefault(f"{name}, cold", []).append(seconds(command, copy))
            edited(copy, next(edits))
            times.setdefault(f"{name}, warm", []).append(seconds(command, copy, str(cache)))
    return times


def main() -> None:
    """Alternate between the tools and print their medians (processor time) as ratios to two of them."""
    tree, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        medians = {name: median(each) for name, each in measured(tree, rounds, Path(folder)).items()}
    click, fmt = medians[CLICK], medians.get(FMT)
    print(f"| {'command':42} | to `import click` | to `terraform fmt` |\n|---|--:|--:|")
    for name, each in sorted(medians.items(), key=lambda item: item[1]):
        print(f"| {name:42} | {each / click:.1f} | {f'{each / fmt:.2f}' if fmt else 'absent'} |")


if __name__ == "__main__":
    main()
