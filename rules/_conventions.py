"""The section on conventions as Markdown: what holds for tags and markers, by the config and the completed phases.

The blocks are what `ignore-keel-drift` makes of a sample of each resource type.

Source: docs/facts.md, Keel 3, Terraform 1, Terraform 3, Images 3, Other 3.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from hclmod.rulekit import KINDS, Block, Context, Fix, SectionText, fixes, settled_block, text

from ._keel import CRON_JOBS, MATCH_TAG, POLICY
from ._markers import Marker, marker, marker_names
from ._statements import phases, progress
from .ignore_keel_drift import rule as ignore_drift

TITLE = "Image tags and drift markers"
_CONTAINER = 'name  = "example"\nimage = "registry.example.net/example:latest"\n'


def section(context: Context) -> SectionText:
    """What the section has to say now."""
    return SectionText(TITLE, "\n\n".join((*_tags(context), *_drift(context), *_opt_out(), *_rest(context))))


_FLOATS = (
    "an image has the tag `latest` where that is current, else its major version with the flavour (`16-alpine`). "
    "Keel rolls out each new digest of that tag."
)


def _tags(context: Context) -> Iterator[str]:
    yield (
        "`hclmod conventions` writes this section from `hclmod.toml` and the completed phases. "
        "Run it again instead of editing here."
    )
    at = progress(context)
    if at.done:
        yield (
            f"**Tags.** In the workloads of {phases(at.done)} {_FLOATS} Do not pin them to a version or a commit SHA. "
            "An older rule asked for that and forbade `latest`. It no longer holds for these workloads."
        )
    if at.open:
        which = "All other images keep" if at.done else "**Tags.** All images keep"
        then = "the same holds" if at.done else f"this holds: {_FLOATS}"
        yield (
            f"{which} the version or the commit SHA that their file has as a tag until their phase is completed. "
            f"From phase {at.open[0]} on, in the workloads of each completed phase, {then}{'.' * bool(at.done)}"
        )
    if not at.done and not at.open:
        yield "**Tags.** No phase is planned yet, so all images keep the tags that they have."
    yield from _kept(context)
    yield (
        "The files do not say which version runs. Look at the image and the digest of the pod. A pull-through cache "
        "asks its registry for a tag at each pull. When the registry does not answer or limits requests, the cache "
        "serves the digest that it has. So a floating tag can be old for a while."
    )


def _kept(context: Context) -> Iterator[str]:
    """The images that the config keeps where they are."""
    policies = (*context.config.images, *context.config.workloads.values())
    kept = sorted((each.pattern, each.reason) for each in policies if each.float == "never")
    if kept:
        lines = (f"* {text.span(name)}{f': {text.plain(why)}' if why else ''}" for name, why in kept)
        yield "These keep their tag on purpose:\n\n" + "\n".join(lines)


def _drift(context: Context) -> Iterator[str]:
    """The block of each resource type, once for all types that have the same."""
    names = ", ".join(map(text.span, marker_names(context, early=True)))
    yield (
        "**Markers.** What the cluster writes into an object stands in `ignore_changes`. Without that each plan shows "
        f"it and each apply removes it. Terraform takes only paths that are written out, so no module can share the "
        f"list. These markers name the entries: {names}."
    )
    by_text: dict[str, list[str]] = {}
    for kind, block in blocks(context).items():
        by_text.setdefault(block, []).append(kind)
    for block, kinds in by_text.items():
        own = ", with a policy of its own" if set(kinds) & set(CRON_JOBS) else ""
        yield f"In {', '.join(map(text.span, kinds))}{own}:"
        yield text.fence(block, "hcl").rstrip("\n")


def blocks(context: Context) -> dict[str, str]:
    """The `lifecycle` block that `ignore-keel-drift` writes into each resource type that a marker is for."""
    markers = [marker(name, context.config) for name in marker_names(context, early=True)]
    kinds = dict.fromkeys((*KINDS, *(kind for each in markers for kind in each.kinds)))
    result: dict[str, str] = {}
    for kind in kinds:
        mine = [each for each in markers if kind in each.kinds]
        for block in _drifting(kind, mine, context).blocks("lifecycle") if mine else ():
            lines = block.source.data[block.span.start : block.span.end].decode()
            result[kind] = textwrap.dedent(f"  {lines}")
    return result


def _drifting(kind: str, markers: Sequence[Marker], context: Context) -> Block:
    def made(block: Block) -> Iterator[Fix | None]:
        return (each.fix for each in ignore_drift.check(block, context))

    return settled_block(sample(kind, markers), made)


def sample(kind: str, markers: Sequence[Marker] = ()) -> str:
    """A resource of a type in which these markers have something to ignore."""
    metadata = 'name = "example"\n'
    if kind in CRON_JOBS:
        metadata += f'annotations = {{\n  "{POLICY}"   = "force"\n  "{MATCH_TAG[0]}" = "true"\n}}\n'
    body = _nested(["metadata"], metadata)
    if kind in KINDS:
        body += _nested([*KINDS[kind].pod, "container"], _CONTAINER)
    for path, value in dict(pair for each in markers for pair in each.when).items():
        *steps, name = path.split(".")
        body += _nested(steps, f'{name} = "{value}"\n')
    return f'resource "{kind}" "example" {{\n{textwrap.indent(body, "  ")}}}\n'


def _nested(steps: Sequence[str], inside: str) -> str:
    """Lines inside of blocks that stand in each other."""
    for step in reversed(steps):
        inside = f"{step} {{\n{textwrap.indent(inside, '  ')}}}\n"
    return inside


def _opt_out() -> Iterator[str]:
    def never(block: Block) -> Iterator[Fix | None]:
        yield fixes.ensure_entry(block.blocks("metadata")[0], "annotations", POLICY, "never")

    resource = settled_block(sample("kubernetes_deployment"), never)
    metadata = resource.blocks("metadata")[0]
    lines = metadata.source.data[metadata.span.start : metadata.span.end].decode()
    yield (
        "**Opting out.** `hclmod opt-out STACK/ADDRESS --reason TEXT` takes a workload out, and `hclmod opt-in` takes "
        "it back. The opt-out is an annotation, because Keel does not read the label where an annotation is injected. "
        f"`ignore_changes` must not list {text.span(POLICY)} there, or the annotation never arrives."
    )
    yield text.fence(textwrap.dedent(f"  {lines}"), "hcl").rstrip("\n")


def _rest(context: Context) -> Iterator[str]:
    rows = [
        f"| {number} | {text.plain(phase.title)} | {'completed' if number in context.done else 'open'} |"
        for number, phase in context.config.phases.items()
    ]
    if rows:
        yield "\n".join(("| phase | title | state |", "|---|---|---|", *rows))
    yield (
        "`hclmod apply --phase N` does a phase, `hclmod check` finds what completed phases lack in new code, "
        "`hclmod explain STACK/ADDRESS` says who manages a workload, and `hclmod pin` rolls back. "
        "`hclmod audit` finds entries that are missing or that nothing needs."
    )
