"""What a new stack takes over from those beside it, and the fixes that give a template this style."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from hclmod.rulekit import NAMESPACES, Block, Fix, Siblings, Struct, fixes, objects

TIER = "tier"
_LITERAL = re.compile(r'"[^"$%\\]*"')
_LOCAL = re.compile(r"local\.(\w+)(?:\.\w+)*")


class Style(Struct, frozen=True, kw_only=True):
    """How the namespaces of a repository are declared: by which resource, with which tier and which ignored drift."""

    namespace: str = NAMESPACES[0]
    tier: str = ""
    ignored: tuple[str, ...] = ()
    comment: str = ""


def style(siblings: Siblings, tier: str) -> Style:
    """The style that at least half of the namespaces have; `tier` is one that the person has chosen."""
    blocks = siblings.blocks(*NAMESPACES)
    kinds = Counter(each.type_label for each in blocks)
    ignored = tuple(_ignored(blocks))
    return Style(
        namespace=kinds.most_common(1)[0][0] if kinds else NAMESPACES[0],
        tier=_written(tier) if tier else _tier(blocks, siblings),
        ignored=ignored,
        comment=_comment(blocks, ignored),
    )


def is_tier(text: str) -> bool:
    """Whether a text can be the value of a label, or a local that has it."""
    return re.fullmatch(r"([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?", text) is not None or _LOCAL.fullmatch(text) is not None


def has_tier(block: Block, tier: str) -> bool:
    """Whether a namespace has this tier."""
    return _label(block, TIER) == _written(tier)


def _written(tier: str) -> str:
    """A tier as HCL: a reference as it is, anything else as a string."""
    return tier if _LOCAL.fullmatch(tier) else f'"{tier}"'


def _tier(blocks: Sequence[Block], siblings: Siblings) -> str:
    """The tier that most have, if it can be written in another stack too; empty where less than half have one."""
    texts = [text for block in blocks if (text := _label(block, TIER))]
    if not texts or 2 * len(texts) < len(blocks):
        return ""
    known = [text for text in texts if _LITERAL.fullmatch(text) or _is_everywhere(text, siblings)]
    return Counter(known).most_common(1)[0][0] if known else ""


def _label(block: Block, key: str) -> str:
    for metadata in block.blocks("metadata"):
        labels = metadata.attribute("labels")
        if labels and (value := labels.value.merged_entry(key)):
            return value.text
    return ""


def _is_everywhere(text: str, siblings: Siblings) -> bool:
    """Whether Terragrunt generates the local into every stack: no stack declares it itself."""
    match = _LOCAL.fullmatch(text)
    return match is not None and siblings.terragrunt is not None and not siblings.declares_local(match[1])


def _ignored(blocks: Sequence[Block]) -> Iterator[str]:
    """The drift that at least half of the namespaces ignore, in the order in which it is first seen."""
    seen = Counter(entry for block in blocks for entry in dict.fromkeys(_entries(block)))
    yield from (entry for entry, count in seen.items() if 2 * count >= len(blocks))


def _entries(block: Block) -> Iterator[str]:
    for lifecycle in block.blocks("lifecycle"):
        attribute = lifecycle.attribute("ignore_changes")
        yield from (each.text for each in (attribute.value.elements() or () if attribute else ()) if each.traversal())


def _comment(blocks: Sequence[Block], ignored: Sequence[str]) -> str:
    """The comment that stands most often at such a list."""
    comments: Counter[str] = Counter()
    for block in blocks if ignored else ():
        for lifecycle in block.blocks("lifecycle"):
            if (attribute := lifecycle.attribute("ignore_changes")) and set(_entries(block)) == set(ignored):
                comments.update(each for each in attribute.comments()[:1] if each.startswith(("#", "//")))
    words = comments.most_common(1)[0][0] if comments else ""
    return words.lstrip("#/ ").rstrip()


Step = Callable[[Mapping[str, Block]], Fix | None]


def steps(target: Style) -> Iterable[Step]:
    """The fixes that give the template of a namespace this style."""

    def namespace(blocks: Mapping[str, Block]) -> Block:
        return next(each for each in blocks.values() if each.type_label in NAMESPACES)

    def release(blocks: Mapping[str, Block]) -> Fix | None:
        attribute = next(each for each in blocks.values() if each.type_label == "helm_release").attribute("namespace")
        text = f"{target.namespace}.keel.metadata[0].name"
        return (
            None if attribute is None or attribute.value.text == text else fixes.replace(attribute.value, text.encode())
        )

    def tier(blocks: Mapping[str, Block]) -> Fix | None:
        labels = namespace(blocks).blocks("metadata")[0].attribute("labels")
        if labels is None:
            return None
        value = target.tier.encode()
        return objects.set_entry(labels, labels.value, TIER, value) if value else fixes.remove(labels)

    def ignored(blocks: Mapping[str, Block]) -> Fix | None:
        block, words = namespace(blocks), target.comment
        items = target.ignored
        above, comment = (words, "") if len(items) == 1 else ("", words)
        return fixes.ensure_items(block, "ignore_changes", items, comment, inside="lifecycle", above=above)

    def typed(blocks: Mapping[str, Block]) -> Fix | None:
        return objects.relabel(namespace(blocks), target.namespace)

    return (tier, ignored, release, typed)
