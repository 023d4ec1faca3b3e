"""Find images that run at different tags.

Why: Two workloads that share data or a protocol, and run two versions of one program, have broken each other: two
images migrated one budget file. Keel rolls each by its own tag. There is one finding for each repository of images, at
the first workload by name.

Left alone: Images whose value cannot be followed to its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, warn


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each repository that runs at several tags, and of which this is the first workload."""
    facts = context.facts.get(workload.address)
    runs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for rival in facts.rivals if facts else ():
        runs[rival.repository][rival.tag].update(facts.callers if facts else ())
        runs[rival.repository][rival.other_tag].add(rival.other)
    for repository, by_tag in runs.items():
        first = min(name for names in by_tag.values() for name in names)
        if facts and len(by_tag) > 1 and first in facts.callers:
            message = f"{repository} runs at {len(by_tag)} tags: {_listed(by_tag)}"
            yield warn(workload.title, "other-tag-elsewhere", message)


def _listed(by_tag: Mapping[str, set[str]]) -> str:
    """Each tag with those who run it, of many the first and how many there are."""
    return ", ".join(f"{tag} ({_some(sorted(names))})" for tag, names in sorted(by_tag.items()))


def _some(names: list[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
