"""Find policies whose `namespaces` is empty.

Why: An empty list in a `match` selects every namespace of the cluster (kyverno: `pkg/engine/utils/match.go`,
docs/facts.md, Kyverno 2). A policy that starts with an empty allowlist enrolls all of them.

Left alone: Lists in an `exclude`, and lists that are not written in the resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, values, warn

from .._policies import MANIFESTS, entries, heredocs

_YAML = re.compile(r"^\s*(?:- )?namespaces\s*:\s*\[\s*\]", re.MULTILINE)


def check(manifest: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a list that selects everything."""
    is_empty = any(
        keys[-1] == "namespaces" and "match" in keys and "exclude" not in keys and value == values.List(())
        for keys, value in entries(manifest)
    )
    if is_empty or any(_YAML.search(text) for text in heredocs(manifest)):
        message = "`namespaces` is empty, which selects every namespace. Match the label keel.sh/enrolled instead"
        yield warn(manifest.title, "empty-list", message)


rule = Rule(check, kinds=MANIFESTS)
