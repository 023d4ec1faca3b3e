"""What depends on an image's tag beside it: Diun's filter (diun: `docs/providers/kubernetes.md`).

`diun.include_tags` on the pod template holds regular expressions, separated by semicolons. Diun does not report a tag
that none of them matches.
"""

from __future__ import annotations

import re

from hclmod.rulekit import KINDS, Block, Expression, Fix, fixes, patterns, values

INCLUDE_TAGS = "diun.include_tags"
_ESCAPED = re.compile(r"\\([.+-])")


def filter_of(workload: Block) -> Expression | None:
    """The value of the filter on the pod template, or None."""
    path = KINDS[workload.type_label].pod[:-1]
    for metadata in workload.find(*path, "metadata"):
        annotations = metadata.attribute("annotations")
        if annotations and (pattern_value := annotations.value.entry(INCLUDE_TAGS)):
            return pattern_value
    return None


def misses(pattern_value: Expression, tag: str) -> bool:
    """Whether the filter matches the tag no more; what interpolates something is taken to interpolate the tag."""
    match values.read(pattern_value):
        case values.Text(text):
            every = text
        case values.Template(parts):
            every = "".join(each.text if isinstance(each, values.Text) else re.escape(tag) for each in parts)
        case _:
            return True
    return not any(patterns.search(each.strip(), tag) for each in every.split(";"))


def following(pattern_value: Expression, old: str, new: str) -> Fix | None:
    """The fix that lets the filter follow, where it is certain: it is the old tag between `^` and `$`, and no more."""
    text, quoted = pattern_value.string(), pattern_value.quoted
    if text is None or quoted is None or _ESCAPED.sub(r"\1", text) != f"^{old}$":
        return None
    pattern = "^" + new.replace(".", r"\.") + "$"
    return fixes.replace(pattern_value, pattern.replace("\\", "\\\\").encode(), quoted)
