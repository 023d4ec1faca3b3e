"""Find edits to an image that Terraform ignores.

Why: `ignore_changes` filters the plan. An edit to an ignored image plans "No changes" and is used at creation only
(docs/facts.md, Terraform 5), although its author believes that it rolls out. `hclmod audit --base REV` compares the
images with those of another commit.

Left alone: Images that Terraform does not ignore, and images of new resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, containers, fixes, warn


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each edited image that is ignored."""
    facts = context.facts.get(workload.address)
    for container in containers(workload):
        image = facts.image(container.path) if facts else None
        if image is None or image.earlier is None or set(image.earlier) == set(image.texts):
            continue
        if not _is_looked_at(workload, f"{container.path}.image"):
            was, now = _either(image.earlier), _either(image.texts)
            message = (
                f"{container.label}: {was} became {now}, which has no effect, because Terraform ignores this image"
            )
            yield warn(container.image or workload.title, "ignored-edit", f"{message}. Use `hclmod pin` to set a tag")


def _is_looked_at(workload: Block, path: str) -> bool:
    try:
        return bool(fixes.missing_items(workload, "ignore_changes", [path], inside="lifecycle"))
    except fixes.UnfixableError:
        return False


def _either(texts: Sequence[str | None]) -> str:
    return " or ".join(text or "an unknown image" for text in texts)


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
