"""`tags refresh`, `tags import` and `tags explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from hclmod import api
from hclmod.cli.apply import PATHS, config_option
from hclmod.cli.refresh import INTERRUPTED, progress, show_failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hclmod.commands.tags import Told
    from hclmod.config.policies import ImagePolicy

repository_option = click.option(
    "-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is."
)


@click.group()
def tags() -> None:
    """The tag snapshot: what registries and Diun know, kept in hclmod.tags.json for people to review."""


@tags.command()
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--phase", type=int, metavar="N", help="Only the images that this phase uses.")
@repository_option
@config_option
def refresh(images: tuple[str, ...], phase: int | None, repository: Path, file: Path | None) -> int:
    """Ask the registries and write what they say into the snapshot.

    Without IMAGE and --phase: every image of the repository whose tag is open. What was learnt is kept when some
    fail (exit 1) or when it is interrupted (exit 130).
    """
    if images and phase is not None:
        raise click.UsageError("name images or a phase, not both")
    workspace = api.open_workspace(repository.resolve(), file=file)
    with progress() as bar:
        phases = () if phase is None else (phase,)
        done = api.refresh_tags(workspace, images, phases, watch=bar.tell, begin=bar.begin)
    path = api.write_tags(workspace, done.snapshot) if done.learnt else ""
    text = f"{_images(done.learnt)} learnt" + (f", written to {path}" if path else "; nothing was written")
    click.echo(text + (f"; {len(done.failed)} not" if done.failed else "") + ".")
    show_failed(done)
    return INTERRUPTED if done.interrupted else int(bool(done.failed))


@tags.command("import")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@repository_option
@config_option
def import_(files: tuple[BinaryIO, ...], repository: Path, file: Path | None) -> int:
    """Take what Diun knows into the snapshot: `diun image inspect --raw`, `diun image list --raw`, webhook lines.

    FILE may hold one JSON document or many; - is standard input. A complete list of a registry is never replaced.
    """
    from hclmod.images.diun import LIMITS

    workspace = api.open_workspace(repository.resolve(), file=file)
    done = api.import_tags(workspace, [(each.name, each.read()) for each in files])
    path = api.write_tags(workspace, done.snapshot) if done.taken else ""
    click.echo(f"{_images(done.taken)} taken" + (f", written to {path}." if path else "; nothing was written."))
    if done.kept:
        click.echo(f"{len(done.kept)} stay as they were, for no less is known of them: {', '.join(done.kept)}")
    for each in LIMITS:
        click.echo(f"  {each}")
    for each in done.problems:
        click.echo(f"{click.style('not read:', fg='yellow')} {each}", err=True)
    return int(bool(done.problems))


@tags.command()
@click.argument("image")
@repository_option
@config_option
def explain(image: str, repository: Path, file: Path | None) -> None:
    """Tell why IMAGE (with its tag) floats or stays: the decision, its reason, the evidence, what would change it."""
    workspace = api.open_workspace(repository.resolve(), file=file)
    for text in api.explain_tag(workspace, image):
        for line in _lines(text):
            click.echo(line)


def _images(names: tuple[str, ...]) -> str:
    return "1 image" if len(names) == 1 else f"{len(names)} images"


def _lines(told: Told) -> Iterator[str]:
    explained = told.explanation
    yield f"{told.image} {explained.outcome}"
    yield from _listed("because", (explained.why,))
    yield from _listed("policy", (_policy(told.policy),))
    yield from _listed("evidence", explained.evidence)
    yield from _listed("would change it", explained.change)
    yield from _listed("moves with", told.group)
    yield from _listed("used by", told.users or ("nothing in this repository",))


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else title:<15}  {line}"


def _policy(policy: ImagePolicy | None) -> str:
    if policy is None:
        return "none of hclmod.toml; `latest` on evidence, else the major, else the last resort"
    keys = {name: getattr(policy, name) for name in ("float", "reason", "group", "policy")}
    text = ", ".join(f'{name} = "{value}"' for name, value in keys.items() if value)
    return f'"{policy.pattern}" in hclmod.toml: {text}'


COMMANDS = (tags,)
