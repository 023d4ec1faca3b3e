"""Find policies that overrule what Terraform says of pods.

Why: A policy that sets `imagePullPolicy: IfNotPresent` on every tag but `latest` makes `image_pull_policy = "Always"`
ineffective (docs/facts.md, Kyverno 6). A policy that sets images takes them from Terraform and from Keel.

Left alone: A policy that sets `Always`. One that sets `dnsConfig` is noted here, because the marker
`KYVERNO_LIFECYCLE_V1` ignores what it writes, and `unignored-dns-config` finds the workloads that lack it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, note, warn

from .._cluster import PLACES, WORDS, policies_at
from .._policies import overriding, tags_in_words


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what each policy sets."""
    for policy in policies_at(block, context):
        for override in overriding(policy):
            where = tags_in_words(override.tags)
            if override.name == "imagePullPolicy":
                message = f"sets `imagePullPolicy: {override.value}` on {where}, whatever `image_pull_policy` says"
                yield warn(block.title, "pull-policy", f"{policy.title} {message}")
            elif override.name == "image":
                yield warn(block.title, "image", f"{policy.title} sets the image of pods, whatever Terraform says")
            else:
                message = "sets `dnsConfig`, which the marker KYVERNO_LIFECYCLE_V1 ignores"
                yield note(block.title, "dns-config", f"{policy.title} {message}")


rule = Rule(check, kinds=PLACES, objects=WORDS)
