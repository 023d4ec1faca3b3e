"""`tags refresh`, `tags import` and `tags explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.errors import INTERRUPTED
from hclmod.cli.groups import Group
from hclmod.cli.refresh import show_failed
from hclmod.commands import tags as commands
from hclmod.errors import HclmodError
from hclmod.files import load
from hclmod.reports.escape import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.cli.options import Source


@click.group(cls=Group)
def tags() -> None:
    """Manage the snapshot of registry tags.

    The snapshot hclmod.tags.json holds what registries and Diun report. Commit it, so that everyone gets the same
    decisions.
    """


@tags.command()
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--phase", type=int, metavar="N", help="Query only the images of this phase.")
@options.progress
@options.source()
def refresh(*, images: tuple[str, ...], phase: int | None, source: Source) -> int:
    """Query registries and update the snapshot.

    Without IMAGE and --phase, queries every image whose tag is undecided. Exits with 1 if a query failed and with 130
    if interrupted, and stores the results so far in both cases.
    """
    if images and phase is not None:
        raise click.UsageError("give images or --phase, not both")
    project = source.open()
    with output.progress("images") as watch:
        phases = () if phase is None else (phase,)
        result = commands.refresh(project, images, phases, watch=watch, begin=watch.begin)
    path = commands.write(project, result.snapshot) if result.learnt else ""
    text = f"{_images(result.learnt)} queried, {f'written to {path}' if path else 'nothing written'}"
    output.say(text + (f", {len(result.failed)} failed" if result.failed else "") + ".")
    show_failed(result)
    return INTERRUPTED if result.interrupted else int(bool(result.failed))


@tags.command("import")
@click.argument("files", nargs=-1, required=True, type=options.PATHS, metavar="FILE...")
@options.source()
def import_(*, files: tuple[Path, ...], source: Source) -> int:
    """Import tags that Diun reported.

    FILE holds one or more JSON documents from `diun image inspect --raw`, `diun image list --raw` or a webhook. Use -
    for standard input. Never replaces a complete list from a registry.
    """
    from hclmod.images.diun import LIMITS

    project = source.open()
    result = commands.take(project, [("<stdin>" if str(each) == "-" else str(each), content(each)) for each in files])
    path = commands.write(project, result.snapshot) if result.taken else ""
    output.say(f"{_images(result.taken)} imported, {f'written to {path}' if path else 'nothing written'}.")
    if result.kept:
        output.say(f"{len(result.kept)} kept, because the snapshot knows more: {', '.join(result.kept)}")
    for each in LIMITS:
        output.say(f"  {each}")
    for each in result.problems:
        output.warning(f"cannot read {each}")
    return int(bool(result.problems))


def content(file: Path) -> bytes:
    """The bytes of a file that a person named, or for `-` of standard input."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else load(file)
    except OSError as error:
        raise HclmodError(f"cannot read {file}: {error.strerror}") from error


@tags.command()
@click.argument("image")
@options.source()
def explain(*, image: str, source: Source) -> None:
    """Explain the decision on an image's tag.

    IMAGE includes its tag. Shows the decision, the reason, the evidence, and what would change it.
    """
    project = source.open()
    for row in commands.explain(project, image):
        for line in commands.lines(row):
            output.show(one_line(line))


def _images(names: tuple[str, ...]) -> str:
    return "1 image" if len(names) == 1 else f"{len(names)} images"
