"""Find floating tags that the node takes from its cache.

Why: With `IfNotPresent`, which is the default of every tag but `latest`, Keel restarts the pod on the image that the
node has cached (docs/facts.md, Terraform 10). This lists what `pull-policy-for-floating-tag` would change, for every
workload and whatever its phase.

Left alone: What `pull-policy-for-floating-tag` leaves alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule

from .._cluster import WORDS
from .._keel import RESTARTED
from ..pull_policy_for_floating_tag import check as pull_policy


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what the rule for pull policies finds."""
    yield from pull_policy(workload, context)


rule = Rule(check, kinds=RESTARTED, needs={"origins"}, objects=WORDS)
