"""Undo a pin or an opt-out, byte for byte (run by `hclmod unpin` and `opt-in`).

Why: A pin is meant to last until the bad version is gone. `pin` and `opt-out` keep what they replace, remove and add in
comments (`# hclmod was: ...`), so that nobody has to remember or to guess.

Left alone: What was written by hand, and blocks that other stacks share. Later edits to a line that the pin wrote are
lost: the original line comes back, and the diff shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, ImageHooks, Literal, Place, Rule, change, note, undo, warn


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what gives the block back as it was."""
    if callers := context.shared.get(workload.address):
        message = f"not undone: {', '.join(callers)} use the same block. Use --with-callers to undo it for all"
        yield warn(workload.title, "shared-block", message)
        return
    effect = KINDS[workload.type_label].rollout
    message = "undoes the pin or opt-out. Terraform and Keel work as before"
    nothing = note(workload.title, "not-pinned", _NOTHING)
    yield change(workload.title, "restored", message, lambda: undo.restore(workload), effect=effect, otherwise=nothing)


_NOTHING = "is not pinned: its block has no comment of a pin by hclmod"


def at_places(literal: Literal, place: Place, _context: Context, /) -> Iterator[Finding]:
    """Yield what gives back a tag that stands elsewhere."""
    fix = undo.restore(literal.view, literal.span) if literal.view else None
    if fix and (place.also or place.read_by):
        others = ", ".join((*place.also, *place.read_by))
        yield warn(literal, "used-by-others", f"not undone: {others} use `{literal.text}` by now too")
    elif fix:
        yield change(literal, "restored", f"restores `{literal.text}` to what it was before the pin", lambda: fix)


rule = Rule(check, kinds=tuple(KINDS), images=ImageHooks(at_places=at_places))
