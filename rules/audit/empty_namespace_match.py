"""Find policies whose `namespaces` is empty.

Why: an empty list in a `match` selects every namespace of the cluster, and not none (kyverno:
`pkg/engine/utils/match.go`, docs/facts.md, Kyverno 2): the foundation of the rollout with an allowlist that is empty
enrolls all.

Left alone: lists in an `exclude`, lists that are not written there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Context, Finding, Rule, values, warn

from .._policies import MANIFESTS, entries, heredocs

if TYPE_CHECKING:
    from collections.abc import Iterator

_YAML = re.compile(r"^\s*(?:- )?namespaces\s*:\s*\[\s*\]", re.MULTILINE)


def check(manifest: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a list that selects everything."""
    found = any(
        keys[-1] == "namespaces" and "match" in keys and "exclude" not in keys and value == values.List(())
        for keys, value in entries(manifest)
    )
    if found or any(_YAML.search(text) for text in heredocs(manifest)):
        message = "`namespaces` is empty, which selects every namespace; match the label keel.sh/enrolled instead"
        yield warn(manifest.title, "empty-list", message)


rule = Rule(check, kinds=MANIFESTS)
