"""Find Keel policies that would write a wrong tag.

Why: From 0.21 on plain `force` follows all tags of a repository, and only `keel.sh/matchTag` in the same map keeps it
to the digest of one tag: kafka went from 7.9.1 to 3.0.0, forgejo from 11.0.14 to 1.18 (docs/facts.md, Keel 1, Keel 3).
A Keel whose version nobody knows is judged as the newest. `major`, `minor`, `patch` and `all` on `latest` jump to the
highest version (docs/facts.md, Keel 2). `glob:` and `regexp:` compare tags as text, so 1.9.0 is above 1.10.0. They are
safe for padded dates only (docs/facts.md, Keel 6).

Left alone: `never`, policies whose value is not a literal, semver policies on versions, and policies of a Keel before
0.21.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, containers, warn

from .._cluster import PLACES, WORDS, facts, policies_at
from .._keel import POLICY, RESTARTED, declared, declared_maps
from .._markers import FOLLOWS_TAGS
from .._policies import SEMVER, follows_versions, matches_tag, plain_force, plain_force_in
from .._rewrites import image_of

_PADDED = re.compile(r"\d{8}|\d{4}-\d{2}-\d{2}")
_DATES = re.compile(r"\\d\{(?:4|8)\}|\[0-9\]\{(?:4|8)\}|20\d\d|\(\?P<")


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what is wrong with a workload's own policy, or with one that a policy of the cluster injects."""
    for injecting in policies_at(block, context):
        if why := plain_force(injecting, facts(context)):
            yield warn(block.title, "plain-force", f"{injecting.title} {why}")
        if why := follows_versions(injecting):
            yield warn(block.title, "version-policy-on-latest", f"{injecting.title} {why}")
    if block.type_label in RESTARTED and (policy := declared(block, POLICY)) and policy != "never":
        yield from _own(block, context, policy)


def _own(block: Block, context: Context, policy: str) -> Iterator[Finding]:
    """What is wrong with the policy that a workload declares itself."""
    cluster, maps = facts(context), declared_maps(block)
    if policy == "force" and cluster.version >= FOLLOWS_TAGS:
        source = next(each for each in maps if POLICY in each)
        if not matches_tag(source):
            yield warn(block.title, "plain-force", plain_force_in(cluster, *maps))
    if policy in SEMVER:
        yield from _on_latest(block, context, policy)
    if policy.startswith(("glob:", "regexp:")) and not (_PADDED.search(policy) or _DATES.search(policy)):
        message = f"`{policy}` compares tags as text, so 1.9.0 is above 1.10.0. Use it for padded dates only"
        yield warn(block.title, "compares-as-text", message)


def _on_latest(block: Block, context: Context, policy: str) -> Iterator[Finding]:
    for container in containers(block):
        image = image_of(block, container, context)
        if image and image.tag in (None, "latest"):
            message = f"{container.label}: `{policy}` on latest jumps to the highest version. Use force with matchTag"
            yield warn(container.image or block.title, "version-policy-on-latest", message)


rule = Rule(check, kinds=PLACES, needs={"origins"}, objects=WORDS)
