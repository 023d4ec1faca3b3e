"""Which images have to stay because another one must: those of one repository, of one literal, of one group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from hclmod.rulekit import (
    AffectedImage,
    Context,
    Float,
    ImageId,
    ImagePolicy,
    Keep,
    LastResort,
    LinkedImage,
    Reference,
    reference,
    rollout,
)

from ._floats import Reason, decision, held_by, policy, stays
from ._keel import RESTARTED, is_opted_out, is_unread

MAY_OPT_OUT = "its annotations are not literals, so it may be opted out with `keel.sh/policy = never`"
NO_EFFECT = "Terraform ignores this image, so another tag would have no effect on running pods"


def obstacle(  # noqa: PLR0911 - one line for each reason to stay
    driven: AffectedImage, comments: Sequence[str], chosen: ImagePolicy | None, *, jobs: bool
) -> Reason | None:
    """Why an image may not be changed though its tag may float; None where nothing forbids it."""
    if driven.suppressed:
        return Reason("suppressed", f"suppressed ({driven.suppressed})")
    if is_opted_out(driven.metadata, mixed=driven.outside):
        return Reason("opted-out", "opted out with `keel.sh/policy = never`")
    if _may_be_opted_out(driven):
        return Reason("may-be-opted-out", MAY_OPT_OUT)
    if driven.ignored:
        return Reason("ignored-by-terraform", NO_EFFECT)
    if not jobs and driven.kind not in RESTARTED and not driven.outside:
        return Reason("jobs-left-alone", f"a new image {rollout(driven.kind)}, and `jobs` is false")
    if reason := held_by(comments, chosen):
        return Reason("pin-comment", f"its comment says: {reason}")
    return None


def _may_be_opted_out(driven: AffectedImage) -> bool:
    """Whether Keel leaves the image alone, or may: then what runs is what is written here, ignored or not."""
    opted_out = is_opted_out(driven.metadata, mixed=driven.outside)
    return opted_out or driven.opaque or is_unread(driven.metadata, mixed=driven.outside)


def together(images: Sequence[LinkedImage], context: Context, /, *, jobs: bool = True) -> Mapping[ImageId, str]:
    """The images that stay with others, each with the name of one that must stay and why."""
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
        images[index].image.key: f"{_name(images[holder], images[index])}, which has to: {verdicts[holder]}"
        for index, holder in holders.items()
        if index != holder
    }


def _has_company(keys: Sequence[tuple[str, ...]], members: Mapping[tuple[str, ...], Sequence[int]]) -> bool:
    return any(len(members[key]) > 1 for key in keys)


def _image(each: LinkedImage) -> Reference | None:
    """The image; without its tag where that cannot be followed."""
    text = each.image.before
    return reference.parse(text) or reference.parse(text.rstrip(":@"))


def _keys(each: LinkedImage, context: Context) -> Iterator[tuple[str, ...]]:
    """What an image may share with others.

    Two applications may use the same image and have nothing to do with each other, so that a repository ties images
    of one stack only; a group ties them everywhere.
    """
    yield from (("literal", site) for site in each.sites if each.mine)
    image, driven = _image(each), each.image
    if image is None:
        return
    if each.mine:
        yield "repository", driven.id.stack, image.name
    chosen = policy(image, context, driven.id)
    if chosen and chosen.group:
        yield "group", chosen.group


def _why(  # noqa: PLR0911 - one line for each reason
    each: LinkedImage, context: Context, *, jobs: bool
) -> str | None:
    """Why an image has to stay, so that its companions have to; None where it moves, or moves already."""
    image, driven = _image(each), each.image
    if image is None or not each.whole:
        return each.fixed or "its image is not a reference"
    verdict = decision(image, context, driven.id)
    chosen = policy(image, context, driven.id)
    match verdict:
        case Keep(floating=True):
            return None
        case LastResort() if not (chosen and chosen.group):
            return None
        case Float() if not each.mine:
            return f"it is in {'no phase' if driven.phase is None else f'phase {driven.phase}'}"
    left_alone = not jobs and driven.kind not in RESTARTED and not driven.outside
    moved_by_keel = driven.ignored and not _may_be_opted_out(driven)
    if left_alone or (moved_by_keel and isinstance(verdict, Float)):
        return None
    if not isinstance(verdict, Float):
        return stays(verdict, image, chosen).text
    why = obstacle(driven, driven.comments, chosen, jobs=jobs)
    return (why.text if why else each.fixed) or None


def _name(holder: LinkedImage, each: LinkedImage) -> str:
    """How a person names the one that must stay: by its label alone in the same workload."""
    one, other = holder.image, each.image
    same = one.id == other.id
    return one.label if same else one.name
