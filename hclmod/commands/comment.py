"""`hclmod comment`: a report as the one comment of its kind on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.forges import sticky
from hclmod.forges.target import plain_hosts
from hclmod.http import open_transport
from hclmod.reports import markdown

if TYPE_CHECKING:
    from hclmod.forges.sticky import Posted
    from hclmod.forges.target import Target
    from hclmod.reports.model import Report


def comment(
    report: Report,
    target: Target,
    *,
    key: str = "",
    author: str = "",
    whole: str = "",
    plain_http: bool = False,
) -> Posted:
    """Post a report, or update the comment that has it, within the limit of the forge; `plain_http` allows no TLS.

    `key` separates comments on one pull request (empty: by the report's phases). `author` is whose comment it is
    (empty: the token's user). `whole` says where the full report is, for one that had to be cut.
    """
    key = key or report.key
    with open_transport(plain_http=plain_hosts(target.api, allowed=plain_http)) as transport:
        body = text(report, target, key, whole)
        return sticky.post(transport, target, key, body, author=author, worth_it=not report.is_empty)


def text(report: Report, target: Target, key: str, whole: str = "") -> str:
    """The comment as it would be written, without its hidden marker, counted in characters as forges do."""
    return markdown.render(report, limit=target.dialect.limit - len(sticky.marker(key)), whole=whole)
