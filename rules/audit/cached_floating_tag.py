"""Find floating tags that the node takes from its cache.

Why: with `IfNotPresent`, which is also the default of every tag but `latest`, Keel restarts the pod on the image that
the node has kept (docs/facts.md, Terraform 10). What `pull-policy-for-floating-tag` would do is told for every
workload, whatever its phase.

Left alone: what that rule leaves alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Context, Finding, Rule

from .._keel import RESTARTED
from ..pull_policy_for_floating_tag import check as pull_policy

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what the rule for pull policies finds."""
    yield from pull_policy(workload, context)


rule = Rule(check, kinds=RESTARTED, needs={"origins"})
