"""Pull requests on GitHub, Gitea (Forgejo) and GitLab: find, create, change, label (docs/facts.md, Forges 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from hclmod.forges.calls import MOVED, Api, ForgeError
from hclmod.http import TransportError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.forges.dialects import Dialect
    from hclmod.forges.target import Target
    from hclmod.http import Answer, Transport

_REJECTED = "The pull request was rejected. The branch may be missing, or have no commit that the base lacks."
_HINTS = MOVED | {
    400: _REJECTED, 409: _REJECTED, 413: "The text is too long.", 422: _REJECTED,
    404: "The repository does not exist, or the token cannot see it. Check --repo and --url.",
}  # fmt: skip
_EXISTS = (409, 422)


class State(StrEnum):
    """What became of a pull request."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Pull(Struct, frozen=True, kw_only=True):
    """A pull request as the forge has it; `base` is the branch it is for, `commit` the newest of its head.

    `is_agit` is one of Gitea that was opened by a push to `refs/for`, and that a push of a branch does not change.
    """

    number: int
    url: str
    state: State
    title: str
    body: str
    base: str
    commit: str
    labels: tuple[str, ...] = ()
    is_agit: bool = False


class Seen(Struct, frozen=True):
    """What the API says of a branch: its pull request, and why the API could not be asked (empty where it could)."""

    pull: Pull | None
    why_unknown: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the API could be asked."""
        return not self.why_unknown

    @property
    def open(self) -> Pull | None:
        """The pull request, if it is open."""
        return self.pull if self.pull is not None and self.pull.state is State.OPEN else None


class Draft(Struct, frozen=True, kw_only=True):
    """A pull request to make: `repo` and `branch` are where its commits are, `is_draft` marks it as not ready."""

    repo: str
    branch: str
    base: str
    title: str
    body: str
    marker: str
    is_draft: bool = False
    labels: tuple[str, ...] = ()


class About(Struct, frozen=True):
    """What a forge says of a repository: its name, whether it is a fork (of which), a mirror, or archived."""

    name: str
    parent: str
    is_mirror: bool
    is_archived: bool


class WriteLostError(ForgeError):
    """A request to create something got no answer, or one of a broken server, so that it may have been made."""


class ExistsError(ForgeError):
    """The forge has an open pull request for this branch."""


class Pulls(Struct, frozen=True):
    """The pull requests of the target's repository."""

    api: Api

    @classmethod
    def of(cls, transport: Transport, target: Target) -> Pulls:
        """Those of this target; its number does not matter."""
        return cls(Api(transport, target, target.dialect.pull_permission, _HINTS))

    def about(self) -> About:
        """What the forge says of the repository."""
        value = self.api.read(self.api.ask("GET", self._project()), dict)
        parent = value.get("parent") or value.get("forked_from_project") or {}
        fork = _full_name(parent) or ("another repository" if value.get("fork") else "")
        mirror = bool(value.get("mirror") or value.get("mirror_url"))
        return About(_full_name(value), fork, mirror, bool(value.get("archived")))

    def find(self, draft: Draft) -> Pull | None:
        """The open pull request of the branch, else the newest that was closed or merged."""
        newest: Pull | None = None
        for each in self._listed(draft):
            if each.state is State.OPEN:
                return each
            if newest is None or each.number > newest.number:
                newest = each
        return newest

    def create(self, draft: Draft) -> Pull:
        """Open one; `ExistsError` where there is one, `WriteLostError` where nobody knows whether there is."""
        path, body = self._new(draft)
        try:
            answer = self.api.ask("POST", path, body)
        except TransportError as error:
            if error.trouble in (Trouble.SLOW, Trouble.UNREACHABLE, Trouble.GARBAGE):
                raise WriteLostError(str(error), hint=_AGAIN) from error
            raise
        try:
            made = self._pull(self.api.read(answer, dict))
        except (ForgeError, TransportError) as error:
            raise _of_create(error, answer) from error
        if made is None:
            raise WriteLostError(f"unexpected answer of {self.api.target.name}", hint=_AGAIN)
        return made

    def update(self, pull: Pull, *, title: str, body: str) -> Pull:
        """Give one another title and text."""
        value = {"title": title, self._dialect.text: body}
        try:
            answer = self.api.ask(self._dialect.edit, f"{self._pulls()}/{pull.number}", value)
        except TransportError as error:
            raise WriteLostError(
                str(error), hint="Its text may have changed anyway. Run again, which sees it."
            ) from error
        return self._pull(self.api.read(answer, dict)) or pull

    def lacking(self, pull: Pull, names: Sequence[str]) -> list[str]:
        """The labels that one lacks; to GitHub `Keel` and `keel` are the same."""
        same = str.casefold if self._dialect.name == "github" else str
        known = {same(each) for each in pull.labels}
        return [each for each in names if same(each) not in known]

    def label(self, pull: Pull, names: Sequence[str]) -> tuple[str, ...]:
        """Give one the labels that it lacks; those that the forge does not know come back."""
        missing = self.lacking(pull, names)
        unknown: tuple[str, ...] = ()
        if missing and self._dialect.name == "gitlab":
            path = f"{self._pulls()}/{pull.number}"
            self.api.read(self.api.ask("PUT", path, {"add_labels": ",".join(missing)}), dict)
        elif missing:
            ids = self._label_ids(missing)
            unknown = tuple(each for each in missing if each not in ids)
            path = f"{self._project()}/issues/{pull.number}/labels"
            if ids:
                self.api.read(self.api.ask("POST", path, {"labels": list(ids.values())}), list)
        return unknown

    @property
    def _dialect(self) -> Dialect:
        return self.api.target.dialect

    def _project(self, repo: str = "") -> str:
        return self._dialect.project.format(repo=self._dialect.repo(repo or self.api.target.repo))

    def _pulls(self, repo: str = "") -> str:
        return f"{self._project(repo)}/{self._dialect.pulls}"

    def _listed(self, draft: Draft) -> Iterator[Pull]:
        """The pull requests of the branch; Gitea cannot look for one, so its open ones come first."""
        match self._dialect.name:
            case "github":
                head = quote(f"{draft.repo.partition('/')[0]}:{draft.branch}", safe=":")
                values = self.api.pages(f"{self._pulls()}?state=all&head={head}")
            case "gitlab":
                values = self.api.pages(f"{self._pulls()}?scope=all&source_branch={quote(draft.branch, safe='')}")
            case _:
                states = (self.api.pages(f"{self._pulls()}?state={state}") for state in ("open", "closed"))
                values = (each for pages in states for each in pages)
        source = self._source(draft)
        for value in values:
            pull = self._pull(value) if _is_from(self._dialect, value, draft, source) else None
            if pull is not None:
                yield pull
                if self._dialect.name == "gitea":  # the newest of its state: older ones do not matter
                    return

    def _source(self, draft: Draft) -> object:
        """GitLab's number of the project that the branch is in; None where that is the target's own."""
        same = draft.repo.lower() == self.api.target.repo.lower()
        return None if same or self._dialect.name != "gitlab" else self._id(draft.repo)

    def _id(self, repo: str = "") -> object:
        return self.api.read(self.api.ask("GET", self._project(repo)), dict).get("id")

    def _new(self, draft: Draft) -> tuple[str, dict[str, Any]]:
        """The path and the value by which one is created."""
        dialect, same = self._dialect, draft.repo.lower() == self.api.target.repo.lower()
        title = f"{dialect.draft}{draft.title}" if draft.is_draft else draft.title
        value: dict[str, Any] = {"title": title, dialect.text: draft.body}
        if dialect.name == "gitlab":
            value |= {"source_branch": draft.branch, "target_branch": draft.base, "remove_source_branch": True}
            return self._pulls(draft.repo), value if same else value | {"target_project_id": self._id()}
        owner, _, name = draft.repo.partition("/")
        other_name = dialect.name == "gitea" and name != self.api.target.repo.partition("/")[2]
        head = f"{draft.repo if other_name else owner}:{draft.branch}"
        value |= {"head": draft.branch if same else head, "base": draft.base}
        return self._pulls(), value | ({"draft": True} if draft.is_draft and not dialect.draft else {})

    def _label_ids(self, names: Sequence[str]) -> dict[str, object]:
        """What the forge takes for labels: GitHub their names, Gitea the numbers of those that exist."""
        if self._dialect.name == "github":
            return {each: each for each in names}
        ids = {str(each.get("name")): each.get("id") for each in self.api.pages(f"{self._project()}/labels")}
        return {each: ids[each] for each in names if each in ids}

    def _pull(self, value: Mapping[str, Any]) -> Pull | None:
        """A pull request of an answer; None where it is not one, `ForgeError` where it lacks what decides."""
        number = value.get(self._dialect.number)
        if type(number) is not int or number < 1:
            return None
        gitlab = self._dialect.name == "gitlab"
        base = value.get("target_branch") if gitlab else _below(value, "base", "ref")
        for what, known in (("state", value.get("state")), ("base", base)):
            if not (isinstance(known, str) and known):
                raise ForgeError(f"{self.api.target.name} does not say the {what} of #{number}", hint="Check --url.")
        commit = value.get("sha") if gitlab else _below(value, "head", "sha")
        labels = value.get("labels") if isinstance(value.get("labels"), list) else []
        return Pull(
            number=number,
            url=str(value.get("web_url") or value.get("html_url") or ""),
            state=_state(value),
            title=str(value.get("title") or ""),
            body=str(value.get(self._dialect.text) or ""),
            base=str(base or ""),
            commit=str(commit or ""),
            labels=tuple(str(each.get("name")) if isinstance(each, dict) else str(each) for each in labels or []),
            is_agit=self._dialect.name == "gitea" and _is_agit(value),
        )


