"""Which images have to stay because another one must: those of one repository, of one literal, of one group."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.images import reference
from hclmod.images.decide import Float, Keep, LastResort, Unknown
from hclmod.terraform.kubernetes import rollout

from ._floats import decision, pin_reason, policy
from ._keel import RESTARTED, is_opted_out, is_unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.images.decide import Decision
    from hclmod.images.reference import Reference
    from hclmod.rulekit.places import Companion, Driven, Key
    from hclmod.rulekit.rule import Context

MAY_OPT_OUT = "its annotations are not written out there, so it may be opted out with `keel.sh/policy = never`"
NO_EFFECT = "Terraform ignores this image, so another tag here would have no effect on what runs"


def obstacle(  # noqa: PLR0911 - one line for each reason to stay
    verdict: Decision, driven: Driven, comments: Sequence[str], *, jobs: bool
) -> str | None:
    """Why an image may not be changed, whatever is decided about its tag; None where it may float."""
    match verdict:
        case Keep(why) | LastResort(why):
            return why
        case Unknown(why, what_to_do):
            return f"{why}; {what_to_do}"
        case _ if driven.suppressed:
            return f"suppressed ({driven.suppressed})"
        case _ if is_opted_out(driven.metadata, mixed=driven.outside):
            return "opted out with `keel.sh/policy = never`"
        case _ if driven.unread or is_unread(driven.metadata, mixed=driven.outside):
            return MAY_OPT_OUT
        case _ if driven.ignored:
            return NO_EFFECT
        case _ if not jobs and driven.kind not in RESTARTED and not driven.outside:
            return f"a new image {rollout(driven.kind)}, and `jobs` is false"
        case _ if reason := pin_reason(comments):
            return f"its comment says: {reason}"
    return None


def together(
    images: Sequence[Companion], context: Context, /, *, jobs: bool = True, outside: tuple[str, ...] = ()
) -> Mapping[Key, str]:
    """The images that stay with others, each with the name of one that must stay and why."""
    del outside
    keys = {index: tuple(_keys(each, context)) for index, each in enumerate(images)}
    members: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, each in keys.items():
        for key in each:
            members[key].append(index)
    verdicts = {index: _why(images[index], context, jobs=jobs) for index in keys if _has_company(keys[index], members)}
    holders = {index: index for index, why in verdicts.items() if why}
    todo = list(holders)
    while todo:
        index = todo.pop(0)
        for other in (each for key in keys[index] for each in members[key] if each not in holders):
            holders[other] = holders[index]
            todo.append(other)
    return {
        images[index].driven.key: f"{_named(images[holder], images[index])}, which must: {verdicts[holder]}"
        for index, holder in holders.items()
        if index != holder
    }


def _has_company(keys: Sequence[tuple[str, ...]], members: Mapping[tuple[str, ...], Sequence[int]]) -> bool:
    return any(len(members[key]) > 1 for key in keys)


def _image(each: Companion) -> Reference | None:
    """The image; without its tag where that cannot be followed."""
    text = each.driven.before
    return reference.parse(text) or reference.parse(text.rstrip(":@"))


def _keys(each: Companion, context: Context) -> Iterator[tuple[str, ...]]:
    """What an image may share with others.

    Two applications may use the same image and have nothing to do with each other, so that a repository ties images
    of one stack only; a group ties them everywhere.
    """
    yield from (("literal", site) for site in each.sites if each.mine)
    image, driven = _image(each), each.driven
    if image is None:
        return
    if each.mine:
        yield "repository", driven.stack, image.name
    chosen = policy(image, context, driven.where)
    if chosen and chosen.group:
        yield "group", chosen.group


def _why(each: Companion, context: Context, *, jobs: bool) -> str | None:
    """Why an image has to stay, so that its companions have to; None where it moves, or moves already."""
    image, driven = _image(each), each.driven
    if image is None or each.fixed.startswith("its image ends"):
        return each.fixed or "its image is no reference"
    verdict = decision(image, context, driven.where)
    chosen = policy(image, context, driven.where)
    match verdict:
        case Keep(floating=True):
            return None
        case LastResort() if not (chosen and chosen.group):
            return None
        case Float() if not each.mine:
            return f"it is in {'no phase' if driven.phase is None else f'phase {driven.phase}'}"
    if driven.ignored and isinstance(verdict, Float):
        return None
    left_alone = not jobs and driven.kind not in RESTARTED and not driven.outside
    return None if left_alone else obstacle(verdict, driven, driven.comments, jobs=jobs) or each.fixed or None


def _named(holder: Companion, each: Companion) -> str:
    """How a person names the one that must stay: by its label alone in the same workload."""
    one, other = holder.driven, each.driven
    same = (one.stack, one.address) == (other.stack, other.address)
    return one.label if same else one.name
