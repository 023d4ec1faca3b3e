"""Remove `atomic = true` from Helm releases.

Why: `atomic` makes Helm wait for the rollout and roll back when it fails. A client that dies meanwhile leaves the
release in `pending-upgrade` or `pending-rollback`, and every later run fails until somebody cleans up by hand (helm
#8987, #7476, #4558; provider #472, #620). With Keel rolling pods the wait fails more often.

Left alone: `atomic = false`, a value that is not a literal, commented-out lines, and a release in a module that callers
outside the phase share. What a comment on the removed line said is told in the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl import fixes
from hclmod.rulekit.rule import Finding, Rule, note, warn
from hclmod.terraform.kubernetes import RELEASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.views import Block
    from hclmod.rulekit.rule import Context


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the removal, or why the release keeps its `atomic`."""
    atomic = release.attribute("atomic")
    if atomic is None:
        yield note(release.title, release.address, "it sets no `atomic`, which is false")
        return
    value, remarks = atomic.value.boolean(), "; ".join(atomic.comments())
    said = f" (its comment says: {remarks})" if remarks else ""
    if value is True and (callers := context.shared.get(release.address)):
        message = f"`atomic = true` stays{said}: the releases of {', '.join(callers)} would lose it too"
        yield warn(atomic, release.address, message)
    elif value is True:
        yield Finding(release.address, atomic.span, f"`atomic = true` goes{said}", fixes.remove(atomic))
    elif value is False:
        yield note(atomic, release.address, f"`atomic = false` stays{said}")
    else:
        yield warn(
            atomic,
            release.address,
            f"`atomic` is `{atomic.value.text}`, which is not written here as true or false",
        )


rule = Rule(check, kinds=(RELEASE,))
