"""Find a Keel that asks the registries more often than every 15 minutes.

Why: Without `polling.defaultSchedule` the chart polls each minute (docs/facts.md, Keel 8), and Keel falls back to this
schedule wherever it cannot parse another one (docs/facts.md, Keel 9). Registries limit how often they may be asked.

Left alone: Polling that is off, cron schedules, and values that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, warn

from .._cluster import WORDS, releases_of_keel
from .._data import dig, is_read, text_of
from .._keel import seconds_between

DEFAULT = "@every 1m"
SHORTEST = 15 * 60
"""So many seconds at least lie between two polls."""


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a default schedule that is too short."""
    for keel in releases_of_keel(release, context):
        values = dig(keel.origin.data, "values")
        is_off = text_of(dig(values, "polling", "enabled")) == "false"
        schedule = text_of(dig(values, "polling", "defaultSchedule") or DEFAULT)
        every = seconds_between(schedule)
        if is_read(values) and not is_off and every is not None and every < SHORTEST:
            message = f"Keel polls `{schedule}` where a workload has no schedule of its own"
            advice = 'Set `polling.defaultSchedule` to "@every 1h"'
            yield warn(release.title, "short-poll", f"{message}. {advice}")


rule = Rule(check, kinds=(RELEASE,), objects=WORDS)
