"""What becomes of a literal that makes images elsewhere: in a local, a default, an argument, an input, YAML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hclmod.rulekit import (
    AffectedImage,
    Context,
    Finding,
    Float,
    Literal,
    Place,
    change,
    note,
    reference,
    replace,
    rollout,
    warn,
)

from ._floats import Reason, bot_of, decision, overruled, policy, stays
from ._together import obstacle

ESCAPED = "has escapes such as `\\u002e`: write it without them"
_MISFIT = "the tag does not fit the text around it"
_APART = "Change all of them together, or give each a literal of its own"


def at_place(literal: Literal, place: Place, context: Context, *, jobs: bool) -> Finding:
    """What becomes of a literal that makes images: another tag, or why it stays."""
    answers = [_answer(each, literal, context, jobs=jobs) for each in place.images]
    stay = {why: each.name for each, why in zip(place.images, answers, strict=True) if isinstance(why, Reason)}
    new_tags = {each.tag: each.why for each in answers if isinstance(each, Float)}
    if place.why:
        return warn(literal, "not-writable", f"`{literal.text}` stays: {place.why}")
    if not new_tags:
        return _unwanted(literal, stay)
    if shared := _shared(literal, place, stay, new_tags=new_tags, context=context):
        return shared
    if other := next((context.blocked[each.key] for each in place.images if each.key in context.blocked), None):
        return note(literal, "stays-with-others", f"`{literal.text}` stays with {other}")
    ((text, why),) = new_tags.items()
    return _moved(literal, place, text, why)


def _moved(literal: Literal, place: Place, text: str, why: str) -> Finding:
    """The literal with another tag, for all images that it makes."""
    over = sorted({path for each in place.images for path in each.overrides})
    message = f"`{literal.text}` floats on `{text}` for {_names(place)}: {why}"
    message += f" (may be overridden by {', '.join(over)}, which cannot be read)" if over else ""
    bot = bot_of(literal.comments)
    message += f"; another bot owns this tag too: {bot}" if bot else ""
    effect = "; ".join(sorted({rollout(each.kind) for each in place.images}))
    whole = ((f"{each.before}{tag}{each.after}" for tag in (literal.text, text)) for each in place.images)
    cells = dict.fromkeys(("image", " -> ".join(pair)) for pair in whole)
    moved = change(literal, "pinned-tag", message, partial(literal.write, text), effect=effect)
    return replace(moved, cells=tuple(cells))


_UNSETTLED = frozenset({"may-be-opted-out", "written-with-escapes", "tag-does-not-fit", "unresolved-image"})
"""Reasons to stay that a person can do something about."""


def _unwanted(literal: Literal, stay: Mapping[Reason, str]) -> Finding:
    """Why no container wants another tag at a place."""
    codes = {why.code for why in stay}
    why = Reason(min(codes) if len(codes) == 1 else "several-reasons", _listed(stay))
    say = warn if codes & _UNSETTLED else note
    return say(literal, why.code, f"`{literal.text}` stays: {why.text}")


def _shared(
    literal: Literal, place: Place, stay: Mapping[Reason, str], *, new_tags: Mapping[str, str], context: Context
) -> Finding | None:
    """Why a literal stays that drives more than what wants another tag; None where all of it agrees."""
    if place.also:
        missing = "outside of this phase" if context.phase is not None else "outside of these paths"
        message = f"`{literal.text}` stays: used by {', '.join(place.also)} too, {missing}. {_APART}"
        return warn(literal, "drives-others", message)
    if place.read_by:
        message = f"`{literal.text}` stays: more than images use it: {', '.join(place.read_by)}"
        return warn(literal, "read-elsewhere", message)
    if stay or len(new_tags) > 1:
        why = _listed(stay) or f"they need {' and '.join(sorted(new_tags))}"
        message = f"`{literal.text}` stays, because {_names(place)} use it and do not agree: {why}"
        return warn(literal, "disagreement", message)
    return None


def _names(place: Place) -> str:
    """The containers that a place drives."""
    return ", ".join(dict.fromkeys(each.name for each in place.images))


def _listed(stay: Mapping[Reason, str]) -> str:
    """Who stays and why, each reason once."""
    return "; ".join(f"{name}: {why.text}" for why, name in stay.items())


def _unreadable(driven: AffectedImage, literal: Literal) -> Reason:
    """Why nobody can tell which image a literal makes."""
    if driven.unknown:
        return Reason("unresolved-image", f"its image is not known: {driven.unknown}")
    if "\\" in literal.text:
        return Reason("written-with-escapes", f"it {ESCAPED}")
    return Reason("not-a-reference", "its image is not a reference")


def _answer(driven: AffectedImage, literal: Literal, context: Context, *, jobs: bool) -> Float | Reason:
    """What one container wants at the place (as the tag that is to be written there), or why it wants nothing."""
    image = reference.parse(driven.before + literal.text + driven.after)
    if image is None or driven.unknown:
        return _unreadable(driven, literal)
    verdict = decision(image, context, driven.id)
    if not isinstance(verdict, Float):
        return stays(verdict, image, policy(image, context, driven.id))
    chosen, comments = policy(image, context, driven.id), (*literal.comments, *driven.comments)
    if why := obstacle(driven, comments, chosen, jobs=jobs):
        return why
    new = str(image.with_tag(verdict.tag))
    fits = new.startswith(driven.before) and new.endswith(driven.after)
    inner = new[len(driven.before) : len(new) - len(driven.after)]
    if fits and inner:
        return Float(inner, f"{verdict.why}{overruled(comments, chosen)}")
    advice = f"; write the tag with it (`{verdict.tag}{driven.after}`) in hclmod.toml" if driven.after else ""
    return Reason("tag-does-not-fit", f"{_MISFIT}: `{verdict.tag}` before `{driven.after}`{advice}")
