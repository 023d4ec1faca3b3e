"""What a forge does when somebody pushes, as hooks of a bare repository: a program, which imports nothing of hclmod.

`proc-receive` does as Gitea and Forgejo do for `refs/for/BASE`, `post-receive` as GitLab does with push options, and
both keep the refs of pull requests. The state is `pulls.json` in the repository, which the small forge shares. After
what docs/facts.md says (Forges 6), and git's `githooks`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ZERO = "0" * 40


def git(*args: str) -> str:
    return subprocess.run(["git", *args], capture_output=True, text=True, check=True).stdout.strip()


def load(root: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((root / "pulls.json").read_text())
    return value


def save(root: Path, state: dict[str, Any]) -> None:
    (root / "pulls.json").write_text(json.dumps(state))


def packet() -> str | None:
    """One packet of git's protocol; None for a flush."""
    size = int(sys.stdin.buffer.read(4), 16)
    return sys.stdin.buffer.read(size - 4).decode().rstrip("\n") if size else None


def packets() -> list[str]:
    return list(iter(packet, None))


def send(text: str | None) -> None:
    data = b"" if text is None else text.encode()
    sys.stdout.buffer.write(b"0000" if text is None else b"%04x" % (len(data) + 4) + data)
    sys.stdout.buffer.flush()


def decoded(text: str) -> str:
    return base64.b64decode(text.removeprefix("{base64}")).decode() if text.startswith("{base64}") else text


def proc_receive(root: Path) -> None:
    packets()
    send("version=1\0push-options")
    send(None)
    commands = [each.split(" ") for each in packets()]
    options = dict(each.partition("=")[::2] for each in packets())
    for _, new, ref in commands:
        for line in refs_for(root, new, ref.removeprefix("refs/for/"), options):
            send(line.format(ref=ref))
    send(None)


def refs_for(root: Path, new: str, base: str, options: dict[str, str]) -> list[str]:
    """What is answered to one push to `refs/for`."""
    state = load(root)
    if not options.get("topic"):
        return ["ng {ref} The topic-branch option is not set"]
    head = f"robot/{options['topic']}"
    is_ours = [each for each in state["pulls"] if each["branch"] == head and each["base"] == base]
    pull = next((each for each in is_ours if each["state"] == "open"), None)
    if pull is None:
        if base in git("branch", "--contains", new, "--format=%(refname:short)").split():
            return ["ng {ref} The target branch already contains this commit"]
        words = {"title": options.get("title", "?"), "body": decoded(options.get("description", ""))}
        pull = {"branch": head, "base": base, "commit": new, "agit": True, **words}
        number = add(state, pull)
        old = ZERO
    else:
        number, old = pull["number"], pull["commit"]
        if old == new:
            return ["ng {ref} The new commit is the same as the old commit"]
        if git("rev-list", "--max-count=1", old, f"^{new}") and "force-push" not in options:
            return ["ng {ref} Updates were rejected, set the `force-push` option"]
        pull["commit"] = new
    git("update-ref", f"refs/pull/{number}/head", new)
    save(root, state)
    return ["ok {ref}", f"option refname refs/pull/{number}/head", f"option old-oid {old}", f"option new-oid {new}"]


def add(state: dict[str, Any], pull: dict[str, Any]) -> int:
    number = int(state["next"])
    state["next"] = number + 1
    plain = {"number": number, "state": "open", "labels": [], "repo": "o/r", "agit": False, "draft": False}
    state["pulls"].append(plain | pull)
    return number


def post_receive(root: Path) -> None:
    state = load(root)
    count = int(os.environ.get("GIT_PUSH_OPTION_COUNT", "0"))
    given = [os.environ[f"GIT_PUSH_OPTION_{number}"].partition("=") for number in range(count)]
    for line in sys.stdin:
        _, new, ref = line.split()
        branch = ref.removeprefix("refs/heads/")
        of_branch = [
            each for each in state["pulls"] if (each["branch"], each["repo"], each["agit"]) == (branch, "o/r", False)
        ]
        is_open = [each for each in of_branch if each["state"] == "open"]
        if state["kind"] == "gitlab" and any(key == "merge_request.create" for key, _, _ in given):
            is_open = [by_options(state, branch, given, is_open)]
            place = f"{state['url']}/o/r/-/merge_requests/{is_open[0]['number']}"
            print(f"\nView merge request for {branch}:\n  {place}\n", file=sys.stderr)  # noqa: T201 - as GitLab does
        for each in is_open:
            each["commit"] = new
            git("update-ref", f"{state['heads']}/{each['number']}/head", new)
    save(root, state)


def by_options(
    state: dict[str, Any], branch: str, given: list[tuple[str, str, str]], is_open: list[dict[str, Any]]
) -> dict[str, Any]:
    """GitLab's answer to push options: one merge request for a branch, with what they say."""
    options = {key.removeprefix("merge_request."): value for key, _, value in given}
    if not is_open:
        add(state, {"branch": branch, "base": options["target"], "title": "the commit's", "body": "", "commit": ""})
    pull: dict[str, Any] = is_open[0] if is_open else state["pulls"][-1]
    pull |= {"title": options.get("title", pull["title"])}
    if "description" in options:
        pull["body"] = options["description"].replace("\\n", "\n")
    if "draft" in options:
        pull["title"] = f"Draft: {pull['title']}"
    labels = [value for key, _, value in given if key == "merge_request.label"]
    pull["labels"] = list(dict.fromkeys([*pull["labels"], *labels]))
    return pull


if __name__ == "__main__":
    here = Path(os.environ["GIT_DIR"]).resolve()
    {"proc-receive": proc_receive, "post-receive": post_receive}[Path(sys.argv[0]).name](here)
