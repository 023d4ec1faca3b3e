"""Remove `atomic = true` from Helm releases.

Why: `atomic` makes Helm wait for the rollout and roll back when it fails. A client that dies meanwhile leaves the
release in `pending-upgrade` or `pending-rollback`, and every later run fails until somebody cleans up by hand (helm
#8987, #7476, #4558; provider #472, #620). With Keel rolling pods the wait fails more often.

Left alone: `atomic = false`, a value that is not a literal, commented-out lines, and a release in a module that callers
outside the phase share. What a comment on the removed line said is told in the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, change, fixes, note, warn

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the removal, or why the release keeps its `atomic`."""
    atomic = release.attribute("atomic")
    if atomic is None:
        yield note(release.title, "no-atomic", "it sets no `atomic`, which is false")
        return
    value, remarks = atomic.value.boolean(), "; ".join(atomic.comments())
    said = f" (its comment says: {remarks})" if remarks else ""
    if value is True and (callers := context.shared.get(release.address)):
        message = f"`atomic = true` stays{said}: the releases of {', '.join(callers)} would lose it too"
        yield warn(atomic, "shared-module", message)
    elif value is True:
        yield change(atomic, "atomic", f"`atomic = true` goes{said}", lambda: fixes.remove(atomic))
    elif value is False:
        yield note(atomic, "atomic-false", f"`atomic = false` stays{said}")
    else:
        yield warn(
            atomic,
            "atomic-not-literal",
            f"`atomic` is `{atomic.value.text}`, which is not written here as true or false",
        )


rule = Rule(check, kinds=(RELEASE,))
