"""The commands of a batch, as words for a process and as a line for a shell."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.errors import HclmodError
from hclmod.images import reference
from hclmod.rollout.items import POLL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.rollout.items import Batch, Item, Step
    from hclmod.rollout.state import State

RUNNERS = ("terraform", "tofu", "terragrunt")
OLD_TERRAGRUNT = "terragrunt --terragrunt-non-interactive"
"""Terragrunt before 1.0, whose option for scripts had another name."""


class Command(Struct, frozen=True):
    """Words to run in a folder of the repository, empty for its root."""

    folder: str
    words: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command for a shell at the repository's root."""
        words = shlex.join(self.words)
        folder = f"./{self.folder}" if self.folder.startswith("-") else self.folder  # `cd -P` goes home
        return f"(cd {shlex.quote(folder)} && {words})" if folder else words


def runner(name: str, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that call a runner in a folder, and those that keep it from asking.

    A runner with a `/` in its name is a script of the repository, which takes what Terragrunt takes.
    Raises `HclmodError` for what is not a command.
    """
    try:
        program, *more = shlex.split(name)
    except ValueError as error:
        hint = "Write a command such as terraform or scripts/tg, with its quotes closed."
        raise HclmodError(f"the runner `{name}` is not a command", hint=hint) from error
    if "/" in program and not program.startswith("/"):
        program = posixpath.relpath(program, folder or ".")
        program = program if "/" in program else f"./{program}"
    if program == "terragrunt" and more == ["--terragrunt-non-interactive"]:
        return (program,), (*more, "-auto-approve")
    if program == "terragrunt":
        return (program, *more), ("--non-interactive", "-auto-approve")
    if program in RUNNERS:
        return (program, *more), ("-input=false", "-auto-approve")
    return (program, *more), ("--non-interactive",)


def applying(step: Step, name: str) -> Command:
    """Apply a step."""
    program, quiet = runner(name, step.stack)
    return Command(step.stack, (*program, "apply", *quiet, *_targets(step)))


def planning(step: Step, name: str, file: str) -> Command:
    """Plan a step into a file."""
    program, quiet = runner(name, step.stack)
    words = (each for each in quiet if each != "-auto-approve")
    return Command(step.stack, (*program, "plan", *words, f"-out={file}", *_targets(step)))


def showing(step: Step, name: str, file: str) -> Command:
    """Show a planned file as JSON."""
    program, _ = runner(name, step.stack)
    return Command(step.stack, (*program, "show", "-json", file))


def checking(step: Step, name: str) -> Command:
    """Ask whether anything of the stack is left: 0 for nothing, 2 for changes."""
    program, quiet = runner(name, step.stack)
    words = (each for each in quiet if each != "-auto-approve")
    return Command(step.stack, (*program, "plan", *words, "-detailed-exitcode"))


def _targets(step: Step) -> tuple[str, ...]:
    return tuple(f"-target={each}" for each in step.targets)


def commands(batch: Batch, name: str) -> tuple[Command, ...]:
    """What applies a batch, in this order."""
    return tuple(applying(step, name) for step in batch.steps)


def looking(batch: Batch, name: str) -> tuple[Command, ...]:
    """How a person, or `--run`, sees that a batch is healthy; what only polls has not rolled yet by then."""
    checks = [checking(step, name) for step in batch.steps if step.last]
    return (*checks, *(_status(each) for each in batch.items if each.weight and each.kind and each.name))


def _status(item: Item) -> Command:
    return Command("", (*_kubectl(item), "rollout", "status", f"{item.kind}/{item.name}", "--timeout=10m"))


def _kubectl(item: Item) -> tuple[str, ...]:
    return ("kubectl", *(("-n", item.namespace) if item.namespace else ()))


def watching(batch: Batch) -> tuple[Command, ...]:
    """Restarts and states of the pods in the namespaces of a batch."""
    names = dict.fromkeys(each.namespace for each in batch.items if each.weight and each.namespace)
    return tuple(Command("", ("kubectl", "-n", name, "get", "pods")) for name in names)


def undoing(item: Item) -> Iterator[Command]:
    """Put one workload back at once, and then so that it stays."""
    if item.kind and item.name:
        yield Command("", (*_kubectl(item), "rollout", "undo", f"{item.kind}/{item.name}"))
    known = (reference.parse(before) for before, _ in item.images)
    tag = next((each.tag for each in known if each and each.tag), None)
    if tag and item.when != POLL:
        yield Command("", ("hclmod", "pin", item.workload, "--to", tag, "--reason", "..."))


def slicing(batch: Batch) -> tuple[Command, ...]:
    """Hand the commit of a slice to the pipeline that applies it."""
    return (Command("", ("git", "merge", "--ff-only", batch.commit)), Command("", ("git", "push")))


def beginning(state: State, batch: Batch) -> tuple[Command, ...]:
    """What a person runs to begin a batch: the commit of its slice, then what no pipeline applies."""
    merging = slicing(batch) if batch.commit else ()
    by_pipeline = bool(batch.commit) and not batch.skips
    return (*merging, *(() if by_pipeline else commands(batch, state.runner)))
