"""Find a Keel that updates Helm releases too.

Why: `helmProvider.enabled` of the chart is true by default (docs/facts.md, Keel 8). Then Keel upgrades releases whose
values have its keys, and Terraform does not know of it: the next apply takes the upgrade back.

Left alone: Values that cannot be read, and other charts.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, warn

from .._cluster import WORDS, releases_of_keel
from .._data import dig, is_read, text_of


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning where the provider is on."""
    for keel in releases_of_keel(release, context):
        enabled = dig(keel.origin.data, "values", "helmProvider", "enabled")
        if is_read(dig(keel.origin.data, "values")) and text_of(enabled or "true") == "true":
            message = "Keel also upgrades Helm releases (`helmProvider.enabled` is true by default)"
            yield warn(release.title, "helm-provider", f"{message}. Set `helmProvider.enabled` to false in its values")


rule = Rule(check, kinds=(RELEASE,), objects=WORDS)
