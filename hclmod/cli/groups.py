"""How commands are found, grouped and loaded, and the options that every command takes.

A command's module is imported when the command runs, so `--help` and `--version` stay fast. Their summaries stand
beside the module names for the same reason.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from hclmod import interrupts
from hclmod.cli import errors, streams
from hclmod.errors import HclmodError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

QUIET = "hclmod.quiet"
"""The key under which a click context's `meta` says that only reports and errors are printed."""

PROGRESS = "hclmod.progress"
"""The key that says that progress is shown although nobody watches a terminal."""

_COLORS = {"always": True, "never": False}


def _set_quiet(context: click.Context, _option: click.Parameter, quiet: bool) -> None:
    if quiet:
        context.meta[QUIET] = True


def _set_color(context: click.Context, _option: click.Parameter, when: str | None) -> None:
    if when is not None or context.parent is None:
        context.find_root().color = context.color = _COLORS.get(when or "auto", _environment_color())


def _environment_color() -> bool | None:
    """What the environment says about colour, or None to look at the terminal (no-color.org, force-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR", "0") not in ("", "0") else None


def _common() -> list[click.Option]:
    quiet = click.Option(
        ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_set_quiet, help="Print reports and errors only."
    )
    color = click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=_set_color,
        help="When to use colour. NO_COLOR and FORCE_COLOR are respected.",
    )
    return [quiet, color]


class Command(click.Command):
    """A command that also takes `--quiet` and `--color`."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params += _common()


class Group(click.Group):
    """A group that suggests the nearest command for an unknown one."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params += _common()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            hint = nearest(args[0], names, f"Run `{ctx.command_path} --help` for the list.")
            raise HclmodError(f"unknown command `{args[0]}`", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries, which are never cut."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, summary(command)) for name, command in commands.items() if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def summary(command: click.Command) -> str:
    """The first sentence of a command's help, without the full stop."""
    return command.get_short_help_str(limit=1000).removesuffix(".")


class CommandLine(Group):
    """The root: loads a command when it runs, lists commands by section, prints errors and exits.

    `sections` has for each section its commands, each with its module below `hclmod.cli` and its summary.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.sections = sections
        self._modules = {name: module for rows in sections.values() for name, (module, _) in rows.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands, in the order of `--help`."""
        del ctx
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module; None for an unknown name."""
        del ctx
        if cmd_name not in self._modules:
            return None
        module = import_module(f"hclmod.cli.{self._modules[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of each section with their summaries."""
        del ctx
        width = max(map(len, self._modules))
        for section, rows in self.sections.items():
            with formatter.section(section):
                formatter.write_dl([(f"{name:{width}}", text) for name, (_, text) in rows.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error is printed while `--color` is known, and becomes the exit code."""
        try:
            return super().invoke(ctx)
        except (HclmodError, click.ClickException) as error:
            return errors.show(error)

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command line and exit with one of the codes of `docs/commands.md`."""
        interrupts.install()
        streams.install()
        sys.excepthook = errors.crashed
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
            streams.finish()
        except (HclmodError, click.ClickException) as error:
            code = errors.show(error)
        except (KeyboardInterrupt, click.Abort) as error:
            code = errors.interrupted(error)
        sys.exit(code)
