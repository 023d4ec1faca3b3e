"""How errors are printed: one line `error: ...`, then one line `hint: ...`; and what an interruption leaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from hclmod import interrupts
from hclmod.errors import HclmodError, nearest

if TYPE_CHECKING:
    from types import TracebackType

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count it."""

_QUOTED = re.compile(r"'([^']*)'")
_IS_HELP: type[click.ClickException] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())


def show(error: HclmodError | click.ClickException) -> int:
    """Print an error on standard error and return its exit code."""
    from hclmod.cli import output

    if isinstance(error, _IS_HELP):  # a group without a command: its text is the help itself
        output.show_inert(error.format_message() + "\n", err=True)
        return error.exit_code
    plain = error if isinstance(error, HclmodError) else _plain(error)
    output.show_labelled("error:", plain.message, color="red")
    if plain.hint:
        output.show_labelled("hint:", plain.hint, color="cyan")
    return plain.exit_code


def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback of a bug: its message may come from a repository."""
    import traceback

    from hclmod.cli import output

    output.show("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"), err=True)


def interrupted(error: BaseException | None = None) -> int:
    """Say that a signal ended the run and what was written until then, and return the exit code."""
    from hclmod.cli import output
    from hclmod.reports.escape import one_line

    names = [one_line(each) for each in interrupts.written]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    what = f"written before that: {', '.join(names[:_NAMED])}{more}" if names else "nothing was written"
    output.show(f"interrupted: {what}", err=True)
    cause = error.__cause__ if isinstance(error, click.Abort) else error  # click gives Ctrl-C another name
    return 128 + cause.number if isinstance(cause, interrupts.Terminated) else INTERRUPTED


_NAMED = 5


def _plain(error: click.ClickException) -> HclmodError:
    """The same error in our own words."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    usage = f"Run `{context.command_path} --help` for the options." if context else ""
    match error:
        case click.NoSuchOption():
            near = nearest(error.option_name, error.possibilities or (), usage)
            return HclmodError(f"unknown option `{error.option_name}`", hint=near)
        case click.MissingParameter():
            kind = error.param_type or (error.param.param_type_name if error.param else "parameter")
            return HclmodError(f"missing {kind} {_name(error)}", hint=usage)
        case click.BadParameter():
            return HclmodError(
                f"invalid value for {_name(error)}: {_text(error.message)}", hint=_choice(error) or usage
            )
    return HclmodError(_text(error.format_message()), hint=usage)


def _name(error: click.BadParameter) -> str:
    """The option or argument that an error is about, in backticks."""
    name = error.param_hint
    if name is None and error.param is not None and error.ctx is not None:
        name = error.param.get_error_hint(error.ctx)
    words = [name] if isinstance(name, str) else list(name or ())
    return " or ".join(_QUOTED.sub(r"`\1`", word) for word in words)


def _text(message: str) -> str:
    """A message of click in our style: backticks for names, no capital at the start, no full stop at the end."""
    text = _QUOTED.sub(r"`\1`", message.strip().removesuffix("."))
    return text[:1].lower() + text[1:]


def _choice(error: click.BadParameter) -> str:
    """The nearest of the allowed values, where there is a list of them."""
    kind = error.param.type if error.param else None
    match = _QUOTED.match(error.message)
    return nearest(match[1], map(str, kind.choices)) if match and isinstance(kind, click.Choice) else ""
