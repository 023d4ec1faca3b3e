"""`report` and `comment`: a stored report in any format, and a report as a comment on a pull request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands.apply import plan_phases, tell
from hclmod.reports.json import read_file

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.cli.options import Source, View
    from hclmod.reports.model import Report


@click.command(cls=Command)
@click.argument("file", type=options.PATHS)
@click.option("--limit", type=int, metavar="BYTES", help="Cut Markdown to this size: diffs first, refusals last.")
@options.see
@options.view(diff=False)
@options.source(repository=False, config=False, rules=True)
def report(*, file: Path, limit: int | None, see: str, view: View, source: Source) -> None:
    """Show a stored report in any format.

    FILE is a report written with --format json. No rule runs.
    """
    how = {"limit": limit, "whole": see, "folders": source.rules}
    from hclmod.forges import web

    stored = web.trusted(read_file(file), os.environ)
    output.show_report(stored, view.form, view.file, verbose=view.verbose, **how)


@click.command(cls=Command)
@click.option("--phase", metavar="N", help="Plan this phase, or `all`, and report what would change.")
@click.option("--report", "stored", type=options.PATHS, metavar="FILE", help="Use a report stored with --format json.")
@click.option("--forge", default="", metavar="NAME", help="github, gitea, forgejo or gitlab.")
@click.option("--url", default="", metavar="URL", help="Address of the forge, for example https://git.example.net")
@click.option("--repo", default="", metavar="OWNER/NAME", help="The repository. For GitLab, its path or number.")
@click.option("--number", default="", metavar="N", help="Number of the pull or merge request.")
@click.option("--author", default="", metavar="LOGIN", help="Author of the comment, if the token cannot read its user.")
@click.option(
    "--key", default="", metavar="WORD", help="Separates comments on one pull request.  [default: the phases]"
)
@click.option("--plain-http", is_flag=True, help="Allow plain HTTP, which sends the token unencrypted.")
@click.option("--dry-run", is_flag=True, help="Print the comment and do not contact the forge.")
@options.see
@options.source(rules=True)
def comment(
    *,
    phase: str | None,
    stored: Path | None,
    forge: str,
    url: str,
    repo: str,
    number: str,
    author: str,
    key: str,
    plain_http: bool,
    dry_run: bool,
    see: str,
    source: Source,
) -> None:
    """Post or update the report comment.

    GitHub, Gitea and Forgejo Actions, GitLab CI and Woodpecker provide the pull request. The token comes from the
    environment: GITHUB_TOKEN, GITEA_TOKEN, FORGEJO_TOKEN or GITLAB_TOKEN.
    """
    from hclmod.commands import comment as comments
    from hclmod.forges import target as targets

    content = _content(phase, stored, source)
    request = targets.Request(forge=forge, url=url, repo=repo, number=number)
    target = targets.find(request, os.environ, offline=dry_run)
    if dry_run:
        output.show_inert(comments.text(content, target, key or content.key, see))
        return
    posted = comments.comment(content, target, key=key, author=author, whole=see, plain_http=plain_http)
    output.say(f"The comment on {target.name} was {posted.outcome.value}. {posted.url}".rstrip())


def _content(phase: str | None, stored: Path | None, source: Source) -> Report:
    """The stored report, or the plan of the phases."""
    from hclmod.forges import web

    if stored is not None and phase is None:
        return web.trusted(read_file(stored), os.environ)
    if phase is None or stored is not None:
        raise click.UsageError("give either --phase or --report")
    project = source.open()
    with output.progress() as watch:
        reports = plan_phases(project, options.phases(project, phase, dry_run=True), watch=watch, begin=watch.begin)
    return tell(project, reports, is_of_base=True)
