"""Find workloads that run one repository at different tags.

Why: Two workloads that share data or a protocol, and run two versions of one program, have broken each other: two
images migrated one budget file. Keel rolls each by its own tag.

Left alone: Images whose value cannot be followed to its end. Of several workloads the first by name is reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, warn


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each repository that others run at another tag."""
    facts = context.facts.get(workload.address)
    others: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rival in facts.rivals if facts else ():
        others[rival.repository, rival.tag].append(f"{rival.other} at {rival.other_tag}")
    for (repository, tag), rivals in others.items():
        if facts and min(facts.callers) < min(rivals):
            message = f"{repository} is {tag} here and other tags elsewhere: {', '.join(sorted(rivals))}"
            yield warn(workload.title, "other-tag-elsewhere", message)


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
