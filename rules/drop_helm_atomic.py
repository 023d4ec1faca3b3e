"""Remove `atomic = true` from Helm releases.

Why: With `atomic` Helm waits for the rollout and rolls back when it fails. A client that dies meanwhile leaves the
release in `pending-upgrade` or `pending-rollback`, and every later run fails until a person cleans up by hand (helm
#8987, #7476, #4558, and #472, #620 of the provider). While Keel rolls pods the wait fails more often.

Left alone: `atomic = false`, values that are not literals, commented-out lines, and releases in a module that callers
outside the phase share. The report quotes the comment of a removed line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, change, fixes, note, warn


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield the removal, or why the release keeps its `atomic`."""
    atomic = release.attribute("atomic")
    if atomic is None:
        yield note(release.title, "no-atomic", "does not set `atomic`, which means false")
        return
    value, remarks = atomic.value.boolean(), "; ".join(atomic.comments())
    quoted = f" (its comment says: {remarks})" if remarks else ""
    if value is True and (callers := context.shared.get(release.address)):
        message = f"keeps `atomic = true`{quoted}, because {', '.join(callers)} would lose it too"
        yield warn(atomic, "shared-module", message)
    elif value is True:
        yield change(atomic, "atomic", f"removes `atomic = true`{quoted}", lambda: fixes.remove(atomic))
    elif value is False:
        yield note(atomic, "atomic-false", f"keeps `atomic = false`{quoted}")
    else:
        yield warn(
            atomic,
            "atomic-not-literal",
            f"`atomic` is `{atomic.value.text}`, which is not a literal true or false",
        )


rule = Rule(check, kinds=(RELEASE,))
