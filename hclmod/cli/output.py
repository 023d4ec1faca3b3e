"""How the commands print: colour, progress, diffs. No other module prints, so text leaves by one door.

`show` and its like make text inert. `show_inert` and `show_bytes` take what is inert already. A test lists their users.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hclmod import files
from hclmod.cli import streams
from hclmod.cli.groups import PROGRESS, QUIET
from hclmod.cli.streams import UntoldError
from hclmod.errors import HclmodError
from hclmod.reports import escape
from hclmod.reports.escape import log, one_line, visible

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
        _put(text, nl=False, colored=color())
    else:
        show_bytes(text.encode(errors="surrogateescape"))


def show(text: str = "", *, err: bool = False) -> None:
    """Print lines of text."""
    _put(log(text), err=err)


def show_title(text: str) -> None:
    """Print a line in bold type."""
    _put(click.style(log(text), bold=True))


def show_labelled(label: str, text: str, *, color: str, err: bool = True) -> None:
    """Print text behind a word in a colour, such as `error:`."""
    _put(f"{click.style(label, fg=color, bold=True)} {log(text)}", err=err)


def show_inert(text: str, *, err: bool = False) -> None:
    """Print what is inert already, and ends in a newline: a table, a comment, JSON, a help page."""
    _put(text, nl=False, err=err)


def _put(text: str, *, nl: bool = True, err: bool = False, colored: bool | None = None) -> None:
    click.echo(text, nl=nl, err=err, color=colored)


def written(number: int) -> str:
    """How many files were written, in words."""
    return f"{number} file{'s' * (number != 1)} written, nothing committed."


def warn(config: Config) -> None:
    """Print the warnings of a configuration, such as deprecated keys."""
    for each in config.warnings:
        warning(each)


def warn_of_unread(documents: Mapping[str, str], closed: Mapping[str, str]) -> None:
    """Name the documents that a list leaves out, with the reasons; those in `closed` are named at the end."""
    for path, why in sorted(documents.items()):
        if path not in closed:
            warning(f"cannot read {path}, so nothing in it is listed: {why}")


def warn_of_closed(folders: Mapping[str, str]) -> None:
    """Name the folders and files that were not looked into."""
    from hclmod.engine.tree import AWAY

    by_reason: dict[str, list[str]] = {}
    for name, why in sorted(folders.items()):
        by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        what = "read from git" if why == AWAY else "not looked into"
        warning(f"{what} ({why}): {', '.join(names)}")


def warning(text: str) -> None:
    """Print a warning to standard error."""
    show_labelled("warning:", text, color="yellow")


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
    show_inert(json_text(value))


def json_text(value: Any) -> str:
    """A value as JSON, ending in a newline."""
    return escape.json(json.dumps(value, indent=1) + "\n")


def show_bytes(data: bytes) -> None:
    """Print a diff or a document byte for byte; while a person watches, what a terminal would obey by its number."""
    if sys.stdout.isatty():
        show_inert(visible(data.decode(errors="surrogateescape").replace("\r\n", "\n"), keep="\n\t"))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def say(text: str, *, err: bool = False) -> None:
    """Print what is neither report nor error, unless `--quiet` is given."""
    if not is_quiet():
        show(text, err=err)


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
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


class Progress:
    """A line on standard error while a person watches: call it with the name of each thing that is done.

    With `lines` each state stands on a line of its own, for logs.
    """

    def __init__(self, noun: str, *, watched: bool, lines: bool = False) -> None:
        self.noun, self.watched, self.lines, self.total, self.done = noun, watched, lines, 0, 0

    def begin(self, total: int) -> None:
        """Say how many things there are."""
        self.total, self.done = total, 0
        self._show("")

    def __call__(self, name: str) -> None:
        """Count one thing that is done."""
        self.done += 1
        self._show(name)

    def _show(self, name: str) -> None:
        of = f" of {self.total}" if self.total else ""
        text = f"{self.done}{of} {self.noun}  {one_line(name)[:60]}".rstrip()
        if self.lines:
            _put(log(text), err=True)
        elif self.watched:
            _put(f"\r\x1b[K{log(text)}", nl=False, err=True)


@contextmanager
def progress(noun: str = "stacks") -> Iterator[Progress]:
    """Show a line of progress, and remove it at the end; `--progress` shows lines where nobody watches a terminal."""
    context = click.get_current_context(silent=True)
    asked = context is not None and bool(context.meta.get(PROGRESS))
    watched = sys.stderr.isatty() and not is_quiet()
    line = Progress(noun, watched=watched, lines=asked and not watched and not is_quiet())
    try:
        yield line
    finally:
        if line.watched:
            _put("\r\x1b[K", nl=False, err=True)
