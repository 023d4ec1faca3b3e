"""Find out which Keel the rules judge by, where nobody says it.

Why: What Keel writes and which tags it follows depends on its version (docs/facts.md, Keel 1, Keel 5, Keel 7). The
version of the chart does not say it (docs/facts.md, Keel 8), so `image.tag` has to be set. A Keel whose version nobody
knows is judged as the newest.

Left alone: A `version` in `[keel]`, a Keel with a version as its tag, and repositories that have no phases and inject
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn

from .._cluster import PLACES, WORDS, facts, here
from .._policies import injecting

_SET = "Set `image.tag`, or `version` in [keel]"


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a Keel whose version is not certain."""
    cluster = facts(context)
    if context.config.keel.version:
        return
    for keel in (each for each in cluster.keels if here(block, context, each.origin)):
        if not keel.pinned:
            judged = cluster.shown if cluster.known else "the newest"
            yield warn(block.title, "not-pinned", f"{keel.why}: it is judged as {judged}. {_SET}")
    if not cluster.keels and cluster.objects.first == (context.folder, block.address) and _matters(context):
        message = "nothing in this repository installs Keel, so it is judged as the newest. Set `version` in [keel]"
        yield warn(block.title, "not-installed", message)


def _matters(context: Context) -> bool:
    """Whether anything is done for Keel here."""
    return bool(context.config.phases) or any(injecting(policy) for policy in facts(context).policies)


rule = Rule(check, kinds=PLACES, objects=WORDS)
