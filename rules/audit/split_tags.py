"""Find images that run at different tags.

Why: Two workloads that share data or a protocol, and run two versions of one program, have broken each other: two
images migrated one budget file. Keel rolls each by its own tag. There is one finding for each repository of images, at
the first workload by name.

Left alone: Images whose value cannot be followed to its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, warn


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each repository that runs at several tags, and of which this is the first workload."""
    facts = context.facts.get(workload.address)
    for split in facts.splits if facts else ():
        listed = ", ".join(f"{tag} ({_some(names)})" for tag, names in split.tags)
        message = f"{split.repository} runs at {len(split.tags)} tags: {listed}"
        yield warn(workload.title, "other-tag-elsewhere", message)


def _some(names: Sequence[str]) -> str:
    """Those who run a tag, of many the first and how many there are."""
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
