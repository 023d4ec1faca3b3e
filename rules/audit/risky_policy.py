"""Find Keel policies that would write a wrong tag.

Why: From 0.21 on plain `force` follows all tags of a repository, and only `keel.sh/matchTag` keeps it to the digest of
one tag: kafka went from 7.9.1 to 3.0.0, forgejo from 11.0.14 to 1.18 (docs/facts.md, Keel 1). This check needs
`version` in `[keel]`. `major`, `minor`, `patch` and `all` on `latest` jump to the highest version (docs/facts.md,
Keel 2). `glob:` and `regexp:` compare tags as text, so 1.9.0 is above 1.10.0. They are safe for padded dates only
(docs/facts.md, Keel 6).

Left alone: `never`, policies whose value is not a literal, semver policies on versions, and policies of a Keel before
0.21.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, containers, values, warn

from .._keel import MATCH_TAG, POLICY, RESTARTED, declared
from .._markers import FOLLOWS_TAGS, version
from .._policies import MANIFESTS, entries, heredocs
from .._rewrites import image_of

_SEMVER = ("major", "minor", "patch", "all")
_PADDED = re.compile(r"\d{8}|\d{4}-\d{2}-\d{2}")
_DATES = re.compile(r"\\d\{(?:4|8)\}|\[0-9\]\{(?:4|8)\}|20\d\d|\(\?P<")
_YAML = re.compile(r"""keel\.sh/policy\)?["']?\s*:\s*["']?([\w:*.-]+)""")


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what is wrong with a workload's own policy, or with one that a ClusterPolicy injects."""
    keel_version = context.config.keel.version
    follows_tags = bool(keel_version) and version(keel_version) >= FOLLOWS_TAGS
    if block.type_label in MANIFESTS:
        yield from _injected(block, keel_version, follows_tags=follows_tags)
        return
    policy = declared(block, POLICY)
    if not policy or policy == "never":
        return
    if policy == "force" and follows_tags and not any(declared(block, key) == "true" for key in MATCH_TAG):
        yield warn(block.title, "plain-force", _plain_force(keel_version))
    if policy in _SEMVER:
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


def _plain_force(keel_version: str) -> str:
    return (
        f"plain `force` follows every tag of the repository in Keel {keel_version} and may downgrade. "
        f'Add `"{MATCH_TAG[0]}" = "true"`'
    )


def _injected(manifest: Block, keel_version: str, *, follows_tags: bool) -> Iterator[Finding]:
    keys = {keys[-1].strip("+()"): value for keys, value in entries(manifest)}
    policies = [value.text for key, value in keys.items() if key == POLICY and isinstance(value, values.Text)]
    policies += [policy for text in heredocs(manifest) for policy in _YAML.findall(text)]
    all_keys = (*keys, *(text for text in heredocs(manifest)))
    matches = any(key in text for key in MATCH_TAG for text in all_keys)
    for policy in policies:
        if policy == "force" and follows_tags and not matches:
            yield warn(manifest.title, "plain-force", f"injects {_plain_force(keel_version)}")
        elif policy in _SEMVER:
            message = f"injects `{policy}` everywhere, which jumps from latest to the highest version"
            yield warn(manifest.title, "version-policy-on-latest", message)


rule = Rule(check, kinds=(*RESTARTED, *MANIFESTS), needs={"origins"})
