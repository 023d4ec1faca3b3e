"""Run hclmod on repositories of others: `python -m tests.long.corpus FOLDER...`.

Each folder is a checkout or the git folder of one, and its `HEAD` is copied first. All stacks are one phase, every
image floats, and each rule has the options that make it act. Wrong are: an exit code other than 0 and 1, a traceback, a
file that HashiCorp's parser or `terraform fmt` accepted before and not after, and a second run that changes something.
Refusals are counted by cause.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hclmod
from hclmod.proof import parsers
from tests.support.hcl import formatted

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 1200
CONFIG = """
[phase.1]
stacks = %s
[images."*"]
float = "latest"
[keel]
init_containers = true
injected = "elsewhere: this is a trial"
"""
OUTSIDE = [
    "manifest", "kubectl manifest", "helm values", "helm set", "values file", "template file", "config map", "heredoc",
]  # fmt: skip
OPTIONS = (
    ("--set", f"float-image-tag.outside={json.dumps(OUTSIDE)}", "--set", "ignore-keel-drift.comments=true"),
    ("--set", "pull-policy-for-floating-tag.drop=true", "--set", "pull-policy-for-floating-tag.owned=true"),
)
LOOKS = (("audit",), ("survey", "--format", "json"), ("owners", "--format", "json"), ("check", "."))
PHASE = ("apply", "--phase", "1")
Report = dict[str, Any]


def run(root: Path, *words: str) -> tuple[str, str]:
    """What a command prints, and what is wrong with it, empty for nothing."""
    command = [sys.executable, "-m", "hclmod", *words]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"{words[0]} did not end within {SECONDS} s"
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        return done.stdout, f"{words[0]}: exit code {done.returncode}: {done.stderr.strip()[-500:]}"
    return done.stdout, ""


def copied(folder: Path, root: Path) -> None:
    """The regular files of `HEAD` as a repository of its own, without those whose objects the copy does not have."""
    git = ("git", "-C", str(folder))
    listed = subprocess.run([*git, "ls-tree", "-rz", "HEAD"], capture_output=True, check=True).stdout
    rows = [row.split(b"\t", 1) for row in listed.split(b"\0") if row.startswith(b"100")]
    wanted = b"".join(head.split()[2] + b"\n" for head, _ in rows)
    blobs = subprocess.run([*git, "cat-file", "--batch"], input=wanted, capture_output=True, check=True).stdout
    at = 0
    for _, name in rows:
        head, at = blobs[at : blobs.index(b"\n", at)].split(), blobs.index(b"\n", at) + 1
        if head[1] == b"blob":
            path, end = root / os.fsdecode(name), at + int(head[2])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blobs[at:end])
            at = end + 1
    (root / "hclmod.toml").unlink(missing_ok=True)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    committed(root)


def committed(root: Path) -> None:
    """Commit all that there is: a dry run looks at the commit."""
    for words in ("add -A -f", "-c user.name=C -c user.email=c@example.net commit -qm x --allow-empty"):
        subprocess.run(["git", *words.split()], cwd=root, check=True)


def report(root: Path, options: tuple[str, ...]) -> tuple[Report, str]:
    """What applying the phase would do."""
    text, wrong = run(root, *PHASE, "--dry-run", "--format", "json", *options)
    return ({}, wrong) if wrong else (json.loads(text), "")


def documents(made: Report) -> list[dict[str, Any]]:
    """The documents of a report."""
    stacks = (stack for section in made.get("sections", ()) for stack in section["stacks"])
    return [each for stack in stacks for each in stack["documents"]]


def judged(before: dict[str, bytes], after: dict[str, bytes]) -> Iterator[str]:
    """What is wrong with changed files of Terraform."""
    code = [path for path in sorted(after) if path.endswith((".tf", ".tofu"))]
    old, new = (formatted([each[path] for path in code]) for each in (before, after))
    for path, was, now in zip(code, old, new, strict=True):
        if isinstance(parsers.official(before[path]), parsers.Accepted) and isinstance(
            parsers.official(after[path]), parsers.Rejected
        ):
            yield f"{path} is rejected by HashiCorp's parser"
        if was == before[path] and now != after[path]:
            yield f"{path} lost `terraform fmt`"


def tried(root: Path, options: tuple[str, ...], causes: Counter[str]) -> Iterator[str]:
    """What is wrong with one repository under some options."""
    first, wrong = report(root, options)
    yield wrong
    causes["changes"] += sum(item["kind"] == "change" for each in documents(first) for item in each["items"])
    causes.update(
        f"{each['outcome']}: {each['why'][:90]}"
        for each in documents(first)
        if each["outcome"] not in ("unchanged", "changed")
    )
    yield run(root, *PHASE, "--in-place", *options)[1]
    names = subprocess.run(["git", "diff", "--name-only", "-z"], cwd=root, capture_output=True, text=True, check=True)
    paths = [path for path in names.stdout.split("\0") if path]
    old = {path: subprocess.check_output(["git", "show", f"HEAD:./{path}"], cwd=root) for path in paths}
    yield from judged(old, {path: (root / path).read_bytes() for path in paths})
    committed(root)
    second, wrong = report(root, options)
    yield wrong
    yield from (f"a second run changes {each['path']}" for each in documents(second) if each["hunks"])
    subprocess.run(["git", "reset", "-q", "--hard", "HEAD~1"], cwd=root, check=True)


def main(folders: list[str]) -> int:
    """Try each repository, and print what was wrong and what was refused."""
    bad = False
    for folder in folders:
        with tempfile.TemporaryDirectory() as scratch:
            root, causes = Path(scratch), Counter[str]()
            copied(Path(folder), root)
            stacks = [each.path or "." for each in hclmod.open(root).stacks]
            (root / "hclmod.toml").write_text(CONFIG % json.dumps(stacks))
            committed(root)
            wrong = [each for options in OPTIONS for each in tried(root, options, causes) if each]
            wrong += [each for words in LOOKS if (each := run(root, *words)[1])]
        bad |= bool(wrong)
        print(f"{folder}: {len(stacks)} stacks, {len(wrong)} wrong", flush=True)  # noqa: T201 - a script
        for line in (*wrong[:20], *(f"{number:5} {cause}" for cause, number in causes.most_common(12))):
            print(f"  {line}", flush=True)  # noqa: T201
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
