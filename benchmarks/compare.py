"""Compare hclmod with other tools on one tree: `python benchmarks/compare.py TREE [ROUNDS]`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

RULE = {
    "id": "atomic",
    "language": "hcl",
    "rule": {"kind": "attribute", "regex": "^atomic\\s*=\\s*true$"},
    "fix": "",
}
QUIET = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}


def tools(tree: Path, rule: Path) -> dict[str, list[str]]:
    """The command lines, by name, of what is installed."""
    hclmod = [sys.executable, "-m", "hclmod"]
    one = min(str(path) for path in tree.glob("**/main.tf"))
    ast_grep = shutil.which("ast-grep", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    commands = {
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "hclmod --version": [*hclmod, "--version"],
        "hclmod rules": [*hclmod, "rules"],
        "hclmod check --rule drop-helm-atomic, one file": [*hclmod, "check", "--rule", "drop-helm-atomic", one],
        "terraform fmt -check -recursive": ["terraform", "fmt", "-check", "-recursive", "."],
        "hclmod apply --dry-run --phase all": [*hclmod, "apply", "--dry-run", "--phase", "all"],
        "hclmod audit": [*hclmod, "audit"],
        "hclmod survey": [*hclmod, "survey"],
        "hclmod owners": [*hclmod, "owners"],
        "hclmod check --rule drop-helm-atomic, whole tree": [*hclmod, "check", "--rule", "drop-helm-atomic", "."],
        "ast-grep scan, one like rule": [ast_grep or "ast-grep", "scan", "--rule", str(rule), "."],
    }
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def seconds(command: list[str], tree: Path) -> float:
    """The processor time of one run of the command, which other users of the machine change least."""
    before = os.times()
    done = subprocess.run(command, cwd=tree, env=QUIET, capture_output=True, check=False)
    if done.returncode not in (0, 1, 2, 3):
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stderr.decode()[-500:]}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Alternate between the tools and print their medians (processor time) as ratios to two of them."""
    tree, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 9
    with tempfile.TemporaryDirectory() as folder:
        rule = Path(folder, "rule.yml")
        rule.write_text(json.dumps(RULE))
        commands = tools(tree, rule)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command, tree))
    medians = {name: median(each) for name, each in times.items()}
    click, fmt = medians["python -c 'import click'"], medians.get("terraform fmt -check -recursive")
    print(f"| {'command':48} | to `import click` | to `terraform fmt` |\n|---|--:|--:|")
    for name, each in medians.items():
        print(f"| {name:48} | {each / click:.1f} | {f'{each / fmt:.2f}' if fmt else 'absent'} |")


if __name__ == "__main__":
    main()
