"""`doctor`: look at the caches of images that a repository configures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hclmod.cli import options
from hclmod.cli.check import is_unread, open_at
from hclmod.cli.groups import Command
from hclmod.commands.apply import to_do, write
from hclmod.commands.doctor import asking, folder_of

if TYPE_CHECKING:
    from hclmod.cli.options import Source, View
    from hclmod.registries.freshness import Freshness

IMAGE = "docker.io/library/alpine:latest"


@click.command(cls=Command)
@click.argument("path", type=options.PATHS, default=".")
@click.option("--fix", is_flag=True, help="Write what can be fixed: `proxy_cache off`, and the unit of a `ttl`.")
@options.dry_run
@click.option("--diff", is_flag=True, help="Show the fixes as a diff and write nothing.")
@click.option(
    "--ttl-unit", "unit", type=click.Choice(["h", "m", "s"]), help="What a `ttl` without a unit is meant to count."
)
@click.option(
    "--live", "mirrors", multiple=True, metavar="URL", help="Ask this mirror for an image, and the registry behind it."
)
@click.option("--image", show_default=IMAGE, metavar="NAME:TAG", help="The image that --live asks for.")
@options.view(diff=False)
@options.source(repository=False)
def doctor(
    *,
    path: Path,
    fix: bool,
    dry_run: bool,
    diff: bool,
    unit: str | None,
    mirrors: tuple[str, ...],
    image: str | None,
    view: View,
    source: Source,
) -> int:
    """Find caches that may give old images.

    Reads what the repository says of nginx, registries, compose files and containerd, from PATH or everywhere. Without
    --live it asks no network. Exits with 1 if there is a finding, or PATH is a file that cannot be read. Each finding
    is described in docs/guides/cache.md.
    """
    from hclmod.engine import doctor as examination

    if image and not mirrors:
        raise click.UsageError("--image is what --live asks for, so give the address of a mirror with --live")
    project, _, _ = open_at(source, (path,))
    below = folder_of(project, path)
    ask = asking(project, mirrors, image or IMAGE, lambda seen: view.say(compared(seen)))
    report = project.on_disk(examination.report(project, below, unit or "", ask))
    shown = view.as_diff() if diff else view
    if not fix or dry_run or diff:
        shown.show(project, [report])
        project.proven(report)
        return 0 if fix else int(bool(to_do(report)) or is_unread(project, (path,), (report,)))
    with shown.showing(project, [report]):
        write(project, [report])
    return 0


def compared(seen: Freshness) -> str:
    """What was asked and what came, in one line."""
    if not seen.is_known:
        return f"{seen.mirror} or the registry gives no digest for {seen.image}, so they cannot be compared."
    same = "another digest than" if seen.is_old else "the digest of"
    state = f" ({seen.states[1]})" if seen.states[1] else ""
    return f"{seen.mirror} gives {same} the registry for {seen.image}{state}."
