"""`pr`: the branch of a phase as a pull request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from msgspec import to_builtins

from hclmod.cli import options, output
from hclmod.cli.groups import Command
from hclmod.commands.apply import changes_of, holding, plan_phases, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.cli.options import Source
    from hclmod.commands.pr import Content, Ready
    from hclmod.engine.project import Project
    from hclmod.forges.proposals import Proposal, Proposed


@click.command(cls=Command)
@click.option("--phase", required=True, metavar="N", help="The phase to propose.")
@click.option(
    "--remote", default="", metavar="NAME", help="Remote to push to.  [default: the canonical one, or origin]"
)
@click.option("--base", default="", metavar="BRANCH", help="Branch to merge into.  [default: that of the remote]")
@click.option("--branch", default="", metavar="NAME", help="Branch to propose.  [default: hclmod/phase-N]")
@click.option(
    "--forge", default="", metavar="NAME", envvar="HCLMOD_FORGE", show_envvar=True,
    help="github, gitea, forgejo or gitlab, for a host that not everybody knows.",
)  # fmt: skip
@click.option("--url", default="", metavar="URL", help="Address of the forge.  [default: the host of the remote]")
@click.option("--repo", default="", metavar="OWNER/NAME", help="The repository.  [default: that of the remote]")
@click.option("--head-repo", default="", metavar="OWNER/NAME", help="The repository of the branch, if it is a fork.")
@click.option("--via", type=click.Choice(["api", "push"]), help=(
    "Use the API with a token, or git push alone.  [default: push for Forgejo and Gitea, else api]"
))  # fmt: skip
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Add this label.")
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--again", is_flag=True, help="Open a new one although a person closed one.")
@click.option("--plain-http", is_flag=True, help="Allow plain HTTP, which sends the token unencrypted.")
@click.option("--dry-run", is_flag=True, help="Show what would be done. Needs no network and no token.")
@options.see
@options.progress
@options.formats("text", "json")
@options.source(rules=True, settings=True)
def pr(
    *,
    phase: str,
    base: str,
    branch: str,
    labels: tuple[str, ...],
    draft: bool,
    again: bool,
    plain_http: bool,
    dry_run: bool,
    via: str | None,
    see: str,
    form: str,
    source: Source,
    **place: str,
) -> int:
    """Open or update the pull request of a phase.

    Pushes the branch that `apply` made, if every commit on it is from hclmod, and gives the pull request the report as
    its text. A second run changes nothing. One that a person closed stays closed, and then the exit code is 1. Tokens
    come from GITHUB_TOKEN, GITEA_TOKEN, FORGEJO_TOKEN or GITLAB_TOKEN. Git brings its own login for the push.
    """
    from hclmod.commands import pr as commands
    from hclmod.forges.destination import Wishes

    project = source.open()
    number = options.phases(project, phase, dry_run=False)[0]
    wishes = Wishes(**place, via=via or "", canonical=project.config.canonical)
    ready = commands.prepare(
        project, number, wishes, os.environ, branch=branch, base=base, offline=dry_run
    )  # fmt: skip
    content = commands.Content(labels=labels, is_draft=draft, again=again, whole=see)
    offer = _proposal(project, ready, content)
    if dry_run:
        return _show(ready, offer, form)
    if form == "text" and not offer.is_done:
        output.say(_way(ready))
    done = commands.pull_request(ready, offer, plain_http=plain_http)
    return _say(ready, done, form)


def _proposal(project: Project, ready: Ready, content: Content) -> Proposal:
    """The pull request with the report of the phase on its base. The branch has to have what that changes."""
    from hclmod.commands import pr as commands

    base = ready.checked.base_commit
    with output.progress() as watch:
        reports = plan_phases(project, (ready.phase,), base=base, watch=watch, begin=watch.begin)
    changes = changes_of(project, reports[0])
    if (
        changes
        and not ready.checked.is_in_base
        and not holding(project, ready.checked.start, ready.checked.tip, changes)
    ):
        raise commands.not_proven(project, ready)
    return commands.proposal(ready, tell(project, reports, base=base), content, is_done=not changes)


def _show(ready: Ready, offer: Proposal, form: str) -> int:
    """Show what would be done."""
    from hclmod.commands import pr as commands
    from hclmod.forges.proposals import Outcome, proposed

    body = commands.body(ready, offer)
    if form == "json":
        output.show_json(to_builtins(proposed(ready.where, offer, Outcome.PLANNED)) | {"body": body})
        return 0
    checked = ready.checked
    here = f"{checked.base} of {ready.where.remote.name} is {checked.base_commit[:12]}, as last fetched."
    more = [*(f"label {each}" for each in offer.labels), *(("draft",) if offer.is_draft else ())]
    output.show(f"{_way(ready)} {here}")
    output.show(f"Would push: {commands.push_command(ready, offer)}")
    output.show(f"Would open or update in {_place(ready)}, for {offer.base}: {offer.title}")
    if more:
        output.show(f"With: {', '.join(more)}")
    output.show("")
    output.show_inert(body)
    return 0


def _way(ready: Ready) -> str:
    """Which way is taken, and why where nobody chose it."""
    from hclmod.forges.proposals import PUSH

    where, name = ready.where, ready.where.target.token_name
    if where.via == PUSH:
        token = f"git's login. The token in {name} shows what is open" if name else "git's login, no token"
        return f"Via push{'' if where.is_via_chosen else ', the default for Forgejo and Gitea'}: {token}."
    token = f": the token in {name}" if name else ""
    return f"Via api{'' if where.is_via_chosen else ', the default for GitHub and GitLab'}{token}."


def _place(ready: Ready) -> str:
    """The repository of the forge, with its host."""
    target = ready.where.target
    return f"{target.repo} at {urlsplit(target.api).netloc.removeprefix('api.')}"


def _say(ready: Ready, done: Proposed, form: str) -> int:
    """Say what was done; a pull request that stays closed is not what was asked for."""
    from hclmod.forges.proposals import Outcome

    if form == "json":
        output.show_json(to_builtins(done))
    else:
        for line in _lines(ready, done):
            output.say(line)
    return int(done.outcome is Outcome.CLOSED)


def _lines(ready: Ready, done: Proposed) -> Iterator[str]:
    from hclmod.forges.proposals import Outcome

    sign, noun = ("!", "merge request") if done.forge == "gitlab" else ("#", "pull request")
    name = f"{noun}{f' {sign}{done.number}' if done.number else ''} of {_place(ready)}"
    if done.pushed:
        yield f"Pushed {done.commit[:12]} to {done.remote}. Git hooks did not run."
    match done.outcome:
        case Outcome.CLOSED:
            yield f"The {name} was closed by a person, so it stays closed."
            yield "Reopen it there, or open another one with --again."
        case Outcome.MERGED if done.number:
            yield f"The {name} is merged."
            yield f"If `hclmod status` does not say so after a pull, write `through = {done.phase}` in hclmod.toml."
        case Outcome.MERGED:
            yield f"{done.base} of {done.remote} has all of phase {done.phase}, so there is nothing to propose."
        case Outcome.LEFT:
            yield f"The {name} was opened by a person."
        case outcome:
            yield f"The {name} was {outcome.value}."
    yield from done.notes
    if done.url:
        yield done.url
