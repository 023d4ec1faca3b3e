"""What the image rules share: which containers may be touched, and what their tag should be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hclmod.rulekit import (
    HOLDERS_OF_DATA,
    Attribute,
    Block,
    Container,
    Context,
    Decision,
    ImagePolicy,
    Keep,
    LastResort,
    Reference,
    ResourceId,
    Struct,
    TagClass,
    Unknown,
    decide,
    moves,
    reference,
    tags,
)

_PIN_WORDS = re.compile(
    r"\b(pin(ned|s)?|held|hold|keep|stay|until|do ?n[o']t|never|must|bump|patched|broken?|breaks?|bug|regress\w*"
    r"|crash\w*|fail\w*|revert\w*|roll(ed)? ?back|downgrad\w*|incompatib\w*|requires?|match(es)?"
    r"|same as|in sync|v?\d+\.\d+(\.\d+)?)\b",
    re.IGNORECASE,
)


SWITCHER = "float-image-tag"
"""The rule that switches tags: what other rules say of an image depends on whether it runs too."""


def switches_tags(context: Context) -> bool:
    """Whether this run switches tags."""
    return SWITCHER in context.rules


def has_switched(workload: Block, context: Context) -> bool:
    """Whether this run has switched a tag of a workload."""
    return (SWITCHER, workload.address) in context.changed


def has_switched_in(container: Container, context: Context) -> bool:
    """Whether this run has switched the tag of a container."""
    return container.image is not None and (SWITCHER, container.image.path) in context.changed_at


class Reason(Struct, frozen=True):
    """Why an image stays: the code of the cause, and the words for a person."""

    code: str
    text: str


def parsed(image: Attribute) -> Reference | None:
    """The image reference, if it is a plain string that is one; None for templates and references."""
    text = image.value.string()
    quoted = image.value.quoted
    if text is None or quoted is None or len(text.encode()) != quoted.end - quoted.start:
        return None
    return reference.parse(text)


def pin_reason(comments: Sequence[str]) -> str | None:
    """The comment on an image that gives a reason for its tag, or None; a link or a title does not count."""
    return next((comment for comment in comments if _PIN_WORDS.search(comment)), None)


_BOTS = re.compile(r"(renovate|dependabot)\s*:|x-release-please-\w+|\$imagepolicy", re.IGNORECASE)


def bot_of(comments: Sequence[str]) -> str:
    """The comment by which another bot keeps the tag, empty for none."""
    return next((comment.lstrip("#/ ") for comment in comments if _BOTS.search(comment)), "")


def policy(image: Reference, context: Context, workload: ResourceId) -> ImagePolicy | None:
    """What the config says of the image in a workload."""
    return context.policy(image.name, workload)


def decision(image: Reference, context: Context, workload: ResourceId) -> Decision:
    """What becomes of the image's tag, by the config and the tag snapshot."""
    evidence = context.tags.image(image.name)
    return decide.decide(image, policy(image, context, workload), evidence, stateful=_stateful(context))


def stays(  # noqa: PLR0911 - one line for each cause
    verdict: Keep | LastResort | Unknown, image: Reference, chosen: ImagePolicy | None
) -> Reason:
    """Why an image stays by what is decided about its tag."""
    match verdict:
        case Keep(why, floating=True):
            return Reason("floats-already", why)
        case Keep(why) if chosen and chosen.float == "never":
            return Reason("never", why)
        case Keep(why) if image.digest:
            return Reason("digest", why)
        case Keep(why) if tags.classify(image.tag or "latest") is TagClass.CHANNEL:
            return Reason("name-may-move", why)
        case Keep(why):
            return Reason("holds-data", why)
        case LastResort(why):
            return Reason("last-resort", why)
        case Unknown(why, what_to_do) if chosen and chosen.float:
            return Reason("choice-does-not-fit", f"{why}; {what_to_do}")
        case Unknown(why, what_to_do):
            return Reason("unknown-tags", f"{why}; {what_to_do}")


def drifting(image: Reference, context: Context, workload: ResourceId) -> str | None:
    """The pattern by which an image that moves across majors holds data, unless a person chose its tag; else None."""
    chosen = policy(image, context, workload)
    if image.digest or (image.tag and not moves(image.tag)) or (chosen and chosen.float):
        return None
    return decide.holder_of_data(image, _stateful(context))


def _stateful(context: Context) -> tuple[str, ...]:
    return (*HOLDERS_OF_DATA, *context.config.stateful)
