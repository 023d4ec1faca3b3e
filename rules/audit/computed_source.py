"""Find module calls whose `source` is computed.

Why: OpenTofu 1.8 and later accept variables and locals in the `source` of a module ("early evaluation"). hclmod follows
a source that is plain text, so the images, workloads and namespaces of such a module are missing from every report.

Left alone: Sources that are plain text, also those of registries and other repositories.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, warn


def check(module: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield a warning for a source that is not plain text."""
    source = module.attribute("source")
    if source is not None and source.value.string() is None:
        message = f"its `source` is computed ({source.value.text}), so nothing of the module is read"
        yield warn(source, "computed-source", f"{message}. Look at its images and its callers yourself")


rule = Rule(check, kinds=("module",))
