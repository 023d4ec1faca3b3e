"""`docs`: the pages of the documentation that are made from rules, fixtures, help and schema."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli.apply import PATHS, rules_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.commands.docs import Command

EXITS = {
    0: "nothing to do, or done",
    1: "findings, or with `--exit-code` something would change",
    2: "usage, configuration, or a rule that does not load",
    3: "a change could not be proven, so nothing was written",
    130: "interrupted",
}


@click.command()
@click.option("--into", default="docs", type=PATHS, metavar="FOLDER", show_default=True)
@click.option("--fixtures", default="fixtures", type=PATHS, metavar="FOLDER", show_default=True)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a page is stale.")
@rules_option
@click.pass_context
def docs(context: click.Context, into: Path, fixtures: Path, check: bool, folders: tuple[Path, ...]) -> int:
    """Make the pages on rules, commands and configuration from what the program says of itself."""
    from hclmod.commands import docs

    root = click.Context(context.find_root().command, info_name="hclmod")
    pages = api.pages(fixtures, folders)
    pages["cli.md"] = docs.commands_page(list(_commands(root.command, root)), EXITS)
    present = {path.relative_to(into).as_posix() for path in (into / "rules").glob("*.md")}
    stale = sorted(name for name, text in pages.items() if _read(into / name) != text) + sorted(present - pages.keys())
    for name in stale:
        click.echo(f"{'stale' if check else 'wrote' if name in pages else 'removed'} {into / name}")
        if not check:
            _write(into / name, pages.get(name))
    return int(check and bool(stale))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _commands(command: click.Command, context: click.Context) -> Iterator[Command]:
    """A command's help, then that of the commands below it, in the order of their names."""
    from hclmod.commands.docs import Command

    below = command.commands if isinstance(command, click.Group) else {}
    if not below:
        usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
        records = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
        text = inspect.cleandoc(command.help or "")
        yield Command(context.command_path, usage, text, tuple(each for each in records if each))
    for name in sorted(below):
        yield from _commands(below[name], click.Context(below[name], info_name=name, parent=context))


COMMANDS = (docs,)
