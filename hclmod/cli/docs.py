"""`docs`: generate the pages of the documentation from rules, fixtures, help texts and the schema."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from hclmod import files
from hclmod.cli import options, output
from hclmod.cli.groups import Command as _Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hclmod.cli.options import Source
    from hclmod.commands.docs import Command

EXITS = {
    0: "nothing to do, or done",
    1: "findings, or with `--exit-code` something would change",
    2: "usage, configuration, or a rule that does not load",
    3: "refused, so nothing was written: a change could not be proven, or a file was changed meanwhile",
    4: "done, and the report could not be written",
    129: "interrupted by SIGHUP",
    130: "interrupted by Ctrl-C",
    143: "interrupted by SIGTERM",
}


@click.command(cls=_Command)
@click.option(
    "--into", default="docs", type=options.PATHS, metavar="FOLDER", show_default=True, help="Folder of the pages."
)
@options.fixtures
@click.option(
    "--schemas",
    default="hclmod/schemas",
    type=options.PATHS,
    metavar="FOLDER",
    show_default=True,
    help="Folder of the JSON schemas, if it exists.",
)
@click.option("--check", is_flag=True, help="Write nothing, and exit with 1 if a page is out of date.")
@options.source(repository=False, config=False, rules=True)
@click.pass_context
def docs(context: click.Context, *, into: Path, fixtures: Path, schemas: Path, check: bool, source: Source) -> int:
    """Generate the documentation pages.

    The pages describe rules, commands and configuration. The JSON schemas are generated, too.
    """
    from hclmod.commands import docs as commands

    root = click.Context(context.find_root().command, info_name="hclmod")
    pages = commands.pages(fixtures, source.rules)
    pages["cli.md"] = commands.commands_page(list(_commands(root.command, root)), EXITS)
    texts = {into / name: text for name, text in pages.items()}
    texts |= {schemas / name: text for name, text in commands.schemas().items() if schemas.is_dir()}
    present = set((into / "rules").glob("*.md"))
    stale = sorted(path for path, text in texts.items() if _read(path) != text) + sorted(present - texts.keys())
    for path in stale:
        output.show(f"{'stale' if check else 'wrote' if path in texts else 'removed'} {path}")
        if not check:
            _write(path, texts.get(path))
    return int(check and bool(stale))


def _read(path: Path) -> str | None:
    return files.load(path).decode() if path.is_file() else None


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        files.save(path, text.encode())


def _commands(command: click.Command, context: click.Context) -> Iterator[Command]:
    """A command's help, then that of the commands below it, in the order of their names."""
    from hclmod.commands.docs import Command

    group = command if isinstance(command, click.Group) else None
    is_root = context.parent is None
    if is_root or group is None:
        usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
        records = [each.get_help_record(context) for each in _options(command, is_root=is_root)]
        text = inspect.cleandoc(command.help or "")
        yield Command(context.command_path, usage, text, tuple(each for each in records if each))
    for name in sorted(group.list_commands(context)) if group else ():
        below = group.get_command(context, name) if group else None
        if below is not None:
            yield from _commands(below, click.Context(below, info_name=name, parent=context))


def _options(command: click.Command, *, is_root: bool) -> Iterator[click.Option]:
    """The options of a command; those that all commands take are listed once, with the root."""
    for each in command.params:
        if isinstance(each, click.Option) and (is_root or not {"--quiet", "--color"} & {*each.opts}):
            yield each
