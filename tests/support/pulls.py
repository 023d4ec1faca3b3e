"""Pull requests of the small forge, in the dialects of GitHub, Gitea and GitLab, beside a real bare repository.

After GitHub's REST API for pulls, Gitea's swagger and GitLab's API of merge requests (docs/facts.md, Forges 5).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from tests.support import server_hooks
from tests.support.demo import git

if TYPE_CHECKING:
    from tests.support.forge import Forge
    from tests.support.servers import Reply

IDS = {"o/r": 42, "me/r": 43}
TOO_LONG = {"github": 65_536, "gitea": 10**9, "gitlab": 1_048_576}
LABELS = {"keel": 5, "rollout": 6}


class PullRequests:
    """The pull requests of a forge for one bare repository; `about` is what else the forge says of the repository."""

    def __init__(self, forge: Forge, root: Path) -> None:
        self.forge, self.root, self.kind = forge, root, forge.kind
        self.about: dict[str, Any] = {}
        heads = "refs/merge-requests" if self.kind == "gitlab" else "refs/pull"
        self.save({"kind": self.kind, "heads": heads, "url": forge.server.url, "next": 12, "pulls": []})
        hooks = ["post-receive", *(["proc-receive"] if self.kind == "gitea" else [])]
        for name in hooks:
            text = Path(server_hooks.__file__).read_text()
            (root / "hooks" / name).write_text(f"#!{sys.executable}\n{text}")
            (root / "hooks" / name).chmod(0o755)
        git(root, "config", "receive.advertisePushOptions", "true" if self.kind != "github" else "false")
        if self.kind == "gitea":
            git(root, "config", "receive.procReceiveRefs", "refs/for")

    def load(self) -> dict[str, Any]:
        return server_hooks.load(self.root)

    def save(self, state: dict[str, Any]) -> None:
        (self.root / "hooks").mkdir(exist_ok=True)
        server_hooks.save(self.root, state)

    @property
    def every(self) -> list[dict[str, Any]]:
        pulls: list[dict[str, Any]] = self.load()["pulls"]
        return pulls

    def change(self, number: int, **values: object) -> None:
        """Do to a pull request what a person does: close it, rename it."""
        state = self.load()
        next(each for each in state["pulls"] if each["number"] == number).update(values)
        self.save(state)

    def add(self, **values: Any) -> int:
        """Open one as a person does."""
        state = self.load()
        number = server_hooks.add(state, values)
        self.save(state)
        return number

    def answer(self, method: str, path: str, query: str, body: bytes) -> Reply:  # noqa: PLR0911 - one for each question
        """As the forge answers; the writer's login is that of the robot."""
        parts = path.strip("/").split("/")
        words = {key: values[-1] for key, values in parse_qs(query).items()}
        repo, rest = (unquote(parts[1]), parts[2:]) if self.kind == "gitlab" else ("/".join(parts[1:3]), parts[3:])
        repo = next((name for name, number in IDS.items() if str(number) == repo), repo)
        if repo not in IDS:
            return self.forge.told(404, {"message": "Not Found"})
        value = json.loads(body) if body else {}
        match (method, *rest):
            case ("GET",):
                return self.forge.told(200, {"id": IDS[repo], "full_name": repo, **self.about})
            case ("GET", "labels"):
                return self.forge.told(200, [{"id": number, "name": name} for name, number in LABELS.items()])
            case ("GET", "pulls" | "merge_requests"):
                return self.listed(words)
            case ("POST", "pulls" | "merge_requests"):
                return self.create(repo, value)
            case ("PATCH" | "PUT", "pulls" | "merge_requests", number) if method == self.forge.dialect.edit:
                return self.edit(int(number), value)
            case ("POST", "issues", number, "labels"):
                return self.label(int(number), value["labels"])
        return self.forge.told(405, {"message": "Method Not Allowed"})

    def listed(self, words: dict[str, str]) -> Reply:
        """One page, the newest first; each forge has its own words to look for a branch."""
        found = sorted(self.every, key=lambda each: -each["number"])
        state = words.get("state", "all" if self.kind == "gitlab" else "open")
        if state in {"closed", "open"}:
            found = [each for each in found if (each["state"] == "open") == (state == "open")]
        if self.kind == "github" and "head" in words:
            found = [each for each in found if f"{each['repo'].partition('/')[0]}:{each['branch']}" == words["head"]]
        if self.kind == "gitlab" and "source_branch" in words:
            found = [each for each in found if each["branch"] == words["source_branch"]]
        size = min(int(words.get("per_page", "30")), self.forge.page or 100)
        page = int(words.get("page", "1"))
        more = {"x-total-count": str(len(found))}
        if self.kind == "gitlab":
            more = {"x-next-page": str(page + 1) if len(found) > page * size else ""}
        elif self.kind == "github":
            more = (
                {"link": f'<{self.forge.server.url}/x?page={page + 1}>; rel="next"'} if len(found) > page * size else {}
            )
        return self.forge.told(200, [self.shown(each) for each in found[(page - 1) * size : page * size]], more)

    def create(self, repo: str, value: dict[str, Any]) -> Reply:
        """Open one, unless there is one for the branch, or the branch is not there."""
        gitlab = self.kind == "gitlab"
        head, base = (value["source_branch"], value["target_branch"]) if gitlab else (value["head"], value["base"])
        owner, _, branch = head.rpartition(":")
        source = repo if gitlab else next(n for n in IDS if not owner or owner in (n, n.partition("/")[0]))
        if gitlab and value.get("target_project_id", IDS[repo]) != 42:
            return self.forge.told(404, {"message": "404 Project Not Found"})
        text = value[self.forge.dialect.text]
        if len(text) > TOO_LONG[self.kind] or not self.commit(branch):
            return self.forge.told(422, {"message": "Validation Failed", "errors": [{"code": "invalid"}]})
        if any(
            e["state"] == "open" and (e["branch"], e["repo"], e["base"]) == (branch, source, base) for e in self.every
        ):
            return self.exists(branch)
        more = {"title": value["title"], "body": text, "draft": bool(value.get("draft")), "labels": []}
        number = self.add(branch=branch, base=base, repo=source, commit=self.commit(branch), **more)
        git(self.root, "update-ref", f"{self.load()['heads']}/{number}/head", self.commit(branch))
        return self.forge.told(201, self.shown(self.get(number)))

    def exists(self, branch: str) -> Reply:
        """What the forge says to a second one."""
        if self.kind == "github":
            words = {
                "message": "Validation Failed",
                "errors": [{"message": f"A pull request already exists for o:{branch}."}],
            }
            return self.forge.told(422, words)
        if self.kind == "gitea":
            return self.forge.told(
                409, {"message": f"pull request already exists for these targets [branch: {branch}]"}
            )
        return self.forge.told(
            409, {"message": ["Another open merge request already exists for this source branch: !12"]}
        )

    def edit(self, number: int, value: dict[str, Any]) -> Reply:
        """Change the title, the text or the labels."""
        words = {"title": value.get("title"), "body": value.get(self.forge.dialect.text)}
        self.change(number, **{key: text for key, text in words.items() if text is not None})
        if "add_labels" in value:
            self.change(number, labels=[*self.get(number)["labels"], *value["add_labels"].split(",")])
        return self.forge.told(200, self.shown(self.get(number)))

    def label(self, number: int, given: list[Any]) -> Reply:
        """Add labels: by their names, which GitHub finds in any case, or on Gitea by their numbers."""
        names = {number: name for name, number in LABELS.items()}
        there = {name.casefold(): name for name in LABELS}
        more = [names[each] if self.kind == "gitea" else there.get(each.casefold(), each) for each in given]
        self.change(number, labels=list(dict.fromkeys([*self.get(number)["labels"], *more])))
        return self.forge.told(200, [{"name": each} for each in self.get(number)["labels"]])

    def get(self, number: int) -> dict[str, Any]:
        return next(each for each in self.every if each["number"] == number)

    def commit(self, branch: str) -> str:
        names = git(self.root, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return names.strip()

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        """One as the API shows it."""
        url, number = self.forge.server.url, pull["number"]
        same = {"id": number + 1000, "title": pull["title"], "state": pull["state"]}
        if self.kind == "gitlab":
            state = "opened" if pull["state"] == "open" else pull["state"]
            return same | {
                "iid": number, "description": pull["body"], "state": state, "sha": pull["commit"],
                "web_url": f"{url}/o/r/-/merge_requests/{number}", "labels": pull["labels"],
                "source_branch": pull["branch"], "target_branch": pull["base"],
                "source_project_id": IDS[pull["repo"]], "target_project_id": 42,
            }  # fmt: skip
        merged = pull["state"] == "merged"
        agit = {"label": "", "ref": f"refs/pull/{number}/head"}
        label = pull["branch"] if self.kind == "gitea" else f"o:{pull['branch']}"
        head = agit if pull["agit"] else {"label": label, "ref": pull["branch"]}
        return same | {
            "number": number, "body": pull["body"], "state": "closed" if merged else pull["state"],
            "merged_at": "2026-12-01T00:00:00Z" if merged else None, "draft": pull["draft"],
            "html_url": f"{url}/o/r/pulls/{number}", "labels": [{"name": each} for each in pull["labels"]],
            "base": {"ref": pull["base"]},
            "head": {**head, "sha": pull["commit"], "repo": {"full_name": pull["repo"]}},
        }  # fmt: skip


def bare(source: Path, root: Path) -> Path:
    """A bare copy of a repository, as a server has it."""
    git(source, "clone", "-q", "--bare", "--template=", str(source), str(root))
    shutil.rmtree(root / "hooks", ignore_errors=True)
    (root / "hooks").mkdir()
    return root
