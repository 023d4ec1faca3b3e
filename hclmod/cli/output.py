"""How the commands print: colour, progress, diffs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hclmod import files
from hclmod.cli import streams
from hclmod.cli.groups import QUIET
from hclmod.cli.streams import UntoldError
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.config.file import Config
    from hclmod.reports.model import Report


def show_report(report: Report, form: str, file: Path | None = None, *, verbose: bool = False, **how: Any) -> None:
    """Print a report in a format, or write it to a file; `how` goes to `formats.render`."""
    from hclmod.reports import formats, terminal

    watched = file is None
    style = terminal.Style(color() and watched, verbose, width() if watched else None)
    text = formats.render(report, form, style=style, **how)
    if file is not None:
        try:
            save(file, text.encode(errors="surrogateescape"))
        except HclmodError as error:
            raise UntoldError(error.message, hint=streams.MISSING) from error
    elif form == "text":
        click.echo(text, nl=False, color=color())
    else:
        show_bytes(text.encode(errors="surrogateescape"))


def written(number: int) -> str:
    """How many files were written, in words."""
    return f"{number} file{'s' * (number != 1)} written, nothing committed."


def warn(config: Config) -> None:
    """Print the warnings of a configuration, such as deprecated keys."""
    for each in config.warnings:
        warning(each)


def warn_of_unread(documents: Mapping[str, str]) -> None:
    """Name the documents that a list leaves out, with the reasons."""
    for path, why in sorted(documents.items()):
        warning(f"cannot read {path}, so nothing in it is listed: {why}")


def warn_of_closed(folders: Mapping[str, str]) -> None:
    """Name the folders that were not looked into."""
    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(folders.items()):
        by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        warning(f"not looked into ({why}): {', '.join(names)}")


def warning(text: str) -> None:
    """Print a warning to standard error."""
    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {text}", err=True)


def writable(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    """Refuse a file that cannot be written, before any work is done: for options that name an output."""
    if file is not None:
        with _refusing(file):
            _try(Path(os.path.realpath(files.given(file))))
    return file


def _try(path: Path) -> None:
    """Raise the `OSError` of writing a file, and leave all as it is."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not path.exists():
        path.touch(exist_ok=False)
        path.unlink()
    elif not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def save(file: Path, data: bytes) -> None:
    """Write a file, or raise an `HclmodError` that says why it cannot be written."""
    with _refusing(file):
        files.save(file, data)


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HclmodError(f"cannot write {file}: {error.strerror}") from error


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, indent=1)


def show_bytes(data: bytes) -> None:
    """Print a diff byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def say(text: str, *, err: bool = False) -> None:
    """Print what is neither report nor error, unless `--quiet` is given."""
    if not is_quiet():
        click.echo(text, err=err)


def is_quiet() -> bool:
    """Whether `--quiet` is given."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(QUIET))


def color() -> bool:
    """Whether to colour standard output: as `--color` or the environment says, else if it is a terminal."""
    context = click.get_current_context(silent=True)
    choice = context.color if context is not None else None
    return sys.stdout.isatty() if choice is None else choice


def width() -> int | None:
    """How wide the terminal is while a person watches; None in a pipe, where nothing is wrapped."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class Progress:
    """A line on standard error while a person watches: call it with the name of each thing that is done."""

    def __init__(self, noun: str, *, watched: bool) -> None:
        self.noun, self.watched, self.total, self.done = noun, watched, 0, 0

    def begin(self, total: int) -> None:
        """Say how many things there are."""
        self.total = total

    def __call__(self, name: str) -> None:
        """Count one thing that is done."""
        self.done += 1
        if self.watched:
            of = f" of {self.total}" if self.total else ""
            click.echo(f"\r\x1b[K{self.done}{of} {self.noun}  {name[:60]}", nl=False, err=True)


@contextmanager
def progress(noun: str = "stacks") -> Iterator[Progress]:
    """Show a line of progress, and remove it at the end."""
    line = Progress(noun, watched=sys.stderr.isatty() and not is_quiet())
    try:
        yield line
    finally:
        if line.watched:
            click.echo("\r\x1b[K", nl=False, err=True)
