"""Let Terraform ignore what Kyverno and Keel write on a workload.

Why: Kyverno injects `keel.sh/*` annotations at admission and Keel adds its own; without an entry in
`ignore_changes` every plan shows them as drift and every apply takes them away. The `markers` option names the
groups of entries; the default is the block of the user's design, `KYVERNO_LIFECYCLE_V2`, for the types which the
policy annotates. Adding entries never causes a diff (FACTS 3.2).

Left alone: entries that are there already in whatever spelling, lists that cover them (`all`, a whole annotations
map), the order and the comments of other entries, workloads that opted out (ignoring the policy would hide a
declared `never`), and `lifecycle` blocks of containers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod import verbs
from hclmod.errors import RuleError
from hclmod.rule import Finding, Rule, change, note, warn
from hclmod.workloads import KINDS

from ._keel import POLICY, declared_policy, opt_out
from ._markers import MARKERS, Marker, entries, user_marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.rule import Context
    from hclmod.views import Block


def check(
    workload: Block, context: Context, /, *, markers: tuple[str, ...] = ("KYVERNO_LIFECYCLE_V2",)
) -> Iterator[Finding]:
    """Yield one fix for each marker whose entries are missing."""
    wanted = [(name, items) for name in markers if (items := entries(_marker(name, context), workload))]
    if not wanted:
        yield note(workload.title, workload.address, f"nothing of {', '.join(markers)} is for a {workload.type_label}")
    elif opted := opt_out(workload):
        yield note(
            opted, workload.address, "opted out with `keel.sh/policy = never`, which an ignored policy would hide"
        )
    else:
        for name, items in wanted:
            yield from _ignored(workload, context, name, items)
        if declared := declared_policy(workload):
            message = f"it declares a `{POLICY}` of its own; once that is ignored, changing it here has no effect"
            yield warn(declared, workload.address, message)


def _ignored(workload: Block, context: Context, name: str, items: tuple[str, ...]) -> Iterator[Finding]:
    held = next((each for block in workload.blocks("lifecycle") if (each := block.attribute("ignore_changes"))), None)
    make = partial(verbs.ensure_items, workload, "ignore_changes", items, name, inside="lifecycle")
    callers = context.shared.get(workload.address, ())
    message = f"drift of {name} is ignored" + (f", for {', '.join(callers)} too" if callers else "")
    found = list(change(held or workload.title, workload.address, message, make))
    yield from found or [note(held or workload.title, workload.address, f"drift of {name} is ignored already")]


def _marker(name: str, context: Context) -> Marker:
    if name in context.config.markers:
        return user_marker(context.config.markers[name])
    if name not in MARKERS:
        known = ", ".join([*MARKERS, *context.config.markers])
        raise RuleError(f"there is no marker `{name}`", hint=f"Known: {known}. Others go under [markers.{name}].")
    return MARKERS[name]


rule = Rule(check, kinds=tuple(KINDS))
