"""Take back a pin or an opt-out, byte for byte (run by `hclmod unpin` and `opt-in`).

Why: a pin is meant for the time until the bad version is gone. `pin` and `opt-out` keep what they replace, remove and
add in comments (`# hclmod was: ...`), so that nothing has to be remembered and nothing guessed.

Left alone: what was written by hand, a block that other stacks share. What somebody changed since on a line that the
pin wrote is not kept: the line of before comes back, and the diff shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import KINDS, Block, Context, Finding, ImageHooks, Literal, Place, Rule, change, note, undo, warn

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what gives the block back as it was."""
    if callers := context.shared.get(workload.address):
        message = f"not taken back: {', '.join(callers)} use the same block; --with-callers takes it back for all"
        yield warn(workload.title, "shared-block", message)
        return
    effect = KINDS[workload.type_label].rollout
    message = "the pin or opt-out is taken back; Terraform and Keel do as before"
    nothing = note(workload.title, "not-pinned", _NOTHING)
    yield change(workload.title, "restored", message, lambda: undo.restore(workload), effect, otherwise=nothing)


_NOTHING = "it is not pinned: nothing in its block says that hclmod pinned it"


def at_places(literal: Literal, place: Place, _context: Context, /) -> Iterator[Finding]:
    """Yield what gives back a tag that stands elsewhere."""
    fix = undo.restore(literal.view, literal.span) if literal.view else None
    if fix and (place.also or place.read_by):
        others = ", ".join((*place.also, *place.read_by))
        yield warn(literal, "used-by-others", f"not taken back: `{literal.text}` also makes {others} by now")
    elif fix:
        yield change(literal, "restored", f"`{literal.text}` is what it was before the pin", lambda: fix)


rule = Rule(check, kinds=tuple(KINDS), images=ImageHooks(at_places=at_places))
