"""Whether CI sets the image of a container: a marker in the file says so, or a pipeline of the repository does it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Block, Container, Context, fixes

MARKER = "CI_SETS_IMAGE"
_MARKED = re.compile(r"^.*\b" + MARKER + r"\b", re.MULTILINE)
_COMMENT = re.compile(r"#|//|/\*")


def setter_of(workload: Block, container: Container, context: Context) -> str:
    """What sets the image besides Terraform and Keel, as words for a report; empty where nothing does."""
    if is_marked(workload):
        return f"the comment {MARKER} says that CI sets its image"
    kind = re.sub(r"_v\d+$", "", workload.type_label.removeprefix("kubernetes_")).replace("daemonset", "daemon_set")
    name, homes = _name(workload), _namespaces(workload, context)
    for each in context.pipelines:
        if name and any(each.sets(kind, name, home, container.label) for home in homes):
            return f"{each.command} in {each.where} sets its image"
    return ""


def is_marked(workload: Block) -> bool:
    """Whether a comment says that CI sets the image."""
    text = workload.source.text(workload.node)
    lines = _MARKED.finditer(text.decode()) if MARKER.encode() in text else ()
    return any(_COMMENT.search(each[0]) for each in lines)


def _name(workload: Block) -> str | None:
    return next(_texts(workload, "name"), None)


def _texts(workload: Block, key: str) -> Iterator[str]:
    for metadata in workload.blocks("metadata"):
        attribute = metadata.attribute(key)
        if attribute and (text := attribute.value.string()):
            yield text


def _namespaces(workload: Block, context: Context) -> list[str | None]:
    facts = context.facts.get(workload.address)
    return [each.name for each in facts.namespaces] if facts and facts.namespaces else [None]


def is_ignored(workload: Block, path: str) -> bool:
    """Whether Terraform ignores what stands at a path; not where that cannot be read."""
    try:
        return not fixes.missing_items(workload, "ignore_changes", [path], inside="lifecycle")
    except fixes.UnfixableError:
        return False
