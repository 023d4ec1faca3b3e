"""Find poll schedules that Keel does not read.

Why: `keel.sh/pollSchedule` is `@every 1h`, `@daily`, or cron with six fields that begin with seconds. Keel logs what it
cannot parse, for example cron with five fields, and uses its default schedule, which is each minute (docs/facts.md,
Keel 3, Keel 9). It reads the key from annotations only.

Left alone: Schedules that are not literals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hclmod.rulekit import Block, Context, Data, Finding, Rule, warn

from .._cluster import PLACES, WORDS, policies_at
from .._keel import RESTARTED, SCHEDULE, declared_maps, schedule_problem
from .._policies import injecting


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what is wrong with a schedule of a workload, or with one that a policy injects."""
    for policy in policies_at(block, context):
        for mutation in injecting(policy):
            yield from _schedule(block, mutation.annotations, mutation.labels, f"{policy.title} injects ")
    if block.type_label in RESTARTED:
        annotations, labels = declared_maps(block)
        yield from _schedule(block, annotations, labels, "")


def _schedule(block: Block, annotations: Mapping[str, Data], labels: Mapping[str, Data], who: str) -> Iterator[Finding]:
    schedule = annotations.get(SCHEDULE)
    if isinstance(schedule, str) and (why := schedule_problem(schedule)):
        yield warn(block.title, "not-parsed", f"{who}`{SCHEDULE} = {schedule}`, {why}")
    if SCHEDULE in labels and schedule is None:
        yield warn(block.title, "in-labels", f"{who}`{SCHEDULE}` as a label, where Keel does not read it")


rule = Rule(check, kinds=PLACES, objects=WORDS)