_AGAIN = "The pull request may exist anyway. Run again, which finds it."


def _full_name(value: object) -> str:
    """The name of a repository with its owner; empty where an answer does not say it."""
    name = _below(value, "full_name") or _below(value, "path_with_namespace")
    return name if isinstance(name, str) else ""


def _of_create(error: ForgeError | TransportError, answer: Answer) -> ForgeError:
    """What a bad answer to a request to create one means."""
    words = error.words if isinstance(error, ForgeError) else ""
    if answer.status in _EXISTS and "already exists" in words.lower():
        return ExistsError(error.message, hint=error.hint, status=answer.status, words=words)
    if answer.status >= 500 or 200 <= answer.status < 300:
        return WriteLostError(error.message, hint=_AGAIN, status=answer.status, words=words)
    return error if isinstance(error, ForgeError) else ForgeError(error.message, hint=error.hint)


def _state(value: Mapping[str, Any]) -> State:
    if value.get("merged") or value.get("merged_at") or value.get("state") == "merged":
        return State.MERGED
    return State.OPEN if value.get("state") in ("open", "opened", "locked") else State.CLOSED


def _is_from(dialect: Dialect, value: Mapping[str, Any], draft: Draft, source: object) -> bool:
    """Whether a pull request is of the branch, or was pushed to `refs/for` with our marker."""
    if dialect.name == "gitlab":
        project = value.get("target_project_id") if source is None else source
        return value.get("source_branch") == draft.branch and value.get("source_project_id") == project
    if dialect.name == "gitea" and _is_agit(value):
        return draft.marker in str(value.get("body") or "") and _below(value, "base", "ref") == draft.base
    repo = str(_below(value, "head", "repo", "full_name") or "")
    names = (_below(value, "head", "ref"), _below(value, "head", "label") if dialect.name == "gitea" else None)
    return draft.branch in names and repo.lower() == draft.repo.lower()


def _is_agit(value: Mapping[str, Any]) -> bool:
    """Whether Gitea made one of a push to `refs/for`: it has no branch, not even a deleted one."""
    return str(_below(value, "head", "ref")).startswith("refs/pull/") and not _below(value, "head", "label")


def _below(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
