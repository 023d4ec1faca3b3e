"""Find a `replicaCount` for Keel.

Why: The chart of Keel has no such value: `replicas: 1` is fixed (docs/facts.md, Keel 8). An emergency stop with
`replicaCount = 0` did nothing. `polling.enabled = false` is the only off switch.

Left alone: Other charts.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, warn

from .._cluster import WORDS, releases_of_keel
from .._data import dig, text_of


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for the value."""
    for keel in releases_of_keel(release, context):
        count = dig(keel.origin.data, "values", "replicaCount")
        if count is not None:
            message = f"`replicaCount = {text_of(count)}` has no effect, because the chart has no such value"
            yield warn(release.title, "replica-count", f"{message}. Turn Keel off with `polling.enabled = false`")


rule = Rule(check, kinds=(RELEASE,), objects=WORDS)
