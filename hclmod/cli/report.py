"""`report` and `comment`: a stored report in any format, and on a pull request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hclmod import api
from hclmod.cli import output
from hclmod.cli.apply import PATHS, config_option, format_option, output_option, rules_option, verbose_option

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.reports.model import Report

see_option = click.option(
    "--see", default="", metavar="TEXT", help="Where all of it is, a name or an address; told where it is cut."
)


@click.command()
@click.argument("file", type=PATHS)
@format_option
@output_option
@click.option("--limit", type=int, metavar="BYTES", help="Cut Markdown to this: diffs first, refusals last.")
@see_option
@rules_option
@verbose_option
def report(
    file: Path, form: str, output_file: Path | None, limit: int | None, see: str, folders: tuple[Path, ...],
    verbose: bool,
) -> None:  # fmt: skip
    """Show a report that was stored with --format json; no rule is run."""
    text = api.read_report(file)
    output.show_report(text, form, output_file, verbose=verbose, limit=limit, whole=see, folders=folders)


@click.command()
@click.option("--phase", metavar="N", help="Plan this phase, or `all`, and tell what it would do.")
@click.option("--report", "stored", type=PATHS, metavar="FILE", help="Tell a report stored with --format json.")
@click.option("--forge", default="", metavar="NAME", help="github, gitea, forgejo or gitlab.")
@click.option("--url", default="", metavar="URL", help="Where the forge is: https://git.example.net")
@click.option("--repo", default="", metavar="OWNER/NAME", help="The repository; for GitLab its path or number.")
@click.option("--number", default="", metavar="N", help="The pull or merge request.")
@click.option("--author", default="", metavar="LOGIN", help="Whose comment it is, where the token may not ask.")
@click.option("--key", default="", metavar="WORD", help="Tells comments on one pull request apart; else the phase.")
@click.option("--plain-http", is_flag=True, help="Let the token go over plain HTTP, to another machine too.")
@click.option("--dry-run", is_flag=True, help="Print the comment; ask the forge nothing.")
@see_option
@click.option("-C", "--repository", default=".", type=PATHS, metavar="FOLDER", help="Where the repository is.")
@config_option
@rules_option
def comment(
    phase: str | None, stored: Path | None, forge: str, url: str, repo: str, number: str, author: str, key: str,
    plain_http: bool, dry_run: bool, see: str, repository: Path, file: Path | None, folders: tuple[Path, ...],
) -> None:  # fmt: skip
    """Make a report the one comment of its kind on a pull request, or bring that comment up to date.

    In GitHub, Gitea and Forgejo Actions, GitLab CI and Woodpecker the pull request is known. The token comes from the
    environment: GITHUB_TOKEN, GITEA_TOKEN, FORGEJO_TOKEN or GITLAB_TOKEN.
    """
    from hclmod.forges import target as targets

    text = _texts(phase, stored, repository, file, folders)
    target = targets.find(targets.Wanted(forge, url, repo, number), os.environ, asks=not dry_run)
    if dry_run:
        click.echo(api.comment_text(text, target, key or text.key, see), nl=False)
        return
    posted = api.comment(text, target, key=key, author=author, whole=see, plain_http=plain_http)
    click.echo(f"The comment on {target.name} was {posted.outcome.value}. {posted.url}".rstrip())


def _texts(
    phase: str | None, stored: Path | None, repository: Path, file: Path | None, folders: tuple[Path, ...]
) -> Report:
    """The stored report, or the plan of the phases."""
    if stored is not None and phase is None:
        return api.read_report(stored)
    if phase is None or stored is not None:
        raise click.UsageError("give either --phase or --report")
    workspace = api.open_workspace(repository.resolve(), file=file, rules=folders)
    with output.progress() as watch:
        reports = api.plan_phases(workspace, api.phase_numbers(workspace, phase, dry_run=True), watch=watch)
    return api.tell(workspace, reports)


COMMANDS = (report, comment)
