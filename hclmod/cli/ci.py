"""`ci check` and `ci apply`: one model for the pipelines of a repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace as with_values

from hclmod.cli import options, output
from hclmod.cli.apply import committed
from hclmod.cli.groups import Group
from hclmod.commands import ci as commands
from hclmod.commands.apply import apply_phase, to_do, write
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from hclmod.cli.options import Function, Source, View
    from hclmod.engine.project import Project


MODELS = {"keel": commands.DROPPING, "ci": commands.RESTORING}
"""The rules of each model."""

TITLES = {"keel": "Let Keel deploy what CI builds", "ci": "Let CI deploy what it builds"}


@click.group(cls=Group)
def ci() -> None:
    """Check and change the pipelines of a repository.

    In the model `keel` CI builds and pushes `latest`, and Keel deploys it. The model `ci` is the way back. Reads the
    pipelines of GitHub, Forgejo Actions, Woodpecker, Drone and GitLab.
    """


def _shared(function: Function) -> Function:
    """The options that both commands have."""
    for option in (
        options.source(settings=True),
        click.option(
            "--infra",
            type=options.PATHS,
            metavar="PATH",
            help="The Terraform repository that runs the images.  [default: this one]",
        ),
        click.option(
            "--workload",
            "workloads",
            multiple=True,
            metavar="NAMESPACE/NAME",
            help="What a pipeline elsewhere deploys, or what CI is to deploy again.",
        ),
        click.option(
            "--model",
            type=click.Choice(list(MODELS)),
            default="keel",
            show_default=True,
            help="Who deploys: Keel, or CI itself.",
        ),
    ):
        function = option(function)
    return function


@ci.command()
@_shared
@options.view()
def check(*, model: str, infra: Path | None, workloads: tuple[str, ...], view: View, source: Source) -> int:
    """Show what the pipelines need.

    Writes nothing, and exits with 1 if there is anything to do.
    """
    project = _opened(source)
    report = commands.plan(project, MODELS[model], TITLES[model], _infra(source, infra), workloads=workloads)
    view.show(project, [report])
    project.proven(report)
    return int(bool(to_do(report)))


@ci.command()
@_shared
@options.dry_run
@click.option("--in-place", is_flag=True, help="Change the working tree instead of making a branch and a commit.")
@click.option("--replace", is_flag=True, help="Replace the branch if every commit on it was made by hclmod.")
@options.view()
def apply(
    *,
    model: str,
    infra: Path | None,
    workloads: tuple[str, ...],
    dry_run: bool,
    in_place: bool,
    replace: bool,
    view: View,
    source: Source,
) -> int:
    """Change the pipelines, as one commit on the branch hclmod/ci.

    The working tree, the index and the current branch do not change, unless --in-place is given. A deploy goes only if
    its workload is found with --infra, and Keel brings its images to the cluster.
    """
    if in_place and replace:
        raise click.UsageError("--in-place changes the working tree, so it cannot be used with --replace")
    project = _opened(source)
    report = commands.plan(
        project,
        MODELS[model],
        TITLES[model],
        _infra(source, infra),
        workloads=workloads,
        base="" if in_place else "HEAD",
    )
    lines: list[str] = []
    with view.showing(project, [report]) as shown:
        project.proven(report)
        if in_place and not dry_run:
            lines = [output.written(write(project, [report]))]
        elif not dry_run:
            made = apply_phase(project, report, shown.sections[0], replace_branch=replace, branch=commands.BRANCH)
            lines = list(committed(made))
    for line in lines:
        view.say(line)
    return 0


@ci.command()
@click.argument("platform", type=click.Choice(["woodpecker", "github", "forgejo", "gitlab"]))
@click.option("--image", required=True, metavar="REPOSITORY", help="What the pipeline pushes, without a tag.")
@options.dry_run
@options.view()
@options.source()
def new(*, platform: str, image: str, dry_run: bool, view: View, source: Source) -> int:
    """Write a first pipeline that pushes `latest`.

    Writes one new file into the working tree. Exits with 1 if it cannot.
    """
    project = source.open()
    report = commands.new(project, platform, image)
    with view.showing(project, [report]):
        project.proven(report)
        written = write(project, [report]) if report.changes and not dry_run else 0
    if written:
        view.say(output.written(written))
    return int(not report.changes)


def _opened(source: Source) -> Project:
    """The repository at hand, which may have nothing to look at."""
    project = source.open()
    if not commands.has_pipelines(project):
        output.warning("no pipelines of GitHub, Forgejo Actions, Woodpecker, Drone or GitLab here")
    return project


def _infra(source: Source, folder: Path | None) -> Project | None:
    """The Terraform repository that a person names."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise HclmodError(f"there is no folder {folder}", hint="Name the checkout of the Terraform repository.")
    source = with_values(source, repository=folder, config=None, settings={})
    project = source.open()
    if not commands.has_terraform(project):
        raise HclmodError(f"there is no Terraform in {folder}", hint="Name the checkout of the Terraform repository.")
    return project
