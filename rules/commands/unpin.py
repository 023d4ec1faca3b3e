"""Take back a pin or an opt-out, byte for byte (run by `hclmod unpin` and `opt-in`).

Why: a pin is meant for the time until the bad version is gone. `pin` and `opt-out` keep what they replace, remove and
add in comments (`# hclmod was: ...`), so that nothing has to be remembered and nothing guessed.

Left alone: what was written by hand, a block that other stacks share. What somebody changed since on a line that the
pin wrote is not kept: the line of before comes back, and the diff shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.hcl import undo
from hclmod.rulekit.rule import Finding, Rule, change, note, warn
from hclmod.terraform.kubernetes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl.views import Block
    from hclmod.rulekit.places import Literal, Place
    from hclmod.rulekit.rule import Context


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what gives the block back as it was."""
    if callers := context.shared.get(workload.address):
        message = f"not taken back: {', '.join(callers)} use the same block; --with-callers takes it back for all"
        yield warn(workload.title, workload.address, message)
        return
    effect = KINDS[workload.type_label].rollout
    message = "the pin or opt-out is taken back; Terraform and Keel do as before"
    make = lambda: undo.restore(workload)  # noqa: E731 - `change` wants to call it
    found = list(change(workload.title, workload.address, message, make, effect))
    yield from found or [note(workload.title, workload.address, _NOTHING)]


_NOTHING = "it is not pinned: nothing in its block says that hclmod pinned it"


def at_places(literal: Literal, place: Place, _context: Context, /) -> Iterator[Finding]:
    """Yield what gives back a tag that stands elsewhere."""
    name = place.driven[0].name
    fix = undo.restore(literal.view, literal.span) if literal.view else None
    if fix and (place.also or place.read_by):
        others = ", ".join((*place.also, *place.read_by))
        yield warn(literal, name, f"not taken back: `{literal.text}` also makes {others} by now")
    elif fix:
        yield Finding(name, literal.span, f"`{literal.text}` is what it was before the pin", fix)


rule = Rule(check, kinds=tuple(KINDS), at_places=at_places, follows=True)
