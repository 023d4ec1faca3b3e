"""`hclmod catch-up`: roll a phase at a pace that the cluster survives, batch by batch.

The state is one file. A batch is marked as begun before its first command, so a run that is killed loses no rollout of
the window, and the next one resumes it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod import __version__, files, interrupts, journal, locks, scratch
from hclmod.engine.pacing import AGAIN, check_targets, digest
from hclmod.errors import HclmodError, RefusedError
from hclmod.ledger import PHASE, RULES, VERSION, branch_of, message
from hclmod.reports.escape import unlinked
from hclmod.rollout import foreseen, shell
from hclmod.rollout.state import (
    DONE,
    FAILED,
    NAME,
    STARTED,
    WAITING,
    Next,
    Offer,
    State,
    What,
    dump,
    parse,
    ready,
    with_event,
)
from hclmod.rollout.window import length

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hclmod.engine.outcomes import PhaseReport
    from hclmod.engine.pacing import Plan, Slice
    from hclmod.engine.project import Project
    from hclmod.rollout.items import Batch, Step
    from hclmod.rollout.shell import Command


def read(project: Project) -> State:
    """The state of the catch-up; an `HclmodError` where there is none."""
    if (state := known(project)) is None:
        raise HclmodError("no catch-up is planned", hint="Run `hclmod catch-up plan --phase N`.")
    return state


def known(project: Project) -> State | None:
    """The state of the catch-up, or None."""
    data = files.content(project.root, NAME)
    return None if data is None else parse(data, NAME)


def require_replaceable(old: State | None, phase: int, *, replaced: bool) -> None:
    """Raise where another phase is not finished, unless it may be written over."""
    if old is not None and old.phase != phase and old.of(WAITING, FAILED, STARTED) and not replaced:
        hint = "Finish it first, or give --replace. What was rolled in the last hours stays known."
        raise HclmodError(f"the catch-up of phase {old.phase} is not finished", hint=hint)


def planned(project: Project, number: int, base: str) -> tuple[Project, str]:
    """The project as it is before a phase: of one that is done at the parent of its commit, else at `base`."""
    entries = [each for each in project.git.ledger(base) if each.phase == number]
    revision = f"{entries[-1].commit}^" if entries else base
    there = project.at(revision)
    there.require_names()
    return there, revision


def worklist(sources: Sequence[tuple[str, bytes]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """For each image that Diun reports when the newest of its tags was made (empty where unknown), and problems."""
    from hclmod.images import diun

    result: dict[str, str] = {}
    problems: list[str] = []
    for path, data in sources:
        taken = diun.read(data, path, "1970-01-01T00:00:00Z")
        problems += taken.problems
        for name, image in taken.images.items():
            times = [info.created for info in image.tags.values() if info.created and info.time]
            result[name] = max(filter(None, times), default="")
    return result, tuple(problems)


def write(project: Project, old: State | None, new: State) -> str:
    """Put a state in the place of the old one, in one step; the path of its file."""
    before = None if old is None else dump(old)
    now = files.content(project.root, NAME)
    if (None if now is None else dump(parse(now, NAME))) != before:
        raise RefusedError(f"{NAME} was changed while hclmod ran", hint="Nothing was written. Run again.")
    if now != (data := dump(new)):
        journal.replace_all(project.root, {NAME: data}, {NAME: now})
    return NAME


def mark(
    project: Project,
    name: str,
    what: What,
    at: datetime,
    reason: str = "",
) -> State:
    """Say what became of a batch, and write it; another run may write at the same moment."""
    for last in (False, False, True):
        state = read(project)
        new = with_event(state, state.named(name), what, at, reason)
        try:
            write(project, state, new)
        except RefusedError:
            if last:
                raise
        else:
            return new
    raise AssertionError("the last try returns or raises")


def offer(project: Project, now: datetime, *, retry: bool = False, past_failed: bool = False) -> Next:
    """What may happen now; a batch only where this checkout is what it was planned for."""
    result = ready(read(project), now, retry=retry, past_failed=past_failed)
    if isinstance(result, Offer):
        require_ready(project, result.batch)
    return result


def require_ready(project: Project, batch: Batch) -> None:
    """Raise where this checkout is not what the batch was planned for."""
    if not batch.commit:
        for path, before in batch.before.items():
            data = files.content(project.root, path)
            if data is not None and digest(data) == before:
                hint = "Merge the branch of the phase or check it out, then run again."
                raise HclmodError(f"{path} is here as it was before the phase", hint=hint)
    if batch.commit and not project.git.leads_to(batch.commit):
        hint = "Check out the base. If it has moved, make them again: hclmod catch-up plan --phase N --slices --replace"
        raise HclmodError(f"the slice of batch {batch.id} does not stand on what is checked out", hint=hint)
    here = {each.path for each in project.stacks}
    for step in batch.steps:
        if step.stack not in here:
            raise HclmodError(f"{step.stack or '.'} is not a stack of this checkout", hint=AGAIN)
        check_targets(project, step.stack, step.targets)


def phase_report(
    project: Project, number: int, watch: Callable[[str], None], begin: Callable[[int], None] | None
) -> PhaseReport:
    """What the phase does to a project."""
    done = tuple(each for each in project.config.phases if each < number)
    return project.plan(project.phase_job(number, done=done), watch, begin)


def commit_slices(plan: Plan, base: str, *, replace_branch: bool = False) -> State:
    """Commit the slices one after another on the branch of the phase; the state with their commits."""
    parts, branch, tip = plan.slices(), branch_of(plan.state.phase), base
    made: dict[str, tuple[str, bool]] = {}
    for number, part in enumerate(parts, 1):
        text, again = _message(plan, part, number, len(parts)), replace_branch or number > 1
        commit = plan.project.git.commit(tip, part.documents, branch=branch, message=text, replace=again)
        tip = commit or tip
        if part.batch and commit:
            made[part.batch.id] = commit, part.skips
    named = (
        replace(each, commit=made[each.id][0], skips=made[each.id][1]) if each.id in made else each
        for each in plan.state.batches
    )
    return replace(plan.state, batches=tuple(named))


def _message(plan: Plan, part: Slice, number: int, count: int) -> str:
    """The message of a slice. Only that of the last one says that the phase is done."""
    phase = str(plan.state.phase)
    subject = f"Phase {phase}, slice {number} of {count}{' [ci skip]' if part.skips else ''}"
    owners = {stack for path in part.documents for stack in plan.documents[path].readers}
    title = f"Batch {part.batch.id}" if part.batch else "What fits into no window"
    body = "\n".join((f"{title}:", *(f"- {unlinked(each) or '.'}" for each in sorted(owners))))
    done = phase if number == count else f"{phase} (slice {number} of {count})"
    return message(subject, body, {PHASE: done, RULES: ", ".join(plan.report.rules), VERSION: __version__})


class Ran(Struct, frozen=True):
    """A batch that was run, and why it failed (empty where it did not)."""

    batch: Batch
    reason: str = ""


class _FailedError(Exception):
    """A command of a batch failed, or Terraform would do something else than was planned."""


def run(
    project: Project,
    now: Callable[[], datetime],
    *,
    retry: bool = False,
    past_failed: bool = False,
    limit: float | None = None,
    watch: Callable[[str], None] = lambda _line: None,
) -> Ran | Next:
    """Run the batch that may begin, and mark it as done or failed; else say why none may.

    `watch` hears each command. One that takes more than `limit` seconds is asked to stop, and the batch has failed.
    Only one run at a time does this, and no other one while a command of it still runs.
    """
    busy = "another `hclmod catch-up next --run`, or a command that it began, is still running"
    with locks.hold(project.root, "catch-up", busy) as handle:
        state = read(project)
        result = ready(state, now(), retry=retry, past_failed=past_failed)
        if not isinstance(result, Offer):
            return result
        batch = result.batch
        _require_runnable(project, state, batch)
        mark(project, batch.id, STARTED, now())
        caller = _Caller(handle, limit, watch)
        try:
            for step in batch.steps:
                _apply(project.root, state, batch, step, caller)
            for command in shell.looking(batch, state.runner):
                caller.call(project.root, command)
        except _FailedError as error:
            mark(project, batch.id, FAILED, now(), str(error))
            return Ran(batch, str(error))
        mark(project, batch.id, DONE, now())
        return Ran(batch)


def _require_runnable(project: Project, state: State, batch: Batch) -> None:
    """Raise for what only a person or a pipeline applies, and for programs that are not there."""
    if batch.by_hand:
        hint = f"Apply it, then run `hclmod catch-up done {batch.id}`."
        raise HclmodError(f"a person applies batch {batch.id}: {batch.by_hand}", hint=hint)
    if batch.commit:
        hint = "Run `hclmod catch-up next` and push its commit."
        raise HclmodError(f"batch {batch.id} is a commit, which `--run` does not push", hint=hint)
    require_ready(project, batch)
    for command in (*shell.commands(batch, state.runner), *shell.looking(batch, state.runner)):
        program = command.words[0]
        place = str(Path(project.root, command.folder, program)) if "/" in program else program
        if not shutil.which(place):
            hint = "Install it or make it executable, or name another one with --runner."
            raise HclmodError(f"there is no program {program} that can be run", hint=hint)


class _Caller(Struct, frozen=True):
    """Runs commands, which inherit the lock."""

    handle: int | None
    limit: float | None
    watch: Callable[[str], None]

    def call(self, root: Path, command: Command, *, read: bool = False) -> bytes:
        """Run one command to its end; what it prints is shown on standard error, or with `read` given back.

        A signal waits until the command has ended: Terraform stops by itself at Ctrl-C, and must not be killed.
        """
        if not read:
            self.watch(command.line)
        try:
            with interrupts.uncut():
                process = subprocess.Popen(
                    command.words,
                    cwd=root / command.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if read else 2,
                    pass_fds=() if self.handle is None else (self.handle,),
                )
                out = self._ended(process, command)
        except OSError as error:
            raise _FailedError(f"`{command.line}` did not start: {error.strerror}") from error
        if process.returncode:
            raise _FailedError(f"`{command.line}` ended with {process.returncode}")
        return out

    def _ended(self, process: subprocess.Popen[bytes], command: Command) -> bytes:
        """What a command has printed. At SIGTERM Terraform ends what it is at, and its state is whole."""
        try:
            return process.communicate(timeout=self.limit)[0] or b""
        except subprocess.TimeoutExpired as error:
            process.terminate()
            ending = "and was stopped"
            try:
                process.communicate(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                ending = "and does not stop. The next run waits for its end"
            what = f"`{command.line}` took more than {length(self.limit or 0)}"
            raise _FailedError(f"{what}, {ending}") from error


_GRACE = 60.0
"""So many seconds a command has to stop."""


def _apply(root: Path, state: State, batch: Batch, step: Step, caller: _Caller) -> None:
    """Apply one stack, if Terraform would change what was planned and nothing else that rolls."""
    with scratch.folder() as folder:
        file = str(folder / "plan")
        caller.call(root, shell.planning(step, state.runner, file))
        shown = caller.call(root, shell.showing(step, state.runner, file), read=True)
    changes = foreseen.read(shown)
    if changes is None:
        raise _FailedError(f"the plan of {step.stack or '.'} cannot be read")
    for problem in foreseen.differences(changes, batch, step):
        raise _FailedError(problem)
    caller.call(root, shell.applying(step, state.runner))
