"""The pull request of one repository of a fleet: what `hclmod pr` does, from the clone in the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.commands import pr
from hclmod.errors import HclmodError
from hclmod.fleet.pace import host
from hclmod.fleet.rows import Outcome
from hclmod.forges import destination
from hclmod.forges.branches import Checked, refuse_names
from hclmod.forges.destination import Wishes
from hclmod.forges.dialects import DIALECTS
from hclmod.forges.proposals import API
from hclmod.forges.proposals import Outcome as Became
from hclmod.forges.propose import PlaceError
from hclmod.reports.escape import clip, without_login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.fleet.rows import Row
    from hclmod.fleet.work import Shared
    from hclmod.forges.proposals import Where
    from hclmod.git.mirror import Heads, Mirror
    from hclmod.reports.model import Report

LONGEST = 500
"""So many characters of a reason are kept."""


def propose(shared: Shared, clone: Mirror, heads: Heads, row: Row, report: Report) -> Row:
    """Push the commit of a row, which is on our branch of the clone, and open or update its pull request."""
    try:
        refuse_names(row.branch, heads.base)
        where = _where(shared, clone)
        if where.via == API:
            destination.require_token(where)
        checked = Checked(
            tip=row.commit, base=heads.base, base_commit=heads.commit, theirs=heads.tip, start=heads.commit,
            is_in_base=False,
        )  # fmt: skip
        ready = pr.Ready(row.phase, row.branch, where, checked)
        content = pr.Content(labels=shared.labels, is_draft=shared.draft)
        done = pr.pull_request(ready, pr.proposal(ready, report, content))
    except PlaceError as error:
        return replace(row, outcome=Outcome.REFUSED, why=_short(error))
    except HclmodError as error:
        return replace(row, outcome=Outcome.FAILED, why=_short(error))
    row = replace(row, outcome=Outcome.CHANGED, pull_request=done.url, opened=done.outcome is Became.CREATED)
    match done.outcome:
        case Became.CLOSED:
            return replace(row, outcome=Outcome.REFUSED, why="a person has closed its pull request")
        case Became.MERGED:
            return replace(row, outcome=Outcome.UNCHANGED, why="its pull request is merged")
    return replace(row, why=clip(" ".join(done.notes), LONGEST))


def _short(error: HclmodError) -> str:
    return clip(without_login(" ".join(error.message.split())), LONGEST)


def _where(shared: Shared, clone: Mirror) -> Where:
    """The forge of the clone's host. With a token for that host it is asked by its API."""
    name = host(clone.url)
    token = token_of(shared, clone.url)
    wishes = Wishes(
        forge=shared.forges.get(name, ""), url=shared.forge_urls.get(name, ""), via=API if token else ""
    )  # fmt: skip
    return destination.find([clone.remote()], wishes, _environment(token))


def _environment(token: str) -> Mapping[str, str]:
    """The variables with tokens: that of the host alone, if the fleet has one for it."""
    return {name: token for each in DIALECTS.values() for name in each.tokens} if token else os.environ


def token_of(shared: Shared, url: str) -> str:
    """The token that this machine has for the host of an address; empty for none."""
    variable = shared.tokens.get(host(url), "")
    return os.environ.get(variable, "").strip() if variable else ""
