"""Find workloads that run one repository at different tags.

Why: two workloads that share data or a protocol and run two versions of one program have broken each other: two
images migrated one budget file. Keel rolls each by its own tag.

Left alone: images that cannot be followed to their end. Of several workloads the first by name tells it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, warn

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each repository that others run at another tag."""
    facts = context.facts.get(workload.address)
    others: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rival in facts.rivals if facts else ():
        others[rival.repository, rival.tag].append(f"{rival.other} at {rival.other_tag}")
    for (repository, tag), told in others.items():
        if facts and min(facts.callers) < min(told):
            message = f"{repository} is {tag} here and other tags elsewhere: {', '.join(sorted(told))}"
            yield warn(workload.title, "other-tag-elsewhere", message)


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
