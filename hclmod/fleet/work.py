"""One repository in one phase, in this process: fetch, plan, commit, push. Only git's own files are on disk.

What goes wrong becomes the outcome of this repository and harms no other.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from hclmod import files
from hclmod.commands import tags
from hclmod.commands.apply import apply_phase, plan_phases, tell
from hclmod.engine.bare import open_commit
from hclmod.errors import ConfigError, GitError, HclmodError, RefusedError
from hclmod.fleet import pulls
from hclmod.fleet.rows import Cause, Outcome, Row, key
from hclmod.git.address import Address, with_token
from hclmod.git.mirror import mirror
from hclmod.images import evidence
from hclmod.ledger import branch_of
from hclmod.registries.questions import Wish
from hclmod.reports import secrets
from hclmod.reports.causes import causes, numbers
from hclmod.reports.escape import clip, without_login
from hclmod.reports.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.project import Project
    from hclmod.git.mirror import Heads, Mirror
    from hclmod.images.evidence import Snapshot
    from hclmod.reports.model import Section

_IMAGES = 5_000  # of one repository


class Do(StrEnum):
    """What to do with a repository."""

    LOOK = "look"  # which tags it needs to know
    PLAN = "plan"
    RUN = "run"
    CLOSE = "close"


class Shared(Struct, frozen=True, kw_only=True):
    """What holds for all repositories of a run. `tags` is a tag snapshot that takes the place of their own."""

    cache: str
    timeout: float
    depth: int
    max_megabytes: int
    max_files: int
    config: bytes | None = None
    tags: bytes | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    pull_requests: bool = False
    forges: Mapping[str, str] = field(default_factory=dict)
    forge_urls: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    draft: bool = False


class Task(Struct, frozen=True, kw_only=True):
    """One repository in one phase. `config` takes the place of its own, `known` is what an earlier run says."""

    do: Do
    address: Address
    phase: int
    base: str = ""
    config: bytes | None = None
    known: Row | None = None


class Done(Struct, frozen=True):
    """The row of a task, and for `Do.LOOK` the images to ask registries about."""

    row: Row
    wishes: tuple[Wish, ...] = ()


def work(shared: Shared, task: Task) -> Done:
    """Do a task. An error is the outcome; the row of an earlier run comes back as it is."""
    started = time.monotonic()
    try:
        done = _work(shared, task)
    except (RefusedError, ConfigError) as error:
        done = Done(blank(task, Outcome.REFUSED, error.message))
    except HclmodError as error:
        done = Done(blank(task, Outcome.FAILED, error.message))
    except OSError as error:  # a full disk, a cache that may not be written
        done = Done(blank(task, Outcome.FAILED, f"{error.filename or 'the cache'}: {error.strerror or error}"))
    except Exception as error:  # noqa: BLE001 - a defect of hclmod must cost one repository and not the fleet
        done = Done(blank(task, Outcome.FAILED, f"hclmod failed: {type(error).__name__}: {error}"))
    if done.row == task.known:
        return done
    row = replace(done.row, seconds=round(time.monotonic() - started, 2), megabytes=_megabytes(), at=_now())
    return replace(done, row=row)


def blank(task: Task, outcome: Outcome, why: str = "") -> Row:
    """A row that says no more than why."""
    text = clip(without_login(" ".join(why.split())), pulls.LONGEST)
    return Row(url=task.address.url, phase=task.phase, outcome=outcome, why=text, branch=branch_of(task.phase))


def _work(shared: Shared, task: Task) -> Done:
    branch = branch_of(task.phase)
    with mirror(_folder(shared, task.address.url), _with_login(shared, task.address)) as clone:
        heads = clone.heads(task.base, branch)
        if heads.base == branch:
            raise RefusedError(f"its base branch is {branch}, which is the one to push", hint="Name its `base`.")
        if task.do is Do.CLOSE:
            return Done(_closed(clone, task, heads))
        row = _begun(shared, task, heads)
        if task.known is not None and task.known.holds(row.key, heads.tip):
            return Done(task.known)
        heads = clone.fetch(heads, branch, shared.depth)
        clone.require_size(heads.commit, shared.max_files, shared.max_megabytes << 20)
        try:
            return _planned(shared, task, clone, heads)
        except (RefusedError, ConfigError) as error:
            why = blank(task, Outcome.REFUSED, error.message).why
            return Done(replace(_begun(shared, task, heads), outcome=Outcome.REFUSED, why=why))


def _begun(shared: Shared, task: Task, heads: Heads) -> Row:
    settings = task.config if task.config is not None else shared.config or b""
    tags = shared.tags or b""
    made = key(task.address.url, heads.commit, task.phase, settings, tags, pull_request=shared.pull_requests)
    row = blank(task, Outcome.UNCHANGED)
    return replace(row, key=made, base_name=heads.base, base=heads.commit, tip=heads.tip)


def _planned(shared: Shared, task: Task, clone: Mirror, heads: Heads) -> Done:
    """Plan the phase at the base, and for a run commit and push it."""
    row = _begun(shared, task, heads)
    project = _open(shared, task, clone, heads)
    if task.phase not in project.config.phases:
        return Done(replace(row, outcome=Outcome.SKIPPED, why=f"its config has no phase {task.phase}"))
    if task.do is Do.LOOK:
        return Done(row, tags.wishes(project, tags.seen(project), (), (task.phase,)))
    if heads.is_here and clone.repository().foreign(heads.commit, heads.tip):
        raise RefusedError(f"{row.branch} has commits that hclmod did not make")
    (report,) = plan_phases(project, [task.phase], base=heads.commit)
    shown = tell(project, [report], base=heads.commit, for_text=not shared.pull_requests)
    (section,) = shown.sections
    row = replace(_counted(row, section), images=_images(project))
    if not project.proven(report):
        return Done(row)
    row = replace(row, outcome=Outcome.CHANGED)
    if task.do is Do.RUN:
        row = replace(row, commit=_committed(project, report, section, heads))
        if shared.pull_requests:
            return Done(pulls.propose(shared, clone, heads, row, shown))
        if row.commit != heads.tip:
            clone.push(row.branch, row.commit, heads.tip)
    return Done(row)


def _open(shared: Shared, task: Task, clone: Mirror, heads: Heads) -> Project:
    """The project of the base: with the config that the fleet names for it, else its own, else that of all."""
    known = None if shared.tags is None else _snapshot(shared.tags)
    return open_commit(clone.repository(), heads.commit, settings=task.config, otherwise=shared.config, tags=known)


@lru_cache(maxsize=1)
def _snapshot(data: bytes) -> Snapshot:
    return evidence.parse(data, "the tag snapshot of the fleet")


def _committed(project: Project, report: PhaseReport, section: Section, heads: Heads) -> str:
    """The commit that our branch has in the clone afterwards."""
    try:
        return apply_phase(project, report, section, base=heads.commit, replace_branch=True).commit or ""
    except GitError as error:
        raise HclmodError(error.message) from error


def _closed(clone: Mirror, task: Task, heads: Heads) -> Row:
    """Remove our branch there, but only if it still is what an earlier run has pushed."""
    ours = task.known.commit if task.known else ""
    row = blank(task, Outcome.CLOSED)
    if not heads.tip:
        if task.known and task.known.pull_request:
            raise RefusedError(f"it has no branch, so look whether this is closed: {task.known.pull_request}")
        return replace(row, why="the branch was gone already")
    if not ours or heads.tip != ours:
        raise RefusedError(f"{row.branch} is not what this fleet has pushed")
    clone.push(row.branch, "", ours)
    return replace(row, tip=ours)


def _counted(row: Row, section: Section) -> Row:
    changes, rolling, review, refused = numbers(section)
    open_causes = tuple(Cause(each.title, each.number) for each in causes([section], Kind.PERSON))
    return replace(
        row,
        files=section.totals.files,
        changes=changes,
        roll_out=rolling,
        need_review=review,
        refused=refused,
        causes=open_causes,
    )


def _images(project: Project) -> tuple[str, ...]:
    """The images with their tags, each once, without what must not be shown."""
    clean: Callable[[str], str] = secrets.cleaner(project, None, "HEAD")
    return tuple(sorted({clean(str(each.image)) for each in tags.seen(project)})[:_IMAGES])


def _with_login(shared: Shared, place: Address) -> Address:
    """The address with the token that this machine has for its host, where git takes one."""
    token = pulls.token_of(shared, place.url) if place.url.startswith("http") else ""
    return with_token(place, token) if token else place


def _folder(shared: Shared, url: str) -> Path:
    """Where the clone of a repository lies."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:24]
    return cache_folder(shared.cache) / f"{digest}.git"


def cache_folder(name: str) -> Path:
    """The folder of the clones: the one that is named, else one of the person's own on this machine."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.realpath(Path(name or f"{base}/hclmod/fleet").expanduser()))


def _megabytes() -> int:
    """The memory of this process now, where the system says it, else at its peak."""
    try:
        pages = int(files.read_regular("/proc/self/statm").split()[1])
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return (pages * os.sysconf("SC_PAGE_SIZE")) >> 20


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
